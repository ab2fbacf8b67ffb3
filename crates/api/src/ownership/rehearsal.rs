//! Does commands in memory, on rows of the read models, and appends nothing: so a dry run comes to what the
//! commands themselves would do, item by item.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

use handoff_commands::States;
use handoff_domain::{
    Command, Context, Event, Holding, HoldingKind, NewEvent, Revision, Source, State, Stop, Unit,
    Version, Versioned, account, limits,
    names::{
        AccountName, ActivityName, Actor, Kind, MemberName, OperationName, OrderName, StreamName,
        TaskName,
    },
    operation::{self, Counts, Details, ItemResult, Outcome},
    order::Order,
    policy::{RoleChange, Roles, Work, work_of_activity, work_of_order},
    settings::OwnershipPolicy,
};
use handoff_event_log::Position;
use handoff_read_models::{
    accounts::AccountRow,
    activities::ActivityRow,
    orders::OrderRow,
    tasks::{TaskRow, TaskState},
};

use crate::error::ApiError;

/// Items that a plan looks at.
pub(crate) const LOOKED_AT: usize = 10_000;

/// What an ownership change would do.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    /// In the order in which it would become of them.
    pub(crate) items: Vec<ItemResult>,
    pub(crate) counts: Counts,
    pub(crate) moved: BTreeMap<HoldingKind, u64>,
    /// There are more items than were looked at.
    pub(crate) more: bool,
    /// Everything up to this position is included.
    pub(crate) position: Position,
    /// It can be checked whether anything of it changed.
    pub(crate) executable: bool,
    /// The ownership policy that it rests on, and the revision of the settings that set it; none: it has no say.
    pub(crate) policy: Option<(OwnershipPolicy, Revision)>,
}

impl Plan {
    /// How many items were looked at.
    fn looked_at(&self) -> usize {
        let Counts {
            moved,
            kept,
            skipped,
        } = self.counts;
        usize::try_from(moved + kept + skipped).unwrap_or(usize::MAX)
    }

    /// How many more are looked at.
    pub(crate) fn left(&self) -> usize {
        LOOKED_AT.saturating_sub(self.looked_at())
    }

    pub(crate) fn add(&mut self, result: ItemResult) {
        match result.outcome {
            Outcome::Moved { .. } => {
                self.counts.moved += 1;
                *self.moved.entry(result.item.kind()).or_default() += 1;
            }
            Outcome::Kept { .. } => self.counts.kept += 1,
            Outcome::Skipped { .. } => self.counts.skipped += 1,
        }
        self.items.push(result);
    }
}

/// A role that changed hands in a rehearsal.
#[derive(Debug)]
pub(crate) struct Handed {
    pub(crate) account: AccountName,
    pub(crate) change: RoleChange,
    /// As of the role event.
    pub(crate) holds_another: bool,
}

/// A row that a plan is made of.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AsOf {
    pub(crate) version: Version,
    pub(crate) position: Position,
}

/// The states that were loaded.
#[derive(Default)]
struct Known(HashMap<StreamName, Versioned>);

impl Source for Known {
    fn get(&self, stream: &StreamName) -> Option<Versioned> {
        self.0.get(stream).cloned()
    }
}

/// A stage on which commands are done that nobody sees.
pub(crate) struct Rehearsal {
    states: States,
    caller: Context,
    known: Known,
    rows: HashMap<StreamName, AsOf>,
    roles: HashMap<AccountName, Roles>,
    /// Who lost a role of an account.
    losers: BTreeMap<AccountName, MemberName>,
    pub(crate) plan: Plan,
    /// What is listed, and the accounts whose roles change: if any of it changes, it is another plan.
    pub(crate) relied: BTreeSet<StreamName>,
}

/// Whether a try to decide needs more streams.
enum Tried {
    Decided(Vec<NewEvent>, Vec<(StreamName, Versioned)>),
    Missing(Vec<StreamName>),
}

impl Rehearsal {
    /// `caller`: the circumstances of the command that would begin it, its id included.
    pub(crate) fn new(states: States, caller: Context) -> Self {
        Self {
            states,
            caller,
            known: Known::default(),
            rows: HashMap::new(),
            roles: HashMap::new(),
            losers: BTreeMap::new(),
            plan: Plan::default(),
            relied: BTreeSet::new(),
        }
    }

    /// Who lost a role of an account, if it changed hands.
    pub(crate) fn loser(&self, account: &AccountName) -> Option<MemberName> {
        self.losers.get(account).cloned()
    }

    /// The accounts of which a role changed hands.
    pub(crate) fn accounts(&self) -> impl Iterator<Item = &AccountName> {
        self.losers.keys()
    }

