//! Ownership changes (S4): what would happen, that nothing else happens than was shown, and what began.

mod check;
mod rehearsal;

use std::collections::BTreeMap;

use handoff_commands::{Answer, States};
use handoff_domain::{
    Command, Holding, HoldingKind,
    commands::{
        Accounts, AssignRole, BatchAssignRole, FinishPlanning, FollowRole, MoveItems, PlanItems,
        StartDisabling, TransferResources, UndoItems, UndoOperation, VacateRole,
    },
    limits,
    names::{AccountName, MemberName, OperationName, TaskName},
    operation::{ItemResult, Outcome, Reassigned},
    policy::{self, Candidate, Decision, Work},
};
use handoff_event_log::{Log, Position};
use handoff_proto::v1;
use handoff_read_models::{Consistency, ListRequest, Queries, Viewer, page::MAX_PAGE_SIZE};
use uuid::Uuid;

use crate::{
    command::{CommandRequest, Commands, Done, Order, Step},
    error::ApiError,
    views,
};

use rehearsal::{Handed, LOOKED_AT, Plan, Rehearsal, losers};

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
        let plan = self.rehearse(order, change, expected, true).await?.plan;
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
            let plan = self.size(order, change).await;
            return Ok((step, plan));
        }
        if !self.log.read_command(step.command_id).await?.is_empty() {
            return Ok((step, None));
        }
        let rehearsal = self.rehearse(order, change, expected, false).await?;
        let expectations = self
            .expectations(order, change, &rehearsal, expected)
            .await?;
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
                let rehearsal = self
                    .rehearse_with(order, change, at_once, false)
                    .await
                    .ok()?;
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
        let min_position = expected.max(self.commands.committed());
        let consistency = order.consistency(min_position);
        self.rehearse_with(order, change, consistency, only).await
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
    v1::OwnershipPlan {
        items: items.iter().map(views::operation::result).collect(),
        counts: Some(views::operation::counts(plan.counts)),
        moved: views::operation::holding_counts(&plan.moved),
        more: plan.more,
        position: plan.position.0,
    }
}

/// A rehearsal and what it reads from.
struct Stage<'a> {
    queries: &'a Queries,
    rehearsal: Rehearsal,
    consistency: Consistency,
    operation: OperationName,
    /// Everything that was read includes everything up to it.
    position: Option<Position>,
    policy_events: u64,
    only: bool,
    viewer: Viewer,
}

