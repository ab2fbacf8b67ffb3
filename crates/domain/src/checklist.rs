//! Checklist: what the tasks of a service's template and those of an order have in common (S1).
//!
//! A checklist is always in the order of its tiers: the tasks of one tier, which run in parallel, stand
//! together. So a task that gets another tier moves to the end of that tier, and reordering is also how
//! tasks change their tiers.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{
    change::{Change, apply},
    limits,
    names::MemberName,
    rejection::{Invalid, Reason, Rejection, Violations},
    task::check_count,
    terms::Role,
    text::{Html, Line},
};

/// Who sees a task of a checklist, and who does it (S1).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Visibility {
    /// The team.
    #[default]
    Internal,
    /// The account's contacts see it and whether it is done.
    Portal,
    /// They see it, and one of them completes it.
    ClientAssigned,
}

impl Visibility {
    /// Whether contacts see the task, once its turn has come.
    pub fn is_for_contacts(self) -> bool {
        match self {
            Self::Internal => false,
            Self::Portal | Self::ClientAssigned => true,
        }
    }
}

/// Which tasks run in parallel: those of the same number, 1 to 1,000. The lowest is first; numbers may
/// be left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Tier(u16);

impl Tier {
    /// The first tier that there can be.
    pub const FIRST: Self = Self(*limits::TIERS.start());

    /// Checks the number.
    pub fn new(number: i64) -> Result<Self, Invalid> {
        match u16::try_from(number) {
            Ok(number) if limits::TIERS.contains(&number) => Ok(Self(number)),
            _ => Err(Invalid::new(format!(
                "is {number}; it must be {} to {}",
                limits::TIERS.start(),
                limits::TIERS.end()
            ))),
        }
    }

    /// The number, counted from 1.
    pub fn number(self) -> u16 {
        self.0
    }

    /// The tier of a new task for which none is given: the one after the last, so that tasks come one
    /// after the other (S1).
    fn after(last: Option<Self>) -> Result<Self, Rejection> {
        match last {
            None => Ok(Self::FIRST),
            Some(last) => Self::new(i64::from(last.0) + 1).map_err(|_| {
                Rejection::invalid(
                    "task.tier",
                    format!("is required: {last} is the last tier that there can be"),
                )
            }),
        }
    }
}

impl fmt::Display for Tier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The hours after an order's start at which a task is due, 1 to 8,760 (one year).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DeadlineHours(u16);

impl DeadlineHours {
    /// Checks the number of hours.
    pub fn new(hours: i64) -> Result<Self, Invalid> {
        match u16::try_from(hours) {
            Ok(hours @ 1..=limits::DEADLINE_HOURS) => Ok(Self(hours)),
            _ => Err(Invalid::new(format!(
                "is {hours}; it must be 1 to {} hours",
                limits::DEADLINE_HOURS
            ))),
        }
    }

    /// The number of hours.
    pub fn hours(self) -> u16 {
        self.0
    }

    /// The same as a length of time.
    pub fn duration(self) -> chrono::TimeDelta {
        chrono::TimeDelta::hours(i64::from(self.0))
    }
}

/// What a task of a checklist says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Content {
    pub title: Line,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<Html>,
    /// None: it is never overdue.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deadline_hours: Option<DeadlineHours>,
    /// In the order in which they joined, each once.
    pub assignees: Vec<MemberName>,
    /// The role of the account whose holder the task follows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub responsible_role: Option<Role>,
    pub tier: Tier,
    pub visibility: Visibility,
}

impl Content {
    /// What one save changes of it.
    pub(crate) fn update(&self, changes: &Changes) -> Updated {
        let description = changes
            .description
            .as_ref()
            .map(|html| html.clone().filter(|html| !html.is_blank()));
        Updated {
            title: Change::between(&self.title, changes.title.as_ref()),
            description: Change::between(&self.description, description.as_ref()),
            deadline_hours: Change::between(&self.deadline_hours, changes.deadline_hours.as_ref()),
            responsible_role: Change::between(
                &self.responsible_role,
                changes.responsible_role.as_ref(),
            ),
            tier: Change::between(&self.tier, changes.tier.as_ref()),
            visibility: Change::between(&self.visibility, changes.visibility.as_ref()),
        }
    }

    /// Applies what one save changed; false if it does not begin where this is.
    pub(crate) fn apply(&mut self, updated: &Updated) -> bool {
        apply(&mut self.title, updated.title.as_ref())
            && apply(&mut self.description, updated.description.as_ref())
            && apply(&mut self.deadline_hours, updated.deadline_hours.as_ref())
            && apply(
                &mut self.responsible_role,
                updated.responsible_role.as_ref(),
            )
            && apply(&mut self.tier, updated.tier.as_ref())
            && apply(&mut self.visibility, updated.visibility.as_ref())
    }

    /// Applies a change of assignees; false if it does not begin where this is.
    pub(crate) fn reassign(&mut self, left: &[MemberName], joined: &[MemberName]) -> bool {
        let count = self.assignees.len();
        self.assignees.retain(|member| !left.contains(member));
        let follows = self.assignees.len() + left.len() == count
            && !joined.iter().any(|member| self.assignees.contains(member));
        self.assignees.extend_from_slice(joined);
        follows && !(left.is_empty() && joined.is_empty())
    }