    /// The position of the last change of the accounts on the stage.
    pub(crate) fn newest_account(&self) -> Position {
        let rows = self.rows.iter();
        let accounts = rows.filter(|(stream, _)| stream.kind() == Kind::Account);
        let positions = accounts.map(|(_, row)| row.position);
        positions.max().unwrap_or(Position::START)
    }

    /// Whether a command can check all that the plan rests on, the ownership policy included.
    pub(crate) fn can_be_checked(&self) -> bool {
        !self.plan.more && self.relied.len() < limits::EXPECTATIONS
    }

    /// The row that a state was taken from.
    pub(crate) fn row(&self, stream: &StreamName) -> Option<AsOf> {
        self.rows.get(stream).copied()
    }

    /// Brings accounts on the stage, unless they are there.
    pub(crate) fn bring_accounts(&mut self, rows: Vec<(AccountName, AccountRow)>) {
        for (name, row) in rows {
            let state = State::Account(row.state.into());
            self.bring((&name).into(), state, row.version, row.position);
        }
    }

    /// Brings tasks on the stage, unless they are there.
    pub(crate) fn bring_tasks(&mut self, rows: Vec<(TaskName, TaskRow)>) {
        for (name, row) in rows {
            let TaskState::Standalone(task) = row.state else {
                continue;
            };
            self.bring(
                (&name).into(),
                State::Task(task.into()),
                row.version,
                row.position,
            );
        }
    }

    /// Brings orders on the stage, unless they are there. Without the descriptions of their tasks, which change
    /// nothing for who has what.
    pub(crate) fn bring_orders(&mut self, rows: Vec<(OrderName, OrderRow)>) {
        for (name, mut row) in rows {
            if let Order::Existing(details) = &mut row.state {
                for task in &mut details.tasks {
                    Arc::make_mut(task).content.description = None;
                }
            }
            let state = State::Order(row.state.into());
            self.bring((&name).into(), state, row.version, row.position);
        }
    }

    /// Brings activities on the stage, unless they are there.
    pub(crate) fn bring_activities(&mut self, rows: Vec<(ActivityName, ActivityRow)>) {
        for (name, row) in rows {
            let state = State::Activity(row.state.into());
            self.bring((&name).into(), state, row.version, row.position);
        }
    }

    /// The open work in the stream of a task, order or activity as it is on the stage, if it is of the account.
    pub(crate) fn work(&self, account: &AccountName, stream: &StreamName) -> Vec<(Holding, Work)> {
        let Some(versioned) = self.known.0.get(stream) else {
            return Vec::new();
        };
        match &versioned.state {
            State::Task(task) => {
                let details = task
                    .details()
                    .filter(|task| task.subject.as_str() == account.as_str());
                let item = stream.as_str().parse().ok();
                let item = item.map(|task| Holding::OpenTask { task });
                item.zip(details.and_then(Work::of_task))
                    .into_iter()
                    .collect()
            }
            State::Order(order) => {
                let details = order.details().filter(|order| order.account == *account);
                let name = stream.as_str().parse::<OrderName>().ok();
                let work = name.zip(details);
                work.map_or_else(Vec::new, |(name, order)| work_of_order(&name, order))
            }
            State::Activity(activity) => {
                let details = activity
                    .details()
                    .filter(|activity| activity.account == *account);
                let name = stream.as_str().parse::<ActivityName>().ok();
                let work = name.zip(details);
                work.and_then(|(name, activity)| work_of_activity(&name, activity))
                    .into_iter()
                    .collect()
            }
            _ => Vec::new(),
        }
    }

    /// How much open work in the stream of an order is any of the members'.
    pub(crate) fn pieces(&self, order: &StreamName, members: &[MemberName]) -> usize {
        let Some(State::Order(state)) = self.known.0.get(order).map(|known| &known.state) else {
            return 0;
        };
        let name = order.as_str().parse::<OrderName>().ok();
        let Some((name, details)) = name.zip(state.details()) else {
            return 0;
        };
        let work = work_of_order(&name, details).into_iter();
        work.filter(|(_, work)| members.iter().any(|member| work.assignees.contains(member)))
            .count()
    }

    fn bring(&mut self, stream: StreamName, state: State, version: Version, position: Position) {
        if let std::collections::hash_map::Entry::Vacant(entry) = self.known.0.entry(stream.clone())
        {
            entry.insert(Versioned { version, state });
            self.rows.insert(stream, AsOf { version, position });
        }
    }

    /// An operation as it is on the stage.
    pub(crate) fn operation(&self, name: &OperationName) -> Option<&Details> {
        match &self.known.0.get(name.as_str())?.state {
            State::Operation(operation) => operation.details(),
            _ => None,
        }
    }

    /// Does the command that begins the change, as its caller.
    pub(crate) async fn begin(&mut self, command: &dyn Command) -> Result<Vec<Handed>, ApiError> {
        let context = self.caller.clone();
        self.tell(&context, command).await
    }

