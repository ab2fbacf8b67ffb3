//! Commands about who is responsible for an account (S0). Each is an operation (S4).

use crate::{
    account::{self, Handover, RoleSource},
    commands::{
        account::{append, editable},
        member::assignable,
        operation,
    },
    context::Context,
    holding::Holding,
    names::{AccountName, MemberName, OperationName, StreamName},
    operation::{ItemResult, Outcome, OwnershipChange, Reassigned, Recording, left_as},
    policy::RoleChange,
    terms::Role,
    unit::{Command, Stop, Unit},
};

/// Gives a role of an account to a member: `assignee`, or one that the settings offer. The operation that
/// it is ends in the same append, unless the ownership policy has work to move.
#[derive(Debug, Clone)]
pub struct AssignRole {
    pub account: AccountName,
    pub role: Role,
    pub holder: MemberName,
}

impl Command for AssignRole {
    fn decide(&self, context: &Context, unit: &mut Unit<'_>) -> Result<StreamName, Stop> {
        let name = OperationName::of_command(context.command_id);
        let member = context.acting_member().map(StreamName::from);
        let streams = [
            (&self.account).into(),
            (&self.holder).into(),
            (&name).into(),
            StreamName::settings(),
        ];
        unit.need(member.into_iter().chain(streams))?;
        let account = editable(context, unit, &self.account)?;
        assignable(unit, "holder", &self.holder)?;
        context.check_plan(unit)?;
        let handover = Handover {
            role: self.role.clone(),
            holder: self.holder.clone(),
            source: RoleSource::Api,
            operation: Some(name),
            moves_work: false,
        };
        let settings = unit.settings()?;
        let (account, by, at) = (account, context.by(), context.now);
        let event = account.assign_role(&self.account, &handover, &settings, by, at)?;
        if let Some(event) = &event {
            operate(context, unit, &self.account, event)?;
        }
        append(unit, &self.account, event)
    }
}

/// Takes a role of an account from whoever holds it. Not `assignee`, which is passed on. Nobody's work
/// moves.
#[derive(Debug, Clone)]
pub struct VacateRole {
    pub account: AccountName,
    pub role: Role,
}

impl Command for VacateRole {
    fn decide(&self, context: &Context, unit: &mut Unit<'_>) -> Result<StreamName, Stop> {
        let account = editable(context, unit, &self.account)?;
        context.check_plan(unit)?;
        let settings = unit.settings()?;
        let event = account.vacate_role(
            &self.account,
            &self.role,
            RoleSource::Api,
            Some(OperationName::of_command(context.command_id)),
            &settings,
            context.by(),
            context.now,
        )?;
        if let Some(event) = &event {
            operate(context, unit, &self.account, event)?;
        }
        append(unit, &self.account, event)
    }
}

