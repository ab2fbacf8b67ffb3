//! Timelines of accounts (S0): one row for each entry.
//!
//! An entry is what one event says, so its key is the event's stream and version. The end of a task does
//! not say whose task it is; the entry of its beginning, which is version 1 of its stream, does. So it is with
//! orders.
//!
//! An activity has one entry, under version 1, which moves: it stands where the activity is due while there
//! is something to do, where it was completed once it was, where it was created if it is never due (S1). It
//! holds the activity itself, folded by the aggregate's own `evolve`, and goes when that is deleted.

mod list;

use chrono::{DateTime, Utc};
use handoff_domain::{
    Event, Version,
    account::{self, InteractionKind, Status},
    activity::{self, Activity},
    names::{AccountName, Actor, ContactName, MemberName, StreamName, Subject},
    order, task,
    terms::Role,
    text::Html,
};
use handoff_event_log::{Position, Recorded};
use handoff_projections::{FoldError, Index, Put, ReadModel, Rows, Take, UnreadableRow};
use serde::{Deserialize, Serialize};

use crate::stored::{Json, json};

pub(crate) use list::{LISTING, page};

/// The read model `timelines`.
#[derive(Debug)]
pub struct Timelines;

/// Which event an entry is of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntryKey {
    pub stream: StreamName,
    pub version: Version,
}

/// An entry of an account's timeline.
#[derive(Debug, Clone, PartialEq)]
pub struct TimelineRow {
    pub account: AccountName,
    pub what: What,
    pub actor: Actor,
    /// When it happened; an interaction may be recorded long after.
    pub happened_at: DateTime<Utc>,
    pub recorded_at: DateTime<Utc>,
    pub position: Position,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum What {
    /// The team was in touch with the client.
    Interaction {
        interaction: InteractionKind,
        details: Option<Html>,
    },
    /// A contact asked a question; `assignee` was the account's then.
    Question {
        contact: Option<ContactName>,
        question: Html,
        assignee: MemberName,
    },
    /// The notes were saved for the `notes_revision`th time.
    Notes { notes_revision: u32 },
    /// The account was activated, paused or deactivated.
    Status { previous: Status, status: Status },
    /// A role went from `previous` to `holder`.
    Role {
        role: Role,
        previous: Option<MemberName>,
        holder: Option<MemberName>,
    },
    /// A task began: the one whose stream the entry is of.
    TaskCreated,
    /// A task was completed: the one whose stream the entry is of.
    TaskCompleted,
    /// The activity whose stream the entry is of, as it is.
    Activity { activity: Box<activity::Details> },
    /// An order was placed: the one whose stream the entry is of.
    OrderPlaced,
    /// An order was completed: the one whose stream the entry is of.
    OrderCompleted,
}

impl What {
    /// The word that a filter has for it.
    fn kind(&self) -> &'static str {
        match self {
            Self::Interaction { .. } => "interaction",
            Self::Question { .. } => "question",
            Self::Notes { .. } => "notes",
            Self::Status { .. } => "status",
            Self::Role { .. } => "role",
            Self::TaskCreated => "task_created",
            Self::TaskCompleted => "task_completed",
            Self::Activity { activity } => match activity.status() {
                activity::Status::Noted => "activity_noted",
                activity::Status::Open => "activity_open",
                activity::Status::Complete => "activity_completed",
            },
            Self::OrderPlaced => "order_placed",
            Self::OrderCompleted => "order_completed",
        }
    }
}

/// An entry as a query answers it.
#[derive(Debug, Clone, PartialEq)]
pub struct TimelineEntry {
    pub key: EntryKey,
    pub row: TimelineRow,
    /// Number and title, as they are now, of the task that the entry is about.
    pub task: Option<TaskCaption>,
    /// Title, as it is now, of the order that the entry is about.
    pub order_title: Option<String>,
}

/// What people know a task by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskCaption {
    pub number: String,
    pub title: String,
}

