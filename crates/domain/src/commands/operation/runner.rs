//! For tests: does with commands in memory what Handoff does beside them: it plans and moves what
//! operations change, and follows role events with the ownership policy.

use std::collections::{BTreeMap, VecDeque};

use uuid::Uuid;

use crate::{
    Command, Event, State,
    account::Account,
    commands::{
        BatchAssignRole, FinishPlanning, FollowRole, MoveItems, PlanItems, UndoItems,
        UndoOperation, memory::Memory,
    },
    holding::Holding,
    names::{AccountName, MemberName, OperationName, StreamName, Subject, TaskName},
    operation::{self, ItemResult, Outcome, OwnershipChange, Reassigned, Status},
    policy::{self, Candidate, PendingMove, RoleChange, Roles, Work},
    task::{self, Task},
};

/// Few, so that there is more than one page and more than one chunk.
const PAGE: usize = 3;
const CHUNK: usize = 2;

pub(super) struct Runner {
    pub(super) memory: Memory,
    /// How much of the log the policy has read.
    read: usize,
    roles: BTreeMap<StreamName, Roles>,
    tasks: BTreeMap<TaskName, Task>,
    pending: BTreeMap<TaskName, Vec<PendingMove>>,
    /// What the policy issued and was not decided yet.
    issued: VecDeque<FollowRole>,
}

/// Who holds what, in no order.
#[derive(Debug, PartialEq)]
pub(super) struct Snapshot(BTreeMap<String, Vec<String>>);

impl Runner {
    pub(super) fn new(memory: Memory) -> Self {
        Self {
            memory,
            read: 0,
            roles: BTreeMap::new(),
            tasks: BTreeMap::new(),
            pending: BTreeMap::new(),
            issued: VecDeque::new(),
        }
    }

    /// Accepts a command and names the operation that it began.
    pub(super) fn begin(&mut self, command: &dyn Command) -> OperationName {
        self.begin_as("members/admin", command)
    }

    pub(super) fn begin_as(&mut self, actor: &str, command: &dyn Command) -> OperationName {
        let context = self.memory.context(actor);
        self.memory.decide(&context, command).unwrap();
        OperationName::of_command(context.command_id)
    }

    /// Begins an operation and goes on until nothing is left to do.
    pub(super) fn run(&mut self, command: &dyn Command) -> operation::Details {
        let name = self.begin(command);
        self.drain(&name);
        self.memory.operation(&name)
    }

    pub(super) fn undo(&mut self, operation: &OperationName) -> operation::Details {
        self.run(&UndoOperation {
            operation: operation.clone(),
        })
    }

    pub(super) fn drain(&mut self, name: &OperationName) {
        self.plan(name);
        while self.execute(name) {}
        self.follow_all();
    }

    pub(super) fn follow_all(&mut self) {
        loop {
            self.policy_reads();
            if !self.policy_acts() {
                break;
            }
        }
    }

    /// Does for Handoff.
    fn system(&mut self, command: &dyn Command) {
        self.memory.accept("system", command);
    }

    /// Plans what an operation changes.
    pub(super) fn plan(&mut self, name: &OperationName) {
        let details = self.memory.operation(name);
        if details.status != Status::Planning {
            return;
        }
        let items = match &details.change {
            OwnershipChange::Undo { operation } => self
                .changes(operation)
                .into_iter()
                .map(|(item, _)| item)
                .collect(),
            change => {
                let from = change.passes().map(|(from, _)| from.clone());
                let held = from.map_or_else(Vec::new, |from| self.holdings(&from));
                held.into_iter()
                    .filter(|item| change.includes(item))
                    .collect::<Vec<_>>()
            }
        };
        for (page, items) in items.chunks(PAGE).enumerate() {
            self.system(&PlanItems {
                operation: name.clone(),
                page: u32::try_from(page).unwrap(),
                items: items.to_vec(),
            });
        }
        self.system(&FinishPlanning {
            operation: name.clone(),
        });
    }

    /// Moves the next items of an operation; false if there are none.
    pub(super) fn execute(&mut self, name: &OperationName) -> bool {
        let details = self.memory.operation(name);
        let items = self.planned(name);
        let first = usize::try_from(details.recorded).unwrap();
        if details.status != Status::Running || first >= items.len() {
            return false;
        }
        let items = &items[first..(first + CHUNK).min(items.len())];
        let (operation, first) = (name.clone(), details.recorded);
        match &details.change {
            OwnershipChange::Undo { operation: undone } => {
                let changes = self.changes(undone);
                let change = |item: &Holding| {
                    let found = changes.iter().find(|(changed, _)| changed == item);
                    found.unwrap().clone()
                };
                let items = items.iter().map(change).collect();
                self.system(&UndoItems {
                    operation,
                    first,
                    items,
                    cause: None,
                });
            }
            _ => self.system(&MoveItems {
                operation,
                first,
                items: items.to_vec(),
                cause: None,
            }),
        }
        true
    }

    /// What a member holds, in the order in which it is moved.
    pub(super) fn holdings(&self, member: &MemberName) -> Vec<Holding> {
        let mut held = Vec::new();
        for (stream, state) in self.memory.states() {
            match state {
                State::Account(account) => {
                    let Account::Existing(details) = &**account else {
                        continue;
                    };
                    let account: AccountName = stream.as_str().parse().unwrap();
                    let roles = details.roles.iter().filter(|(_, holder)| *holder == member);
                    let roles = roles.map(|(role, _)| role.clone());
                    let assignee = (details.assignee == *member).then(crate::terms::Role::assignee);
                    held.extend(roles.chain(assignee).map(|role| Holding::Role {
                        account: account.clone(),
                        role,
                    }));
                    if details.support_team.contains(member) {
                        held.push(Holding::SupportTeam { account });
                    }
                }
                State::Task(task) => {
                    let open = task.details().filter(|details| details.is_open());
                    if open.is_some_and(|details| details.assignees.contains(member)) {
                        held.push(Holding::OpenTask {
                            task: stream.as_str().parse().unwrap(),
                        });
                    }
                }
                State::Settings(settings) => {
                    held.extend(
                        (settings.default_assignee == *member).then_some(Holding::DefaultAssignee),
                    );
                }
                State::Member(_)
                | State::Operation(_)
                | State::Document(_)
                | State::Activity(_)
                | State::Service(_)
                | State::Order(_) => {}
            }
        }
        held.sort();
        held
    }

