//! Places where tests stop a process, and mistakes that they plant in it.
//!
//! A fault test that has never been seen to fail proves nothing. So the code says where a process may
//! be stopped ([`pass`]) and where it may be made to err ([`has_bug`]); the environment says which of
//! these happen in one process:
//!
//! - `HANDOFF_KILL_AT=relay_after_save:3` kills it, as `kill -9` does, when it comes there the third time
//! - `HANDOFF_FREEZE_AT=append_locked` freezes it there, as SIGSTOP does, until it gets SIGCONT
//! - `HANDOFF_BUG=forget_receipts` plants a mistake
//!
//! Without the feature `enabled`, which only the tests' own build has, none of this exists: the
//! functions are empty and constant, and no environment is read.

#[cfg(feature = "enabled")]
mod enabled;
mod names;

pub use names::{Bug, Point};

#[cfg(feature = "enabled")]
pub use enabled::{has_bug, pass, planted};

/// Comes by a place where a process may be stopped.
#[cfg(not(feature = "enabled"))]
#[inline(always)]
pub const fn pass(_: Point) {}

/// Whether a mistake is planted.
#[cfg(not(feature = "enabled"))]
#[inline(always)]
pub const fn has_bug(_: Bug) -> bool {
    false
}

/// What the environment asks for, to be told in the log; none where it asks for nothing.
#[cfg(not(feature = "enabled"))]
#[inline(always)]
pub const fn planted() -> Option<String> {
    None
}
