//! Submitting a command until the gateway has accepted or rejected it.

use std::{sync::Arc, time::Duration};

use handoff_commands::{Answer, Clock, CommandError, Gateway, Receipt, Request, new_id};
use handoff_domain::{Context, Rejection, names::Actor};
use handoff_event_log::{Hash, Position};
use handoff_failpoints::{Bug, Point, has_bug, pass};
use tokio::{
    sync::{Semaphore, watch},
    time::sleep,
};
use uuid::Uuid;

use crate::{metrics::Metrics, policy::Cause, policy::Intent};

/// The wait before a command is submitted again: from, to.
const RETRY: (Duration, Duration) = (Duration::from_millis(10), Duration::from_secs(2));
/// The same where history is damaged or the program contradicts itself: a person is needed.
const RETRY_DAMAGED: Duration = Duration::from_secs(30);

/// What became of a command.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// Its last event is at this position.
    Appended(Position),
    /// Nothing had to change; it saw everything up to this position.
    Unchanged(Position),
    /// A rule says no.
    Rejected(Rejection),
    /// The log knows another command by this id: another version of the policy decided otherwise.
    IdReused,
}

impl Outcome {
    /// The word for it in tables and metrics.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::Appended(_) => "appended",
            Self::Unchanged(_) => "unchanged",
            Self::Rejected(_) => "rejected",
            Self::IdReused => "id_reused",
        }
    }

    pub(crate) fn position(&self) -> Option<Position> {
        match self {
            Self::Appended(position) | Self::Unchanged(position) => Some(*position),
            Self::Rejected(_) | Self::IdReused => None,
        }
    }
}

/// Submits the commands of one policy. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Submitter {
    pub(crate) policy: &'static str,
    pub(crate) actor: Actor,
    pub(crate) gateway: Gateway,
    pub(crate) clock: Arc<dyn Clock>,
    /// Bounds the commands under way.
    pub(crate) in_flight: Arc<Semaphore>,
    pub(crate) paused: watch::Receiver<bool>,
    pub(crate) metrics: Metrics,
}

impl Submitter {
    /// Submits a command, again and again, until it has an outcome. `json` is the command as it is stored.
    /// Who stops waiting does not take back what was submitted.
    pub(crate) async fn submit<C: Intent>(
        &self,
        command_id: Uuid,
        cause: &Cause,
        command: &C,
        json: &str,
    ) -> Outcome {
        let mut wait = RETRY.0;
        loop {
            self.going_on().await;
            pass(Point::PolicyBeforeSubmit);
            let submitted = {
                // It is never closed; were it, the bound alone would be lost.
                let _permit = self.in_flight.acquire().await;
                self.gateway
                    .submit(self.request(command_id, cause, command, json))
                    .await
            };
            pass(Point::PolicyAfterSubmit);
            let error = match outcome(submitted) {
                Ok(Outcome::Rejected(rejection)) if !command.is_final(&rejection) => {
                    CommandError::Rejected(rejection)
                }
                Ok(outcome) => {
                    self.metrics.command(self.policy, outcome.word());
                    return outcome;
                }
                Err(error) => error,
            };
            self.metrics.retry(self.policy);
            if matches!(
                error,
                CommandError::Corrupt(_) | CommandError::Contradiction(_)
            ) {
                tracing::error!(policy = self.policy, %command_id, error = &error as &dyn std::error::Error,
                    "a command cannot be decided: what waits for it goes on once that is mended");
                wait = RETRY_DAMAGED;
            } else if wait >= RETRY.1 {
                tracing::warn!(policy = self.policy, %command_id, error = &error as &dyn std::error::Error,
                    "a command is submitted again for as long as it takes");
            } else {
                tracing::debug!(policy = self.policy, %command_id, error = &error as &dyn std::error::Error,
                    "submitting a command again");
            }
            // Those that were refused together come back one after the other.
            sleep(wait + wait.mul_f64(f64::from(command_id.as_bytes()[15]) / 255.0)).await;
            wait = (wait * 2).min(RETRY.1);
        }
    }

    async fn going_on(&self) {
        let mut paused = self.paused.clone();
        // Without anybody who could pause it, it is not paused.
        let _ = paused.wait_for(|paused| !paused).await;
    }

    fn request<C: Intent>(
        &self,
        command_id: Uuid,
        cause: &Cause,
        command: &C,
        json: &str,
    ) -> Request {
        let request = command.request();
        Request {
            command_id: if has_bug(Bug::NewIdPerTry) {
                new_id()
            } else {
                command_id
            },
            context: Context {
                actor: self.actor.clone(),
                on_behalf_of: None,
                expected: None,
                plan: Vec::new(),
                command_id,
                now: self.clock.now(),
            },
            request,
            request_hash: Hash::of(format!("{request}\n{json}").as_bytes()),
            correlation_id: Some(cause.correlation_id),
            causation_id: Some(cause.event_id),
            bytes: json.len(),
            command: command.command(),
        }
    }
}

/// What an answer says.
///
/// # Errors
/// It says nothing yet: submit the command again.
fn outcome(submitted: Result<Answer, CommandError>) -> Result<Outcome, CommandError> {
    match submitted {
        Ok(Answer {
            receipt: Receipt {
                position, events, ..
            },
            ..
        }) => Ok(if events > 0 {
            Outcome::Appended(position)
        } else {
            Outcome::Unchanged(position)
        }),
        Err(CommandError::Rejected(rejection)) => Ok(Outcome::Rejected(rejection)),
        Err(CommandError::RequestIdReused) => Ok(Outcome::IdReused),
        Err(
            error @ (CommandError::QueueFull
            | CommandError::ShuttingDown
            | CommandError::Unavailable(_)
            | CommandError::OutcomeUnknown(_)
            | CommandError::Corrupt(_)
            | CommandError::Contradiction(_)),
        ) => Err(error),
    }
}
