//! Commands about who is responsible for an account (S0).

use crate::{
    account::{Handover, RoleSource},
    commands::{
        account::{append, editable},
        member::assignable,
    },
    context::Context,
    names::{AccountName, MemberName, StreamName},
    terms::Role,
    unit::{Command, Stop, Unit},
};

/// Gives a role of an account to a member: `assignee`, or one that the settings offer.
#[derive(Debug, Clone)]
pub struct AssignRole {
    pub account: AccountName,
    pub role: Role,
    pub holder: MemberName,
    /// Which path the change takes.
    pub source: RoleSource,
}

impl Command for AssignRole {
    fn decide(&self, context: &Context, unit: &mut Unit<'_>) -> Result<StreamName, Stop> {
        let member = context.acting_member().map(StreamName::from);
        let streams = [
            (&self.account).into(),
            (&self.holder).into(),
            StreamName::settings(),
        ];
        unit.need(member.into_iter().chain(streams))?;
        let account = editable(context, unit, &self.account)?;
        assignable(unit, "holder", &self.holder)?;
        let handover = Handover {
            role: self.role.clone(),
            holder: self.holder.clone(),
            source: self.source,
        };
        let settings = unit.settings()?;
        let event = account.assign_role(
            &self.account,
            &handover,
            &settings,
            context.by(),
            context.now,
        )?;
        append(unit, &self.account, event)
    }
}

/// Takes a role of an account from whoever holds it. Not `assignee`, which is passed on.
#[derive(Debug, Clone)]
pub struct VacateRole {
    pub account: AccountName,
    pub role: Role,
    /// Which path the change takes.
    pub source: RoleSource,
}

impl Command for VacateRole {
    fn decide(&self, context: &Context, unit: &mut Unit<'_>) -> Result<StreamName, Stop> {
        let account = editable(context, unit, &self.account)?;
        let settings = unit.settings()?;
        let event = account.vacate_role(
            &self.account,
            &self.role,
            self.source,
            &settings,
            context.by(),
            context.now,
        )?;
        append(unit, &self.account, event)
    }
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
            source: RoleSource::Api,
        }
    }

    fn vacate(role: &str) -> VacateRole {
        VacateRole {
            account: "accounts/acme".parse().unwrap(),
            role: role.parse().unwrap(),
            source: RoleSource::Api,
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
        let command = AssignRole {
            source: RoleSource::Transfer,
            ..assign("assignee", "ben")
        };
        memory.accept("members/ana", &command);
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
            (RoleSource::Transfer, OwnershipPolicy::AllOpen, Revision(1))
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
