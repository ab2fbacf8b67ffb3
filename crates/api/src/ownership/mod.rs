//! Ownership changes (S4): what would happen, that nothing else happens than was shown, and what began.

mod check;
mod rehearsal;
mod stage;

use std::{collections::BTreeMap, time::Duration};

use handoff_commands::{Answer, States};
use handoff_domain::{
    Command, HoldingKind,
    commands::{
        Accounts, AssignRole, BatchAssignRole, StartDisabling, TransferResources, UndoOperation,
        VacateRole,
    },
    names::{AccountName, OperationName},
};
use handoff_event_log::{Log, Position};
use handoff_policies::{Ownership as Policy, UnderWay};
use handoff_projections::Source;
use handoff_proto::v1;
use handoff_read_models::{Consistency, Queries, Viewer};
use prost::Message;
use tokio::time::Instant;

use crate::{
    command::{CommandRequest, Commands, Done, Order, Step},
    error::ApiError,
    views,
};

use rehearsal::{Plan, Rehearsal};
use stage::Stage;

/// How long it is looked how much a change would do before it is begun.
const SIZE_WITHIN: Duration = Duration::from_millis(250);
/// Role events after the last look that are looked at.
const CHANGES_LOOKED_AT: usize = 1_000;
const OWNERSHIP: Source = Source::of::<Policy>();
/// Bytes of the items that an answer lists, as they are encoded.
const LISTED_BYTES: usize = 3 * 1024 * 1024;

/// A command that begins an ownership change.
#[derive(Debug, Clone)]
pub(crate) enum Change {
    Assign(AssignRole),
    Vacate(VacateRole),
    Batch(BatchAssignRole),
    /// With or without a successor.
    Disable(StartDisabling),
    Transfer(TransferResources),
    Undo(UndoOperation),
}

impl Change {
    fn command(&self) -> &dyn Command {
        match self {
            Self::Assign(command) => command,
            Self::Vacate(command) => command,
            Self::Batch(command) => command,
            Self::Disable(command) => command,
            Self::Transfer(command) => command,
            Self::Undo(command) => command,
        }
    }

    /// The accounts of which it changes a role, where it names them.
    fn accounts(&self) -> Option<&[AccountName]> {
        match self {
            Self::Assign(AssignRole { account, .. }) | Self::Vacate(VacateRole { account, .. }) => {
                Some(std::slice::from_ref(account))
            }
            Self::Batch(BatchAssignRole {
                accounts: Accounts::Listed(names),
                ..
            }) => Some(names),
            Self::Batch(_) | Self::Disable(_) | Self::Transfer(_) | Self::Undo(_) => None,
        }
    }

    /// Whether the ownership policy has a say in what becomes of the items.
    fn asks_policy(&self) -> bool {
        match self {
            Self::Assign(_) | Self::Batch(_) => true,
            Self::Transfer(TransferResources { kinds, .. }) => {
                !kinds.iter().any(|kind| kind.is_work())
            }
            Self::Vacate(_) | Self::Disable(_) | Self::Undo(_) => false,
        }
    }
}

/// A request for an ownership change.
pub(crate) trait ChangeRequest: CommandRequest<Command: Into<Change>> {
    /// Whether only the plan is wanted.
    fn validate_only(&self) -> bool;

    /// The position of the plan that the caller looked at; 0 if at none.
    fn expected_position(&self) -> i64;
}

macro_rules! change {
    ($Request:ident, $Command:ident, $Variant:ident) => {
        impl ChangeRequest for v1::$Request {
            fn validate_only(&self) -> bool {
                self.validate_only
            }

            fn expected_position(&self) -> i64 {
                self.expected_position
            }
        }

        impl From<$Command> for Change {
            fn from(command: $Command) -> Self {
                Self::$Variant(command)
            }
        }
    };
}

change!(AssignRoleRequest, AssignRole, Assign);
change!(VacateRoleRequest, VacateRole, Vacate);
change!(BatchAssignRoleRequest, BatchAssignRole, Batch);
change!(DisableMemberRequest, StartDisabling, Disable);
change!(TransferResourcesRequest, TransferResources, Transfer);
change!(UndoOperationRequest, UndoOperation, Undo);

/// What a request for an ownership change came to.
pub(crate) struct Changed {
    /// None: only the plan was wanted.
    pub(crate) done: Option<Done>,
    /// The operation that began.
    pub(crate) operation: Option<OperationName>,
    pub(crate) plan: Option<v1::OwnershipPlan>,
}

impl Changed {
    /// Where in the log it is.
    pub(crate) fn receipt(&self) -> Option<v1::CommandReceipt> {
        self.done.as_ref().map(Done::receipt)
    }

    /// The name of the operation; empty where none began.
    pub(crate) fn operation(&self) -> String {
        self.operation
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default()
    }
}

/// Plans and begins ownership changes.
#[derive(Clone)]
pub(crate) struct Ownership {
    pub(crate) commands: Commands,
    pub(crate) queries: Queries,
    pub(crate) under_way: UnderWay,
    pub(crate) states: States,
    pub(crate) log: Log,
}

