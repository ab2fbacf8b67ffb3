//! What is decided about who works on an order and on its tasks.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use crate::{
    limits,
    names::{Actor, MemberName, OrderName, OrderTaskName},
    order::{Decision, Event, Order, StandIns},
    rejection::Rejection,
    task::{Assignment, AssignmentCause},
};

impl Order {
    /// Puts members on the order by hand, where they stay until they are removed by hand, and takes others
    /// off it until its current tier changes (S1).
    pub fn assign(
        &self,
        name: &OrderName,
        add: &[MemberName],
        remove: &[MemberName],
        cause: AssignmentCause,
        by: Actor,
        at: DateTime<Utc>,
    ) -> Result<Vec<Event>, Rejection> {
        let details = self.existing(name)?;
        let those = |members: &[MemberName], of: &BTreeSet<MemberName>, are: bool| -> Vec<_> {
            let members: BTreeSet<_> = members.iter().collect();
            let those = members
                .into_iter()
                .filter(|member| of.contains(*member) == are);
            those.cloned().collect()
        };
        let added = those(add, &details.added, false);
        let withdrawn = those(remove, &details.added, true);
        let removed = those(remove, &details.removed, false);
        let restored = those(add, &details.removed, true);
        if [&added, &withdrawn, &removed, &restored]
            .iter()
            .all(|members| members.is_empty())
        {
            return Ok(Vec::new());
        }
        details.accept_changes(name)?;
        for (field, is, joined, left) in [
            ("add", &details.added, &added, &withdrawn),
            ("remove", &details.removed, &removed, &restored),
        ] {
            let count = is.len() + joined.len() - left.len();
            if count > limits::ASSIGNEES && !joined.is_empty() {
                return Err(Rejection::invalid(
                    field,
                    format!(
                        "{count} members would be on the order or off it by hand; at most {} are allowed",
                        limits::ASSIGNEES
                    ),
                ));
            }
        }
        let mut decision = Decision::about(details, by.clone(), at);
        decision.then(Event::Assigned {
            added,
            withdrawn,
            removed,
            restored,
            cause,
            by,
            at,
        });
        Ok(decision.settle(&StandIns::default()))
    }

    /// Gives a member's place among those added by hand to another. Changes nothing where the first has
    /// none, or the order is not open.
    pub fn hand_over(
        &self,
        name: &OrderName,
        from: &MemberName,
        to: &MemberName,
        cause: AssignmentCause,
        by: Actor,
        at: DateTime<Utc>,
    ) -> Result<Vec<Event>, Rejection> {
        let details = self.existing(name)?;
        if !details.has_added(from) || from == to {
            return Ok(Vec::new());
        }
        let joins = |members: &BTreeSet<MemberName>, are: bool| -> Vec<MemberName> {
            let to = Some(to).filter(|to| members.contains(*to) == are);
            to.into_iter().cloned().collect()
        };
        let mut decision = Decision::about(details, by.clone(), at);
        decision.then(Event::Assigned {
            added: joins(&details.added, false),
            withdrawn: vec![from.clone()],
            removed: vec![],
            restored: joins(&details.removed, true),
            cause,
            by,
            at,
        });
        Ok(decision.settle(&StandIns::default()))
    }

    /// Changes who does a task of the checklist. One that is done can be given too.
    pub fn assign_task(
        &self,
        name: &OrderTaskName,
        assignment: &Assignment,
        cause: AssignmentCause,
        by: Actor,
        at: DateTime<Utc>,
    ) -> Result<Vec<Event>, Rejection> {
        let order = name.order();
        let details = self.existing(&order)?;
        let mut content = details.existing_task(name)?.content.clone();
        let Some((left, joined)) = assignment.between(&content.assignees)? else {
            return Ok(Vec::new());
        };
        details.accept_changes(&order)?;
        content.reassign(&left, &joined);
        details.size_with(name, &content).check(&order)?;
        let mut decision = Decision::about(details, by.clone(), at);
        decision.then(Event::TaskAssigned {
            task: name.clone(),
            left,
            joined,
            cause,
            by,
            at,
        });
        Ok(decision.settle(&StandIns::default()))
    }

    /// Gives one member's part in an open task of an open order to another: the others stay. Changes
    /// nothing where the first has no part in it, or it is done or closed.
    pub fn hand_over_task(
        &self,
        name: &OrderTaskName,
        from: &MemberName,
        to: &MemberName,
        cause: AssignmentCause,
        by: Actor,
        at: DateTime<Utc>,
    ) -> Result<Vec<Event>, Rejection> {
        let details = self.existing(&name.order())?;
        let task = details.existing_task(name)?;
        let is_open = details.is_open() && task.is_open();
        match Assignment::hand_over(&task.content.assignees, from, to).filter(|_| is_open) {
            Some(assignment) => self.assign_task(name, &assignment, cause, by, at),
            None => Ok(Vec::new()),
        }
    }
}
