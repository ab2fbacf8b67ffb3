//! What is decided about an order as a whole: whether it is open, and its next round.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use crate::{
    checklist::{Content, Size},
    limits,
    names::{Actor, MemberName, OrderName, TemplateTaskName},
    order::{Cycle, Decision, Event, Order, Progress, Reassigned, Renewed, StandIns, Status},
    rejection::{Reason, Rejection},
};

/// The next round of an order.
#[derive(Debug, Clone)]
pub struct Renewal<'a> {
    pub cycle: &'a Cycle,
    pub start: DateTime<Utc>,
    /// The assignees of the service's tasks as they are now.
    pub template: BTreeMap<&'a TemplateTaskName, &'a [MemberName]>,
}

impl Order {
    /// Completes it by hand, whatever is open. One that is complete already stays as it is.
    pub fn complete(
        &self,
        name: &OrderName,
        by: Actor,
        at: DateTime<Utc>,
    ) -> Result<Vec<Event>, Rejection> {
        let details = self.existing(name)?;
        match details.status() {
            Status::Complete => Ok(Vec::new()),
            Status::Cancelled => Err(closed(name, Status::Cancelled, "complete")),
            Status::Open => {
                let mut decision = Decision::about(details, by.clone(), at);
                decision.then(Event::Completed {
                    by_hand: true,
                    by,
                    at,
                });
                Ok(decision.settle(&StandIns::default()))
            }
        }
    }

    /// Cancels it. A complete one must be reopened first.
    pub fn cancel(
        &self,
        name: &OrderName,
        by: Actor,
        at: DateTime<Utc>,
    ) -> Result<Vec<Event>, Rejection> {
        let details = self.existing(name)?;
        match details.status() {
            Status::Cancelled => Ok(Vec::new()),
            Status::Complete => Err(closed(name, Status::Complete, "cancel")),
            Status::Open => {
                let mut decision = Decision::about(details, by.clone(), at);
                decision.then(Event::Cancelled { by, at });
                Ok(decision.settle(&StandIns::default()))
            }
        }
    }

    /// Opens it again, with what was checked. Where every task is done, it stays open until one is
    /// unchecked or added and done, or it is completed by hand.
    pub fn reopen(
        &self,
        name: &OrderName,
        stand_ins: &StandIns,
        by: Actor,
        at: DateTime<Utc>,
    ) -> Result<Vec<Event>, Rejection> {
        let details = self.existing(name)?;
        let mut decision = Decision::about(details, by.clone(), at);
        if !details.is_open() {
            decision.then(Event::Reopened {
                previous: details.status(),
                by_hand: true,
                by,
                at,
            });
        }
        Ok(decision.settle(stand_ins))
    }

    /// Begins its next round (S1: a recurring order that is reopened after a billing cycle). A task whose
    /// template is gone keeps its assignees. The same cycle again changes nothing.
    pub fn renew(
        &self,
        name: &OrderName,
        renewal: &Renewal<'_>,
        stand_ins: &StandIns,
        by: Actor,
        at: DateTime<Utc>,
    ) -> Result<Vec<Event>, Rejection> {
        let details = self.existing(name)?;
        let cycle = renewal.cycle;
        if details.was_renewed_for(cycle) {
            return Ok(Vec::new());
        }
        if let Progress::Cancelled { .. } = details.progress {
            return Err(closed(name, Status::Cancelled, "renew"));
        }
        if details.cycles.len() >= limits::CYCLES {
            return Err(Rejection::Precondition {
                reason: Reason::TooManyCycles,
                subject: name.to_string(),
                description: format!(
                    "{name} was renewed {} times, the most there may be: place a new order",
                    limits::CYCLES
                ),
            });
        }
        let mut size = Size::default();
        let mut tasks = Vec::new();
        for task in &details.tasks {
            let own = &task.content.assignees[..];
            let of_template = task
                .template
                .as_ref()
                .and_then(|name| renewal.template.get(name));
            let assignees = stand_ins.assignees(of_template.copied().unwrap_or(own));
            if *assignees != *own {
                let task = task.name.clone();
                let assignees = assignees.clone();
                tasks.push(Reassigned { task, assignees });
            }
            size = size.and(&Content {
                assignees,
                ..task.content.clone()
            });
        }
        size.check(name)?;
        let mut decision = Decision::about(details, by.clone(), at);
        decision.then(Event::Renewed(Box::new(Renewed {
            cycle: cycle.clone(),
            previous_start: details.start,
            start: renewal.start,
            tasks,
            by,
            at,
        })));
        Ok(decision.settle(stand_ins))
    }
}

/// Refuses what only an open order takes.
fn closed(name: &OrderName, status: Status, what: &str) -> Rejection {
    Rejection::Precondition {
        reason: Reason::OrderClosed,
        subject: name.to_string(),
        description: format!("{name} is {status}: reopen it to {what} it"),
    }
}
