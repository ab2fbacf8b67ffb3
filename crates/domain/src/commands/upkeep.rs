//! Commands about how an account is looked after: its support team, its generated tasks, its monthly
//! report (S0).

use crate::{
    commands::{
        account::{append, editable},
        member::assignable,
        task::{check_count, distinct},
    },
    context::Context,
    limits,
    names::{AccountName, MemberName, StreamName},
    rejection::Violations,
    terms::TaskType,
    unit::{Command, Stop, Unit},
};

/// Turns an account's monthly report on or off.
#[derive(Debug, Clone)]
pub struct SetMonthlyReport {
    pub account: AccountName,
    pub on: bool,
}

impl Command for SetMonthlyReport {
    fn decide(&self, context: &Context, unit: &mut Unit<'_>) -> Result<StreamName, Stop> {
        let account = editable(context, unit, &self.account)?;
        let event =
            account.set_monthly_report(&self.account, self.on, context.by(), context.now)?;
        append(unit, &self.account, event)
    }
}

/// Says which types of tasks are generated for an account.
#[derive(Debug, Clone)]
pub struct SelectTaskTypes {
    pub account: AccountName,
    /// None: all, also those that the settings will add.
    pub task_types: Option<Vec<TaskType>>,
}

impl Command for SelectTaskTypes {
    fn decide(&self, context: &Context, unit: &mut Unit<'_>) -> Result<StreamName, Stop> {
        let account = editable(context, unit, &self.account)?;
        let settings = unit.settings()?;
        let event = account.select_task_types(
            &self.account,
            self.task_types.as_deref(),
            &settings,
            context.by(),
            context.now,
        )?;
        append(unit, &self.account, event)
    }
}

/// Makes exactly these members an account's support team.
#[derive(Debug, Clone)]
pub struct SetSupportTeam {
    pub account: AccountName,
    pub members: Vec<MemberName>,
}

impl Command for SetSupportTeam {
    fn decide(&self, context: &Context, unit: &mut Unit<'_>) -> Result<StreamName, Stop> {
        let mut violations = Violations::new();
        check_count(
            &mut violations,
            "members",
            &self.members,
            limits::SUPPORT_TEAM,
        );
        let members = self.members.iter().take(limits::SUPPORT_TEAM);
        let streams = members.chain(context.acting_member()).map(StreamName::from);
        unit.need(streams.chain([(&self.account).into()]))?;
        let account = editable(context, unit, &self.account)?;
        violations.finish()?;
        let members = distinct(&self.members);
        for member in &members {
            assignable(unit, "members", member)?;
        }
        let event = account.set_support_team(&self.account, members, context.by(), context.now)?;
        append(unit, &self.account, event)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        commands::memory::Memory,
        rejection::{Reason, Rejection},
        settings::Changes,
    };

    fn acme() -> AccountName {
        "accounts/acme".parse().unwrap()
    }

    fn select(task_types: Option<&[&str]>) -> SelectTaskTypes {
        SelectTaskTypes {
            account: acme(),
            task_types: task_types.map(|ids| ids.iter().map(|id| id.parse().unwrap()).collect()),
        }
    }

    fn team(ids: &[&str]) -> SetSupportTeam {
        SetSupportTeam {
            account: acme(),
            members: ids
                .iter()
                .map(|id| MemberName::from_id(id).unwrap())
                .collect(),
        }
    }

    #[test]
    fn the_monthly_report_is_turned_off_and_on() {
        let mut memory = Memory::with_account("acme");
        for on in [false, true] {
            let command = SetMonthlyReport {
                account: acme(),
                on,
            };
            memory.accept("members/ana", &command);
            assert_eq!(memory.account("acme").monthly_report, on);
            let events = memory.log.len();
            memory.accept("members/ana", &command);
            assert_eq!(memory.log.len(), events);
        }
    }

    #[test]
    fn task_types_are_those_of_the_settings_each_once() {
        let mut memory = Memory::with_account("acme");
        let types = ["social-post", "review-response", "social-post"];
        memory.accept("members/ana", &select(Some(&types)));
        let selected = memory.account("acme").task_types.unwrap();
        assert_eq!(
            selected,
            ["review-response", "social-post"].map(|id| id.parse().unwrap())
        );
        let events = memory.log.len();
        memory.accept(
            "members/ana",
            &select(Some(&["social-post", "review-response"])),
        );
        assert_eq!(memory.log.len(), events);
        assert!(matches!(
            memory.reject("members/ana", &select(Some(&["juggling"]))),
            Rejection::Precondition {
                reason: Reason::UnknownTaskType,
                ..
            }
        ));
        memory.accept("members/ana", &select(Some(&[])));
        assert_eq!(memory.account("acme").task_types, Some(vec![]));
        memory.accept("members/ana", &select(None));
        assert_eq!(memory.account("acme").task_types, None);
    }

    #[test]
    fn a_retired_task_type_can_stay_selected() {
        let mut memory = Memory::with_account("acme");
        memory.accept("members/ana", &select(Some(&["social-post"])));
        memory.change_settings(Changes {
            task_types: Some(vec!["website-edit".parse().unwrap()]),
            ..Changes::default()
        });
        memory.accept(
            "members/ana",
            &select(Some(&["social-post", "website-edit"])),
        );
    }

    #[test]
    fn a_support_team_has_each_member_once_and_only_who_takes_work() {
        let mut memory = Memory::with_account("acme");
        memory.accept("members/ana", &team(&["ben", "ana", "ben"]));
        let members = memory.account("acme").support_team;
        assert_eq!(members, team(&["ben", "ana"]).members);
        let events = memory.log.len();
        memory.accept("members/ana", &team(&["ben", "ana"]));
        assert_eq!(memory.log.len(), events);

        memory.accept("members/ana", &team(&[]));
        memory.disable("ben");
        for (id, expected) in [
            ("ben", Reason::MemberDisabled),
            ("nobody", Reason::UnknownMember),
        ] {
            let Rejection::Precondition { reason, .. } = memory.reject("members/ana", &team(&[id]))
            else {
                panic!("{id} was not refused by a rule")
            };
            assert_eq!(reason, expected);
        }
    }

    #[test]
    fn a_support_team_is_bounded() {
        let mut memory = Memory::with_account("acme");
        let command = team(&["ana"; limits::SUPPORT_TEAM + 1]);
        let Rejection::Invalid(violations) = memory.reject("members/ana", &command) else {
            panic!("not a violation")
        };
        assert_eq!(violations[0].field, "members");
    }
}
