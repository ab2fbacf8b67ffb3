//! How a service's events make its state.

use std::{collections::BTreeMap, sync::Arc};

use chrono::{DateTime, Utc};

use crate::{
    change::apply,
    checklist::{Place, end_of_tier},
    event::CorruptHistory,
    names::TemplateTaskName,
    service::{Details, Event, Service, TemplateTask},
    version::Revision,
};

impl Service {
    /// Applies one recorded event. An event that cannot follow this state means damaged history.
    pub fn evolve(self, event: &Event) -> Result<Self, CorruptHistory> {
        match (self, event) {
            (
                Self::Absent,
                Event::Created {
                    display_name,
                    description,
                    by: _,
                    at,
                },
            ) => Ok(Self::Existing(Box::new(Details {
                display_name: display_name.clone(),
                description: description.clone(),
                retired: false,
                tasks: Vec::new(),
                removed_tasks: Default::default(),
                revision: Revision(1),
                created_at: *at,
                updated_at: *at,
            }))),
            (Self::Absent, _) => Err(CorruptHistory),
            (Self::Existing(mut details), event) => match details.apply(event) {
                true => Ok(Self::Existing(details)),
                false => Err(CorruptHistory),
            },
        }
    }
}

impl Details {
    /// Applies an event after the first; false if it cannot follow.
    fn apply(&mut self, event: &Event) -> bool {
        match event {
            Event::Created { .. } => false,
            Event::Updated {
                display_name,
                description,
                at,
                ..
            } => {
                self.changed(*at);
                apply(&mut self.display_name, display_name.as_ref())
                    && apply(&mut self.description, description.as_ref())
            }
            Event::Retired { at, .. } => {
                self.changed(*at);
                !std::mem::replace(&mut self.retired, true)
            }
            Event::TaskAdded(added) => {
                self.changed(added.at);
                let is_new =
                    self.task(&added.task).is_none() && !self.removed_tasks.contains(&added.task);
                self.insert(Arc::new(TemplateTask {
                    name: added.task.clone(),
                    content: added.content.clone(),
                }));
                is_new
            }
            Event::TaskUpdated(updated) => {
                self.changed(updated.at);
                let Some(index) = self.index(&updated.task) else {
                    return false;
                };
                let follows = Arc::make_mut(&mut self.tasks[index])
                    .content
                    .apply(&updated.changes);
                if updated.changes.tier.is_some() {
                    let task = self.tasks.remove(index);
                    self.insert(task);
                }
                follows
            }
            Event::TaskAssigned {
                task,
                left,
                joined,
                at,
                ..
            } => {
                self.changed(*at);
                self.index(task).is_some_and(|index| {
                    let task = Arc::make_mut(&mut self.tasks[index]);
                    task.content.reassign(left, joined)
                })
            }
            Event::TaskRemoved { task, at, .. } => {
                self.changed(*at);
                let index = self.index(task);
                index.map(|index| self.tasks.remove(index)).is_some()
                    && self.removed_tasks.insert(task.clone())
            }
            Event::TasksReordered { tasks, at, .. } => {
                self.changed(*at);
                self.reorder(tasks)
            }
        }
    }

    fn insert(&mut self, task: Arc<TemplateTask>) {
        let index = end_of_tier(&self.tasks, task.content.tier, |task| task.content.tier);
        self.tasks.insert(index, task);
    }

    fn reorder(&mut self, places: &[Place<TemplateTaskName>]) -> bool {
        let tasks = std::mem::take(&mut self.tasks);
        let mut tasks: BTreeMap<_, _> = tasks
            .into_iter()
            .map(|task| (task.name.clone(), task))
            .collect();
        for Place { task, tier } in places {
            let Some(mut task) = tasks.remove(task) else {
                return false;
            };
            if task.content.tier != *tier {
                Arc::make_mut(&mut task).content.tier = *tier;
            }
            self.tasks.push(task);
        }
        tasks.is_empty() && self.tasks.is_sorted_by_key(|task| task.content.tier)
    }

    fn changed(&mut self, at: DateTime<Utc>) {
        self.revision = self.revision.next();
        self.updated_at = at;
    }
}
