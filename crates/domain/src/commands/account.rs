//! Commands about accounts (S0).

use std::sync::Arc;

use crate::{
    account::{Account, Event, Kind, Origin, Status},
    commands::{member::assignable, new_id::NewId, task::in_place_of},
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

/// Changes what an account is called, or the hours within which its tasks are due.
#[derive(Debug, Clone)]
pub struct UpdateAccount {
    pub name: AccountName,
    /// None: as it is.
    pub display_name: Option<Line>,
    /// None: as they are; none within: those of the settings.
    pub sla_hours: Option<Option<SlaHours>>,
}

impl Command for UpdateAccount {
    fn decide(&self, context: &Context, unit: &mut Unit<'_>) -> Result<StreamName, Stop> {
        let account = editable(context, unit, &self.name)?;
        let event = account.change_details(
            &self.name,
            self.display_name.as_ref(),
            self.sla_hours.as_ref(),
            context.by(),
            context.now,
        )?;
        append(unit, &self.name, event)
    }
}

/// Makes a lead a customer.
#[derive(Debug, Clone)]
pub struct ConvertLead {
    pub name: AccountName,
}

impl Command for ConvertLead {
    fn decide(&self, context: &Context, unit: &mut Unit<'_>) -> Result<StreamName, Stop> {
        let account = editable(context, unit, &self.name)?;
        let event = account.convert_lead(&self.name, context.by(), context.now)?;
        append(unit, &self.name, event)
    }
}

/// Activates, pauses or deactivates an account, from whatever status (S0).
#[derive(Debug, Clone)]
pub struct SetAccountStatus {
    pub name: AccountName,
    pub status: Status,
}

impl Command for SetAccountStatus {
    fn decide(&self, context: &Context, unit: &mut Unit<'_>) -> Result<StreamName, Stop> {
        let account = editable(context, unit, &self.name)?;
        let event = account.set_status(&self.name, self.status, context.by(), context.now)?;
        append(unit, &self.name, event)
    }
}

/// The account, which exists, is at the revision that the caller read, and is the team's to change.
pub(super) fn editable(
    context: &Context,
    unit: &mut Unit<'_>,
    name: &AccountName,
) -> Result<Arc<Account>, Stop> {
    let member = context.acting_member().map(StreamName::from);
    unit.need(member.into_iter().chain([name.into()]))?;
    context.require_team(unit)?;
    let account = unit.account(name)?;
    context.check_revision(name.as_str(), account.existing(name)?.revision)?;
    Ok(account)
}

/// Appends what was decided about an account, if anything.
pub(super) fn append(
    unit: &mut Unit<'_>,
    name: &AccountName,
    event: Option<Event>,
) -> Result<StreamName, Stop> {
    if let Some(event) = event {
        unit.append_account(name, event)?;
    }
    Ok(name.into())
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

/// The acting member, else the setting `default_assignee`, else whoever works in its place while that is
/// passed on. Either stream is read, so that the append
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
    match in_place_of(unit, &assignee)? {
        Some(assignee) => Ok(assignee),
        None => {
            assignable(unit, "settings.default_assignee", &assignee)?;
            Ok(assignee)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        commands::memory::Memory,
        rejection::{Reason, Rejection},
        settings::{Changes, Settings},
        version::Revision,
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

    fn acme(memory: &mut Memory) -> AccountName {
        memory.accept("members/ana", &create(NewId::FromDisplayName, "Acme"));
        "accounts/acme".parse().unwrap()
    }

    fn set_status(name: &AccountName, status: Status) -> SetAccountStatus {
        SetAccountStatus {
            name: name.clone(),
            status,
        }
    }

    #[test]
    fn a_new_account_has_all_task_types_and_the_monthly_report() {
        let mut memory = Memory::with_team();
        acme(&mut memory);
        let account = memory.account("acme");
        assert_eq!(account.task_types, None);
        assert!(account.monthly_report);
        assert!(account.contacts.is_empty() && account.support_team.is_empty());
    }

    #[test]
    fn the_first_status_is_the_settings() {
        let mut memory = Memory::with_team();
        memory.change_settings(Changes {
            default_account_status: Some(Status::Paused),
            ..Changes::default()
        });
        acme(&mut memory);
        assert_eq!(memory.account("acme").status, Status::Paused);
    }

    #[test]
    fn any_status_leads_to_any_other() {
        let mut memory = Memory::with_team();
        let name = acme(&mut memory);
        let all = [Status::Active, Status::Paused, Status::Deactivated];
        for from in all {
            for to in all {
                memory.accept("members/ana", &set_status(&name, from));
                let events = memory.log.len();
                memory.accept("members/ana", &set_status(&name, to));
                assert_eq!(memory.account("acme").status, to);
                assert_eq!(memory.log.len() - events, usize::from(from != to));
            }
        }
    }

    #[test]
    fn only_a_first_action_creates_an_account() {
        let mut memory = Memory::with_team();
        let name = AccountName::from_id("nowhere").unwrap();
        let update = UpdateAccount {
            name: name.clone(),
            display_name: None,
            sla_hours: None,
        };
        let convert = ConvertLead { name: name.clone() };
        for command in [
            &set_status(&name, Status::Active) as &dyn Command,
            &set_status(&name, Status::Paused),
            &update,
            &convert,
        ] {
            assert!(matches!(
                memory.reject("members/ana", command),
                Rejection::NotFound { .. }
            ));
        }
    }

    #[test]
    fn a_lead_is_converted_once() {
        let mut memory = Memory::with_team();
        let name = acme(&mut memory);
        memory.accept("members/ana", &ConvertLead { name: name.clone() });
        assert_eq!(memory.account("acme").kind, Kind::Customer);
        let events = memory.log.len();
        memory.accept("members/ana", &ConvertLead { name });
        assert_eq!(memory.log.len(), events);
    }

    #[test]
    fn an_update_records_old_and_new_and_only_what_changed() {
        let mut memory = Memory::with_team();
        let name = acme(&mut memory);
        let update = UpdateAccount {
            name,
            display_name: Some(Line::new("Acme AG").unwrap()),
            sla_hours: Some(None),
        };
        memory.accept("members/ana", &update);
        let crate::Event::Account(Event::DetailsChanged {
            display_name: Some(change),
            sla_hours: None,
            ..
        }) = &memory.log.last().unwrap().event
        else {
            panic!("{:?}", memory.log.last())
        };
        assert_eq!(
            (change.from.as_str(), change.to.as_str()),
            ("Acme", "Acme AG")
        );
        let events = memory.log.len();
        memory.accept("members/ana", &update);
        assert_eq!(memory.log.len(), events);
    }

    #[test]
    fn a_stale_etag_does_not_change_an_account() {
        let mut memory = Memory::with_team();
        let name = acme(&mut memory);
        memory.accept("members/ana", &set_status(&name, Status::Paused));
        let stale = memory.decide_at(Revision(1), &set_status(&name, Status::Active));
        assert!(matches!(stale, Err(Rejection::VersionMismatch { .. })));
        let fresh = memory.decide_at(Revision(2), &set_status(&name, Status::Active));
        assert!(fresh.is_ok());
    }

    #[test]
    fn an_account_of_a_program_belongs_to_the_default_assignee_who_must_take_work() {
        let mut memory = Memory::with_team();
        memory.change_settings(Changes {
            default_assignee: Some("members/ben".parse().unwrap()),
            ..Changes::default()
        });
        memory.accept(
            "service-accounts/crm",
            &create(NewId::FromDisplayName, "Acme"),
        );
        assert_eq!(memory.account("acme").assignee.id(), "ben");
    }

    #[test]
    fn a_disabled_member_is_neither_assigned_nor_a_caller() {
        let mut memory = Memory::with_team();
        memory.disable("ben");
        let command = CreateAccount {
            assignee: Some("members/ben".parse().unwrap()),
            ..create(NewId::FromDisplayName, "Acme")
        };
        assert!(matches!(
            memory.reject("members/ana", &command),
            Rejection::Precondition {
                reason: Reason::MemberDisabled,
                ..
            }
        ));
        for context in [
            memory.context("members/ben"),
            Context {
                on_behalf_of: Some("members/ben".parse().unwrap()),
                ..memory.context("service-accounts/crm")
            },
        ] {
            let rejected = memory.decide(&context, &create(NewId::FromDisplayName, "Acme"));
            assert!(matches!(rejected, Err(Rejection::UnknownActor { .. })));
        }
    }
}
