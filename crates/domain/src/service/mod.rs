//! Service: what is sold, and the template of the checklist that its orders get (S1).

mod event;
mod evolve;

use std::{collections::BTreeSet, sync::Arc};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    change::Change,
    checklist::{Arrangement, Changes, Content, Draft, Place, Size, check_ids},
    names::{Actor, MemberName, ServiceName, TemplateTaskName},
    rejection::{Reason, Rejection},
    task::{Assignment, AssignmentCause},
    text::{Html, Line},
    version::Revision,
};

pub use event::{Event, TaskAdded, TaskUpdated};

/// A service as the events so far make it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Service {
    #[default]
    Absent,
    Existing(Box<Details>),
}

/// What is known of an existing service.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Details {
    pub display_name: Line,
    pub description: Option<Html>,
    /// Whether it takes no new orders.
    pub retired: bool,
    /// In the order of their tiers.
    pub tasks: Vec<Arc<TemplateTask>>,
    /// Their ids are not given again.
    pub removed_tasks: BTreeSet<TemplateTaskName>,
    pub revision: Revision,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// One task of the template.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TemplateTask {
    pub name: TemplateTaskName,
    #[serde(flatten)]
    pub content: Content,
}

impl Details {
    /// The task of this name, if it is in the template.
    pub fn task(&self, name: &TemplateTaskName) -> Option<&TemplateTask> {
        self.index(name).map(|index| &*self.tasks[index])
    }

    /// The task of this name, which must be in the template.
    pub fn existing_task(&self, name: &TemplateTaskName) -> Result<&TemplateTask, Rejection> {
        self.task(name).ok_or_else(|| Rejection::NotFound {
            resource: name.to_string(),
        })
    }

    /// The tasks that a member has in the template.
    pub fn held_by<'a>(
        &'a self,
        member: &'a MemberName,
    ) -> impl Iterator<Item = &'a TemplateTaskName> {
        let tasks = self.tasks.iter();
        tasks
            .filter(move |task| task.content.assignees.contains(member))
            .map(|task| &task.name)
    }

    fn index(&self, name: &TemplateTaskName) -> Option<usize> {
        self.tasks.iter().position(|task| task.name == *name)
    }

    fn contents(&self) -> impl Iterator<Item = &Content> {
        self.tasks.iter().map(|task| &task.content)
    }

    /// The size of the template if one of its tasks were as `content` says.
    fn size_with(&self, name: &TemplateTaskName, content: &Content) -> Size {
        let others = self.tasks.iter().filter(|task| task.name != *name);
        Size::of(others.map(|task| &task.content)).and(content)
    }
}

impl Service {
    /// What is known of the service, if it exists.
    pub fn details(&self) -> Option<&Details> {
        match self {
            Self::Existing(details) => Some(details),
            Self::Absent => None,
        }
    }

    /// What is known of the service `name`, which must exist.
    pub fn existing(&self, name: &ServiceName) -> Result<&Details, Rejection> {
        self.details().ok_or_else(|| Rejection::NotFound {
            resource: name.to_string(),
        })
    }

    /// What is known of the service `name`, which must take new orders.
    pub fn accept_orders(&self, name: &ServiceName) -> Result<&Details, Rejection> {
        let details = self.existing(name)?;
        if details.retired {
            return Err(Rejection::Precondition {
                reason: Reason::ServiceRetired,
                subject: name.to_string(),
                description: format!(
                    "{name} is retired and takes no new orders: place one of another service"
                ),
            });
        }
        Ok(details)
    }

    /// Creates the service as `created` says.
    pub fn create(&self, name: &ServiceName, created: Event) -> Result<Event, Rejection> {
        match self {
            Self::Absent => Ok(created),
            Self::Existing(_) => Err(Rejection::AlreadyExists {
                resource: name.to_string(),
            }),
        }
    }

    /// Gives it another display name or description. Retired ones too.
    pub fn update(
        &self,
        name: &ServiceName,
        display_name: Option<&Line>,
        description: Option<&Option<Html>>,
        by: Actor,
        at: DateTime<Utc>,
    ) -> Result<Option<Event>, Rejection> {
        let details = self.existing(name)?;
        let description = description.map(|html| html.clone().filter(|html| !html.is_blank()));
        let display_name = Change::between(&details.display_name, display_name);
        let description = Change::between(&details.description, description.as_ref());
        let changed = display_name.is_some() || description.is_some();
        Ok(changed.then_some(Event::Updated {
            display_name,
            description,
            by,
            at,
        }))
    }

