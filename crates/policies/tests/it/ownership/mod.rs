//! Ownership changes from the command to the last result, with the policy and its jobs as they run.

mod chains;
mod coming_back;
mod failures;
mod halfway;
mod orders;
mod race;
mod rules;
mod scene;
mod snapshot;
mod transfers;
mod undo;

pub(crate) use scene::run;
