//! The texts of tasks that are searched for words: one row for each task, those of orders among them.
//!
//! They are not columns of `tasks`, because a change of any column there would be a change of the index on
//! their trigrams, and most changes of a task are not of its texts.

use handoff_domain::{
    Event,
    checklist::Content,
    names::{OrderTaskName, StreamName},
    order,
    task::{self, Tag},
    text::Html,
};
use handoff_event_log::Recorded;
use handoff_projections::{FoldError, Index, Put, ReadModel, Rows, Take, UnreadableRow};

use crate::{search, tasks::TaskKey};

/// What is searched of the row `x`: all of it, a line for each text.
pub(crate) const SEARCH: &str =
    "(x.number || E'\\n' || x.title || E'\\n' || x.description || E'\\n' || x.tags)";

/// The read model `task_texts`.
#[derive(Debug)]
pub struct TaskTexts;

/// The texts of a task, in lower case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskText {
    pub number: String,
    pub title: String,
    /// As people read it, without HTML.
    pub description: String,
    /// A line for each.
    pub tags: String,
}

fn name(stream: &StreamName) -> Result<TaskKey, FoldError> {
    let name = stream.as_str().parse().map(TaskKey::Standalone);
    name.map_err(|_| FoldError::because("an event of a task stands in another stream"))
}

fn description(html: Option<&Html>) -> String {
    search::document([search::plain(html.map_or("", Html::as_str)).as_str()])
}

fn tags(tags: &[Tag]) -> String {
    search::document(tags.iter().map(Tag::as_str))
}

impl TaskText {
    /// Those of a task of a checklist, which has no number and no tags.
    fn of_content(content: &Content) -> Self {
        Self {
            number: String::new(),
            title: search::document([content.title.as_str()]),
            description: description(content.description.as_ref()),
            tags: String::new(),
        }
    }
}

/// The tasks of whose texts an event of an order says something.
fn of_order(event: &order::Event) -> Vec<TaskKey> {
    let copied = |tasks: &[order::Copied]| tasks.iter().map(|copied| key(&copied.task)).collect();
    match event {
        order::Event::Placed(placed) => copied(&placed.tasks),
        order::Event::ChecklistCopied { tasks, .. } => copied(tasks),
        order::Event::TaskAdded(added) => vec![key(&added.task)],
        order::Event::TaskUpdated(updated)
            if updated.changes.title.is_some() || updated.changes.description.is_some() =>
        {
            vec![key(&updated.task)]
        }
        order::Event::TaskRemoved { task, .. } => vec![key(task)],
        _ => Vec::new(),
    }
}

fn key(task: &OrderTaskName) -> TaskKey {
    TaskKey::Order(task.clone())
}

fn fold_order(rows: &mut Rows<TaskKey, TaskText>, event: &order::Event) -> Result<(), FoldError> {
    let copy = |rows: &mut Rows<TaskKey, TaskText>, tasks: &[order::Copied]| {
        tasks.iter().try_for_each(|copied| {
            rows.insert(key(&copied.task), TaskText::of_content(&copied.content))
        })
    };
    match event {
        order::Event::Placed(placed) => copy(rows, &placed.tasks),
        order::Event::ChecklistCopied { tasks, .. } => copy(rows, tasks),
        order::Event::TaskAdded(added) => {
            rows.insert(key(&added.task), TaskText::of_content(&added.content))
        }
        order::Event::TaskUpdated(updated) => {
            let changes = &updated.changes;
            if let Some(change) = &changes.title {
                let row = rows.get_mut(&key(&updated.task))?;
                row.title = search::document([change.to.as_str()]);
            }
            if let Some(change) = &changes.description {
                let row = rows.get_mut(&key(&updated.task))?;
                row.description = description(change.to.as_ref());
            }
            Ok(())
        }
        order::Event::TaskRemoved { task, .. } => rows.remove(&key(task)).map(|_| ()),
        _ => Ok(()),
    }
}

impl ReadModel for TaskTexts {
    const NAME: &'static str = "task_texts";
    const VERSION: i32 = 2;
    const KEY: &'static [&'static str] = &["task text collate \"C\" not null"];
    const COLUMNS: &'static [&'static str] = &[
        "number text collate \"C\" not null",
        "title text collate \"C\" not null",
        "description text collate \"C\" not null",
        "tags text collate \"C\" not null",
    ];
    const INDEXES: &'static [Index] = &[
        // Words in any of the texts.
        Index {
            name: "rows_search",
            on: "using gin ((number || E'\\n' || title || E'\\n' || description || E'\\n' || tags) trigrams.gin_trgm_ops)",
        },
    ];

    type Key = TaskKey;
    type Row = TaskText;

    fn touches(recorded: &Recorded, event: &Event) -> impl IntoIterator<Item = TaskKey> {
        let concerns = match event {
            Event::Task(task::Event::Created(_)) => true,
            Event::Task(task::Event::Updated(updated)) => {
                updated.title.is_some() || updated.description.is_some() || updated.tags.is_some()
            }
            Event::Order(event) => return of_order(event),
            _ => false,
        };
        let key = concerns.then(|| name(&recorded.stream).ok()).flatten();
        key.into_iter().collect()
    }

    fn fold(
        rows: &mut Rows<TaskKey, TaskText>,
        recorded: &Recorded,
        event: &Event,
    ) -> Result<(), FoldError> {
        match event {
            Event::Task(task::Event::Created(created)) => {
                let text = TaskText {
                    number: search::document([&*created.number]),
                    title: search::document([created.title.as_str()]),
                    description: description(created.description.as_ref()),
                    tags: tags(&created.tags),
                };
                rows.insert(name(&recorded.stream)?, text)
            }
            Event::Task(task::Event::Updated(updated)) => {
                let task::Updated {
                    title,
                    description: html,
                    tags: words,
                    ..
                } = &**updated;
                if title.is_none() && html.is_none() && words.is_none() {
                    return Ok(());
                }
                let row = rows.get_mut(&name(&recorded.stream)?)?;
                if let Some(change) = title {
                    row.title = search::document([change.to.as_str()]);
                }
                if let Some(change) = html {
                    row.description = description(change.to.as_ref());
                }
                if let Some(change) = words {
                    row.tags = tags(&change.to);
                }
                Ok(())
            }
            Event::Order(event) => fold_order(rows, event),
            _ => Ok(()),
        }
    }

    fn put_key(key: &TaskKey, to: &mut Put<'_>) {
        to.put(key.as_str());
    }

    fn put_row(row: &TaskText, to: &mut Put<'_>) {
        to.put(&row.number)
            .put(&row.title)
            .put(&row.description)
            .put(&row.tags);
    }

    fn take(from: &mut Take<'_>) -> Result<(TaskKey, TaskText), UnreadableRow> {
        let key = from.parse()?;
        let row = TaskText {
            number: from.take()?,
            title: from.take()?,
            description: from.take()?,
            tags: from.take()?,
        };
        Ok((key, row))
    }
}