/// What an event of an account adds to its timeline: what happened, who did it and when. None for an
/// event that is no entry.
fn entry(event: &account::Event) -> Option<(What, &Actor, DateTime<Utc>)> {
    use account::Event as Of;
    Some(match event {
        Of::InteractionLogged {
            kind,
            details,
            happened_at,
            by,
            at: _,
        } => {
            let details = details.clone();
            let interaction = *kind;
            (
                What::Interaction {
                    interaction,
                    details,
                },
                by,
                *happened_at,
            )
        }
        Of::QuestionRecorded {
            contact,
            question,
            asked_at,
            assignee,
            by,
            at: _,
        } => {
            let what = What::Question {
                contact: contact.clone(),
                question: question.clone(),
                assignee: assignee.clone(),
            };
            (what, by, *asked_at)
        }
        Of::NotesUpdated {
            notes: _,
            notes_revision,
            by,
            at,
        } => {
            let notes_revision = *notes_revision;
            (What::Notes { notes_revision }, by, *at)
        }
        Of::StatusChanged {
            previous,
            status,
            by,
            at,
        } => {
            let (previous, status) = (*previous, *status);
            (What::Status { previous, status }, by, *at)
        }
        Of::RoleAssigned {
            role,
            previous,
            holder,
            by,
            at,
            ..
        } => {
            let what = What::Role {
                role: role.clone(),
                previous: previous.clone(),
                holder: Some(holder.clone()),
            };
            (what, by, *at)
        }
        Of::RoleVacated {
            role,
            previous,
            by,
            at,
            ..
        } => {
            let what = What::Role {
                role: role.clone(),
                previous: Some(previous.clone()),
                holder: None,
            };
            (what, by, *at)
        }
        Of::Created { .. }
        | Of::DetailsChanged { .. }
        | Of::LeadConverted { .. }
        | Of::MonthlyReportSet { .. }
        | Of::TaskTypesSelected { .. }
        | Of::SupportTeamSet { .. }
        | Of::ContactCreated { .. }
        | Of::ContactUpdated { .. }
        | Of::ContactDeleted { .. }
        | Of::TaskNumbered { .. }
        | Of::TaskGenerationSkipped { .. } => return None,
    })
}

/// The key of the entry of an event.
fn key(recorded: &Recorded) -> EntryKey {
    EntryKey {
        stream: recorded.stream.clone(),
        version: recorded.version,
    }
}

/// The key of the entry of the beginning of the stream.
fn beginning(recorded: &Recorded) -> EntryKey {
    EntryKey {
        stream: recorded.stream.clone(),
        version: Version(1),
    }
}

/// Applies an event of an activity to its entry.
fn fold_activity(
    rows: &mut Rows<EntryKey, TimelineRow>,
    recorded: &Recorded,
    event: &activity::Event,
) -> Result<(), FoldError> {
    let key = beginning(recorded);
    let before = rows.get(&key)?;
    let is_new = before.is_none();
    let (state, placed) = match before.map(|row| &row.what) {
        None => (Activity::Absent, None),
        Some(What::Activity { activity }) => (
            Activity::Existing(activity.clone()),
            before.map(|row| (row.happened_at, row.recorded_at, row.position)),
        ),
        Some(_) => {
            return Err(FoldError::because(
                "an activity has the entry of something else",
            ));
        }
    };
    let activity = match state.evolve(event).map_err(FoldError::because)? {
        Activity::Existing(activity) => activity,
        Activity::Absent | Activity::Deleted(_) => return rows.remove(&key).map(|_| ()),
    };
    let completed = activity.completed();
    let happened_at = completed
        .map(|(at, _)| at)
        .or(activity.due())
        .unwrap_or(activity.created_at);
    let actor = completed.map_or(&activity.creator, |(_, by)| by).clone();
    // What leaves the entry where it stands, such as another note, leaves its place in the log too.
    let (recorded_at, position) = match placed {
        Some((at, recorded_at, position)) if at == happened_at => (recorded_at, position),
        Some(_) | None => (recorded.recorded_at, recorded.position),
    };
    let row = TimelineRow {
        account: activity.account.clone(),
        actor,
        what: What::Activity { activity },
        happened_at,
        recorded_at,
        position,
    };
    if is_new {
        return rows.insert(key, row);
    }
    *rows.get_mut(&key)? = row;
    Ok(())
}

