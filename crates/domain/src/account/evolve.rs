//! How an account's events make its state.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use crate::{
    account::{Account, Contact, Details, Event, Kind},
    change::apply,
    event::CorruptHistory,
    text::Html,
    version::Revision,
};

impl Account {
    /// Applies one recorded event. An event that cannot follow this state means damaged history.
    pub fn evolve(self, event: &Event) -> Result<Self, CorruptHistory> {
        match (self, event) {
            (
                Self::Absent,
                Event::Created {
                    display_name,
                    kind,
                    status,
                    assignee,
                    sla_hours,
                    origin,
                    by: _,
                    at,
                },
            ) => Ok(Self::Existing(Box::new(Details {
                display_name: display_name.clone(),
                kind: *kind,
                status: *status,
                assignee: assignee.clone(),
                roles: BTreeMap::new(),
                support_team: Vec::new(),
                sla_hours: *sla_hours,
                contacts: BTreeMap::new(),
                deleted_contacts: BTreeSet::new(),
                notes: Html::default(),
                notes_revision: 0,
                task_types: None,
                monthly_report: true,
                origin: *origin,
                tasks_numbered: 0,
                revision: Revision(1),
                created_at: *at,
                updated_at: *at,
            }))),
            (Self::Absent, _) => Err(CorruptHistory),
            (Self::Existing(mut details), event) => {
                if details.apply(event) {
                    Ok(Self::Existing(details))
                } else {
                    Err(CorruptHistory)
                }
            }
        }
    }
}

impl Details {
    /// Applies an event after the first; false if it cannot follow.
    fn apply(&mut self, event: &Event) -> bool {
        match event {
            Event::Created { .. } => false,
            // Bookkeeping and what the account's timeline alone shows leave the revision and the time
            // of update alone: they must not spoil an edit that is under way.
            Event::TaskNumbered { n, .. } => {
                let follows = *n == self.tasks_numbered + 1;
                self.tasks_numbered = *n;
                follows
            }
            Event::TaskGenerationSkipped { .. }
            | Event::InteractionLogged { .. }
            | Event::QuestionRecorded { .. } => true,
            Event::DetailsChanged {
                display_name,
                sla_hours,
                at,
                ..
            } => {
                self.changed(*at);
                apply(&mut self.display_name, display_name.as_ref())
                    && apply(&mut self.sla_hours, sla_hours.as_ref())
            }
            Event::LeadConverted { at, .. } => {
                self.changed(*at);
                std::mem::replace(&mut self.kind, Kind::Customer) == Kind::Lead
            }
            Event::StatusChanged {
                previous,
                status,
                at,
                ..
            } => {
                self.changed(*at);
                std::mem::replace(&mut self.status, *status) == *previous && previous != status
            }
            Event::RoleAssigned {
                role,
                previous,
                holder,
                at,
                ..
            } => {
                self.changed(*at);
                let before = if role.is_assignee() {
                    Some(std::mem::replace(&mut self.assignee, holder.clone()))
                } else {
                    self.roles.insert(role.clone(), holder.clone())
                };
                before == *previous && before.as_ref() != Some(holder)
            }
            Event::RoleVacated {
                role, previous, at, ..
            } => {
                self.changed(*at);
                self.roles.remove(role).as_ref() == Some(previous)
            }
            Event::NotesUpdated {
                notes,
                notes_revision,
                at,
                ..
            } => {
                self.changed(*at);
                let follows = *notes_revision == self.notes_revision + 1;
                self.notes = notes.clone();
                self.notes_revision = *notes_revision;
                follows
            }
            Event::MonthlyReportSet { on, at, .. } => {
                self.changed(*at);
                std::mem::replace(&mut self.monthly_report, *on) != *on
            }
            Event::TaskTypesSelected {
                previous,
                task_types,
                at,
                ..
            } => {
                self.changed(*at);
                std::mem::replace(&mut self.task_types, task_types.clone()) == *previous
            }
            Event::SupportTeamSet {
                previous,
                members,
                at,
                ..
            } => {
                self.changed(*at);
                std::mem::replace(&mut self.support_team, members.clone()) == *previous
            }
            Event::ContactCreated { contact, at, .. } => {
                self.changed(*at);
                let created = Contact::created(event);
                let is_new = !self.deleted_contacts.contains(contact);
                let before = created.and_then(|created| {
                    is_new.then(|| self.contacts.insert(contact.clone(), created))
                });
                before.is_some_and(|before| before.is_none())
            }
            Event::ContactUpdated { contact, at, .. } => {
                self.changed(*at);
                let is = self.contacts.get_mut(contact);
                is.is_some_and(|is| is.apply(event))
            }
            Event::ContactDeleted { contact, at, .. } => {
                self.changed(*at);
                self.deleted_contacts.insert(contact.clone());
                self.contacts.remove(contact).is_some()
            }
        }
    }

    fn changed(&mut self, at: DateTime<Utc>) {
        self.revision = self.revision.next();
        self.updated_at = at;
    }
}

impl Contact {
    /// A contact as it was created; none if the event says something else.
    fn created(event: &Event) -> Option<Self> {
        let Event::ContactCreated {
            contact: _,
            display_name,
            email,
            phone,
            kind,
            portal_access,
            by: _,
            at: _,
        } = event
        else {
            return None;
        };
        Some(Self {
            display_name: display_name.clone(),
            email: email.clone(),
            phone: phone.clone(),
            kind: *kind,
            portal_access: *portal_access,
            revision: Revision(1),
        })
    }

    /// Applies a change; false if it cannot follow.
    fn apply(&mut self, event: &Event) -> bool {
        let Event::ContactUpdated {
            contact: _,
            display_name,
            email,
            phone,
            kind,
            portal_access,
            by: _,
            at: _,
        } = event
        else {
            return false;
        };
        self.revision = self.revision.next();
        apply(&mut self.display_name, display_name.as_ref())
            && apply(&mut self.email, email.as_ref())
            && apply(&mut self.phone, phone.as_ref())
            && apply(&mut self.kind, kind.as_ref())
            && apply(&mut self.portal_access, portal_access.as_ref())
    }
}