impl Stage<'_> {
    async fn play(&mut self, change: &Change) -> Result<(), ApiError> {
        match change {
            Change::Assign(AssignRole { account, .. })
            | Change::Vacate(VacateRole { account, .. }) => {
                self.bring_accounts(std::slice::from_ref(account)).await?;
                let handed = self.rehearsal.begin(change.command()).await?;
                self.rehearsal.relied.insert(account.into());
                self.follow(handed).await
            }
            Change::Batch(BatchAssignRole { role, accounts, .. }) => {
                self.rehearsal.begin(change.command()).await?;
                let names = match accounts {
                    Accounts::Listed(names) => {
                        let mut seen = std::collections::HashSet::new();
                        let once = names.iter().filter(|name| seen.insert(*name));
                        once.cloned().collect()
                    }
                    Accounts::Filter(filter) => self.accounts_of(filter).await?,
                };
                let items: Vec<_> = names
                    .into_iter()
                    .map(|account| Holding::Role {
                        account,
                        role: role.clone(),
                    })
                    .collect();
                self.bring(&items).await?;
                if let Accounts::Filter(_) = accounts {
                    self.list(&items).await?;
                }
                self.pass(&items).await
            }
            Change::Disable(StartDisabling {
                name, successor, ..
            }) => {
                self.rehearsal.begin(change.command()).await?;
                if successor.is_none() {
                    return Ok(());
                }
                self.pass_holdings(name, &HoldingKind::ALL).await
            }
            Change::Transfer(TransferResources { from, kinds, .. }) => {
                self.rehearsal.begin(change.command()).await?;
                let kinds: Vec<_> = kinds.iter().copied().collect();
                self.pass_holdings(from, &kinds).await
            }
            Change::Undo(UndoOperation { operation }) => {
                self.rehearsal.begin(change.command()).await?;
                let moved = self.moved_by(operation).await?;
                let items: Vec<_> = moved.iter().map(|(item, _)| item.clone()).collect();
                self.bring(&items).await?;
                self.list(&items).await?;
                for (number, items) in (0..).zip(moved.chunks(limits::MOVED_ITEMS)) {
                    let command = UndoItems {
                        operation: self.operation.clone(),
                        first: number * limits::MOVED_ITEMS as u64,
                        items: items.to_vec(),
                        cause: None,
                    };
                    self.rehearsal.go_on(&command).await?;
                }
                Ok(())
            }
        }
    }

    /// Passes on what a member holds of some kinds.
    async fn pass_holdings(
        &mut self,
        member: &MemberName,
        kinds: &[HoldingKind],
    ) -> Result<(), ApiError> {
        let mut items = self.holdings_of(member, kinds).await?;
        self.bring(&items).await?;
        self.list(&items).await?;
        let planned = self.rehearsal.operation(&self.operation);
        // What the settings say is planned by the command that ends the plan.
        if planned
            .is_some_and(|details| details.planned.contains_key(&HoldingKind::DefaultAssignee))
        {
            items.push(Holding::DefaultAssignee);
        }
        self.pass(&items).await
    }

    /// Ends the plan of an operation with these items.
    async fn list(&mut self, items: &[Holding]) -> Result<(), ApiError> {
        for (page, items) in (0..).zip(items.chunks(limits::PLANNED_ITEMS)) {
            let command = PlanItems {
                operation: self.operation.clone(),
                page,
                items: items.to_vec(),
            };
            self.rehearsal.go_on(&command).await?;
        }
        let command = FinishPlanning {
            operation: self.operation.clone(),
        };
        self.rehearsal.go_on(&command).await?;
        Ok(())
    }

    /// Moves the items of a plan, and follows the roles among them.
    async fn pass(&mut self, items: &[Holding]) -> Result<(), ApiError> {
        for (number, items) in (0..).zip(items.chunks(limits::MOVED_ITEMS)) {
            let command = MoveItems {
                operation: self.operation.clone(),
                first: number * limits::MOVED_ITEMS as u64,
                items: items.to_vec(),
                cause: None,
            };
            let handed = self.rehearsal.go_on(&command).await?;
            self.follow(handed).await?;
            if self.rehearsal.plan.looked_at() >= LOOKED_AT {
                break;
            }
        }
        Ok(())
    }

    /// Does what the ownership policy does after role events.
    async fn follow(&mut self, mut handed: Vec<Handed>) -> Result<(), ApiError> {
        if !self.only {
            handed.retain(|handed| handed.change.is_followed());
        }
        if handed.is_empty() {
            return Ok(());
        }
        let accounts: Vec<_> = handed.iter().map(|handed| handed.account.clone()).collect();
        let left = LOOKED_AT.saturating_sub(self.rehearsal.plan.looked_at());
        let found = self
            .queries
            .open_tasks_of(&accounts, &losers(&handed), left + 1, self.consistency)
            .await?;
        self.includes(found.position);
        let mut rows = found.value;
        if rows.len() > left {
            self.rehearsal.plan.more = true;
            rows.truncate(left);
        }
        let names: Vec<TaskName> = rows.iter().map(|(name, _)| name.clone()).collect();
        self.rehearsal.bring_tasks(rows);
        for handed in &handed {
            self.follow_one(handed, &names).await?;
        }
        Ok(())
    }

    async fn follow_one(&mut self, handed: &Handed, tasks: &[TaskName]) -> Result<(), ApiError> {
        let Handed {
            account,
            change,
            holds_another,
        } = handed;
        let candidates = tasks.iter().filter_map(|name| {
            let details = self.rehearsal.task(name)?;
            (details.subject.as_str() == account.as_str()).then_some(())?;
            Some(Candidate {
                item: Holding::OpenTask { task: name.clone() },
                work: Work::of_task(details)?,
                pending: Vec::new(),
            })
        });
        let planned = policy::plan(change, *holds_another, candidates.collect::<Vec<_>>());
        for planned in &planned {
            self.rehearsal.rely_on(&planned.item);
        }
        if !change.is_followed() {
            for planned in planned {
                if let Decision::Keep(reason) = planned.decision {
                    let outcome = Outcome::Kept { reason };
                    self.rehearsal.plan.add(ItemResult {
                        item: planned.item,
                        outcome,
                    });
                }
            }
            return Ok(());
        }
        // Any id will do that is the role event's own.
        self.policy_events += 1;
        let event = Uuid::new_v5(&Uuid::nil(), &self.policy_events.to_be_bytes());
        for chunk in policy::chunks(event, &planned) {
            let command = FollowRole::new(account, event, change, &chunk);
            self.rehearsal.go_on(&command).await?;
        }
        Ok(())
    }

    fn includes(&mut self, position: Position) {
        let least = self.position.map_or(position, |known| known.min(position));
        self.position = Some(least);
    }

    async fn bring_accounts(&mut self, names: &[AccountName]) -> Result<(), ApiError> {
        let found = self.queries.accounts_named(names, self.consistency).await?;
        self.includes(found.position);
        self.rehearsal.bring_accounts(found.value);
        Ok(())
    }

    /// Brings the accounts and tasks of items on the stage.
    async fn bring(&mut self, items: &[Holding]) -> Result<(), ApiError> {
        for items in items.chunks(usize::from(MAX_PAGE_SIZE)) {
            let (mut accounts, mut tasks) = (Vec::new(), Vec::new());
            for item in items {
                match item {
                    Holding::Role { account, .. } | Holding::SupportTeam { account } => {
                        accounts.push(account.clone());
                    }
                    Holding::OpenTask { task } => tasks.push(task.clone()),
                    Holding::DefaultAssignee => {}
                }
            }
            if !accounts.is_empty() {
                self.bring_accounts(&accounts).await?;
            }
            if !tasks.is_empty() {
                let found = self.queries.tasks_named(&tasks, self.consistency).await?;
                self.includes(found.position);
                self.rehearsal.bring_tasks(found.value);
            }
        }
        Ok(())
    }

    async fn accounts_of(&mut self, filter: &str) -> Result<Vec<AccountName>, ApiError> {
        let (mut rows, mut token) = (Vec::new(), String::new());
        loop {
            let request = page(filter, &token);
            let found = self
                .queries
                .list_accounts(&request, &self.viewer, self.consistency)
                .await?;
            self.includes(found.position);
            rows.extend(found.value.items.into_iter().map(|entry| entry.name));
            token = found.value.next_page_token;
            if self.has_all(&mut rows, &token) {
                return Ok(rows);
            }
        }
    }

    async fn holdings_of(
        &mut self,
        member: &MemberName,
        kinds: &[HoldingKind],
    ) -> Result<Vec<Holding>, ApiError> {
        let Some(filter) = kinds_filter(kinds.iter().copied()) else {
            return Ok(Vec::new());
        };
        let (mut rows, mut token) = (Vec::new(), String::new());
        loop {
            let request = page(&filter, &token);
            let found = self
                .queries
                .list_holdings(member, &request, &self.viewer, self.consistency)
                .await?;
            self.includes(found.position);
            rows.extend(found.value.items);
            token = found.value.next_page_token;
            if self.has_all(&mut rows, &token) {
                return Ok(rows);
            }
        }
    }

    async fn moved_by(
        &mut self,
        operation: &OperationName,
    ) -> Result<Vec<(Holding, Reassigned)>, ApiError> {
        let (mut rows, mut token) = (Vec::new(), String::new());
        loop {
            let request = page("outcome = MOVED", &token);
            let found = self
                .queries
                .list_operation_items(operation, &request, &self.viewer, self.consistency)
                .await?;
            self.includes(found.position);
            let Some(items) = found.value else {
                return Ok(rows);
            };
            rows.extend(items.items.into_iter().filter_map(|entry| {
                let ItemResult { item, outcome } = entry.row.result;
                match outcome {
                    Outcome::Moved { change } => Some((item, change)),
                    Outcome::Kept { .. } | Outcome::Skipped { .. } => None,
                }
            }));
            token = items.next_page_token;
            if self.has_all(&mut rows, &token) {
                return Ok(rows);
            }
        }
    }

    /// Whether rows are all that there are, or as many as a plan looks at.
    fn has_all<T>(&mut self, rows: &mut Vec<T>, next_page_token: &str) -> bool {
        if !next_page_token.is_empty() && rows.len() < LOOKED_AT {
            return false;
        }
        if !next_page_token.is_empty() || rows.len() > LOOKED_AT {
            self.rehearsal.plan.more = true;
            rows.truncate(LOOKED_AT);
        }
        true
    }
}

fn page<'a>(filter: &'a str, page_token: &'a str) -> ListRequest<'a> {
    ListRequest {
        page_size: MAX_PAGE_SIZE.into(),
        page_token,
        filter,
        order_by: "",
    }
}

/// The filter for holdings of some kinds, as far as read models have them; none: they have none of them.
pub(crate) fn kinds_filter(kinds: impl IntoIterator<Item = HoldingKind>) -> Option<String> {
    let listed = kinds.into_iter().filter_map(|kind| match kind {
        HoldingKind::Role | HoldingKind::SupportTeam | HoldingKind::OpenTask => {
            Some(format!("kind = {}", kind.as_str().to_uppercase()))
        }
        HoldingKind::DefaultAssignee => None,
    });
    let listed: Vec<_> = listed.collect();
    (!listed.is_empty()).then(|| listed.join(" OR "))
}