impl Ownership {
    /// Answers what the change would do, or begins it.
    pub(crate) async fn run<R: ChangeRequest>(
        &self,
        request: tonic::Request<R>,
    ) -> Result<Changed, ApiError> {
        let asked = request.get_ref();
        let (only, expected) = (asked.validate_only(), Position(asked.expected_position()));
        let (order, command) = self.commands.take(request)?;
        let change: Change = command.into();
        self.check_filter(&change)?;
        if only {
            return self.planned(&order, &change, expected).await;
        }
        let step = order.whole();
        let (step, plan) = self.as_expected(&order, &change, expected, step).await?;
        let answer = match change {
            Change::Assign(command) => self.commands.submit(&order, step, command).await,
            Change::Vacate(command) => self.commands.submit(&order, step, command).await,
            Change::Batch(command) => self.commands.submit(&order, step, command).await,
            Change::Transfer(command) => self.commands.submit(&order, step, command).await,
            Change::Undo(command) => self.commands.submit(&order, step, command).await,
            Change::Disable(command) => self.commands.submit(&order, step, command).await,
        }?;
        let operation = began(&answer, OperationName::of_command(order.command_id));
        Ok(self.changed(&order, answer, operation, plan))
    }

    pub(crate) fn changed(
        &self,
        order: &Order,
        answer: Answer,
        operation: Option<OperationName>,
        plan: Option<v1::OwnershipPlan>,
    ) -> Changed {
        Changed {
            done: Some(self.commands.done(order, answer)),
            plan: plan.filter(|_| operation.is_some()),
            operation,
        }
    }

    /// What the change would do, for a caller who only wants to know.
    pub(crate) async fn planned(
        &self,
        order: &Order,
        change: &Change,
        expected: Position,
    ) -> Result<Changed, ApiError> {
        let rehearsed = Box::pin(self.rehearse(order, change, expected, true));
        let plan = rehearsed.await?.plan;
        Ok(Changed {
            done: None,
            operation: None,
            plan: Some(shown(&plan, true)),
        })
    }

    /// The step that does what the caller was shown or nothing, and how much that is as far as it is known.
    /// A retry gets the first answer, whatever has changed since.
    pub(crate) async fn as_expected(
        &self,
        order: &Order,
        change: &Change,
        expected: Position,
        step: Step,
    ) -> Result<(Step, Option<v1::OwnershipPlan>), ApiError> {
        if expected == Position::START {
            let sized = tokio::time::timeout(SIZE_WITHIN, Box::pin(self.size(order, change)));
            return Ok((step, sized.await.ok().flatten()));
        }
        if !self.log.read_command(step.command_id).await?.is_empty() {
            return Ok((step, None));
        }
        let rehearsed = Box::pin(self.rehearse(order, change, expected, false));
        let rehearsal = rehearsed.await?;
        let checked = Box::pin(self.expectations(order, change, &rehearsal, expected));
        let expectations = checked.await?;
        Ok((
            step.resting_on(expectations),
            Some(shown(&rehearsal.plan, false)),
        ))
    }

    /// How much a change would do, if that can be said at once. Whether a command is done does not depend
    /// on read models.
    async fn size(&self, order: &Order, change: &Change) -> Option<v1::OwnershipPlan> {
        let at_once = order.consistency(Position::START);
        let mut moved = BTreeMap::new();
        let position = match change {
            Change::Assign(_) | Change::Vacate(_) => {
                let rehearsed = Box::pin(self.rehearse_with(order, change, at_once, false));
                let rehearsal = rehearsed.await.ok()?;
                return Some(shown(&rehearsal.plan, false));
            }
            Change::Disable(StartDisabling { name, .. }) => {
                let counted = self.queries.count_holdings(name, at_once).await.ok()?;
                moved = counted.value;
                counted.position
            }
            Change::Transfer(TransferResources { from, kinds, .. }) => {
                let counted = self.queries.count_holdings(from, at_once).await.ok()?;
                let counts = counted.value.into_iter();
                moved = counts.filter(|(kind, _)| kinds.contains(kind)).collect();
                counted.position
            }
            Change::Batch(BatchAssignRole { accounts, .. }) => match accounts {
                Accounts::Listed(names) => {
                    let found = self.queries.accounts_named(names, at_once).await.ok()?;
                    moved.insert(HoldingKind::Role, found.value.len() as u64);
                    found.position
                }
                // They are listed when the operation plans; a dry run says how many.
                Accounts::Filter(_) => return None,
            },
            Change::Undo(UndoOperation { operation }) => {
                let entry = self.queries.get_operation(operation, at_once).await.ok()?;
                let counted = entry.value.as_ref()?.row.state.details()?.counts;
                let plan = v1::OwnershipPlan {
                    counts: Some(v1::OutcomeCounts {
                        moved: i64::try_from(counted.moved).unwrap_or(i64::MAX),
                        ..Default::default()
                    }),
                    position: entry.position.0,
                    ..Default::default()
                };
                return Some(plan);
            }
        };
        let mut plan = Plan {
            moved,
            position,
            ..Plan::default()
        };
        plan.counts.moved = plan.moved.values().sum();
        Some(shown(&plan, false))
    }