    fn text_bytes(&self) -> usize {
        let description = self.description.as_ref().map(Html::as_str);
        self.title.as_str().len() + description.map_or(0, str::len)
    }
}

/// A new task of a checklist as a caller describes it.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    pub title: Line,
    pub description: Option<Html>,
    pub deadline_hours: Option<DeadlineHours>,
    /// Each must take work. Nobody is assigned where nobody is named.
    pub assignees: Vec<MemberName>,
    /// One that the settings offer.
    pub responsible_role: Option<Role>,
    /// None: after all that there are, in a tier of its own.
    pub tier: Option<Tier>,
    pub visibility: Visibility,
}

impl Draft {
    /// The task at the end of its tier; `last` is the tier of the last task that there is.
    pub(crate) fn content(&self, last: Option<Tier>) -> Result<Content, Rejection> {
        Ok(Content {
            title: self.title.clone(),
            description: self.description.clone().filter(|html| !html.is_blank()),
            deadline_hours: self.deadline_hours,
            assignees: self.assignees.clone(),
            responsible_role: self.responsible_role.clone(),
            tier: self.tier.map_or_else(|| Tier::after(last), Ok)?,
            visibility: self.visibility,
        })
    }
}

/// New values for a task of a checklist; what is none stays as it is, and none within is no value.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Changes {
    pub title: Option<Line>,
    pub description: Option<Option<Html>>,
    pub deadline_hours: Option<Option<DeadlineHours>>,
    /// One that the settings offer.
    pub responsible_role: Option<Option<Role>>,
    /// The task moves to the end of this tier.
    pub tier: Option<Tier>,
    pub visibility: Option<Visibility>,
}

/// What one save changed. What is none was not changed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Updated {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<Change<Line>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<Change<Option<Html>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deadline_hours: Option<Change<Option<DeadlineHours>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub responsible_role: Option<Change<Option<Role>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tier: Option<Change<Tier>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub visibility: Option<Change<Visibility>>,
}

impl Updated {
    /// Whether nothing was changed.
    pub fn is_empty(&self) -> bool {
        let Self {
            title,
            description,
            deadline_hours,
            responsible_role,
            tier,
            visibility,
        } = self;
        title.is_none()
            && description.is_none()
            && deadline_hours.is_none()
            && responsible_role.is_none()
            && tier.is_none()
            && visibility.is_none()
    }
}

/// Where a task stands after reordering: its turn in the list, and its tier.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place<Name> {
    pub task: Name,
    pub tier: Tier,
}

/// A new order of all tasks of a checklist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrangement<Name> {
    /// Every task, once.
    pub tasks: Vec<Name>,
    /// The tier of each, never lower than the one before. Empty: the tiers stay where they are in the
    /// list, and each task takes the tier of its new place; so in a checklist whose tasks come one
    /// after the other, moving one to the front makes it the first to do.
    pub tiers: Vec<Tier>,
}

impl<Name: Clone + Ord + fmt::Display> Arrangement<Name> {
    /// Where each of the tasks stands afterwards; none if that is where they stand already.
    pub(crate) fn places(&self, is: &[Place<Name>]) -> Result<Option<Vec<Place<Name>>>, Rejection> {
        let mut violations = Violations::new();
        let v = &mut violations;
        check_count(v, "tasks", &self.tasks, limits::CHECKLIST_TASKS);
        check_count(v, "tiers", &self.tiers, limits::CHECKLIST_TASKS);
        violations.finish()?;
        let mut violations = Violations::new();
        let mut missing: std::collections::BTreeSet<_> =
            is.iter().map(|place| &place.task).collect();
        for task in &self.tasks {
            if !missing.remove(task) {
                let known = is.iter().any(|place| place.task == *task);
                let what = if known {
                    "twice"
                } else {
                    "which is not in the checklist"
                };
                violations.add("tasks", format!("names {task}, {what}"));
            }
        }
        if let Some(first) = missing.first() {
            violations.add(
                "tasks",
                format!("does not name {first}: name every task of the checklist once"),
            );
        }
        if !self.tiers.is_empty() && self.tiers.len() != self.tasks.len() {
            violations.add(
                "tiers",
                format!(
                    "has {} entries; it must be empty or have one for each of the {} tasks",
                    self.tiers.len(),
                    self.tasks.len()
                ),
            );
        }
        if !self.tiers.is_sorted() {
            violations.add("tiers", "must not go down from one task to the next");
        }
        violations.finish()?;
        let stays = is.iter().map(|place| place.tier).collect::<Vec<_>>();
        let tiers = if self.tiers.is_empty() {
            &stays
        } else {
            &self.tiers
        };
        let places: Vec<_> = self
            .tasks
            .iter()
            .zip(tiers)
            .map(|(task, tier)| Place {
                task: task.clone(),
                tier: *tier,
            })
            .collect();
        Ok((places != is).then_some(places))
    }
}

