//! What the ownership policy knows as of an event: each account's roles, and its work.

use std::collections::BTreeMap;

use handoff_domain::{
    Event, Holding, account,
    activity::{self, Activity},
    names::{AccountName, ActivityName, MemberName, OrderName, Subject, TaskName},
    order::{self, Order},
    policy::{Roles, Work, work_of_activity, work_of_order},
    task::{self, AssignmentSource},
};
use handoff_event_log::Recorded;
use handoff_projections::{
    Beginning, FoldError, Index, Put, ReadModel, Rows, Succession, Take, UnreadableRow,
};
use serde::{Deserialize, Serialize};

use crate::ownership::Ownership;

/// The key of a row: the name of its resource, and for the members who are on an order by hand its name with
/// `/added`.
pub(crate) type Key = String;

/// The key of the row of an item.
pub(crate) fn key(item: &Holding) -> Key {
    match item {
        Holding::Order { order } => format!("{order}/added"),
        item => item.subject().to_owned(),
    }
}

/// A row, by its [`Key`]. Kept as JSON; the columns repeat what is asked for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Kept {
    /// Who holds the roles of an account.
    Account { roles: Roles },
    /// Work of an account, open or not: it may come back.
    Work(Piece),
    /// An order, from which its pieces of work follow: one event may change many of them.
    Order(Box<KeptOrder>),
    /// An activity.
    Activity(Box<KeptActivity>),
}

/// A piece of work of an account.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Piece {
    pub(crate) account: AccountName,
    pub(crate) item: Holding,
    pub(crate) work: Work,
    open: bool,
    deleted: bool,
    /// Who got it by the last change of its assignees, if the policy made that one and gave it to one.
    pub(crate) went_to: Option<MemberName>,
}

impl Piece {
    /// Whether a role event may move it.
    fn is_open(&self) -> bool {
        self.open && !self.deleted
    }

    /// Open work that is gone for the policy once it is done.
    fn open(account: &AccountName, item: Holding, work: Work) -> Self {
        Self {
            account: account.clone(),
            item,
            work,
            open: true,
            deleted: false,
            went_to: None,
        }
    }

    fn of_created(task: &TaskName, created: &task::Created) -> Option<Self> {
        let Subject::Account(account) = &created.subject else {
            return None;
        };
        Some(Self {
            account: account.clone(),
            item: Holding::OpenTask { task: task.clone() },
            work: Work {
                assignees: created.assignees.clone(),
                responsible_role: created.responsible_role.clone(),
                origin: created.origin,
                about_member: false,
            },
            open: true,
            deleted: false,
            went_to: None,
        })
    }

    /// Applies an event after the first.
    fn apply(&mut self, event: &task::Event) {
        match event {
            task::Event::Completed { .. } | task::Event::Cancelled { .. } => self.open = false,
            task::Event::Reopened { .. } => self.open = true,
            task::Event::Deleted { .. } => self.deleted = true,
            task::Event::Undeleted { .. } => self.deleted = false,
            task::Event::Updated(updated) => {
                if let Some(change) = &updated.responsible_role {
                    self.work.responsible_role.clone_from(&change.to);
                }
            }
            task::Event::Assigned {
                left,
                joined,
                cause,
                ..
            } => {
                let assignees = &mut self.work.assignees;
                assignees.retain(|member| !left.contains(member));
                assignees.extend_from_slice(joined);
                self.went_to = match (cause.source, &joined[..]) {
                    (AssignmentSource::Role, [member]) => Some(member.clone()),
                    _ => None,
                };
            }
            _ => {}
        }
    }
}

/// An order, and who got what of it by the last change, as [`Piece::went_to`] says.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct KeptOrder {
    order: Order,
    went_to: BTreeMap<Key, MemberName>,
}

impl KeptOrder {
    /// Its open work: its open tasks, and the places of those who are on it by hand.
    fn pieces(&self, name: &OrderName) -> BTreeMap<Key, Piece> {
        let Some(details) = self.order.details() else {
            return BTreeMap::new();
        };
        let pieces = work_of_order(name, details).into_iter();
        let pieces = pieces.map(|(item, work)| {
            let key = key(&item);
            let mut piece = Piece::open(&details.account, item, work);
            piece.went_to = self.went_to.get(&key).cloned();
            (key, piece)
        });
        pieces.collect()
    }

