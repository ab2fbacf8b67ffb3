//! One module for each service of the protos: reads the request, asks the layer below, answers in
//! the caller's view.

pub(crate) mod account;
mod account_requests;
mod contact_requests;
pub(crate) mod events;
pub(crate) mod history;
pub(crate) mod member;
pub(crate) mod projection;
pub(crate) mod settings;
pub(crate) mod task;