impl ReadModel for Timelines {
    const NAME: &'static str = "timelines";
    const VERSION: i32 = 3;
    const KEY: &'static [&'static str] = &[
        "stream text collate \"C\" not null",
        "version integer not null",
    ];
    const COLUMNS: &'static [&'static str] = &[
        "account text collate \"C\" not null",
        "details text collate \"C\" not null",
        "actor text collate \"C\" not null",
        "happened_at timestamptz not null",
        "recorded_at timestamptz not null",
        "position bigint not null",
        // Repeats the kind in `details`.
        "kind text collate \"C\" not null",
    ];
    const INDEXES: &'static [Index] = list::INDEXES;

    type Key = EntryKey;
    type Row = TimelineRow;

    fn touches(recorded: &Recorded, event: &Event) -> impl IntoIterator<Item = EntryKey> {
        let keys = match event {
            Event::Account(event) if entry(event).is_some() => [Some(key(recorded)), None],
            Event::Task(task::Event::Created(_)) => [Some(key(recorded)), None],
            Event::Task(task::Event::Completed { .. }) => {
                [Some(key(recorded)), Some(beginning(recorded))]
            }
            Event::Activity(_) => [Some(beginning(recorded)), None],
            Event::Order(order::Event::Placed(_)) => [Some(key(recorded)), None],
            Event::Order(order::Event::Completed { .. }) => {
                [Some(key(recorded)), Some(beginning(recorded))]
            }
            Event::Account(_)
            | Event::Task(_)
            | Event::Member(_)
            | Event::Settings(_)
            | Event::Operation(_)
            | Event::Document(_)
            | Event::Service(_)
            | Event::Order(_) => [None, None],
        };
        keys.into_iter().flatten()
    }

    fn fold(
        rows: &mut Rows<EntryKey, TimelineRow>,
        recorded: &Recorded,
        event: &Event,
    ) -> Result<(), FoldError> {
        let (account, what, actor, happened_at) = match event {
            Event::Account(event) => {
                let Some((what, actor, happened_at)) = entry(event) else {
                    return Ok(());
                };
                let account = recorded.stream.as_str().parse().map_err(|_| {
                    FoldError::because("an event of an account stands in another stream")
                })?;
                (account, what, actor, happened_at)
            }
            Event::Task(task::Event::Created(created)) => match &created.subject {
                Subject::Account(account) => {
                    (account.clone(), What::TaskCreated, &created.by, created.at)
                }
                Subject::Member(_) => return Ok(()),
            },
            Event::Task(task::Event::Completed { by, at, .. }) => {
                // A task about a member has no beginning here.
                let Some(begun) = rows.get(&beginning(recorded))? else {
                    return Ok(());
                };
                (begun.account.clone(), What::TaskCompleted, by, *at)
            }
            Event::Order(order::Event::Placed(placed)) => (
                placed.account.clone(),
                What::OrderPlaced,
                &placed.by,
                placed.at,
            ),
            Event::Order(order::Event::Completed { by, at, .. }) => {
                let begun = rows.get(&beginning(recorded))?.ok_or_else(|| {
                    FoldError::because("the completed order has no entry of its beginning")
                })?;
                (begun.account.clone(), What::OrderCompleted, by, *at)
            }
            Event::Task(_)
            | Event::Member(_)
            | Event::Settings(_)
            | Event::Operation(_)
            | Event::Document(_) => {
                return Ok(());
            }
            Event::Activity(event) => return fold_activity(rows, recorded, event),
            Event::Service(_) | Event::Order(_) => return Ok(()),
        };
        let row = TimelineRow {
            account,
            what,
            actor: actor.clone(),
            happened_at,
            recorded_at: recorded.recorded_at,
            position: recorded.position,
        };
        rows.insert(key(recorded), row)
    }

    fn put_key(key: &EntryKey, to: &mut Put<'_>) {
        to.put(key.stream.as_str()).put(key.version.0 as i32);
    }

    fn put_row(row: &TimelineRow, to: &mut Put<'_>) {
        to.put(row.account.as_str())
            .put(json(&row.what))
            .put(row.actor.as_str())
            .put(row.happened_at)
            .put(row.recorded_at)
            .put(row.position.0)
            .put(row.what.kind());
    }

    fn take(from: &mut Take<'_>) -> Result<(EntryKey, TimelineRow), UnreadableRow> {
        let key = EntryKey {
            stream: from.parse()?,
            version: Version(from.take::<i32>()? as u32),
        };
        let account = from.parse()?;
        let Json(what) = from.parse()?;
        let row = TimelineRow {
            account,
            what,
            actor: from.parse()?,
            happened_at: from.take()?,
            recorded_at: from.take()?,
            position: Position(from.take()?),
        };
        Ok((key, row))
    }
}