    /// Takes it off what is sold. Its orders go on, and its template still serves them.
    pub fn retire(
        &self,
        name: &ServiceName,
        by: Actor,
        at: DateTime<Utc>,
    ) -> Result<Option<Event>, Rejection> {
        let retired = self.existing(name)?.retired;
        Ok((!retired).then_some(Event::Retired { by, at }))
    }

    /// Adds a task to the template, at the end of its tier. An id is given once, also after its task was
    /// removed.
    pub fn add_task(
        &self,
        name: &TemplateTaskName,
        draft: &Draft,
        by: Actor,
        at: DateTime<Utc>,
    ) -> Result<Event, Rejection> {
        let service = name.service();
        let details = self.existing(&service)?;
        if details.task(name).is_some() || details.removed_tasks.contains(name) {
            return Err(Rejection::AlreadyExists {
                resource: name.to_string(),
            });
        }
        let content = draft.content(details.tasks.last().map(|task| task.content.tier))?;
        Size::of(details.contents()).and(&content).check(&service)?;
        check_ids(&service, details.tasks.len(), details.removed_tasks.len())?;
        Ok(Event::TaskAdded(Box::new(TaskAdded {
            task: name.clone(),
            content,
            by,
            at,
        })))
    }

    /// Changes what a task of the template says.
    pub fn update_task(
        &self,
        name: &TemplateTaskName,
        changes: &Changes,
        by: Actor,
        at: DateTime<Utc>,
    ) -> Result<Option<TaskUpdated>, Rejection> {
        let service = name.service();
        let details = self.existing(&service)?;
        let mut content = details.existing_task(name)?.content.clone();
        let changes = content.update(changes);
        if changes.is_empty() {
            return Ok(None);
        }
        content.apply(&changes);
        details.size_with(name, &content).check(&service)?;
        Ok(Some(TaskUpdated {
            task: name.clone(),
            changes,
            by,
            at,
        }))
    }

    /// Changes who gets a task of the template in new orders.
    pub fn assign_task(
        &self,
        name: &TemplateTaskName,
        assignment: &Assignment,
        cause: AssignmentCause,
        by: Actor,
        at: DateTime<Utc>,
    ) -> Result<Option<Event>, Rejection> {
        let service = name.service();
        let details = self.existing(&service)?;
        let mut content = details.existing_task(name)?.content.clone();
        let Some((left, joined)) = assignment.between(&content.assignees)? else {
            return Ok(None);
        };
        content.reassign(&left, &joined);
        details.size_with(name, &content).check(&service)?;
        Ok(Some(Event::TaskAssigned {
            task: name.clone(),
            left,
            joined,
            cause,
            by,
            at,
        }))
    }

    /// Gives what one member has in a task of the template to another. Changes nothing where the first
    /// has no part in it.
    pub fn hand_over_task(
        &self,
        name: &TemplateTaskName,
        from: &MemberName,
        to: &MemberName,
        cause: AssignmentCause,
        by: Actor,
        at: DateTime<Utc>,
    ) -> Result<Option<Event>, Rejection> {
        let task = self.existing(&name.service())?.existing_task(name)?;
        match Assignment::hand_over(&task.content.assignees, from, to) {
            Some(assignment) => self.assign_task(name, &assignment, cause, by, at),
            None => Ok(None),
        }
    }

    /// Takes a task out of the template; one that was removed already stays so.
    pub fn remove_task(
        &self,
        name: &TemplateTaskName,
        by: Actor,
        at: DateTime<Utc>,
    ) -> Result<Option<Event>, Rejection> {
        let details = self.existing(&name.service())?;
        if details.removed_tasks.contains(name) {
            return Ok(None);
        }
        details.existing_task(name)?;
        Ok(Some(Event::TaskRemoved {
            task: name.clone(),
            by,
            at,
        }))
    }

    /// Puts the tasks of the template into another order.
    pub fn reorder_tasks(
        &self,
        name: &ServiceName,
        arrangement: &Arrangement<TemplateTaskName>,
        by: Actor,
        at: DateTime<Utc>,
    ) -> Result<Option<Event>, Rejection> {
        let tasks = self.existing(name)?.tasks.iter().map(|task| Place {
            task: task.name.clone(),
            tier: task.content.tier,
        });
        let places = arrangement.places(&tasks.collect::<Vec<_>>())?;
        Ok(places.map(|tasks| Event::TasksReordered { tasks, by, at }))
    }
}