    /// Whether the filter of a batch can be read.
    fn check_filter(&self, change: &Change) -> Result<(), ApiError> {
        if let Change::Batch(BatchAssignRole {
            accounts: Accounts::Filter(filter),
            ..
        }) = change
        {
            self.queries.check_accounts_filter(filter, &nobody(self))?;
        }
        Ok(())
    }

    async fn rehearse(
        &self,
        order: &Order,
        change: &Change,
        expected: Position,
        only: bool,
    ) -> Result<Rehearsal, ApiError> {
        let least = expected.max(self.commands.committed());
        let accounts = change.accounts();
        let Consistency { deadline, .. } = order.consistency(least);
        let mut settled = self.log.head().await?.position.max(least);
        loop {
            let until = |min_position| Consistency {
                min_position,
                deadline,
            };
            // What the ownership policy still has to do there would be in no plan, and be done all the same.
            self.under_way.until_done(accounts, until(settled)).await?;
            let consistency = until(self.log.head().await?.position.max(settled));
            // It holds much; whoever awaits it need not.
            let rehearsed = Box::pin(self.rehearse_with(order, change, consistency, only));
            let rehearsal = rehearsed.await?;
            let newest = rehearsal.newest_account();
            if newest <= settled || !self.has_handed(&rehearsal, settled, until(newest)).await? {
                return Ok(rehearsal);
            }
            if Instant::now() >= deadline {
                return Err(ApiError::Behind {
                    projection: OWNERSHIP.name(),
                    position: settled,
                    wanted: newest,
                });
            }
            settled = newest;
        }
    }

    /// Whether a role of an account that a plan rests on changed hands after a position.
    async fn has_handed(
        &self,
        rehearsal: &Rehearsal,
        after: Position,
        consistency: Consistency,
    ) -> Result<bool, ApiError> {
        let types = ["account.role_assigned"];
        let changed = self
            .queries
            .changed_after(after, &types, &[], CHANGES_LOOKED_AT, consistency)
            .await?
            .value;
        Ok(changed.len() >= CHANGES_LOOKED_AT
            || changed
                .iter()
                .any(|stream| rehearsal.relied.contains(stream)))
    }

    /// Does the whole change in memory. `only`: nobody does it afterwards, so what the ownership policy would
    /// not even look at is shown too.
    async fn rehearse_with(
        &self,
        order: &Order,
        change: &Change,
        consistency: Consistency,
        only: bool,
    ) -> Result<Rehearsal, ApiError> {
        let context = self.commands.context(order);
        let mut stage = Stage {
            queries: &self.queries,
            rehearsal: Rehearsal::new(self.states.clone(), context),
            consistency,
            operation: OperationName::of_command(order.command_id),
            position: None,
            policy_events: 0,
            only,
            viewer: nobody(self),
        };
        stage.play(change).await?;
        let Stage {
            mut rehearsal,
            position,
            ..
        } = stage;
        rehearsal.plan.position = position.unwrap_or(consistency.min_position);
        rehearsal.plan.executable = rehearsal.can_be_checked();
        if change.asks_policy() {
            rehearsal.plan.policy = Some(rehearsal.policy().await?);
        }
        Ok(rehearsal)
    }
}

/// Who looks at lists for an operation: Handoff, which is no member.
fn nobody(ownership: &Ownership) -> Viewer {
    Viewer {
        now: ownership.commands.now(),
        me: None,
    }
}

/// The operation that a command began, if it appended anything.
fn began(answer: &Answer, name: OperationName) -> Option<OperationName> {
    (answer.receipt.events > 0).then_some(name)
}

/// A plan for an answer.
fn shown(plan: &Plan, with_items: bool) -> v1::OwnershipPlan {
    let items = if with_items { &plan.items[..] } else { &[] };
    let mut bytes = 0;
    let items = items.iter().map(views::operation::result);
    let items = items.take_while(|item| {
        bytes += item.encoded_len();
        bytes <= LISTED_BYTES
    });
    let (policy, policy_version) = match plan.policy {
        Some((policy, version)) => (views::settings::policy(policy), version.to_string()),
        None => (v1::OwnershipPolicy::Unspecified, String::new()),
    };
    v1::OwnershipPlan {
        items: items.collect(),
        counts: Some(views::operation::counts(plan.counts)),
        moved: views::operation::holding_counts(&plan.moved),
        more: plan.more,
        position: plan.position.0,
        executable: plan.executable,
        policy: policy.into(),
        policy_version,
    }
}

/// The filter for holdings of some kinds, as far as read models have them; none: they have none of them.
pub(crate) fn kinds_filter(kinds: impl IntoIterator<Item = HoldingKind>) -> Option<String> {
    let listed = kinds.into_iter().filter_map(|kind| match kind {
        HoldingKind::DefaultAssignee => None,
        kind => Some(format!("kind = {}", kind.as_str().to_uppercase())),
    });
    let listed: Vec<_> = listed.collect();
    (!listed.is_empty()).then(|| listed.join(" OR "))
}
