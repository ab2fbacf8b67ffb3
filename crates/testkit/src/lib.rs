//! For tests only: real servers, a fresh database for each test, and ways to wait and to break things.
//!
//! - [`TestDatabase`], [`TestNats`]: a corner of servers that all tests share, with durability off
//! - [`PrivatePostgres`], [`PrivateNats`]: servers of one test alone, durable, to be killed and started again
//! - [`TcpProxy`]: a link that can be cut, held up and slowed down
//! - [`program`]: the workspace's own programs, built when they are wanted
//! - [`eventually`]: waits for a condition instead of sleeping
//!
//! Everything here panics when it cannot do its work: a test has no better answer.

mod database;
mod nats;
mod private;
pub mod program;
mod proxy;
mod shared;
mod wait;

pub use database::TestDatabase;
pub use handoff_embedded::Shutdown;
pub use nats::TestNats;
pub use private::{PrivateNats, PrivatePostgres, temporary_directory};
pub use proxy::TcpProxy;
pub use wait::eventually;

/// A new lower-case name, unique on this machine, that may stand in names of databases, streams and subjects.
fn unique_name(kind: &str) -> String {
    #[expect(
        clippy::disallowed_methods,
        reason = "names of tests' resources are no ids"
    )]
    let unique = uuid::Uuid::new_v4().simple();
    format!("{kind}_{unique}")
}
