//! Who works on a task.

use chrono::{DateTime, Utc};

use crate::{
    limits,
    names::{Actor, MemberName, TaskName},
    rejection::{Rejection, Violations},
    task::{AssignmentCause, Event, Task, check_count, distinct},
};

/// A change of a task's assignees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Assignment {
    /// Exactly these; empty: nobody has it any more.
    Set(Vec<MemberName>),
    /// Some more, some fewer. Nobody is among both.
    Change {
        add: Vec<MemberName>,
        remove: Vec<MemberName>,
    },
}

/// Those who leave, and those who join.
pub(crate) type Difference = (Vec<MemberName>, Vec<MemberName>);

impl Assignment {
    /// Those whom it names as assignees.
    pub fn named(&self) -> &[MemberName] {
        match self {
            Self::Set(members) => members,
            Self::Change { add, .. } => add,
        }
    }

    /// Every rule that needs no state.
    pub(crate) fn check(&self) -> Result<(), Rejection> {
        let mut violations = Violations::new();
        match self {
            Self::Set(members) => {
                check_count(&mut violations, "assignees", members, limits::ASSIGNEES);
            }
            Self::Change { add, remove } => {
                check_count(&mut violations, "add", add, limits::ASSIGNEES);
                check_count(&mut violations, "remove", remove, limits::ASSIGNEES);
                if let Some(both) = add.iter().find(|member| remove.contains(member)) {
                    violations.add("remove", format!("names {both}, whom add names too"));
                }
            }
        }
        violations.finish()
    }

    /// What gives one member's part in work to another: the others stay, and if `to` has it already,
    /// `from` just leaves (S4). None if `from` has no part in it.
    pub(crate) fn hand_over(
        assignees: &[MemberName],
        from: &MemberName,
        to: &MemberName,
    ) -> Option<Self> {
        (assignees.contains(from) && from != to).then(|| Self::Change {
            add: vec![to.clone()],
            remove: vec![from.clone()],
        })
    }

    /// Those who leave `assignees` and those who join, if that changes them and they are not too many.
    pub(crate) fn between(
        &self,
        assignees: &[MemberName],
    ) -> Result<Option<Difference>, Rejection> {
        let (left, joined) = self.difference(assignees);
        if left.is_empty() && joined.is_empty() {
            return Ok(None);
        }
        let count = assignees.len() - left.len() + joined.len();
        if count > limits::ASSIGNEES {
            return Err(Rejection::invalid(
                "assignees",
                format!(
                    "would be {count} members; at most {} are allowed",
                    limits::ASSIGNEES
                ),
            ));
        }
        Ok(Some((left, joined)))
    }

    /// Those who leave `assignees` and those who join.
    fn difference(&self, assignees: &[MemberName]) -> Difference {
        let among = |members: &[MemberName], is: bool| -> Vec<MemberName> {
            let those = members
                .iter()
                .filter(|member| assignees.contains(member) == is);
            distinct(&those.cloned().collect::<Vec<_>>())
        };
        match self {
            Self::Set(members) => {
                let left = assignees.iter().filter(|member| !members.contains(member));
                (left.cloned().collect(), among(members, false))
            }
            Self::Change { add, remove } => (among(remove, true), among(add, false)),
        }
    }
}

impl Task {
    /// Changes who works on the task. Closed tasks can be given too.
    pub fn assign(
        &self,
        name: &TaskName,
        assignment: &Assignment,
        cause: AssignmentCause,
        by: Actor,
        at: DateTime<Utc>,
    ) -> Result<Option<Event>, Rejection> {
        let assignees = &self.existing(name)?.assignees;
        let Some((left, joined)) = assignment.between(assignees)? else {
            return Ok(None);
        };
        Ok(Some(Event::Assigned {
            left,
            joined,
            cause,
            by,
            at,
        }))
    }
}
