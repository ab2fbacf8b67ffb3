//! Ownership changes from the command to the last result, with the policy and its jobs as they run.

mod chains;
mod failures;
mod orders;
mod rules;
mod scene;
mod transfers;
mod undo;

pub(crate) use scene::run;
