//! Commands about the people at an account.

use crate::{
    account::{ContactChanges, ContactKind, Event},
    commands::account::append,
    context::Context,
    names::{AccountName, ContactName, StreamName},
    rejection::Rejection,
    text::{Email, Line, Phone},
    unit::{Command, Stop, Unit},
};

/// Adds a contact to an account.
#[derive(Debug, Clone)]
pub struct CreateContact {
    pub account: AccountName,
    pub name: ContactName,
    pub display_name: Line,
    pub email: Option<Email>,
    pub phone: Option<Phone>,
    pub kind: ContactKind,
    pub portal_access: bool,
}

impl Command for CreateContact {
    fn decide(&self, context: &Context, unit: &mut Unit<'_>) -> Result<StreamName, Stop> {
        team_at(context, unit, &self.account, &self.name)?;
        let created = Event::ContactCreated {
            contact: self.name.clone(),
            display_name: self.display_name.clone(),
            email: self.email.clone(),
            phone: self.phone.clone(),
            kind: self.kind,
            portal_access: self.portal_access,
            by: context.by(),
            at: context.now,
        };
        let account = unit.account(&self.account)?;
        let event = account.create_contact(&self.account, &self.name, created)?;
        append(unit, &self.account, Some(event))
    }
}

/// Changes what is known of a contact. The etag is the contact's.
#[derive(Debug, Clone)]
pub struct UpdateContact {
    pub account: AccountName,
    pub name: ContactName,
    pub changes: ContactChanges,
}

impl Command for UpdateContact {
    fn decide(&self, context: &Context, unit: &mut Unit<'_>) -> Result<StreamName, Stop> {
        team_at(context, unit, &self.account, &self.name)?;
        let account = unit.account(&self.account)?;
        let contact = account.existing(&self.account)?.contact(&self.name)?;
        context.check_revision(self.name.as_str(), contact.revision)?;
        let event = account.update_contact(
            &self.account,
            &self.name,
            &self.changes,
            context.by(),
            context.now,
        )?;
        append(unit, &self.account, event)
    }
}

/// Removes a contact for good: the name is not given again. The etag is the contact's.
#[derive(Debug, Clone)]
pub struct DeleteContact {
    pub account: AccountName,
    pub name: ContactName,
}

impl Command for DeleteContact {
    fn decide(&self, context: &Context, unit: &mut Unit<'_>) -> Result<StreamName, Stop> {
        team_at(context, unit, &self.account, &self.name)?;
        let account = unit.account(&self.account)?;
        if let Some(contact) = account.existing(&self.account)?.contacts.get(&self.name) {
            context.check_revision(self.name.as_str(), contact.revision)?;
        }
        let event = account.delete_contact(&self.account, &self.name, context.by(), context.now)?;
        append(unit, &self.account, event)
    }
}

/// Requires the team, and that the contact is one of this account's.
fn team_at(
    context: &Context,
    unit: &mut Unit<'_>,
    account: &AccountName,
    name: &ContactName,
) -> Result<(), Stop> {
    let member = context.acting_member().map(StreamName::from);
    unit.need(member.into_iter().chain([account.into()]))?;
    context.require_team(unit)?;
    if name.is_of(account) {
        return Ok(());
    }
    Err(Rejection::NotFound {
        resource: name.to_string(),
    }
    .into())
}

