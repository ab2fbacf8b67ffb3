//! The play of a whole ownership change: the command that begins it, and all that Handoff does after it.

use std::collections::BTreeSet;

use handoff_domain::{
    Holding, HoldingKind,
    commands::{
        Accounts, AssignRole, BatchAssignRole, FinishPlanning, FollowRole, MoveItems, PlanItems,
        StartDisabling, TransferResources, UndoItems, UndoOperation, VacateRole,
    },
    limits,
    names::{AccountName, MemberName, OperationName, OrderName, StreamName},
    operation::{ItemResult, Outcome, Reassigned},
    policy::{self, Candidate, Decision},
};
use handoff_event_log::Position;
use handoff_read_models::{Consistency, ListRequest, Queries, Viewer, page::MAX_PAGE_SIZE};
use uuid::Uuid;

use super::{
    Change, kinds_filter,
    rehearsal::{Handed, LOOKED_AT, Rehearsal, losers},
};
use crate::error::ApiError;

/// Whole orders that are read at once: one may have up to 1 MiB of text.
const ORDERS_AT_ONCE: usize = 20;

/// A rehearsal and what it reads from.
pub(super) struct Stage<'a> {
    pub(super) queries: &'a Queries,
    pub(super) rehearsal: Rehearsal,
    pub(super) consistency: Consistency,
    pub(super) operation: OperationName,
    /// Everything that was read includes everything up to it.
    pub(super) position: Option<Position>,
    pub(super) policy_events: u64,
    pub(super) only: bool,
    pub(super) viewer: Viewer,
}

impl Stage<'_> {
    /// Plays a whole change.
    pub(super) async fn play(&mut self, change: &Change) -> Result<(), ApiError> {
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
        let mut first = 0;
        while first < items.len() {
            let left = self.rehearsal.plan.left();
            if left == 0 {
                self.rehearsal.plan.more = true;
                break;
            }
            let next = items.len().min(first + limits::MOVED_ITEMS.min(left));
            let command = MoveItems {
                operation: self.operation.clone(),
                first: first as u64,
                items: items[first..next].to_vec(),
                cause: None,
            };
            let handed = self.rehearsal.go_on(&command).await?;
            self.follow(handed).await?;
            first = next;
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
        let members = losers(&handed);
        let streams = self.bring_work(&accounts, &members).await?;
        for handed in &handed {
            self.follow_one(handed, &streams).await?;
        }
        Ok(())
    }

    /// Brings the open work of accounts that is any of the members' on the stage, as far as a plan looks at it and
    /// one item further: which streams it is in.
    async fn bring_work(
        &mut self,
        accounts: &[AccountName],
        members: &[MemberName],
    ) -> Result<Vec<StreamName>, ApiError> {
        let (queries, consistency) = (self.queries, self.consistency);
        let most = self.rehearsal.plan.left() + 1;
        let mut streams = Vec::new();
        let found = queries
            .open_tasks_of(accounts, members, most, consistency)
            .await?;
        self.includes(found.position);
        streams.extend(found.value.iter().map(|(name, _)| StreamName::from(name)));
        self.rehearsal.bring_tasks(found.value);
        let found = queries
            .open_orders_of(accounts, members, most, consistency)
            .await?;
        self.includes(found.position);
        let mut items = streams.len();
        for names in found.value.chunks(ORDERS_AT_ONCE) {
            if items >= most {
                break;
            }
            self.bring_orders(names).await?;
            let brought = names.iter().map(StreamName::from);
            for stream in brought {
                items += self.rehearsal.pieces(&stream, members);
                streams.push(stream);
            }
        }
        let found = queries
            .open_activities_of(accounts, members, most, consistency)
            .await?;
        self.includes(found.position);
        streams.extend(found.value.iter().map(|(name, _)| StreamName::from(name)));
        self.rehearsal.bring_activities(found.value);
        Ok(streams)
    }

    async fn bring_orders(&mut self, names: &[OrderName]) -> Result<(), ApiError> {
        let found = self.queries.orders_named(names, self.consistency).await?;
        self.includes(found.position);
        self.rehearsal.bring_orders(found.value);
        Ok(())
    }

    async fn follow_one(
        &mut self,
        handed: &Handed,
        streams: &[StreamName],
    ) -> Result<(), ApiError> {
        let Handed {
            account,
            change,
            holds_another,
        } = handed;
        let work = streams
            .iter()
            .flat_map(|stream| self.rehearsal.work(account, stream));
        let candidates = work.map(|(item, work)| Candidate {
            item,
            work,
            pending: Vec::new(),
        });
        let mut candidates: Vec<_> = candidates.collect();
        candidates.sort_by(|one, other| one.item.cmp(&other.item));
        let mut planned = policy::plan(change, *holds_another, candidates);
        let left = self.rehearsal.plan.left();
        if planned.len() > left {
            self.rehearsal.plan.more = true;
            planned.truncate(left);
        }
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

    /// Brings the resources of items on the stage.
    async fn bring(&mut self, items: &[Holding]) -> Result<(), ApiError> {
        for items in items.chunks(usize::from(MAX_PAGE_SIZE)) {
            let (mut accounts, mut tasks) = (Vec::new(), Vec::new());
            let (mut orders, mut activities) = (BTreeSet::new(), Vec::new());
            for item in items {
                match item {
                    Holding::Role { account, .. } | Holding::SupportTeam { account } => {
                        accounts.push(account.clone());
                    }
                    Holding::OpenTask { task } => tasks.push(task.clone()),
                    Holding::OpenOrderTask { task } => {
                        orders.insert(task.order());
                    }
                    Holding::Order { order } => {
                        orders.insert(order.clone());
                    }
                    Holding::OpenActivity { activity } => activities.push(activity.clone()),
                    // Read from the log when a command asks for them.
                    Holding::TemplateTask { .. } | Holding::DefaultAssignee => {}
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
            let orders: Vec<_> = orders.into_iter().collect();
            for names in orders.chunks(ORDERS_AT_ONCE) {
                self.bring_orders(names).await?;
            }
            if !activities.is_empty() {
                let consistency = self.consistency;
                let found = self.queries.activities_named(&activities, consistency);
                let found = found.await?;
                self.includes(found.position);
                self.rehearsal.bring_activities(found.value);
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
