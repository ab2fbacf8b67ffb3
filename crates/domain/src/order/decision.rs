//! How a decision about an order comes to its end: whatever it changed is settled in the same append.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use crate::{
    names::{Actor, MemberName, OrderTaskName},
    order::{Details, Event, Progress},
    task::{AssignmentCause, AssignmentSource, Difference},
};

/// Who works in the place of those who do not take work any more (S4). A command makes it from what it
/// has read; whoever is not in it works in their own place.
#[derive(Debug, Clone, Default)]
pub struct StandIns {
    instead: BTreeMap<MemberName, Option<MemberName>>,
    fallback: Option<MemberName>,
}

impl StandIns {
    /// Says who works in the place of each member, if anybody does, and who has a task of which nobody
    /// would be left.
    pub fn new(
        instead: BTreeMap<MemberName, Option<MemberName>>,
        fallback: Option<MemberName>,
    ) -> Self {
        Self { instead, fallback }
    }

    /// Each of the members or who works in their place, once. Never more than they are.
    pub fn working<'a>(
        &self,
        members: impl IntoIterator<Item = &'a MemberName>,
    ) -> Vec<MemberName> {
        let mut working = Vec::new();
        for member in members {
            let instead = match self.instead.get(member) {
                None => Some(member),
                Some(instead) => instead.as_ref(),
            };
            if let Some(member) = instead
                && !working.contains(member)
            {
                working.push(member.clone());
            }
        }
        working
    }

    /// The same of a task's assignees; if nobody of them is left, the one who has such tasks.
    pub fn assignees(&self, members: &[MemberName]) -> Vec<MemberName> {
        let working = self.working(members);
        match &self.fallback {
            Some(fallback) if working.is_empty() && !members.is_empty() => vec![fallback.clone()],
            Some(_) | None => working,
        }
    }
}

/// A decision about an order as it goes: each event is applied at once, and what follows from them all
/// is added at the end.
pub(super) struct Decision<'a> {
    /// None: the order is placed by this very decision.
    before: Option<&'a Details>,
    after: Details,
    events: Vec<Event>,
    by: Actor,
    at: DateTime<Utc>,
}

impl<'a> Decision<'a> {
    /// A decision about an order that exists.
    pub(super) fn about(order: &'a Details, by: Actor, at: DateTime<Utc>) -> Self {
        Self {
            before: Some(order),
            after: order.clone(),
            events: Vec::new(),
            by,
            at,
        }
    }

    /// A decision that places an order by these events.
    pub(super) fn placing(
        placed: Details,
        events: Vec<Event>,
        by: Actor,
        at: DateTime<Utc>,
    ) -> Self {
        Self {
            before: None,
            after: placed,
            events,
            by,
            at,
        }
    }

    /// Appends an event.
    pub(super) fn then(&mut self, event: Event) {
        // One that cannot follow is found out when it is appended.
        self.after.apply(&event);
        self.events.push(event);
    }

    /// Appends what follows from the events so far, if there are any, and ends the decision: the order
    /// completes or opens by itself, who does not take work is replaced in what came back, the assignees
    /// rotate, client tasks become active.
    pub(super) fn settle(mut self, stand_ins: &StandIns) -> Vec<Event> {
        if !self.events.is_empty() {
            self.complete_or_open();
            self.replace_in_what_came_back(stand_ins);
            self.rotate();
            self.activate();
        }
        self.events
    }

    /// An order completes when its last open task is done or removed, and one that completed so opens
    /// again when it has an open task.
    fn complete_or_open(&mut self) {
        let had_open_tasks = self
            .before
            .is_some_and(|before| before.open_tasks().next().is_some());
        let has_open_tasks = self.after.open_tasks().next().is_some();
        let (by, at) = (self.by.clone(), self.at);
        match self.after.progress {
            Progress::Open if had_open_tasks && !has_open_tasks && !self.after.tasks.is_empty() => {
                self.then(Event::Completed {
                    by_hand: false,
                    by,
                    at,
                });
            }
            Progress::Complete { by_hand: false, .. } if has_open_tasks => {
                self.then(Event::Reopened {
                    previous: self.after.status(),
                    by_hand: false,
                    by,
                    at,
                });
            }
            Progress::Open | Progress::Complete { .. } | Progress::Cancelled { .. } => {}
        }
    }

    /// Work that was nobody's holding while it was done or closed may have been passed over when somebody
    /// was disabled.
    fn replace_in_what_came_back(&mut self, stand_ins: &StandIns) {
        if !self.after.is_open() {
            return;
        }
        let was_open = self.before.filter(|before| before.is_open());
        let open: BTreeSet<_> = was_open
            .into_iter()
            .flat_map(Details::open_tasks)
            .map(|task| &task.name)
            .collect();
        let came_back = self
            .after
            .open_tasks()
            .filter(|task| !open.contains(&task.name));
        let changes: Vec<_> = came_back
            .filter_map(|task| {
                let before = &task.content.assignees;
                let (left, joined) = difference(before, &stand_ins.assignees(before))?;
                Some((task.name.clone(), left, joined))
            })
            .collect();
        let cause = AssignmentCause {
            source: AssignmentSource::Successor,
            event: None,
        };
        for (task, left, joined) in changes {
            self.then(Event::TaskAssigned {
                task,
                left,
                joined,
                cause,
                by: self.by.clone(),
                at: self.at,
            });
        }
        if was_open.is_some() {
            return;
        }
        let added: Vec<_> = self.after.added.iter().cloned().collect();
        if let Some((withdrawn, added)) = difference(&added, &stand_ins.working(&added)) {
            self.then(Event::Assigned {
                added,
                withdrawn,
                removed: vec![],
                restored: vec![],
                cause,
                by: self.by.clone(),
                at: self.at,
            });
        }
    }

    /// Who works on the order is who its checklist says, and who was added by hand. A closed order keeps
    /// those whom it had.
    fn rotate(&mut self) {
        if !self.after.takes_changes() {
            return;
        }
        let assignees = &self.after.assignees;
        let rotation = self.after.rotation();
        let left: Vec<_> = assignees.difference(&rotation).cloned().collect();
        let joined: Vec<_> = rotation.difference(assignees).cloned().collect();
        if !left.is_empty() || !joined.is_empty() {
            self.then(Event::AssigneesRotated {
                left,
                joined,
                by: self.by.clone(),
                at: self.at,
            });
        }
    }

    /// Tells of each client task whose turn it is and was not before. A renewal begins anew.
    fn activate(&mut self) {
        let renewed = self
            .events
            .iter()
            .any(|event| matches!(event, Event::Renewed(_)));
        let before: BTreeSet<&OrderTaskName> = self
            .before
            .filter(|_| !renewed)
            .into_iter()
            .flat_map(Details::active_client_tasks)
            .map(|task| &task.name)
            .collect();
        let now = self.after.active_client_tasks().map(|task| &task.name);
        let activated: Vec<_> = now.filter(|task| !before.contains(task)).cloned().collect();
        for task in activated {
            self.then(Event::ClientTaskActivated {
                task,
                by: self.by.clone(),
                at: self.at,
            });
        }
    }
}

/// Those who leave and those who join, if anybody does.
fn difference(before: &[MemberName], after: &[MemberName]) -> Option<Difference> {
    let without = |members: &[MemberName], others: &[MemberName]| -> Vec<MemberName> {
        let those = members.iter().filter(|member| !others.contains(member));
        those.cloned().collect()
    };
    let (left, joined) = (without(before, after), without(after, before));
    (!left.is_empty() || !joined.is_empty()).then_some((left, joined))
}