    fn operation_events<'a>(
        &'a self,
        name: &'a OperationName,
    ) -> impl Iterator<Item = &'a operation::Event> {
        self.memory.log.iter().filter_map(|new| match &new.event {
            Event::Operation(event) if new.stream.as_str() == name.as_str() => Some(event),
            _ => None,
        })
    }

    pub(super) fn planned(&self, name: &OperationName) -> Vec<Holding> {
        let pages = self.operation_events(name).filter_map(|event| match event {
            operation::Event::ItemsPlanned { items, .. } => Some(items.clone()),
            _ => None,
        });
        pages.flatten().collect()
    }

    pub(super) fn results(&self, name: &OperationName) -> Vec<ItemResult> {
        let results = self.operation_events(name).filter_map(|event| match event {
            operation::Event::ItemsRecorded { results, .. } => Some(results.clone()),
            _ => None,
        });
        results.flatten().collect()
    }

    fn changes(&self, name: &OperationName) -> Vec<(Holding, Reassigned)> {
        let moved = |result: ItemResult| match result.outcome {
            Outcome::Moved { change } => Some((result.item, change)),
            Outcome::Kept { .. } | Outcome::Skipped { .. } => None,
        };
        self.results(name).into_iter().filter_map(moved).collect()
    }

    /// The policy reads the log to its end and issues what follows.
    pub(super) fn policy_reads(&mut self) {
        while self.read < self.memory.log.len() {
            let new = self.memory.log[self.read].clone();
            // Any id will do that is the event's own.
            let id = Uuid::from_u128(1 << 64 | self.read as u128);
            self.read += 1;
            match &new.event {
                Event::Account(event) => {
                    let roles = self.roles.entry(new.stream.clone()).or_default();
                    roles.apply(event);
                    if let Some(change) = RoleChange::of(event).filter(RoleChange::is_followed) {
                        let another = roles.holds_any(&change.previous);
                        self.issue(&new.stream.as_str().parse().unwrap(), id, &change, another);
                    }
                }
                Event::Task(event) => {
                    let name: TaskName = new.stream.as_str().parse().unwrap();
                    if let task::Event::Assigned { cause, joined, .. } = event
                        && let (Some(event), Some(pending)) =
                            (cause.event, self.pending.get_mut(&name))
                    {
                        policy::settle(pending, event, joined);
                    }
                    let task = self.tasks.entry(name.clone()).or_default();
                    *task = std::mem::take(task).evolve(event).unwrap();
                    let pending = self.pending.entry(name).or_default();
                    match task.details().filter(|details| details.is_open()) {
                        Some(details) => policy::prune(&details.assignees, pending),
                        None => pending.clear(),
                    }
                }
                _ => {}
            }
        }
    }

    fn issue(&mut self, account: &AccountName, event: Uuid, change: &RoleChange, another: bool) {
        let planned = policy::plan(change, another, self.candidates(account));
        for item in &planned {
            let Holding::OpenTask { task } = &item.item else {
                panic!("{item:?}")
            };
            if item.decision == policy::Decision::Move {
                self.pending
                    .entry(task.clone())
                    .or_default()
                    .push(PendingMove {
                        event,
                        from: change.previous.clone(),
                        to: change.holder.clone(),
                    });
            }
        }
        for chunk in policy::chunks(event, &planned) {
            self.issued
                .push_back(FollowRole::new(account, event, change, &chunk));
        }
    }

    fn candidates(&self, account: &AccountName) -> Vec<Candidate> {
        let tasks = self.tasks.iter().filter_map(|(name, task)| {
            let details = task.details()?;
            (details.subject == Subject::Account(account.clone())).then_some(())?;
            Some(Candidate {
                item: Holding::OpenTask { task: name.clone() },
                work: Work::of_task(details)?,
                pending: self.pending.get(name).cloned().unwrap_or_default(),
            })
        });
        tasks.collect()
    }

    /// The first of what the policy issued is decided; false if there is nothing.
    pub(super) fn policy_acts(&mut self) -> bool {
        let Some(command) = self.issued.pop_front() else {
            return false;
        };
        self.system(&command);
        true
    }

    pub(super) fn snapshot(&self) -> Snapshot {
        let mut held: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (stream, state) in self.memory.states() {
            if let State::Member(member) = state {
                let standing = format!("{:?}", member.details().unwrap().standing);
                held.entry(stream.to_string()).or_default().push(standing);
                for item in self.holdings(&stream.as_str().parse().unwrap()) {
                    held.entry(item.to_string())
                        .or_default()
                        .push(stream.to_string());
                }
            }
        }
        held.values_mut().for_each(|members| members.sort());
        Snapshot(held)
    }

    pub(super) fn batch(role: &str, holder: &str, accounts: &[&str]) -> BatchAssignRole {
        let accounts = accounts.iter().map(|id| AccountName::from_id(id).unwrap());
        BatchAssignRole {
            role: role.parse().unwrap(),
            holder: MemberName::from_id(holder).unwrap(),
            accounts: crate::commands::Accounts::Listed(accounts.collect()),
        }
    }
}
