//! A policy for the tests that moves the work with an account: when its assignee changes, all open tasks of
//! the one before go to the new one. What the ownership policy does, without its exceptions.

use std::collections::BTreeMap;

use handoff_domain::{
    Command, Event, account,
    commands::AssignTask,
    names::{AccountName, MemberName, Subject, TaskName},
    task,
    task::{Assignment, AssignmentCause, AssignmentSource},
};
use handoff_event_log::Recorded;
use handoff_policies::{Decision, Intent, Issue, NoJob, Policy, State};
use handoff_projections::{
    Beginning, FoldError, Index, Put, ReactionError, ReadModel, Rows, Succession, Take, Trigger,
    UnreadableRow,
};
use serde::{Deserialize, Serialize};
use tokio_postgres::types::Type;
use uuid::Uuid;

/// A row is an open or closed task of an account.
pub(crate) struct Handover;

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Work {
    account: AccountName,
    open: bool,
    assignees: Vec<String>,
}

/// One task goes from one member to another.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Move {
    task: TaskName,
    from: MemberName,
    to: MemberName,
    because: Uuid,
}

impl Intent for Move {
    fn request(&self) -> &'static str {
        "Move"
    }

    fn command(&self) -> Box<dyn Command> {
        Box::new(AssignTask {
            name: self.task.clone(),
            assignment: Assignment::Change {
                add: vec![self.to.clone()],
                remove: vec![self.from.clone()],
            },
            cause: AssignmentCause {
                source: AssignmentSource::Role,
                event: Some(self.because),
                operation: None,
            },
        })
    }
}

fn task(recorded: &Recorded, event: &Event) -> Option<TaskName> {
    matches!(event, Event::Task(_)).then(|| recorded.stream.as_str().parse().ok())?
}

impl ReadModel for Handover {
    const NAME: &'static str = "handover";
    const VERSION: i32 = 1;
    const KEY: &'static [&'static str] = &["task text collate \"C\" not null"];
    const COLUMNS: &'static [&'static str] = &[
        "account text collate \"C\" not null",
        "open boolean not null",
        "assignees text[] not null",
    ];
    const INDEXES: &'static [Index] = &[Index {
        name: "rows_open",
        on: "(partition, account) where open",
    }];
    const SUCCESSION: Succession = Succession::OneForAll(Beginning::Log);

    type Key = TaskName;
    type Row = Work;

    fn touches(recorded: &Recorded, event: &Event) -> impl IntoIterator<Item = TaskName> {
        task(recorded, event)
    }

    fn fold(
        rows: &mut Rows<TaskName, Work>,
        recorded: &Recorded,
        event: &Event,
    ) -> Result<(), FoldError> {
        let (Some(name), Event::Task(event)) = (task(recorded, event), event) else {
            return Ok(());
        };
        match event {
            task::Event::Created(created) => {
                if let Subject::Account(account) = &created.subject {
                    let assignees = created.assignees.iter().map(MemberName::to_string);
                    let row = Work {
                        account: account.clone(),
                        open: true,
                        assignees: assignees.collect(),
                    };
                    rows.insert(name, row)?;
                }
            }
            task::Event::Completed { .. } => rows.get_mut(&name)?.open = false,
            task::Event::Assigned { left, joined, .. } => {
                let row = rows.get_mut(&name)?;
                row.assignees
                    .retain(|assignee| left.iter().all(|left| left.as_str() != assignee));
                row.assignees
                    .extend(joined.iter().map(MemberName::to_string));
            }
            _ => {}
        }
        Ok(())
    }

    fn put_key(key: &TaskName, to: &mut Put<'_>) {
        to.put(key.as_str());
    }

    fn put_row(row: &Work, to: &mut Put<'_>) {
        to.put(row.account.as_str())
            .put(row.open)
            .put(&row.assignees);
    }

    fn take(from: &mut Take<'_>) -> Result<(TaskName, Work), UnreadableRow> {
        let key = from.parse()?;
        let row = Work {
            account: from.parse()?,
            open: from.take()?,
            assignees: from.take()?,
        };
        Ok((key, row))
    }
}

impl Policy for Handover {
    type Command = Move;
    /// The open tasks that the one before has in the state, or that moves are under way of.
    type Facts = Vec<(TaskName, bool)>;
    type Job = NoJob;

    fn key(recorded: &Recorded, event: &Event) -> Option<String> {
        match event {
            Event::Account(account::Event::RoleAssigned {
                previous: Some(_), ..
            }) => Some(recorded.stream.to_string()),
            _ => None,
        }
    }

    async fn read(
        state: &State<'_>,
        trigger: Trigger<'_>,
        pending: &[Move],
    ) -> Result<Vec<(TaskName, bool)>, ReactionError> {
        let account = trigger.recorded.stream.as_str();
        let Event::Account(account::Event::RoleAssigned {
            previous: Some(previous),
            ..
        }) = trigger.event
        else {
            return Ok(Vec::new());
        };
        let moving: Vec<_> = pending.iter().map(|moved| moved.task.as_str()).collect();
        let rows = state
            .query(
                |table| {
                    format!(
                        "select task, $3 = any(assignees) from {table} \
                         where partition = $1 and account = $2 and open \
                             and ($3 = any(assignees) or task = any($4))"
                    )
                },
                &[
                    (&state.partition(), Type::INT2),
                    (&account, Type::TEXT),
                    (&previous.as_str(), Type::TEXT),
                    (&moving, Type::TEXT_ARRAY),
                ],
            )
            .await?;
        rows.iter()
            .map(|row| Ok((Take::new(row, 0).parse()?, row.try_get(1)?)))
            .collect()
    }

    fn decide(
        trigger: Trigger<'_>,
        open: Vec<(TaskName, bool)>,
        pending: Vec<Move>,
    ) -> Result<Decision<Self>, FoldError> {
        let Event::Account(account::Event::RoleAssigned {
            previous: Some(from),
            holder: to,
            ..
        }) = trigger.event
        else {
            return Ok(Decision::nothing());
        };
        let mut open = BTreeMap::from_iter(open);
        // The moves that are done, and that the state does not show yet.
        for moved in &pending {
            if let Some(holds) = open.get_mut(&moved.task) {
                *holds = moved.to == *from || (*holds && moved.from != *from);
            }
        }
        let held = open.into_iter().filter(|(_, holds)| *holds);
        let moves = held.map(|(task, _)| Issue {
            target: task.to_string(),
            command: Move {
                task,
                from: from.clone(),
                to: to.clone(),
                because: trigger.recorded.event_id,
            },
        });
        Ok(Decision::commands(moves.collect()))
    }
}