/// Refuses another task of a checklist whose tasks have had as many ids as there may be: `there` are its tasks,
/// `removed` those that were taken out, whose ids are not given again.
pub(crate) fn check_ids(
    owner: impl fmt::Display,
    there: usize,
    removed: usize,
) -> Result<(), Rejection> {
    if there + removed < limits::CHECKLIST_IDS {
        return Ok(());
    }
    Err(Rejection::Precondition {
        reason: Reason::ChecklistFull,
        subject: owner.to_string(),
        description: format!(
            "the checklist of {owner} has had {} tasks, {removed} of which were removed; with these at most {} \
             are allowed",
            there + removed,
            limits::CHECKLIST_IDS
        ),
    })
}

/// How much a checklist holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Size {
    tasks: usize,
    text_bytes: usize,
    assignees: usize,
}

impl Size {
    /// The size of these tasks together.
    pub(crate) fn of<'a>(tasks: impl Iterator<Item = &'a Content>) -> Self {
        tasks.fold(Self::default(), Self::and)
    }

    /// The same with one more task.
    pub(crate) fn and(self, content: &Content) -> Self {
        Self {
            tasks: self.tasks + 1,
            text_bytes: self.text_bytes + content.text_bytes(),
            assignees: self.assignees + content.assignees.len(),
        }
    }

    /// Refuses what is too big for the checklist of `owner`.
    pub(crate) fn check(self, owner: impl fmt::Display) -> Result<(), Rejection> {
        let bounds = [
            (self.tasks, limits::CHECKLIST_TASKS, "tasks"),
            (
                self.text_bytes,
                limits::CHECKLIST_TEXT_BYTES,
                "bytes of titles and descriptions",
            ),
            (
                self.assignees,
                limits::CHECKLIST_ASSIGNEES,
                "assignees of its tasks together",
            ),
        ];
        for (size, most, what) in bounds {
            if size > most {
                return Err(Rejection::Precondition {
                    reason: Reason::ChecklistFull,
                    subject: owner.to_string(),
                    description: format!(
                        "the checklist of {owner} would have {size} {what}; at most {most} are allowed"
                    ),
                });
            }
        }
        Ok(())
    }
}

/// Where the next task of a tier goes in a list that is in the order of tiers.
pub(crate) fn end_of_tier<T>(tasks: &[T], tier: Tier, of: impl Fn(&T) -> Tier) -> usize {
    tasks.partition_point(|task| of(task) <= tier)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tiers(numbers: &[i64]) -> Vec<Tier> {
        numbers.iter().map(|n| Tier::new(*n).unwrap()).collect()
    }

    fn is(tasks: &[(&'static str, i64)]) -> Vec<Place<&'static str>> {
        let place = |(task, tier): &(&'static str, i64)| Place {
            task: *task,
            tier: Tier::new(*tier).unwrap(),
        };
        tasks.iter().map(place).collect()
    }

    #[test]
    fn tiers_and_deadlines_are_bounded() {
        assert!(Tier::new(1).is_ok() && Tier::new(1_000).is_ok());
        assert!(Tier::new(0).is_err() && Tier::new(1_001).is_err() && Tier::new(-1).is_err());
        assert!(DeadlineHours::new(1).is_ok() && DeadlineHours::new(8_760).is_ok());
        assert!(DeadlineHours::new(0).is_err() && DeadlineHours::new(8_761).is_err());
    }

    #[test]
    fn a_task_without_a_tier_comes_after_all_others() {
        assert_eq!(Tier::after(None).unwrap(), Tier::FIRST);
        assert_eq!(Tier::after(Some(Tier(4))).unwrap(), Tier(5));
        assert!(Tier::after(Some(Tier(1_000))).is_err());
    }

    #[test]
    fn reordered_tasks_take_the_tiers_of_their_new_places() {
        let arrangement = Arrangement {
            tasks: vec!["c", "a", "b"],
            tiers: vec![],
        };
        let before = is(&[("a", 1), ("b", 2), ("c", 5)]);
        let after = arrangement.places(&before).unwrap().unwrap();
        assert_eq!(after, is(&[("c", 1), ("a", 2), ("b", 5)]));
        assert_eq!(arrangement.places(&after).unwrap(), None);
    }

    #[test]
    fn tiers_that_are_given_count() {
        let arrangement = Arrangement {
            tasks: vec!["c", "a"],
            tiers: tiers(&[1, 1]),
        };
        let after = arrangement.places(&is(&[("a", 1), ("c", 2)])).unwrap();
        assert_eq!(after.unwrap(), is(&[("c", 1), ("a", 1)]));
    }

    #[test]
    fn an_order_names_every_task_once_in_the_order_of_tiers() {
        let before = is(&[("a", 1), ("b", 2)]);
        for (tasks, numbers) in [
            (vec!["a"], vec![]),
            (vec!["a", "a"], vec![]),
            (vec!["a", "b", "x"], vec![]),
            (vec!["a", "b"], vec![1]),
            (vec!["a", "b"], vec![2, 1]),
        ] {
            let tiers = tiers(&numbers);
            let arrangement = Arrangement { tasks, tiers };
            assert!(arrangement.places(&before).is_err(), "{arrangement:?}");
        }
    }
}
