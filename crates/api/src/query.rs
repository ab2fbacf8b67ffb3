//! What queries have in common: who asks, and how long an answer may wait for what it must include.

use std::{sync::Arc, time::Duration};

use handoff_commands::Clock;
use handoff_domain::names::{AccountName, Actor};
use handoff_event_log::Position;
use handoff_read_models::{Consistency, Queries, Shown, Viewer};
use tokio::time::Instant;

use crate::{
    call::Call,
    caller::{Caller, Class},
    deadline::Deadline,
    error::ApiError,
    fields::Fields,
    patience::Patience,
    views::View,
};

/// The longest wait for a read model.
const LONGEST: Duration = Duration::from_secs(5);
/// What is left of the caller's deadline to say that the wait was in vain.
const MARGIN: Duration = Duration::from_millis(50);

/// Where queries are answered from.
#[derive(Clone)]
pub(crate) struct ReadSide {
    pub(crate) queries: Queries,
    clock: Arc<dyn Clock>,
}

/// One query: who asks, and until when.
pub(crate) struct Query {
    pub(crate) view: View,
    pub(crate) viewer: Viewer,
    /// Whose work the caller is shown in lists of it.
    pub(crate) shown: Shown,
    pub(crate) patience: Patience,
    deadline: Instant,
}

impl ReadSide {
    pub(crate) fn new(queries: Queries, clock: Arc<dyn Clock>) -> Self {
        Self { queries, clock }
    }

    /// Takes a request apart.
    pub(crate) fn begin<T>(&self, request: tonic::Request<T>) -> Result<(Query, T), ApiError> {
        let (
            Call {
                method,
                caller,
                deadline,
                patience,
            },
            message,
        ) = Call::of(request)?;
        let view = View::of(&caller, method.path)?;
        let shown = shown(&caller);
        let viewer = Viewer {
            now: self.clock.now(),
            me: me(caller),
        };
        let deadline = wait_until(deadline, Instant::now());
        Ok((
            Query {
                view,
                viewer,
                shown,
                patience,
                deadline,
            },
            message,
        ))
    }
}

/// One query of a contact: about which account, and until when.
pub(crate) struct ContactQuery {
    pub(crate) account: AccountName,
    pub(crate) viewer: Viewer,
    deadline: Instant,
}

impl ReadSide {
    /// Takes a request of a contact apart.
    pub(crate) fn begin_for_contact<T>(
        &self,
        request: tonic::Request<T>,
    ) -> Result<(ContactQuery, T), ApiError> {
        let (call, message) = Call::of(request)?;
        let Actor::Contact(contact) = &call.caller.actor else {
            return Err(ApiError::MethodNotAllowed {
                actor: call.caller.actor,
                method: call.method.path,
            });
        };
        let query = ContactQuery {
            account: contact.account(),
            viewer: Viewer {
                now: self.clock.now(),
                me: None,
            },
            deadline: wait_until(call.deadline, Instant::now()),
        };
        Ok((query, message))
    }
}

impl ContactQuery {
    /// What an answer must include.
    pub(crate) fn consistency(&self, min_position: Position) -> Consistency {
        Consistency {
            min_position,
            deadline: self.deadline,
        }
    }

    /// The same of a request in which nothing else has to be read.
    ///
    /// # Errors
    /// It is no position.
    pub(crate) fn including(&self, min_position: i64) -> Result<Consistency, ApiError> {
        Ok(self.consistency(read(min_position)?))
    }
}

impl Query {
    /// What an answer must include.
    pub(crate) fn consistency(&self, min_position: Position) -> Consistency {
        Consistency {
            min_position,
            deadline: self.deadline,
        }
    }

    /// The same of a request in which nothing else has to be read.
    ///
    /// # Errors
    /// It is no position.
    pub(crate) fn including(&self, min_position: i64) -> Result<Consistency, ApiError> {
        Ok(self.consistency(read(min_position)?))
    }
}

/// The field `min_position` of a request.
fn read(min_position: i64) -> Result<Position, ApiError> {
    let mut fields = Fields::new();
    let position = fields.position("min_position", min_position);
    fields.finish(position)
}

/// Whose work a caller is shown (S1): an admin everybody's, the rest of the team their own and nobody's.
/// A service account has none of its own, unless it acts for a member; an analyst only reads.
fn shown(caller: &Caller) -> Shown {
    match caller.class {
        Class::Admin | Class::Analyst => Shown::All,
        Class::Staff | Class::ServiceAccount | Class::Operator | Class::Contact => {
            Shown::OwnAndNobodys
        }
    }
}

/// The member who asks, or for whom a program asks.
fn me(caller: Caller) -> Option<handoff_domain::names::MemberName> {
    match (caller.on_behalf_of, caller.actor) {
        (Some(member), _) | (None, Actor::Member(member)) => Some(member),
        (None, Actor::Contact(_) | Actor::ServiceAccount(_) | Actor::System) => None,
    }
}

/// Until when an answer may wait for its read model.
pub(crate) fn wait_until(deadline: Option<Deadline>, now: Instant) -> Instant {
    let longest = now + LONGEST;
    match deadline {
        None => longest,
        Some(Deadline(at)) => at.checked_sub(MARGIN).map_or(now, |at| at.min(longest)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_wait_ends_before_the_callers_deadline_and_after_five_seconds() {
        let now = Instant::now();
        let wait = |timeout| wait_until(Some(Deadline(now + timeout)), now) - now;
        assert_eq!(wait_until(None, now) - now, Duration::from_secs(5));
        assert_eq!(wait(Duration::from_secs(30)), Duration::from_secs(5));
        assert_eq!(wait(Duration::from_secs(1)), Duration::from_millis(950));
        assert_eq!(wait(Duration::from_millis(20)), Duration::ZERO);
    }
}