    /// Applies the next event.
    fn apply(&mut self, name: &OrderName, event: &order::Event) -> Result<(), FoldError> {
        let order = std::mem::take(&mut self.order);
        self.order = order.evolve(event).map_err(FoldError::because)?;
        let (item, cause, joined) = match event {
            order::Event::TaskAssigned {
                task,
                cause,
                joined,
                ..
            } => (Holding::OpenOrderTask { task: task.clone() }, cause, joined),
            order::Event::Assigned { cause, added, .. } => {
                let order = name.clone();
                (Holding::Order { order }, cause, added)
            }
            _ => return Ok(()),
        };
        match (cause.source, &joined[..]) {
            (AssignmentSource::Role, [member]) => {
                self.went_to.insert(key(&item), member.clone());
            }
            _ => {
                self.went_to.remove(&key(&item));
            }
        }
        Ok(())
    }
}

/// Applies an event of an order, and writes the rows of its work that are others after it.
fn fold_order(
    rows: &mut Rows<Key, Kept>,
    recorded: &Recorded,
    event: &order::Event,
) -> Result<(), FoldError> {
    let stream = recorded.stream.as_str();
    let name: OrderName = stream.parse().map_err(FoldError::because)?;
    let row = rows.get_or_insert_with(stream, || Kept::Order(Box::default()))?;
    let Kept::Order(kept) = row else {
        return Err(FoldError::because("an order's row is of something else"));
    };
    let mut before = kept.pieces(&name);
    kept.apply(&name, event)?;
    for (key, piece) in kept.pieces(&name) {
        match before.remove(&key) {
            Some(same) if same == piece => {}
            Some(was) => rows.replace(key, Kept::Work(was), Kept::Work(piece))?,
            None => rows.insert(key, Kept::Work(piece))?,
        }
    }
    for (key, was) in before {
        rows.discard(key, Kept::Work(was))?;
    }
    Ok(())
}

/// Applies an event of an activity: work while it is open.
fn fold_activity(
    rows: &mut Rows<Key, Kept>,
    recorded: &Recorded,
    event: &activity::Event,
) -> Result<(), FoldError> {
    let stream = recorded.stream.as_str();
    let name: ActivityName = stream.parse().map_err(FoldError::because)?;
    let row = rows.get_or_insert_with(stream, || {
        Kept::Activity(Box::new(KeptActivity {
            name: name.clone(),
            activity: Activity::default(),
            went_to: None,
        }))
    })?;
    let Kept::Activity(kept) = row else {
        return Err(FoldError::because("an activity's row is of something else"));
    };
    let activity = std::mem::take(&mut kept.activity);
    kept.activity = activity.evolve(event).map_err(FoldError::because)?;
    if let activity::Event::Assigned {
        assignee, cause, ..
    } = event
    {
        let by_role = cause.source == AssignmentSource::Role;
        kept.went_to = assignee.clone().filter(|_| by_role);
    }
    Ok(())
}

/// An activity, and who got it by the last change, as [`Piece::went_to`] says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct KeptActivity {
    name: ActivityName,
    activity: Activity,
    went_to: Option<MemberName>,
}

impl KeptActivity {
    /// The work that it is while it is open.
    pub(crate) fn piece(&self) -> Option<Piece> {
        let details = self.activity.details()?;
        let (item, work) = work_of_activity(&self.name, details)?;
        let mut piece = Piece::open(&details.account, item, work);
        piece.went_to.clone_from(&self.went_to);
        Some(piece)
    }
}

/// Whether an event of a task says something that the policy looks at.
fn concerns(event: &task::Event) -> bool {
    match event {
        task::Event::Created(created) => matches!(created.subject, Subject::Account(_)),
        task::Event::Updated(updated) => updated.responsible_role.is_some(),
        task::Event::Completed { .. }
        | task::Event::Cancelled { .. }
        | task::Event::Reopened { .. }
        | task::Event::Deleted { .. }
        | task::Event::Undeleted { .. }
        | task::Event::Assigned { .. } => true,
        _ => false,
    }
}

