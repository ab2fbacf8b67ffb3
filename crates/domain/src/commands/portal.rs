//! Commands that only contacts give. What they may do besides is with the commands of the team.

use crate::{
    account::Event,
    context::Context,
    names::{Actor, StreamName},
    rejection::Rejection,
    text::Html,
    unit::{Command, Stop, Unit},
};

/// Asks the team a question, about the contact's own account, which must not be deactivated. The account's
/// assignee is told.
#[derive(Debug, Clone)]
pub struct AskQuestion {
    pub question: Html,
}

impl Command for AskQuestion {
    fn decide(&self, context: &Context, unit: &mut Unit<'_>) -> Result<StreamName, Stop> {
        let Actor::Contact(contact) = &context.actor else {
            return Err(Rejection::NotAllowed {
                actor: context.actor.to_string(),
                description: "only a contact of an account may".to_owned(),
            }
            .into());
        };
        let name = contact.account();
        let account = unit.account(&name)?;
        let details = account.existing(&name).ok();
        let known = details.and_then(|details| details.contacts.get(contact));
        if !known.is_some_and(|known| known.portal_access) {
            return Err(Rejection::UnknownActor {
                actor: contact.to_string(),
            }
            .into());
        }
        if self.question.is_blank() {
            return Err(Rejection::invalid("question", "must not be empty").into());
        }
        let asked = Event::QuestionRecorded {
            contact: Some(contact.clone()),
            question: self.question.clone(),
            asked_at: context.now,
            assignee: account.accept_new_work(&name)?.assignee.clone(),
            by: context.by(),
            at: context.now,
        };
        unit.append_account(&name, asked)?;
        Ok((&name).into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        commands::{CreateContact, memory::Memory},
        rejection::Reason,
    };

    const ZOE: &str = "accounts/acme/contacts/zoe";

    fn ask(question: &str) -> AskQuestion {
        AskQuestion {
            question: Html::new(question).unwrap(),
        }
    }

    fn with_zoe(portal_access: bool) -> Memory {
        let mut memory = Memory::with_account("acme");
        let zoe = CreateContact {
            portal_access,
            ..CreateContact::sample("zoe")
        };
        memory.accept("members/ana", &zoe);
        memory
    }

    #[test]
    fn a_contacts_question_is_recorded_as_theirs_for_the_assignee() {
        let mut memory = with_zoe(true);
        let now = memory.now;
        memory.accept(ZOE, &ask("When is it done?"));
        let asked = memory.log.last().unwrap().event.clone();
        let crate::Event::Account(Event::QuestionRecorded {
            contact,
            asked_at,
            assignee,
            by,
            ..
        }) = asked
        else {
            panic!("{asked:?}")
        };
        assert_eq!(contact.unwrap().as_str(), ZOE);
        assert_eq!(by.as_str(), ZOE);
        assert_eq!(asked_at, now);
        assert_eq!(assignee, memory.account("acme").assignee);
        assert!(matches!(
            memory.reject(ZOE, &ask(" ")),
            Rejection::Invalid(_)
        ));
    }

    #[test]
    fn nobody_asks_but_contacts_who_may_sign_in() {
        let mut memory = with_zoe(false);
        for contact in [
            ZOE,
            "accounts/acme/contacts/tom",
            "accounts/bolt/contacts/zoe",
        ] {
            assert!(matches!(
                memory.reject(contact, &ask("Hello?")),
                Rejection::UnknownActor { .. }
            ));
        }
        assert!(matches!(
            memory.reject("members/ana", &ask("Hello?")),
            Rejection::NotAllowed { .. }
        ));
    }

    #[test]
    fn a_deactivated_account_asks_nothing() {
        let mut memory = with_zoe(true);
        memory.deactivate(&"accounts/acme".parse().unwrap());
        match memory.reject(ZOE, &ask("Hello?")) {
            Rejection::Precondition { reason, .. } => {
                assert_eq!(reason, Reason::AccountDeactivated);
            }
            other => panic!("{other}"),
        }
    }
}
