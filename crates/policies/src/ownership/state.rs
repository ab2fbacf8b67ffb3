//! What the ownership policy knows as of an event: each account's roles, and its work.

use handoff_domain::{
    Event, Holding, account,
    names::{AccountName, MemberName, StreamName, Subject, TaskName},
    policy::{Roles, Work},
    task::{self, AssignmentSource},
};
use handoff_event_log::Recorded;
use handoff_projections::{
    Beginning, FoldError, Index, Put, ReadModel, Rows, Succession, Take, UnreadableRow,
};
use serde::{Deserialize, Serialize};

use crate::ownership::Ownership;

/// A row, by the name of its resource. Kept as JSON; the columns repeat what is asked for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Kept {
    /// Who holds the roles of an account.
    Account { roles: Roles },
    /// Work of an account, open or not: it may come back.
    Work(Piece),
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

    type Key = StreamName;
    type Row = Kept;

    fn touches(recorded: &Recorded, event: &Event) -> impl IntoIterator<Item = StreamName> {
        let touched = match event {
            Event::Account(
                account::Event::Created { .. }
                | account::Event::RoleAssigned { .. }
                | account::Event::RoleVacated { .. },
            ) => true,
            Event::Task(event) => concerns(event),
            Event::Account(_)
            | Event::Member(_)
            | Event::Settings(_)
            | Event::Operation(_)
            | Event::Document(_)
            | Event::Activity(_)
            | Event::Service(_)
            | Event::Order(_) => false,
        };
        touched.then(|| recorded.stream.clone())
    }

    fn fold(
        rows: &mut Rows<StreamName, Kept>,
        recorded: &Recorded,
        event: &Event,
    ) -> Result<(), FoldError> {
        let stream = &recorded.stream;
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
                let task = stream.as_str().parse().map_err(FoldError::because)?;
                if let Some(piece) = Piece::of_created(&task, created) {
                    rows.insert(stream.clone(), Kept::Work(piece))?;
                }
            }
            // A task about a member has no row.
            Event::Task(event) if concerns(event) && rows.get(stream)?.is_some() => {
                let Kept::Work(piece) = rows.get_mut(stream)? else {
                    return Err(FoldError::because("a task's row is of something else"));
                };
                piece.apply(event);
            }
            Event::Account(_)
            | Event::Task(_)
            | Event::Member(_)
            | Event::Settings(_)
            | Event::Operation(_)
            | Event::Document(_)
            | Event::Activity(_)
            | Event::Service(_)
            | Event::Order(_) => {}
        }
        Ok(())
    }

    fn put_key(key: &StreamName, to: &mut Put<'_>) {
        to.put(key.as_str());
    }

    fn put_row(row: &Kept, to: &mut Put<'_>) {
        let state = serde_json::to_string(row);
        to.put(state.expect("what is kept has string keys and no numbers"));
        match row {
            Kept::Account { .. } => to.put(None::<&str>).put(None::<Vec<&str>>),
            Kept::Work(piece) => {
                let assignees = piece.work.assignees.iter().map(MemberName::as_str);
                let assignees = piece.is_open().then(|| assignees.collect::<Vec<_>>());
                to.put(piece.account.as_str()).put(assignees)
            }
        };
    }

    fn take(from: &mut Take<'_>) -> Result<(StreamName, Kept), UnreadableRow> {
        Ok((from.parse()?, kept(from.take()?)?))
    }
}

/// What the column `state` holds.
pub(crate) fn kept(state: &str) -> Result<Kept, UnreadableRow> {
    serde_json::from_str(state).map_err(|error| UnreadableRow::Text {
        text: state.to_owned(),
        reason: error.to_string(),
    })
}
