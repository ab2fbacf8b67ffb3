//! Commands that take a member's place from them: what they need to know of the read models, and the two
//! steps of disabling.

use handoff_commands::Answer;
use handoff_domain::{
    Command, Reason, Rejection, Revision, State,
    commands::{DisableMember, EnableMember, StartDisabling},
    names::MemberName,
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
    /// Disables a member. With a successor that is begun, and Handoff does the rest: what they hold goes to
    /// the successor, and `member.disabled` follows. Without one it is done when this answers, if they
    /// hold nothing.
    ///
    /// From the position of the start nothing can be given to them, so what they hold is complete in
    /// read models that include it. Whoever ends between the steps leaves them being disabled: a retry
    /// or another request goes on from there, EnableMember takes it back.
    pub(crate) async fn disable(
        &self,
        order: &Order,
        command: StartDisabling,
    ) -> Result<Answer, ApiError> {
        let name = command.name.clone();
        if command.successor.is_some() {
            let whole = || order.whole();
            let start = |other_admins| StartDisabling {
                other_admins,
                ..command.clone()
            };
            return self.leave_an_admin(order, whole, &name, start).await;
        }
        let end = |holdings| DisableMember {
            name: name.clone(),
            holdings,
        };
        // A retry gets the first answer, whatever has become of the member since.
        if !self.log.read_command(order.command_id).await?.is_empty() {
            let end = end(Default::default());
            return self.commands.submit(order, order.last(), end).await;
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
        ended
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

/// The revision of a member.
fn revision(state: &State) -> Option<Revision> {
    match state {
        State::Member(member) => member.details().map(|details| details.revision),
        _ => None,
    }
}