    /// Does a command with which Handoff goes on with it.
    pub(crate) async fn go_on(&mut self, command: &dyn Command) -> Result<Vec<Handed>, ApiError> {
        let context = Context {
            actor: Actor::System,
            on_behalf_of: None,
            expected: None,
            plan: Vec::new(),
            ..self.caller.clone()
        };
        self.tell(&context, command).await
    }

    /// Decides a command, adds the results that it records to the plan, and names the roles that changed
    /// hands by it.
    async fn tell(
        &mut self,
        context: &Context,
        command: &dyn Command,
    ) -> Result<Vec<Handed>, ApiError> {
        let (events, changed) = loop {
            match self.try_to(context, command)? {
                Tried::Decided(events, changed) => break (events, changed),
                Tried::Missing(streams) => {
                    for stream in streams {
                        let state = self
                            .states
                            .fresh(&stream, std::time::Duration::ZERO)
                            .await?;
                        self.known.0.insert(stream, state);
                    }
                }
            }
        };
        let mut handed = Vec::new();
        for new in events {
            match new.event {
                Event::Operation(operation::Event::ItemsRecorded { results, .. }) => {
                    for result in results {
                        self.rely_on(&result.item);
                        self.plan.add(result);
                    }
                }
                Event::Account(event) => handed.extend(self.hand(&new.stream, &event)),
                Event::Operation(_)
                | Event::Task(_)
                | Event::Member(_)
                | Event::Settings(_)
                | Event::Document(_)
                | Event::Activity(_)
                | Event::Service(_)
                | Event::Order(_) => {}
            }
        }
        self.known.0.extend(changed);
        Ok(handed)
    }

    fn try_to(&self, context: &Context, command: &dyn Command) -> Result<Tried, ApiError> {
        let mut unit = Unit::new(&self.known);
        match command.decide(context, &mut unit) {
            Ok(_) => {
                let effects = unit.into_effects();
                Ok(Tried::Decided(effects.events, effects.changed))
            }
            Err(Stop::Missing) => Ok(Tried::Missing(unit.missing().to_vec())),
            Err(Stop::Rejected(rejection)) => Err(rejection.into()),
            Err(Stop::Corrupt(stream)) => Err(ApiError::Internal(
                format!("{stream} refuses its own event").into(),
            )),
        }
    }

    /// Notes that the plan lists an item.
    pub(crate) fn rely_on(&mut self, item: &Holding) {
        match item {
            Holding::Role { account, .. } | Holding::SupportTeam { account } => {
                self.relied.insert(account.into());
            }
            Holding::OpenTask { task } => {
                self.relied.insert(task.into());
            }
            Holding::OpenOrderTask { task } => {
                self.relied.insert((&task.order()).into());
            }
            Holding::Order { order } => {
                self.relied.insert(order.into());
            }
            Holding::OpenActivity { activity } => {
                self.relied.insert(activity.into());
            }
            Holding::TemplateTask { task } => {
                self.relied.insert((&task.service()).into());
            }
            Holding::DefaultAssignee => {
                self.relied.insert(StreamName::settings());
            }
        }
    }

    fn hand(&mut self, stream: &StreamName, event: &account::Event) -> Option<Handed> {
        let account: AccountName = stream.as_str().parse().ok()?;
        let known = &self.known.0;
        let roles = self.roles.entry(account.clone()).or_insert_with(|| {
            match known.get(stream).map(|versioned| &versioned.state) {
                Some(State::Account(state)) => state.existing(&account).map(Roles::of),
                _ => Ok(Roles::default()),
            }
            .unwrap_or_default()
        });
        roles.apply(event);
        let change = RoleChange::of(event)?;
        self.relied.insert(stream.clone());
        self.losers.insert(account.clone(), change.previous.clone());
        Some(Handed {
            holds_another: roles.holds_any(&change.previous),
            account,
            change,
        })
    }

    /// The ownership policy, and the revision of the settings at which it came to be so.
    pub(crate) async fn policy(&self) -> Result<(OwnershipPolicy, Revision), ApiError> {
        let settings = StreamName::settings();
        let versioned = self
            .states
            .fresh(&settings, std::time::Duration::ZERO)
            .await?;
        match versioned.state {
            State::Settings(settings) => {
                Ok((settings.ownership_policy, settings.ownership_policy_version))
            }
            _ => Err(ApiError::Internal("the settings are no settings".into())),
        }
    }
}

/// Members, each once.
pub(crate) fn losers(handed: &[Handed]) -> Vec<MemberName> {
    let members: BTreeSet<_> = handed
        .iter()
        .map(|handed| &handed.change.previous)
        .collect();
    members.into_iter().cloned().collect()
}