#[cfg(test)]
impl CreateContact {
    /// A client of `accounts/acme`.
    pub(super) fn sample(id: &str) -> Self {
        let account: AccountName = "accounts/acme".parse().unwrap();
        Self {
            name: ContactName::from_id(&account, id).unwrap(),
            account,
            display_name: Line::new("Zoe Brandt").unwrap(),
            email: Some(Email::new("zoe@example.com").unwrap()),
            phone: Some(Phone::new("+49 30 123456").unwrap()),
            kind: ContactKind::Client,
            portal_access: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        account::Status,
        commands::{SetAccountStatus, memory::Memory},
        limits,
        rejection::Reason,
        version::Revision,
    };

    fn update(id: &str, changes: ContactChanges) -> UpdateContact {
        let CreateContact { account, name, .. } = CreateContact::sample(id);
        UpdateContact {
            account,
            name,
            changes,
        }
    }

    fn delete(id: &str) -> DeleteContact {
        let CreateContact { account, name, .. } = CreateContact::sample(id);
        DeleteContact { account, name }
    }

    fn grant() -> ContactChanges {
        ContactChanges {
            portal_access: Some(true),
            ..ContactChanges::default()
        }
    }

    #[test]
    fn a_contact_has_no_portal_access_until_it_is_given() {
        let mut memory = Memory::with_account("acme");
        memory.accept("members/ana", &CreateContact::sample("zoe"));
        let zoe = CreateContact::sample("zoe").name;
        assert!(!memory.account("acme").contacts[&zoe].portal_access);
        memory.accept("members/ana", &update("zoe", grant()));
        assert!(memory.account("acme").contacts[&zoe].portal_access);
        let events = memory.log.len();
        memory.accept("members/ana", &update("zoe", grant()));
        assert_eq!(memory.log.len(), events);
    }

    #[test]
    fn a_contacts_id_is_given_once() {
        let mut memory = Memory::with_account("acme");
        memory.accept("members/ana", &CreateContact::sample("zoe"));
        let taken = memory.reject("members/ana", &CreateContact::sample("zoe"));
        assert!(matches!(taken, Rejection::AlreadyExists { .. }));
        memory.accept("members/ana", &delete("zoe"));
        assert!(memory.account("acme").contacts.is_empty());
        let gone = memory.reject("members/ana", &CreateContact::sample("zoe"));
        assert!(matches!(gone, Rejection::AlreadyExists { .. }));
        let events = memory.log.len();
        memory.accept("members/ana", &delete("zoe"));
        assert_eq!(memory.log.len(), events);
    }

    #[test]
    fn an_unknown_contact_or_account_is_not_found() {
        let mut memory = Memory::with_account("acme");
        let elsewhere = UpdateContact {
            name: "accounts/bolt/contacts/zoe".parse().unwrap(),
            ..update("zoe", grant())
        };
        for command in [
            &update("zoe", grant()) as &dyn Command,
            &delete("zoe"),
            &elsewhere,
        ] {
            let rejection = memory.reject("members/ana", command);
            assert!(matches!(rejection, Rejection::NotFound { .. }));
        }
        let mut memory = Memory::with_team();
        let rejection = memory.reject("members/ana", &CreateContact::sample("zoe"));
        assert!(matches!(rejection, Rejection::NotFound { .. }));
    }

    #[test]
    fn a_contacts_etag_is_its_own() {
        let mut memory = Memory::with_account("acme");
        memory.accept("members/ana", &CreateContact::sample("zoe"));
        memory.accept("members/ana", &CreateContact::sample("tom"));
        let fresh = memory.decide_at(Revision(1), &update("zoe", grant()));
        assert!(fresh.is_ok());
        let stale = memory.decide_at(Revision(1), &delete("zoe"));
        assert!(matches!(stale, Err(Rejection::VersionMismatch { .. })));
        assert!(memory.decide_at(Revision(2), &delete("zoe")).is_ok());
    }

    #[test]
    fn an_account_has_a_bounded_number_of_contacts() {
        let mut memory = Memory::with_account("acme");
        for n in 0..limits::CONTACTS {
            memory.accept("members/ana", &CreateContact::sample(&format!("c{n}")));
        }
        let rejection = memory.reject("members/ana", &CreateContact::sample("zoe"));
        assert!(matches!(
            rejection,
            Rejection::Precondition {
                reason: Reason::TooManyContacts,
                ..
            }
        ));
        memory.accept("members/ana", &delete("c0"));
        memory.accept("members/ana", &CreateContact::sample("zoe"));
    }

    #[test]
    fn a_deactivated_account_still_gets_contacts() {
        let mut memory = Memory::with_account("acme");
        let deactivate = SetAccountStatus {
            name: "accounts/acme".parse().unwrap(),
            status: Status::Deactivated,
        };
        memory.accept("members/ana", &deactivate);
        memory.accept("members/ana", &CreateContact::sample("zoe"));
    }
}
