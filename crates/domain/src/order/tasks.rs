//! What is decided about the tasks of an order's checklist.

use chrono::{DateTime, Utc};

use crate::{
    checklist::{Arrangement, Changes, Content, Draft, Place, Size, check_ids},
    names::{Actor, OrderName, OrderTaskName, TemplateTaskName},
    order::{Decision, Event, Order, StandIns, TaskAdded, TaskUpdated},
    rejection::Rejection,
    task::Origin,
};

/// A task that is to be added to an order.
#[derive(Debug, Clone, PartialEq)]
pub enum Addition {
    /// From scratch: of origin `manual`.
    Scratch(Draft),
    /// A task of the service's template as it is now: of origin `template`.
    Template {
        task: TemplateTaskName,
        content: Content,
    },
}

impl Order {
    /// Adds a task at the end of its tier. An id is given once, also after its task was removed.
    pub fn add_task(
        &self,
        name: &OrderTaskName,
        addition: &Addition,
        stand_ins: &StandIns,
        by: Actor,
        at: DateTime<Utc>,
    ) -> Result<Vec<Event>, Rejection> {
        let order = name.order();
        let details = self.existing(&order)?;
        if details.task(name).is_some() || details.removed_tasks.contains(name) {
            return Err(Rejection::AlreadyExists {
                resource: name.to_string(),
            });
        }
        details.accept_changes(&order)?;
        let (template, origin, content) = match addition {
            Addition::Scratch(draft) => {
                let last = details.tasks.last().map(|task| task.content.tier);
                (None, Origin::Manual, draft.content(last)?)
            }
            Addition::Template { task, content } => {
                (Some(task.clone()), Origin::Template, content.clone())
            }
        };
        Size::of(details.contents()).and(&content).check(&order)?;
        check_ids(&order, details.tasks.len(), details.removed_tasks.len())?;
        let mut decision = Decision::about(details, by.clone(), at);
        decision.then(Event::TaskAdded(Box::new(TaskAdded {
            task: name.clone(),
            template,
            origin,
            content,
            by,
            at,
        })));
        Ok(decision.settle(stand_ins))
    }

    /// Changes what a task says. One that is done can be edited too.
    pub fn update_task(
        &self,
        name: &OrderTaskName,
        changes: &Changes,
        by: Actor,
        at: DateTime<Utc>,
    ) -> Result<Vec<Event>, Rejection> {
        let order = name.order();
        let details = self.existing(&order)?;
        let mut content = details.existing_task(name)?.content.clone();
        let changes = content.update(changes);
        if changes.is_empty() {
            return Ok(Vec::new());
        }
        details.accept_changes(&order)?;
        content.apply(&changes);
        details.size_with(name, &content).check(&order)?;
        let mut decision = Decision::about(details, by.clone(), at);
        decision.then(Event::TaskUpdated(Box::new(TaskUpdated {
            task: name.clone(),
            changes,
            by,
            at,
        })));
        Ok(decision.settle(&StandIns::default()))
    }

    /// Takes a task out of the checklist; one that was removed already stays so.
    pub fn remove_task(
        &self,
        name: &OrderTaskName,
        by: Actor,
        at: DateTime<Utc>,
    ) -> Result<Vec<Event>, Rejection> {
        let order = name.order();
        let details = self.existing(&order)?;
        if details.removed_tasks.contains(name) {
            return Ok(Vec::new());
        }
        details.existing_task(name)?;
        details.accept_changes(&order)?;
        let mut decision = Decision::about(details, by.clone(), at);
        decision.then(Event::TaskRemoved {
            task: name.clone(),
            by,
            at,
        });
        Ok(decision.settle(&StandIns::default()))
    }

    /// Puts the tasks into another order, and into other tiers.
    pub fn reorder_tasks(
        &self,
        name: &OrderName,
        arrangement: &Arrangement<OrderTaskName>,
        by: Actor,
        at: DateTime<Utc>,
    ) -> Result<Vec<Event>, Rejection> {
        let details = self.existing(name)?;
        let is = details.tasks.iter().map(|task| Place {
            task: task.name.clone(),
            tier: task.content.tier,
        });
        let Some(tasks) = arrangement.places(&is.collect::<Vec<_>>())? else {
            return Ok(Vec::new());
        };
        details.accept_changes(name)?;
        let mut decision = Decision::about(details, by.clone(), at);
        decision.then(Event::TasksReordered { tasks, by, at });
        Ok(decision.settle(&StandIns::default()))
    }

    /// Marks a task as done, in whatever tier it is.
    pub fn check_task(
        &self,
        name: &OrderTaskName,
        by: Actor,
        at: DateTime<Utc>,
    ) -> Result<Vec<Event>, Rejection> {
        let order = name.order();
        let details = self.existing(&order)?;
        if !details.existing_task(name)?.is_open() {
            return Ok(Vec::new());
        }
        details.accept_changes(&order)?;
        let mut decision = Decision::about(details, by.clone(), at);
        decision.then(Event::TaskChecked {
            task: name.clone(),
            by,
            at,
        });
        Ok(decision.settle(&StandIns::default()))
    }

    /// Takes back that a task is done.
    pub fn uncheck_task(
        &self,
        name: &OrderTaskName,
        stand_ins: &StandIns,
        by: Actor,
        at: DateTime<Utc>,
    ) -> Result<Vec<Event>, Rejection> {
        let order = name.order();
        let details = self.existing(&order)?;
        if details.existing_task(name)?.is_open() {
            return Ok(Vec::new());
        }
        details.accept_changes(&order)?;
        let mut decision = Decision::about(details, by.clone(), at);
        decision.then(Event::TaskUnchecked {
            task: name.clone(),
            by,
            at,
        });
        Ok(decision.settle(stand_ins))
    }
}
