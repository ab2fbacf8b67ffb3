//! One module for each service of the protos: reads the request, asks the layer below, answers in
//! the caller's view.

pub(crate) mod account;
pub(crate) mod account_queries;
mod account_requests;
pub(crate) mod activity;
pub(crate) mod catalog;
pub(crate) mod catalog_queries;
mod catalog_requests;
mod checklist;
mod contact_requests;
pub(crate) mod disabling;
pub(crate) mod document;
mod due;
pub(crate) mod events;
pub(crate) mod follow;
pub(crate) mod history;
pub(crate) mod member;
pub(crate) mod member_queries;
pub(crate) mod operation;
pub(crate) mod operation_queries;
pub(crate) mod order;
pub(crate) mod order_queries;
mod order_requests;
pub(crate) mod portal;
pub(crate) mod projection;
pub(crate) mod settings;
pub(crate) mod settings_queries;
pub(crate) mod task;
pub(crate) mod todo;
pub(crate) mod watch;
