//! Queries about tasks: themselves, how many there are, and the notes on them.

use handoff_domain::names::TaskName;
use handoff_projections::{Source, Take, UnreadableRow};
use tokio::try_join;
use tokio_postgres::Row;

use super::{Answer, Consistency, Queries, QueryError, joined};
use crate::{
    accounts::Accounts,
    filter::Viewer,
    list::{ListRequest, Page},
    page::BESIDE_BYTES,
    stored::Stored,
    task_notes::{self, NoteEntry, TaskNotes},
    task_texts::TaskTexts,
    tasks::{self, MOST_COUNTED, TaskEntry, TaskKey, Tasks},
};

// What each list reads, in the order of the schemas in its statements.
pub(super) const TASKS: &[Source] = &[Source::of::<Tasks>(), Source::of::<Accounts>()];
const SEARCHED: &[Source] = &[
    Source::of::<Tasks>(),
    Source::of::<Accounts>(),
    Source::of::<TaskTexts>(),
];
const COUNTED: &[Source] = &[Source::of::<Tasks>()];
const NOTES: &[Source] = &[Source::of::<TaskNotes>(), Source::of::<Tasks>()];

/// How many rows a list has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count {
    /// At most [`MOST_COUNTED`].
    pub counted: i64,
    /// Whether there are more than were counted.
    pub more: bool,
}

impl Queries {
    /// One task; none if there is none of that name.
    pub async fn get_task(
        &self,
        name: impl Into<TaskKey>,
        consistency: Consistency,
    ) -> Result<Answer<Option<TaskEntry>>, QueryError> {
        let statement = tasks::one(&name.into());
        let answer = self.run(TASKS, None, &statement, consistency, task).await?;
        Ok(answer.first())
    }

    /// Tasks, by due time where nothing else is asked for.
    pub async fn list_tasks(
        &self,
        request: &ListRequest<'_>,
        viewer: &Viewer,
        consistency: Consistency,
    ) -> Result<Answer<Page<TaskEntry>>, QueryError> {
        let plan = tasks::LISTING.plan(request, viewer, "", &self.tokens)?;
        let sources = match tasks::is_searched(&plan.condition) {
            true => SEARCHED,
            false => TASKS,
        };
        let answer = self
            .run(sources, None, &tasks::page(&plan), consistency, task)
            .await?;
        Ok(self.page(&plan, answer))
    }

    /// How many tasks a filter leaves, exact up to [`MOST_COUNTED`].
    pub async fn count_tasks(
        &self,
        filter: &str,
        viewer: &Viewer,
        consistency: Consistency,
    ) -> Result<Answer<Count>, QueryError> {
        let request = ListRequest {
            filter,
            ..ListRequest::default()
        };
        let plan = tasks::LISTING.plan(&request, viewer, "", &self.tokens)?;
        let sources = match tasks::is_searched(&plan.condition) {
            true => SEARCHED,
            false => COUNTED,
        };
        let Answer { value, position } = self
            .run(sources, None, &tasks::count(&plan), consistency, |row| {
                // After the place, which every list has.
                Take::new(row, 1).take::<i64>()
            })
            .await?;
        let found = value.first().map_or(0, |(count, _)| *count);
        let value = Count {
            counted: found.min(MOST_COUNTED),
            more: found > MOST_COUNTED,
        };
        Ok(Answer { value, position })
    }

    /// The notes on a task, the newest first: those for everyone, and the internal ones too if asked for.
    /// None if there is no such task. Of `request`, only the page is asked for.
    pub async fn list_task_notes(
        &self,
        name: &TaskName,
        internal_too: bool,
        request: &ListRequest<'_>,
        viewer: &Viewer,
        consistency: Consistency,
    ) -> Result<Answer<Option<Page<NoteEntry>>>, QueryError> {
        let notes = self.notes(name, internal_too, request, viewer, consistency);
        let Answer { value, position } = notes.await?;
        // What has notes exists; of what has none, the tasks know.
        let exists =
            !value.items.is_empty() || self.get_task(name, consistency).await?.value.is_some();
        Ok(Answer {
            value: exists.then_some(value),
            position,
        })
    }

    /// One task and the newest notes on it, at most `most`, as [`list_task_notes`](Self::list_task_notes) has
    /// them; none if there is none of that name. The notes on a task of an order are with the order.
    pub async fn get_task_with_notes(
        &self,
        name: &TaskKey,
        internal_too: bool,
        most: i32,
        viewer: &Viewer,
        consistency: Consistency,
    ) -> Result<Answer<Option<(TaskEntry, Page<NoteEntry>)>>, QueryError> {
        let TaskKey::Standalone(own) = name else {
            let Answer { value, position } = self.get_task(name, consistency).await?;
            let none = Page {
                items: Vec::new(),
                next_page_token: String::new(),
            };
            let value = value.map(|task| (task, none));
            return Ok(Answer { value, position });
        };
        let newest = ListRequest {
            page_size: most,
            ..ListRequest::default()
        };
        let (task, notes) = try_join!(
            self.get_task(name, consistency),
            self.notes(own, internal_too, &newest, viewer, consistency)
        )?;
        Ok(Answer {
            value: task.value.map(|task| (task, notes.value)),
            position: task.position.min(notes.position),
        })
    }

    /// The notes on a task; nothing of one that is not there.
    async fn notes(
        &self,
        name: &TaskName,
        internal_too: bool,
        request: &ListRequest<'_>,
        viewer: &Viewer,
        consistency: Consistency,
    ) -> Result<Answer<Page<NoteEntry>>, QueryError> {
        let shown = if internal_too { "internal" } else { "" };
        let scope = format!("{name} {shown}");
        let plan = task_notes::LISTING.plan(request, viewer, &scope, &self.tokens)?;
        let plan = plan.within(BESIDE_BYTES);
        let statement = task_notes::page(&plan, name, internal_too);
        let answer = self.run(NOTES, None, &statement, consistency, note).await?;
        Ok(self.page(&plan, answer))
    }
}

pub(super) fn task(row: &Row) -> Result<TaskEntry, UnreadableRow> {
    let (name, row, mut joined) = joined::<Tasks>(row)?;
    Ok(TaskEntry {
        name,
        row,
        subject_display_name: joined.take()?,
        account_notes: joined.parse_optional()?.map(|Stored(notes)| notes),
    })
}

fn note(row: &Row) -> Result<NoteEntry, UnreadableRow> {
    let (key, row, _) = joined::<TaskNotes>(row)?;
    Ok(NoteEntry { key, row })
}
