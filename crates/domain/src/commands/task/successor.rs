//! Who works in the place of somebody who does not take work any more.

use crate::{
    context::Context,
    member::Standing,
    names::{MemberName, StreamName, Subject, TaskName},
    task::{AssignmentCause, AssignmentSource, Event},
    unit::{Stop, Unit},
};

/// Who works in the place of `member`: they themselves if they take work, else the first along the
/// chain of their successors who does. None: nobody. Reading the streams makes the append fail where
/// that changes meanwhile.
pub(in crate::commands) fn in_place_of(
    unit: &mut Unit<'_>,
    member: &MemberName,
) -> Result<Option<MemberName>, Stop> {
    let mut passed: Vec<MemberName> = Vec::new();
    let mut next = member.clone();
    loop {
        let state = unit.member(&next)?;
        let successor = match state.details().map(|details| &details.standing) {
            Some(Standing::Enabled) => return Ok(Some(next)),
            Some(Standing::Disabling { successor } | Standing::Disabled { successor }) => successor,
            None => return Ok(None),
        };
        passed.push(next);
        match successor {
            Some(successor) if !passed.contains(successor) => next = successor.clone(),
            Some(_) | None => return Ok(None),
        }
    }
}

/// Each of the members or who works in their place, once.
fn working(unit: &mut Unit<'_>, members: &[MemberName]) -> Result<Vec<MemberName>, Stop> {
    unit.need(members.iter().map(StreamName::from))?;
    let mut working = Vec::with_capacity(members.len());
    for member in members {
        if let Some(member) = in_place_of(unit, member)?
            && !working.contains(&member)
        {
            working.push(member);
        }
    }
    Ok(working)
}

/// Whose a task is where nobody is named (S2): the account's support team, else its assignee; or the
/// member whom it is about. Empty if none of them takes work and nobody does in their place.
pub(super) fn default_assignees(
    unit: &mut Unit<'_>,
    subject: &Subject,
) -> Result<Vec<MemberName>, Stop> {
    match subject {
        Subject::Account(name) => {
            let account = unit.account(name)?;
            let details = account.existing(name)?;
            let team = working(unit, &details.support_team)?;
            if team.is_empty() {
                return working(unit, std::slice::from_ref(&details.assignee));
            }
            Ok(team)
        }
        Subject::Member(name) => working(unit, std::slice::from_ref(name)),
    }
}

/// Replaces those assignees of a task that comes back who do not take work any more (S4). If nobody is
/// left, those get it who get a new task of the subject.
pub(super) fn replace_disabled(
    context: &Context,
    unit: &mut Unit<'_>,
    name: &TaskName,
) -> Result<(), Stop> {
    let task = unit.task(name)?;
    let details = task.existing(name)?;
    let before = &details.assignees;
    let mut after = working(unit, before)?;
    if after.is_empty() && !before.is_empty() {
        after = default_assignees(unit, &details.subject)?;
    }
    let without = |members: &[MemberName], others: &[MemberName]| -> Vec<MemberName> {
        let those = members.iter().filter(|member| !others.contains(member));
        those.cloned().collect()
    };
    let (left, joined) = (without(before, &after), without(&after, before));
    if left.is_empty() && joined.is_empty() {
        return Ok(());
    }
    let event = Event::Assigned {
        left,
        joined,
        cause: AssignmentCause {
            source: AssignmentSource::Successor,
            event: None,
        },
        by: context.by(),
        at: context.now,
    };
    unit.append_task(name, event)
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use chrono::DateTime;

    use super::*;
    use crate::{
        Revision, Source, State, Version, Versioned,
        commands::task::samples::member,
        member::{Details, Kind, Member},
        text::Line,
    };

    struct Team(HashMap<StreamName, Member>);

    impl Source for Team {
        fn get(&self, stream: &StreamName) -> Option<Versioned> {
            Some(Versioned {
                version: Version(1),
                state: State::Member(self.0.get(stream).cloned().unwrap_or_default().into()),
            })
        }
    }

    fn team(members: [(&str, Standing); 5]) -> Team {
        let at = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let details = |standing| Details {
            display_name: Line::new("Somebody").unwrap(),
            email: None,
            kind: Kind::Staff,
            standing,
            tasks_numbered: 0,
            revision: Revision(1),
            created_at: at,
            updated_at: at,
        };
        let known = members.map(|(id, standing)| {
            let state = Member::Existing(details(standing));
            (StreamName::from(&member(id)), state)
        });
        Team(known.into())
    }

    #[test]
    fn work_goes_along_the_chain_of_successors_to_the_first_who_takes_it() {
        let to = |id: &str| Some(member(id));
        let team = team([
            (
                "ana",
                Standing::Disabled {
                    successor: to("ben"),
                },
            ),
            (
                "ben",
                Standing::Disabling {
                    successor: to("cleo"),
                },
            ),
            ("cleo", Standing::Enabled),
            (
                "dan",
                Standing::Disabled {
                    successor: to("eva"),
                },
            ),
            (
                "eva",
                Standing::Disabled {
                    successor: to("dan"),
                },
            ),
        ]);
        let mut unit = Unit::new(&team);
        for (from, to) in [
            ("ana", Some("cleo")),
            ("ben", Some("cleo")),
            ("cleo", Some("cleo")),
            // Each is the other's successor, and neither takes work.
            ("dan", None),
            ("nobody", None),
        ] {
            let found = in_place_of(&mut unit, &member(from)).unwrap();
            assert_eq!(found, to.map(member), "{from}");
        }
        let all = ["ana", "dan", "cleo"].map(member);
        assert_eq!(working(&mut unit, &all).unwrap(), [member("cleo")]);
    }
}