impl ReadModel for Ownership {
    const NAME: &'static str = "ownership";
    const VERSION: i32 = 1;
    const KEY: &'static [&'static str] = &["resource text collate \"C\" not null"];
    const COLUMNS: &'static [&'static str] = &[
        "state text collate \"C\" not null",
        // Of work.
        "account text collate \"C\"",
        // Of work that is open.
        "assignees text[] collate \"C\"",
    ];
    const INDEXES: &'static [Index] = &[
        // The open work that a member has of an account. Few pieces have more than two assignees.
        Index {
            name: "rows_assignee_1",
            on: "(account, (assignees[1])) where assignees[1] is not null",
        },
        Index {
            name: "rows_assignee_2",
            on: "(account, (assignees[2])) where assignees[2] is not null",
        },
        Index {
            name: "rows_assignee_3",
            on: "using gin ((assignees[3:])) where cardinality(assignees) > 2",
        },
    ];
    // What waits for the policy was recorded before there was a first generation of it, too.
    const SUCCESSION: Succession = Succession::OneForAll(Beginning::Log);

    type Key = Key;
    type Row = Kept;

    fn touches(recorded: &Recorded, event: &Event) -> impl IntoIterator<Item = Key> {
        let touched = match event {
            Event::Account(
                account::Event::Created { .. }
                | account::Event::RoleAssigned { .. }
                | account::Event::RoleVacated { .. },
            ) => true,
            Event::Task(event) => concerns(event),
            Event::Activity(_) | Event::Order(_) => true,
            Event::Account(_)
            | Event::Member(_)
            | Event::Settings(_)
            | Event::Operation(_)
            | Event::Document(_)
            | Event::Service(_) => false,
        };
        touched.then(|| recorded.stream.to_string())
    }

    fn fold(
        rows: &mut Rows<Key, Kept>,
        recorded: &Recorded,
        event: &Event,
    ) -> Result<(), FoldError> {
        let stream = recorded.stream.as_str();
        match event {
            Event::Account(
                event @ (account::Event::Created { .. }
                | account::Event::RoleAssigned { .. }
                | account::Event::RoleVacated { .. }),
            ) => {
                let row = rows.get_or_insert_with(stream, || Kept::Account {
                    roles: Roles::default(),
                })?;
                let Kept::Account { roles } = row else {
                    return Err(FoldError::because("an account's row is of something else"));
                };
                roles.apply(event);
            }
            Event::Task(task::Event::Created(created)) => {
                let task = stream.parse().map_err(FoldError::because)?;
                if let Some(piece) = Piece::of_created(&task, created) {
                    rows.insert(stream.to_owned(), Kept::Work(piece))?;
                }
            }
            // A task about a member has no row.
            Event::Task(event) if concerns(event) && rows.get(stream)?.is_some() => {
                let Kept::Work(piece) = rows.get_mut(stream)? else {
                    return Err(FoldError::because("a task's row is of something else"));
                };
                piece.apply(event);
            }
            Event::Order(event) => fold_order(rows, recorded, event)?,
            Event::Activity(event) => fold_activity(rows, recorded, event)?,
            Event::Account(_)
            | Event::Task(_)
            | Event::Member(_)
            | Event::Settings(_)
            | Event::Operation(_)
            | Event::Document(_)
            | Event::Service(_) => {}
        }
        Ok(())
    }

    fn put_key(key: &Key, to: &mut Put<'_>) {
        to.put(key.as_str());
    }

    fn put_row(row: &Kept, to: &mut Put<'_>) {
        let state = serde_json::to_string(row);
        to.put(state.expect("what is kept has string keys and no numbers"));
        let of_activity = match row {
            Kept::Activity(kept) => kept.piece(),
            _ => None,
        };
        let piece = match row {
            Kept::Account { .. } | Kept::Order(_) => None,
            Kept::Work(piece) => Some(piece),
            Kept::Activity(_) => of_activity.as_ref(),
        };
        let open = piece.filter(|piece| piece.is_open());
        let assignees = open.map(|piece| {
            let assignees = piece.work.assignees.iter().map(MemberName::as_str);
            assignees.collect::<Vec<_>>()
        });
        to.put(piece.map(|piece| piece.account.as_str()))
            .put(assignees);
    }

    fn take(from: &mut Take<'_>) -> Result<(Key, Kept), UnreadableRow> {
        Ok((from.take()?, kept(from.take()?)?))
    }
}

/// What the column `state` holds.
pub(crate) fn kept(state: &str) -> Result<Kept, UnreadableRow> {
    serde_json::from_str(state).map_err(|error| UnreadableRow::Text {
        text: state.to_owned(),
        reason: error.to_string(),
    })
}
