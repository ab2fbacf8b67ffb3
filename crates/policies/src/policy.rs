//! What a policy says about itself; everything else is the runtime's.

use std::fmt::Debug;

use handoff_domain::{Command, Event, Rejection, names::Actor};
use handoff_event_log::{Position, Recorded};
use handoff_projections::{FoldError, ReactionError, ReadModel, Trigger};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use uuid::Uuid;

use crate::state::State;

/// A policy: a state that it keeps of the log, and commands that it issues at some events, its triggers.
///
/// The state is its [`ReadModel`] part, with [`SUCCESSION`](ReadModel::SUCCESSION) set to
/// [`OneForAll`](handoff_projections::Succession::OneForAll): a new generation, of this version or
/// another, is folded up to exactly where the one before is, and acts from there on.
///
/// Commands should be such that the log has an event for each that was done (also for "left as it is"):
/// one that changed nothing leaves no receipt, and is decided anew when it is submitted again.
pub trait Policy: ReadModel {
    /// Whether the commands of one decision are submitted one after the other, each when the one before it has
    /// an outcome; else many at once.
    const IN_ORDER: bool = false;

    /// What it issues. Stored as JSON; later versions must be able to read what earlier ones have stored.
    type Command: Intent;
    /// What a decision knows besides the trigger.
    type Facts: Send;
    /// What it has done beside its partition; [`NoJob`] if nothing is.
    type Job: Serialize + DeserializeOwned + Debug + Send + Sync + 'static;

    /// Who acts: recorded as the actor of its commands. Where they need an admin's rights, it is
    /// [`Actor::System`].
    fn actor() -> Actor {
        let name = format!("service-accounts/policy-{}", Self::NAME.replace('_', "-"));
        name.parse().unwrap_or(Actor::System)
    }

    /// What an event triggers a decision about: an account, a member. None for events that only change
    /// the state. Pure.
    fn key(recorded: &Recorded, event: &Event) -> Option<String>;

    /// Reads what the decision needs of the state as of the trigger, by an index of its table. For
    /// `pending` see [`decide`](Self::decide): what they are about may have to be read too.
    fn read(
        state: &State<'_>,
        trigger: Trigger<'_>,
        pending: &[Self::Command],
    ) -> impl Future<Output = Result<Self::Facts, ReactionError>> + Send;

    /// Decides. Pure. `pending` are the commands that were issued for the same key, whose events come after
    /// this trigger: the state does not have them, yet they are done. In the order of their triggers.
    ///
    /// # Errors
    /// The trigger cannot be decided: its partition stops before it until an operator retries or skips it.
    fn decide(
        trigger: Trigger<'_>,
        facts: Self::Facts,
        pending: Vec<Self::Command>,
    ) -> Result<Decision<Self>, FoldError>;

    /// What follows from a rejection, such as to record it. Pure. Not asked about the rejection of
    /// what follows.
    fn rejected(
        _issued: &Issued<Self::Command>,
        _rejection: &Rejection,
    ) -> Vec<Issue<Self::Command>> {
        Vec::new()
    }
}

/// A command as a policy stores it.
pub trait Intent: Serialize + DeserializeOwned + Clone + Debug + Send + Sync + 'static {
    /// Its name in the metadata of its events: `MoveTask`.
    fn request(&self) -> &'static str;

    /// What the gateway decides.
    fn command(&self) -> Box<dyn Command>;

    /// Whether a rejection is what became of it. If not, it is submitted again, with the same id, for as long
    /// as it takes, and what waits for it waits: for what will be accepted once something else has
    /// happened.
    fn is_final(&self, _rejection: &Rejection) -> bool {
        true
    }
}

/// What is to be done at a trigger.
#[derive(Debug)]
pub struct Decision<P: Policy + ?Sized> {
    pub commands: Vec<Issue<P::Command>>,
    pub jobs: Vec<P::Job>,
}

impl<P: Policy + ?Sized> Decision<P> {
    /// Nothing is to be done.
    pub fn nothing() -> Self {
        Self::commands(Vec::new())
    }

    /// Commands, each for a target of its own. They are submitted in this order, but one that has to be
    /// tried again comes after others unless the policy has them [in order](Policy::IN_ORDER).
    pub fn commands(commands: Vec<Issue<P::Command>>) -> Self {
        Self {
            commands,
            jobs: Vec::new(),
        }
    }

    /// One job.
    pub fn job(job: P::Job) -> Self {
        Self {
            commands: Vec::new(),
            jobs: vec![job],
        }
    }
}

/// A command that is to be issued.
#[derive(Debug, Clone, PartialEq)]
pub struct Issue<C> {
    /// What tells it from the others of the same decision or job, such as a resource name. The command's
    /// id is made of it.
    pub target: String,
    pub command: C,
}

/// Why something is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cause {
    /// The trigger; the causation of what is done.
    pub event_id: Uuid,
    pub position: Position,
    /// That of the trigger.
    pub correlation_id: Uuid,
}

impl Cause {
    pub(crate) fn of(recorded: &Recorded) -> Self {
        let metadata = recorded.metadata();
        Self {
            event_id: recorded.event_id,
            position: recorded.position,
            correlation_id: metadata
                .map_or(recorded.command_id, |metadata| metadata.correlation_id),
        }
    }
}

/// A command that was issued.
#[derive(Debug, Clone)]
pub struct Issued<C> {
    pub cause: Cause,
    pub command_id: Uuid,
    pub target: String,
    pub command: C,
}

/// The jobs of a policy that has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum NoJob {}
