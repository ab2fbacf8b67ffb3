//! How an order's events make its state.

use std::{collections::BTreeMap, collections::BTreeSet, sync::Arc};

use chrono::{DateTime, Utc};

use crate::{
    change::apply,
    checklist::{Place, end_of_tier},
    event::CorruptHistory,
    names::{Actor, MemberName, OrderTaskName},
    order::{Checked, Copied, Details, Event, Order, OrderTask, Progress, Renewed},
    task::Origin,
    version::Revision,
};

impl Order {
    /// Applies one recorded event. An event that cannot follow this state means damaged history.
    pub fn evolve(self, event: &Event) -> Result<Self, CorruptHistory> {
        match (self, event) {
            (Self::Absent, Event::Placed(placed)) => Details::placed(placed)
                .map(|details| Self::Existing(details.into()))
                .ok_or(CorruptHistory),
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
    pub(super) fn apply(&mut self, event: &Event) -> bool {
        let tier = self.current_tier();
        let follows = match event {
            Event::Placed(_) => false,
            Event::ChecklistCopied { tasks, by, at } => {
                !tasks.is_empty() && self.copy(tasks, by, *at)
            }
            _ if self.uncopied > 0 => false,
            // Notes stand beside the order: they do not spoil an edit that is under way.
            Event::NoteAdded { .. } => true,
            Event::Updated {
                title, start, at, ..
            } => {
                self.changed(*at);
                apply(&mut self.title, title.as_ref()) && apply(&mut self.start, start.as_ref())
            }
            Event::TaskAdded(_)
            | Event::TaskUpdated(_)
            | Event::TaskRemoved { .. }
            | Event::TasksReordered { .. }
            | Event::TaskChecked { .. }
            | Event::TaskUnchecked { .. }
            | Event::TaskAssigned { .. } => self.apply_to_checklist(event),
            Event::Assigned {
                added,
                withdrawn,
                removed,
                restored,
                at,
                ..
            } => {
                self.changed(*at);
                shift(&mut self.added, withdrawn, added)
                    && shift(&mut self.removed, restored, removed)
            }
            Event::AssigneesRotated {
                left, joined, at, ..
            } => {
                self.changed(*at);
                shift(&mut self.assignees, left, joined)
            }
            Event::ClientTaskActivated { task, .. } => self.task(task).is_some(),
            Event::Completed { .. }
            | Event::Cancelled { .. }
            | Event::Reopened { .. }
            | Event::Renewed(_) => self.apply_to_progress(event),
        };
        if self.current_tier() != tier {
            self.removed.clear();
        }
        follows
    }

    fn apply_to_checklist(&mut self, event: &Event) -> bool {
        match event {
            Event::TaskAdded(added) => {
                self.changed(added.at);
                self.insert_new(OrderTask {
                    name: added.task.clone(),
                    template: added.template.clone(),
                    origin: added.origin,
                    content: added.content.clone(),
                    checked: None,
                    creator: added.by.clone(),
                    created_at: added.at,
                    revision: Revision(1),
                })
            }
            Event::TaskUpdated(updated) => {
                self.changed(updated.at);
                self.edit(&updated.task, |task| task.content.apply(&updated.changes))
                    && (updated.changes.tier.is_none() || self.settle_in_tier(&updated.task))
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
            Event::TaskChecked { task, by, at } => {
                self.changed(*at);
                let checked = Checked {
                    at: *at,
                    by: by.clone(),
                };
                self.edit(task, |task| task.checked.replace(checked).is_none())
            }
            Event::TaskUnchecked { task, at, .. } => {
                self.changed(*at);
                self.edit(task, |task| task.checked.take().is_some())
            }
            Event::TaskAssigned {
                task,
                left,
                joined,
                at,
                ..
            } => {
                self.changed(*at);
                self.edit(task, |task| task.content.reassign(left, joined))
            }
            _ => false,
        }
    }

    fn apply_to_progress(&mut self, event: &Event) -> bool {
        match event {
            Event::Completed { by_hand, by, at } => {
                self.changed(*at);
                let complete = Progress::Complete {
                    at: *at,
                    by: by.clone(),
                    by_hand: *by_hand,
                };
                std::mem::replace(&mut self.progress, complete) == Progress::Open
            }
            Event::Cancelled { by, at } => {
                self.changed(*at);
                let by = by.clone();
                let cancelled = Progress::Cancelled { at: *at, by };
                std::mem::replace(&mut self.progress, cancelled) == Progress::Open
            }
            Event::Reopened { previous, at, .. } => {
                self.changed(*at);
                let follows = self.status() == *previous && !self.is_open();
                self.progress = Progress::Open;
                follows
            }
            Event::Renewed(renewed) => {
                self.changed(renewed.at);
                self.renew(renewed)
            }
            _ => false,
        }
    }

    /// Takes over the next tasks of the template.
    pub(super) fn copy(&mut self, tasks: &[Copied], by: &Actor, at: DateTime<Utc>) -> bool {
        let Some(left) = u32::try_from(tasks.len())
            .ok()
            .and_then(|count| self.uncopied.checked_sub(count))
        else {
            return false;
        };
        self.uncopied = left;
        tasks.iter().all(|copied| {
            self.insert_new(OrderTask {
                name: copied.task.clone(),
                template: Some(copied.template.clone()),
                origin: Origin::Template,
                content: copied.content.clone(),
                checked: None,
                creator: by.clone(),
                created_at: at,
                revision: Revision(1),
            })
        })
    }

    /// Puts a task that was not there before at the end of its tier.
    fn insert_new(&mut self, task: OrderTask) -> bool {
        let is_new = self.index(&task.name).is_none() && !self.removed_tasks.contains(&task.name);
        self.insert(Arc::new(task));
        is_new
    }

    fn insert(&mut self, task: Arc<OrderTask>) {
        let index = end_of_tier(&self.tasks, task.content.tier, |task| task.content.tier);
        self.tasks.insert(index, task);
    }

    /// Moves a task to the end of the tier that it has now.
    fn settle_in_tier(&mut self, name: &OrderTaskName) -> bool {
        let index = self.index(name);
        let task = index.map(|index| self.tasks.remove(index));
        task.map(|task| self.insert(task)).is_some()
    }

    /// Changes one task; false if it is not there or the change cannot follow.
    fn edit(&mut self, name: &OrderTaskName, edit: impl FnOnce(&mut OrderTask) -> bool) -> bool {
        let Some(index) = self.index(name) else {
            return false;
        };
        let task = Arc::make_mut(&mut self.tasks[index]);
        task.revision = task.revision.next();
        edit(task)
    }

    fn reorder(&mut self, places: &[Place<OrderTaskName>]) -> bool {
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
                let task = Arc::make_mut(&mut task);
                task.content.tier = *tier;
                task.revision = task.revision.next();
            }
            self.tasks.push(task);
        }
        tasks.is_empty() && self.tasks.is_sorted_by_key(|task| task.content.tier)
    }

    fn renew(&mut self, renewed: &Renewed) -> bool {
        let follows = self.start == renewed.previous_start
            && !matches!(self.progress, Progress::Cancelled { .. })
            && Arc::make_mut(&mut self.cycles).insert(renewed.cycle.digest());
        self.start = renewed.start;
        self.progress = Progress::Open;
        self.added.clear();
        self.removed.clear();
        for task in &mut self.tasks {
            let task = Arc::make_mut(task);
            task.checked = None;
            task.revision = task.revision.next();
        }
        let assignees: BTreeMap<_, _> = renewed
            .tasks
            .iter()
            .map(|task| (&task.task, &task.assignees))
            .collect();
        let mut reassigned = 0;
        for task in &mut self.tasks {
            if let Some(assignees) = assignees.get(&task.name) {
                let task = Arc::make_mut(task);
                task.content.assignees.clone_from(assignees);
                reassigned += 1;
            }
        }
        follows && reassigned == renewed.tasks.len()
    }

    fn changed(&mut self, at: DateTime<Utc>) {
        self.revision = self.revision.next();
        self.updated_at = at;
    }
}

/// Takes some members out of a set and puts others in; false if it does not hold the ones, or holds the
/// others already.
fn shift(members: &mut BTreeSet<MemberName>, left: &[MemberName], joined: &[MemberName]) -> bool {
    let all_left = left.iter().all(|member| members.remove(member));
    all_left && joined.iter().all(|member| members.insert(member.clone()))
}
