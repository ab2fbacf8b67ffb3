//! Commands that take a member's place from them: what they need to know of the read models, and the two
//! steps of disabling.

use handoff_commands::Answer;
use handoff_domain::{
    Command, Reason, Rejection, Revision, State,
    commands::{DisableMember, EnableMember, StartDisabling},
    member::Standing,
    names::{MemberName, OperationName},
};
use handoff_event_log::{Log, Position};
use handoff_read_models::Queries;

use crate::{
    command::{Commands, Order, Step},
    error::{ApiError, Chain},
};

/// The step after which nothing can be given to the member.
const START: &str = "start";
/// The step that takes the start back.
const UNDO: &str = "undo";

/// Disables members and demotes admins.
pub(crate) struct Disabling {
    pub(crate) commands: Commands,
    pub(crate) queries: Queries,
    pub(crate) log: Log,
}

impl Disabling {
    /// Disables a member who holds nothing.
    ///
    /// From the position of the start nothing can be given to them, so what they hold is complete in
    /// read models that include it. Whoever ends between the steps leaves them being disabled: a retry
    /// or another request goes on from there, EnableMember takes it back.
    pub(crate) async fn disable(
        &self,
        order: &Order,
        StartDisabling { name, .. }: StartDisabling,
    ) -> Result<(Answer, Option<OperationName>), ApiError> {
        let end = |holdings| DisableMember {
            name: name.clone(),
            holdings,
        };
        // A retry gets the first answer, whatever has become of the member since.
        if !self.log.read_command(order.command_id).await?.is_empty() {
            let end = end(Default::default());
            let answer = self.commands.submit(order, order.last(), end).await?;
            return Ok((answer, self.begun(order).await?));
        }
        let known = self
            .queries
            .holdings(&name, order.consistency(Position::START));
        let known = known.await?.value;
        let start = |other_admins| StartDisabling {
            name: name.clone(),
            successor: None,
            other_admins,
            holdings: known.clone(),
        };
        let first = || order.first(START);
        let started = self.leave_an_admin(order, first, &name, start).await?;
        let consistency = order.consistency(started.receipt.position);
        let holdings = self.queries.holdings(&name, consistency).await?.value;
        let ended = self
            .commands
            .submit(order, order.last(), end(holdings))
            .await;
        if let Err(ApiError::Rejected(_)) = &ended {
            self.take_back(order, &name, &started).await;
        }
        Ok((ended?, operation(&started.state)))
    }

    /// Begins to disable a member whose holdings all go to a successor.
    pub(crate) async fn begin(
        &self,
        order: &Order,
        step: Step,
        command: StartDisabling,
    ) -> Result<(Answer, Option<OperationName>), ApiError> {
        let name = command.name.clone();
        let start = |other_admins| StartDisabling {
            other_admins,
            ..command.clone()
        };
        let answer = self
            .leave_an_admin(order, || step.clone(), &name, start)
            .await?;
        let operation = operation(&answer.state);
        Ok((answer, operation))
    }

    /// The command that begins it, with what the read models say, for a rehearsal.
    pub(crate) async fn informed(
        &self,
        order: &Order,
        command: StartDisabling,
    ) -> Result<StartDisabling, ApiError> {
        let consistency = order.consistency(self.commands.committed());
        let name = &command.name;
        let others = self.queries.other_admins(name, consistency).await?.value;
        let holdings = match command.successor {
            Some(_) => command.holdings,
            None => self.queries.holdings(name, consistency).await?.value,
        };
        Ok(StartDisabling {
            other_admins: others,
            holdings,
            ..command
        })
    }

    /// The operation that the first of the two steps began, if this request took it.
    async fn begun(&self, order: &Order) -> Result<Option<OperationName>, ApiError> {
        let start = order.first(START).command_id;
        let taken = !self.log.read_command(start).await?.is_empty();
        Ok(taken.then(|| OperationName::of_command(start)))
    }

    /// Submits a command after which another admin must remain. The acting one does, as a rule; only
    /// where that does not suffice, the read models are asked for others.
    pub(crate) async fn leave_an_admin<C: Command + 'static>(
        &self,
        order: &Order,
        step: impl Fn() -> Step,
        leaving: &MemberName,
        command: impl Fn(Vec<MemberName>) -> C,
    ) -> Result<Answer, ApiError> {
        let first = self
            .commands
            .submit(order, step(), command(Vec::new()))
            .await;
        let Err(ApiError::Rejected(Rejection::Precondition {
            reason: Reason::LastAdmin,
            ..
        })) = &first
        else {
            return first;
        };
        let consistency = order.consistency(self.commands.committed());
        let others = self.queries.other_admins(leaving, consistency).await?.value;
        if others.is_empty() {
            return first;
        }
        self.commands.submit(order, step(), command(others)).await
    }

    /// Lets work be given to the member again, unless they were changed since the start.
    async fn take_back(&self, order: &Order, name: &MemberName, started: &Answer) {
        let step = order.back(UNDO, revision(&started.state));
        let enable = EnableMember { name: name.clone() };
        if let Err(error) = self.commands.submit(order, step, enable).await {
            tracing::warn!(member = %name, error = %Chain(&error), "the member stays one who is being disabled");
        }
    }
}

/// The operation by which a member is being disabled.
fn operation(state: &State) -> Option<OperationName> {
    let State::Member(member) = state else {
        return None;
    };
    match &member.details()?.standing {
        Standing::Disabling { operation, .. } => operation.clone(),
        Standing::Enabled | Standing::Disabled { .. } => None,
    }
}

/// The revision of a member.
fn revision(state: &State) -> Option<Revision> {
    match state {
        State::Member(member) => member.details().map(|details| details.revision),
        _ => None,
    }
}