/// Records the change of one role as an operation of its own. Its events come before the role's: the
/// answer is about the account.
fn operate(
    context: &Context,
    unit: &mut Unit<'_>,
    account: &AccountName,
    event: &account::Event,
) -> Result<(), Stop> {
    let account = account.clone();
    let (change, role, from, to) = match event {
        account::Event::RoleAssigned {
            role,
            previous,
            holder,
            policy,
            policy_version,
            ..
        } => {
            let change = OwnershipChange::AssignRole {
                account: account.clone(),
                role: role.clone(),
                from: previous.clone(),
                to: holder.clone(),
                policy: *policy,
                policy_version: *policy_version,
            };
            (change, role, previous.clone(), Some(holder.clone()))
        }
        account::Event::RoleVacated { role, previous, .. } => {
            let change = OwnershipChange::VacateRole {
                account: account.clone(),
                role: role.clone(),
                from: previous.clone(),
            };
            (change, role, Some(previous.clone()), None)
        }
        _ => return Ok(()),
    };
    let role = role.clone();
    let name = operation::start(context, unit, change)?;
    let followed = RoleChange::of(event).is_some_and(|change| change.is_followed());
    let recording = Recording {
        results: vec![ItemResult {
            item: Holding::Role { account, role },
            outcome: Outcome::Moved {
                change: Reassigned {
                    from,
                    left_as: left_as("", &to),
                    to,
                    shared: false,
                },
            },
        }],
        awaited: u32::from(followed),
        policy: None,
    };
    operation::record(context, unit, &name, recording)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Event, Revision,
        account::{self, Status},
        commands::{SetAccountStatus, memory::Memory},
        rejection::{Reason, Rejection},
        settings::{AccountRole, Changes, OwnershipPolicy},
        text::Line,
    };

    fn assign(role: &str, holder: &str) -> AssignRole {
        AssignRole {
            account: "accounts/acme".parse().unwrap(),
            role: role.parse().unwrap(),
            holder: format!("members/{holder}").parse().unwrap(),
        }
    }

    fn vacate(role: &str) -> VacateRole {
        VacateRole {
            account: "accounts/acme".parse().unwrap(),
            role: role.parse().unwrap(),
        }
    }

    fn reason(rejection: Rejection) -> Reason {
        match rejection {
            Rejection::Precondition { reason, .. } => reason,
            other => panic!("{other}"),
        }
    }

    #[test]
    fn the_assignee_is_passed_on_and_never_vacated() {
        let mut memory = Memory::with_account("acme");
        memory.accept("members/ana", &assign("assignee", "ben"));
        assert_eq!(memory.account("acme").assignee.id(), "ben");
        let rejection = memory.reject("members/ana", &vacate("assignee"));
        assert_eq!(reason(rejection), Reason::AssigneeRequired);
    }

    #[test]
    fn a_role_is_held_by_one_member_and_can_be_vacated() {
        let mut memory = Memory::with_account("acme");
        for holder in ["ana", "ben"] {
            memory.accept("members/ana", &assign("success-manager", holder));
        }
        let roles = memory.account("acme").roles;
        assert_eq!(roles.len(), 1);
        assert_eq!(roles[&"success-manager".parse().unwrap()].id(), "ben");
        memory.accept("members/ana", &vacate("success-manager"));
        assert!(memory.account("acme").roles.is_empty());
        let events = memory.log.len();
        memory.accept("members/ana", &vacate("success-manager"));
        assert_eq!(memory.log.len(), events);
    }

    #[test]
    fn a_role_event_says_who_held_it_and_stamps_the_policy() {
        let mut memory = Memory::with_account("acme");
        memory.change_settings(Changes {
            ownership_policy: Some(OwnershipPolicy::AllOpen),
            ..Changes::default()
        });
        memory.accept("members/ana", &assign("assignee", "ben"));
        let Event::Account(account::Event::RoleAssigned {
            previous,
            source,
            policy,
            policy_version,
            ..
        }) = &memory.log.last().unwrap().event
        else {
            panic!("{:?}", memory.log.last())
        };
        assert_eq!(previous.as_ref().unwrap().id(), "ana");
        assert_eq!(
            (*source, *policy, *policy_version),
            (RoleSource::Api, OwnershipPolicy::AllOpen, Revision(1))
        );
    }

    #[test]
    fn who_holds_a_role_already_is_not_assigned_again() {
        let mut memory = Memory::with_account("acme");
        let events = memory.log.len();
        memory.accept("members/ben", &assign("assignee", "ana"));
        assert_eq!(memory.log.len(), events);
    }

    #[test]
    fn nobody_unknown_or_disabled_is_given_a_role() {
        let mut memory = Memory::with_account("acme");
        let rejection = memory.reject("members/ana", &assign("assignee", "nobody"));
        assert_eq!(reason(rejection), Reason::UnknownMember);
        memory.disable("ben");
        let rejection = memory.reject("members/ana", &assign("assignee", "ben"));
        assert_eq!(reason(rejection), Reason::MemberDisabled);
    }

    #[test]
    fn only_roles_that_the_settings_offer_are_given_and_a_retired_one_stays_where_it_is() {
        let mut memory = Memory::with_account("acme");
        let rejection = memory.reject("members/ana", &assign("jester", "ana"));
        assert_eq!(reason(rejection), Reason::UnknownRole);
        let rejection = memory.reject("members/ana", &vacate("jester"));
        assert_eq!(reason(rejection), Reason::UnknownRole);

        memory.accept("members/ana", &assign("sales-manager", "ana"));
        memory.change_settings(Changes {
            account_roles: Some(vec![AccountRole {
                role: "success-manager".parse().unwrap(),
                display_name: Line::new("Success manager").unwrap(),
            }]),
            ..Changes::default()
        });
        assert_eq!(memory.account("acme").roles.len(), 1);
        let rejection = memory.reject("members/ana", &assign("sales-manager", "ben"));
        assert_eq!(reason(rejection), Reason::UnknownRole);
        memory.accept("members/ana", &vacate("sales-manager"));
        assert!(memory.account("acme").roles.is_empty());
    }

    #[test]
    fn roles_of_a_deactivated_account_go_on_changing() {
        let mut memory = Memory::with_account("acme");
        let deactivate = SetAccountStatus {
            name: "accounts/acme".parse().unwrap(),
            status: Status::Deactivated,
        };
        memory.accept("members/ana", &deactivate);
        memory.accept("members/ana", &assign("assignee", "ben"));
    }

    #[test]
    fn no_role_of_an_unknown_account_is_given() {
        let mut memory = Memory::with_team();
        for command in [
            &assign("assignee", "ben") as &dyn Command,
            &vacate("sales-manager"),
        ] {
            assert!(matches!(
                memory.reject("members/ana", command),
                Rejection::NotFound { .. }
            ));
        }
    }
}
