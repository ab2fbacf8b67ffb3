//! What a caller is shown: one view per class of caller, for commands, queries, history and events
//! alike.

pub(crate) mod account;
pub(crate) mod activity;
pub(crate) mod catalog;
pub(crate) mod document;
pub(crate) mod event;
pub(crate) mod member;
pub(crate) mod operation;
pub(crate) mod order;
pub(crate) mod orders;
pub(crate) mod portal;
pub(crate) mod projection;
pub(crate) mod service;
pub(crate) mod settings;
pub(crate) mod task;
pub(crate) mod timeline;

use chrono::{DateTime, Utc};
use handoff_commands::Receipt;
use handoff_domain::{Event, State, task::Money};
use handoff_proto::v1::{self, get_resource_at_response::Resource};
use tonic::Status;
use tonic_types::StatusExt;

use crate::{
    caller::{Caller, Class},
    error::ApiError,
};

/// What may be seen of resources and events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum View {
    /// What admins see: everything.
    Admin,
    /// What the rest of the team sees: everything but what is for admins.
    Team,
    /// What analysts see: what the rest of the team sees, but what is for the team only.
    Analyst,
}

/// Types of events of which only admins see what they say.
const FOR_ADMINS: &[&str] = &["task.internal_note_added"];
/// Types of events of which only the team sees what they say.
const FOR_THE_TEAM: &[&str] = &["account.notes_updated"];

impl View {
    /// The view of a caller.
    ///
    /// # Errors
    /// Operators and contacts see no resources, whatever the table of callers says.
    pub(crate) fn of(caller: &Caller, method: &'static str) -> Result<Self, ApiError> {
        match caller.class {
            Class::Admin => Ok(Self::Admin),
            Class::Staff | Class::ServiceAccount => Ok(Self::Team),
            Class::Analyst => Ok(Self::Analyst),
            Class::Operator | Class::Contact => Err(ApiError::MethodNotAllowed {
                actor: caller.actor.clone(),
                method,
            }),
        }
    }

    /// Whether the notes of accounts are shown (S0: for the team only).
    pub(crate) fn shows_account_notes(self) -> bool {
        match self {
            Self::Admin | Self::Team => true,
            Self::Analyst => false,
        }
    }

    /// Whether notes for admins are shown.
    pub(crate) fn shows_internal_notes(self) -> bool {
        match self {
            Self::Admin => true,
            Self::Team | Self::Analyst => false,
        }
    }

    /// Whether it is shown what events of a type say. Of types that this program does not know, it
    /// cannot tell for whom they are: they are for admins.
    pub(crate) fn shows_event(self, event_type: &str) -> bool {
        let known = Event::TYPES.contains(&event_type);
        match self {
            Self::Admin => true,
            Self::Team => known && !FOR_ADMINS.contains(&event_type),
            Self::Analyst => {
                known && !FOR_ADMINS.contains(&event_type) && !FOR_THE_TEAM.contains(&event_type)
            }
        }
    }
}

/// Where a command's effect is. The same for everybody.
pub(crate) fn receipt(receipt: Receipt) -> v1::CommandReceipt {
    v1::CommandReceipt {
        position: receipt.position.0,
        epoch: receipt.epoch.0,
        events_appended: i32::try_from(receipt.events).unwrap_or(i32::MAX),
        replayed: receipt.replayed,
    }
}

/// An amount of money.
pub(crate) fn money(money: Money) -> v1::Money {
    let (units, nanos) = money.parts();
    v1::Money {
        currency_code: money.currency().to_owned(),
        units,
        nanos,
    }
}

/// Why an item of a batch was refused: what the call would have been answered with it alone.
pub(crate) fn item_error(error: ApiError) -> v1::ItemError {
    let status = Status::from(error);
    let info = status.get_details_error_info();
    let (reason, metadata) = info
        .map(|info| (info.reason, info.metadata))
        .unwrap_or_default();
    v1::ItemError {
        code: status.code().into(),
        reason,
        message: status.message().to_owned(),
        metadata,
    }
}

/// Any resource as its events make it, if it exists; what depends on the time is as of `now`.
pub(crate) fn resource(
    view: View,
    name: &str,
    state: &State,
    now: DateTime<Utc>,
) -> Option<Resource> {
    match state {
        State::Account(account) => account::of_state(view, name, account).map(Resource::Account),
        State::Task(task) => task::of_state(view, name, task, now).map(Resource::Task),
        State::Member(member) => member::of_state(view, name, member).map(Resource::Member),
        State::Settings(settings) => Some(Resource::Settings(settings::of_state(view, settings))),
        State::Document(document) => {
            document::of_state(view, name, document).map(Resource::Document)
        }
        State::Activity(activity) => {
            activity::of_state(view, name, activity, now).map(Resource::Activity)
        }
        State::Service(service) => service::of_state(view, name, service).map(Resource::Service),
        State::Order(order) => order::of_state(view, name, order, now).map(Resource::Order),
        State::Operation(operation) => {
            operation::of_state(view, name, operation).map(Resource::Operation)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_shown_events_that_are_for_others_or_unknown() {
        let (team, analyst) = (View::Team, View::Analyst);
        assert!(!team.shows_event("task.internal_note_added"));
        assert!(View::Admin.shows_event("task.internal_note_added_9"));
        assert!(!team.shows_event("task.internal_note_added_9"));
        assert!(team.shows_event("account.notes_updated"));
        assert!(!analyst.shows_event("account.notes_updated"));
        for kept in FOR_ADMINS.iter().chain(FOR_THE_TEAM) {
            assert!(Event::TYPES.contains(kept), "{kept} is no type of events");
        }
        for known in Event::TYPES {
            let for_team = !FOR_ADMINS.contains(known);
            assert_eq!(team.shows_event(known), for_team, "{known}");
            let for_all = for_team && !FOR_THE_TEAM.contains(known);
            assert_eq!(analyst.shows_event(known), for_all, "{known}");
        }
    }
}
