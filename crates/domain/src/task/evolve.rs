//! How a task's events make its state.

use chrono::{DateTime, Utc};

use crate::{
    change::apply,
    event::CorruptHistory,
    names::MemberName,
    task::{Details, Event, Progress, Task, Updated},
};

impl Task {
    /// Applies one recorded event. An event that cannot follow this state means damaged history.
    pub fn evolve(self, event: &Event) -> Result<Self, CorruptHistory> {
        match (self, event) {
            (Self::Absent, Event::Created(created)) => {
                Ok(Self::Existing(Details::created(created).into()))
            }
            (Self::Absent, _) => Err(CorruptHistory),
            (Self::Existing(mut details), Event::Deleted { at, .. }) => {
                details.changed(*at);
                Ok(Self::Deleted(details))
            }
            (Self::Deleted(mut details), Event::Undeleted { at, .. }) => {
                details.changed(*at);
                Ok(Self::Existing(details))
            }
            (Self::Existing(mut details), event) => match details.apply(event) {
                true => Ok(Self::Existing(details)),
                false => Err(CorruptHistory),
            },
            // The other one of two related tasks may go on without it.
            (Self::Deleted(mut details), event @ Event::Unrelated { .. }) => {
                match details.apply(event) {
                    true => Ok(Self::Deleted(details)),
                    false => Err(CorruptHistory),
                }
            }
            (Self::Deleted(_), _) => Err(CorruptHistory),
        }
    }
}

impl Details {
    /// Applies an event after the first; false if it cannot follow.
    fn apply(&mut self, event: &Event) -> bool {
        match event {
            Event::Created(_) | Event::Deleted { .. } | Event::Undeleted { .. } => false,
            // Notes stand beside the task: they do not spoil an edit that is under way.
            Event::NoteAdded { .. } | Event::InternalNoteAdded { .. } => true,
            Event::Updated(updated) => {
                self.changed(updated.at);
                self.update(updated)
            }
            Event::StatusChanged { at, .. }
            | Event::Completed { at, .. }
            | Event::Cancelled { at, .. }
            | Event::Reopened { at, .. } => {
                self.changed(*at);
                let next = self.progress.after(event);
                next.map(|next| self.progress = next).is_some()
            }
            Event::Assigned {
                left, joined, at, ..
            } => {
                self.changed(*at);
                self.reassign(left, joined)
            }
            Event::NotifySet {
                previous,
                notify,
                at,
                ..
            } => {
                self.changed(*at);
                std::mem::replace(&mut self.notify, notify.clone()) == *previous
            }
            Event::BilledSet { billed, at, .. } => {
                self.changed(*at);
                std::mem::replace(&mut self.billed, *billed) != *billed
                    && (self.billable || !*billed)
            }
            Event::Related { task, at, .. } => {
                self.changed(*at);
                self.related.insert(task.clone())
            }
            Event::Unrelated { task, at, .. } => {
                self.changed(*at);
                self.related.remove(task)
            }
            Event::TrackerRequested { at, .. } => {
                self.changed(*at);
                !std::mem::replace(&mut self.tracker_requested, true)
            }
        }
    }

    fn update(&mut self, updated: &Updated) -> bool {
        let percent = match (&mut self.progress, &updated.percent) {
            (_, None) => true,
            (Progress::Open { percent, .. }, change) => apply(percent, change.as_ref()),
            (Progress::Complete { .. } | Progress::Cancelled { .. }, Some(_)) => false,
        };
        percent
            && apply(&mut self.title, updated.title.as_ref())
            && apply(&mut self.description, updated.description.as_ref())
            && apply(&mut self.category, updated.category.as_ref())
            && apply(&mut self.priority, updated.priority.as_ref())
            && apply(&mut self.visibility, updated.visibility.as_ref())
            && apply(&mut self.start, updated.start.as_ref())
            && apply(&mut self.due, updated.due.as_ref())
            && apply(&mut self.due_source, updated.due_source.as_ref())
            && apply(&mut self.estimated_hours, updated.estimated_hours.as_ref())
            && apply(&mut self.actual_hours, updated.actual_hours.as_ref())
            && apply(&mut self.billable, updated.billable.as_ref())
            && apply(&mut self.requester.name, updated.requester_name.as_ref())
            && apply(&mut self.requester.email, updated.requester_email.as_ref())
            && apply(&mut self.requester.phone, updated.requester_phone.as_ref())
            && apply(&mut self.quantity, updated.quantity.as_ref())
            && apply(&mut self.price, updated.price.as_ref())
            && apply(&mut self.mileage, updated.mileage.as_ref())
            && apply(&mut self.expenses, updated.expenses.as_ref())
            && apply(&mut self.tags, updated.tags.as_ref())
            && apply(
                &mut self.responsible_role,
                updated.responsible_role.as_ref(),
            )
            && (self.billable || !self.billed)
            && self.start <= self.due
    }

    fn reassign(&mut self, left: &[MemberName], joined: &[MemberName]) -> bool {
        let count = self.assignees.len();
        self.assignees.retain(|member| !left.contains(member));
        let follows = self.assignees.len() + left.len() == count
            && !joined.iter().any(|member| self.assignees.contains(member));
        self.assignees.extend_from_slice(joined);
        follows && !(left.is_empty() && joined.is_empty())
    }

    fn changed(&mut self, at: DateTime<Utc>) {
        self.revision = self.revision.next();
        self.updated_at = at;
    }
}

impl Progress {
    /// What an event about the status makes of it; none if it cannot follow.
    fn after(&self, event: &Event) -> Option<Self> {
        match (self, event) {
            (
                Self::Open { status, percent },
                Event::StatusChanged {
                    previous,
                    status: next,
                    ..
                },
            ) => (status == previous && status != next).then_some(Self::Open {
                status: *next,
                percent: *percent,
            }),
            (
                Self::Open { status, percent },
                Event::Completed {
                    status: before,
                    percent: percent_before,
                    by,
                    at,
                },
            ) => (status == before && percent == percent_before).then(|| Self::Complete {
                at: *at,
                by: by.clone(),
                percent_before: *percent_before,
            }),
            (
                Self::Open { status, percent },
                Event::Cancelled {
                    status: before,
                    by,
                    at,
                },
            ) => (status == before).then(|| Self::Cancelled {
                at: *at,
                by: by.clone(),
                percent: *percent,
            }),
            (
                Self::Complete {
                    percent_before: before,
                    ..
                }
                | Self::Cancelled {
                    percent: before, ..
                },
                Event::Reopened {
                    status, percent, ..
                },
            ) => (before == percent).then_some(Self::Open {
                status: *status,
                percent: *percent,
            }),
            (Self::Open { .. } | Self::Complete { .. } | Self::Cancelled { .. }, _) => None,
        }
    }
}
