//! One struct a command. A command decides over several aggregates; the rules of one aggregate are
//! methods of that aggregate.

mod account;
mod member;
mod new_id;
mod task;

#[cfg(test)]
mod memory;
#[cfg(test)]
mod properties;

pub use account::CreateAccount;
pub use member::CreateMember;
pub use new_id::NewId;
pub use task::{AssignTask, CompleteTask, CreateTask, ReopenTask};
