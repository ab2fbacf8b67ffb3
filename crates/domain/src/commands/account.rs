//! Commands about accounts (S0).

use crate::{
    account::{Account, Event, Kind, Origin},
    commands::{member::assignable, new_id::NewId},
    context::Context,
    member::Details,
    names::{AccountName, MemberName, StreamName},
    text::{Line, SlaHours},
    unit::{Command, Stop, Unit},
};

/// Creates an account by hand.
#[derive(Debug, Clone)]
pub struct CreateAccount {
    pub id: NewId<AccountName>,
    pub display_name: Line,
    pub kind: Kind,
    /// None: the acting member, else the setting `default_assignee`.
    pub assignee: Option<MemberName>,
    pub sla_hours: Option<SlaHours>,
}

impl Command for CreateAccount {
    fn decide(&self, context: &Context, unit: &mut Unit<'_>) -> Result<StreamName, Stop> {
        context.require_team(unit)?;
        let name = self.id.choose(
            &self.display_name,
            "account_id",
            AccountName::from_id,
            |name| Ok(matches!(&*unit.account(name)?, Account::Absent)),
        )?;
        let assignee = match &self.assignee {
            Some(assignee) => {
                assignable(unit, "account.assignee", assignee)?;
                assignee.clone()
            }
            None => default_assignee(context, unit)?,
        };
        let event = unit.account(&name)?.create(
            &name,
            Event::Created {
                display_name: self.display_name.clone(),
                kind: self.kind,
                status: unit.settings()?.default_account_status,
                assignee,
                sla_hours: self.sla_hours,
                origin: Origin::Manual,
                by: context.by(),
                at: context.now,
            },
        )?;
        unit.append_account(&name, event)?;
        Ok((&name).into())
    }
}

/// Creates the account that an action names where it does not exist yet (S0): a customer with its id
/// as display name.
pub(super) fn create_for_action(
    context: &Context,
    unit: &mut Unit<'_>,
    name: &AccountName,
) -> Result<(), Stop> {
    if let Account::Existing(_) = &*unit.account(name)? {
        return Ok(());
    }
    let assignee = default_assignee(context, unit)?;
    let settings = unit.settings()?;
    let event = Event::Created {
        display_name: Line::new(name.id()).expect("an id is a line of at most 63 characters"),
        kind: Kind::Customer,
        status: settings.default_account_status,
        assignee,
        sla_hours: None,
        origin: Origin::Auto,
        by: context.by(),
        at: context.now,
    };
    unit.append_account(name, event)
}

/// The acting member, else the setting `default_assignee`. Either stream is read, so that the append
/// fails where work cannot be given to them any more.
fn default_assignee(context: &Context, unit: &mut Unit<'_>) -> Result<MemberName, Stop> {
    if let Some(acting) = context.acting_member()
        && unit
            .member(acting)?
            .details()
            .is_some_and(Details::takes_work)
    {
        return Ok(acting.clone());
    }
    let assignee = unit.settings()?.default_assignee.clone();
    assignable(unit, "settings.default_assignee", &assignee)?;
    Ok(assignee)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        commands::memory::Memory,
        rejection::{Reason, Rejection},
        settings::Settings,
    };

    fn create(id: NewId<AccountName>, display_name: &str) -> CreateAccount {
        CreateAccount {
            id,
            display_name: Line::new(display_name).unwrap(),
            kind: Kind::Lead,
            assignee: None,
            sla_hours: None,
        }
    }

    #[test]
    fn an_account_belongs_to_the_acting_member_unless_another_is_named() {
        let mut memory = Memory::with_team();
        memory.accept("members/ana", &create(NewId::FromDisplayName, "Acme"));
        assert_eq!(memory.account("acme").assignee.id(), "ana");

        let named = CreateAccount {
            assignee: Some("members/ben".parse().unwrap()),
            ..create(NewId::FromDisplayName, "Bolt")
        };
        memory.accept("members/ana", &named);
        assert_eq!(memory.account("bolt").assignee.id(), "ben");

        memory.accept(
            "service-accounts/crm",
            &create(NewId::FromDisplayName, "Cargo"),
        );
        assert_eq!(memory.account("cargo").assignee, Settings::first_member());
    }

    #[test]
    fn a_taken_slug_gets_a_number_and_a_taken_id_is_refused() {
        let mut memory = Memory::with_team();
        for id in ["acme", "acme-2", "acme-3"] {
            let stream = memory.accept("members/ana", &create(NewId::FromDisplayName, "Acme!"));
            assert_eq!(stream.as_str(), format!("accounts/{id}"));
        }
        let taken = create(NewId::Given("accounts/acme-2".parse().unwrap()), "Acme");
        assert!(matches!(
            memory.reject("members/ana", &taken),
            Rejection::AlreadyExists { .. }
        ));
    }

    #[test]
    fn a_name_that_gives_no_id_asks_for_one() {
        let mut memory = Memory::with_team();
        for display_name in ["***", "Member Ana"] {
            let Rejection::Invalid(violations) =
                memory.reject("members/ana", &create(NewId::FromDisplayName, display_name))
            else {
                panic!("not a violation")
            };
            assert_eq!(violations[0].field, "account_id");
        }
    }

    #[test]
    fn nobody_unknown_is_assigned_and_nobody_unknown_calls() {
        let mut memory = Memory::with_team();
        let command = CreateAccount {
            assignee: Some("members/nobody".parse().unwrap()),
            ..create(NewId::FromDisplayName, "Acme")
        };
        let rejection = memory.reject("members/ana", &command);
        assert!(matches!(
            rejection,
            Rejection::Precondition {
                reason: Reason::UnknownMember,
                ..
            }
        ));
        let rejection = memory.reject("members/nobody", &create(NewId::FromDisplayName, "Acme"));
        assert!(matches!(rejection, Rejection::UnknownActor { .. }));
        let rejection = memory.reject(
            "accounts/a/contacts/b",
            &create(NewId::FromDisplayName, "Acme"),
        );
        assert!(matches!(rejection, Rejection::NotAllowed { .. }));
    }
}
