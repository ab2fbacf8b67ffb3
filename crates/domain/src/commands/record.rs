//! Commands that record what is known about an account or happened with it: notes, interactions,
//! questions (S0).

use chrono::{DateTime, Utc};

use crate::{
    account::{Event, InteractionKind},
    commands::account::{append, create_for_action, editable},
    context::Context,
    names::{AccountName, ContactName, StreamName},
    rejection::Rejection,
    text::Html,
    unit::{Command, Stop, Unit},
};

/// Saves the notes of an account. They are for the team only.
#[derive(Debug, Clone)]
pub struct UpdateNotes {
    pub account: AccountName,
    pub notes: Html,
    /// How often the notes had been saved when they were read; 0 before the first time.
    pub notes_revision: u32,
}

impl Command for UpdateNotes {
    fn decide(&self, context: &Context, unit: &mut Unit<'_>) -> Result<StreamName, Stop> {
        let account = editable(context, unit, &self.account)?;
        let event = account.update_notes(
            &self.account,
            &self.notes,
            self.notes_revision,
            context.by(),
            context.now,
        )?;
        append(unit, &self.account, event)
    }
}

/// Records that the team was in touch with the client. An account that does not exist yet is created
/// in the same append.
#[derive(Debug, Clone)]
pub struct LogInteraction {
    pub account: AccountName,
    pub kind: InteractionKind,
    pub details: Option<Html>,
    /// None: now. Not in the future.
    pub happened_at: Option<DateTime<Utc>>,
}

impl Command for LogInteraction {
    fn decide(&self, context: &Context, unit: &mut Unit<'_>) -> Result<StreamName, Stop> {
        acted_on(context, unit, &self.account)?;
        let happened_at = past(context, "happen_time", self.happened_at)?;
        let event = Event::InteractionLogged {
            kind: self.kind,
            details: self.details.clone().filter(|details| !details.is_blank()),
            happened_at,
            by: context.by(),
            at: context.now,
        };
        append(unit, &self.account, Some(event))
    }
}

/// Records a question that a contact asked. The account's assignee is told. An account that does not
/// exist yet is created in the same append.
#[derive(Debug, Clone)]
pub struct RecordQuestion {
    pub account: AccountName,
    /// Who asked, if that is a contact of the account.
    pub contact: Option<ContactName>,
    pub question: Html,
    /// None: now. Not in the future.
    pub asked_at: Option<DateTime<Utc>>,
}

impl Command for RecordQuestion {
    fn decide(&self, context: &Context, unit: &mut Unit<'_>) -> Result<StreamName, Stop> {
        acted_on(context, unit, &self.account)?;
        if self.question.is_blank() {
            return Err(Rejection::invalid("question", "must not be empty").into());
        }
        let asked_at = past(context, "ask_time", self.asked_at)?;
        let account = unit.account(&self.account)?;
        let details = account.existing(&self.account)?;
        if let Some(contact) = &self.contact {
            details.contact(contact)?;
        }
        let event = Event::QuestionRecorded {
            contact: self.contact.clone(),
            question: self.question.clone(),
            asked_at,
            assignee: details.assignee.clone(),
            by: context.by(),
            at: context.now,
        };
        append(unit, &self.account, Some(event))
    }
}

/// Requires the team, and creates the account if this is the first action that names it.
fn acted_on(context: &Context, unit: &mut Unit<'_>, name: &AccountName) -> Result<(), Stop> {
    let member = context.acting_member().map(StreamName::from);
    unit.need(member.into_iter().chain([name.into()]))?;
    context.require_team(unit)?;
    create_for_action(context, unit, name)
}

/// A time that is over, by the server's clock; now if none is given.
fn past(
    context: &Context,
    field: &str,
    time: Option<DateTime<Utc>>,
) -> Result<DateTime<Utc>, Rejection> {
    match time {
        Some(time) if time > context.now => Err(Rejection::invalid(
            field,
            format!(
                "is {}, in the future: it is {} now",
                time.to_rfc3339(),
                context.now.to_rfc3339()
            ),
        )),
        Some(time) => Ok(time),
        None => Ok(context.now),
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::{
        account::{Origin, Status},
        commands::{CreateContact, SetAccountStatus, memory::Memory},
    };

    fn acme() -> AccountName {
        "accounts/acme".parse().unwrap()
    }

    fn notes(text: &str, notes_revision: u32) -> UpdateNotes {
        UpdateNotes {
            account: acme(),
            notes: Html::new(text).unwrap(),
            notes_revision,
        }
    }

    fn interaction(happened_at: Option<DateTime<Utc>>) -> LogInteraction {
        LogInteraction {
            account: acme(),
            kind: InteractionKind::VideoCall,
            details: Some(Html::new("Wants a quote").unwrap()),
            happened_at,
        }
    }

    fn question(text: &str) -> RecordQuestion {
        RecordQuestion {
            account: acme(),
            contact: None,
            question: Html::new(text).unwrap(),
            asked_at: None,
        }
    }

    #[test]
    fn notes_are_saved_by_who_has_read_them() {
        let mut memory = Memory::with_account("acme");
        memory.accept("members/ana", &notes("one", 0));
        memory.accept("members/ben", &notes("two", 1));
        let stale = memory.reject("members/ana", &notes("three", 1));
        assert_eq!(
            stale,
            Rejection::StaleNotes {
                resource: "accounts/acme".into(),
                expected: 1,
                actual: 2
            }
        );
        let account = memory.account("acme");
        assert_eq!((account.notes.as_str(), account.notes_revision), ("two", 2));
        let events = memory.log.len();
        memory.accept("members/ana", &notes("two", 2));
        assert_eq!(memory.log.len(), events);
    }

    #[test]
    fn notes_keep_no_scripts() {
        let mut memory = Memory::with_account("acme");
        memory.accept("members/ana", &notes("a<script>alert(1)</script>b", 0));
        assert_eq!(memory.account("acme").notes.as_str(), "ab");
    }

    #[test]
    fn notes_of_an_unknown_account_are_not_found() {
        let mut memory = Memory::with_team();
        assert!(matches!(
            memory.reject("members/ana", &notes("one", 0)),
            Rejection::NotFound { .. }
        ));
    }

    #[test]
    fn an_interaction_may_have_happened_before_but_not_after_now() {
        let mut memory = Memory::with_account("acme");
        let now = memory.now;
        let before = now - TimeDelta::days(30);
        memory.accept("members/ana", &interaction(Some(before)));
        let crate::Event::Account(Event::InteractionLogged {
            happened_at, at, ..
        }) = &memory.log.last().unwrap().event
        else {
            panic!("{:?}", memory.log.last())
        };
        assert_eq!((*happened_at, *at), (before, now));

        let after = memory.now + TimeDelta::seconds(60);
        let Rejection::Invalid(violations) =
            memory.reject("members/ana", &interaction(Some(after)))
        else {
            panic!("not a violation")
        };
        assert_eq!(violations[0].field, "happen_time");
    }

    #[test]
    fn an_interaction_or_a_question_is_a_first_action() {
        for command in [&interaction(None) as &dyn Command, &question("When?")] {
            let mut memory = Memory::with_team();
            memory.accept("members/ben", command);
            let account = memory.account("acme");
            assert_eq!(account.origin, Origin::Auto);
            assert_eq!(account.display_name.as_str(), "acme");
            assert_eq!(account.assignee.id(), "ben");
        }
    }

    #[test]
    fn a_rejected_first_action_creates_nothing() {
        let mut memory = Memory::with_team();
        let events = memory.log.len();
        let after = memory.now + TimeDelta::days(1);
        memory.reject("members/ana", &interaction(Some(after)));
        memory.reject("members/ana", &question("<script></script> "));
        let of_stranger = RecordQuestion {
            contact: Some("accounts/acme/contacts/zoe".parse().unwrap()),
            ..question("When?")
        };
        assert!(matches!(
            memory.reject("members/ana", &of_stranger),
            Rejection::NotFound { .. }
        ));
        assert_eq!(memory.log.len(), events);
    }

    #[test]
    fn a_question_names_its_contact_and_the_assignee_who_is_told() {
        let mut memory = Memory::with_account("acme");
        memory.accept("members/ben", &CreateContact::sample("zoe"));
        let zoe: ContactName = "accounts/acme/contacts/zoe".parse().unwrap();
        let command = RecordQuestion {
            contact: Some(zoe.clone()),
            ..question("When?")
        };
        memory.accept("members/ben", &command);
        let crate::Event::Account(Event::QuestionRecorded {
            contact, assignee, ..
        }) = &memory.log.last().unwrap().event
        else {
            panic!("{:?}", memory.log.last())
        };
        assert_eq!(contact.as_ref(), Some(&zoe));
        assert_eq!(assignee.id(), "ana");
    }

    #[test]
    fn interactions_and_questions_leave_the_accounts_etag_alone() {
        let mut memory = Memory::with_account("acme");
        let revision = memory.account("acme").revision;
        memory.accept("members/ana", &interaction(None));
        memory.accept("members/ana", &question("When?"));
        assert_eq!(memory.account("acme").revision, revision);
    }

    #[test]
    fn a_deactivated_account_still_takes_notes_interactions_and_questions() {
        let mut memory = Memory::with_account("acme");
        let deactivate = SetAccountStatus {
            name: acme(),
            status: Status::Deactivated,
        };
        memory.accept("members/ana", &deactivate);
        memory.accept("members/ana", &notes("one", 0));
        memory.accept("members/ana", &interaction(None));
        memory.accept("members/ana", &question("When?"));
    }

    #[test]
    fn contacts_of_accounts_are_not_the_team() {
        let mut memory = Memory::with_account("acme");
        assert!(matches!(
            memory.reject("accounts/acme/contacts/zoe", &question("When?")),
            Rejection::NotAllowed { .. }
        ));
    }
}
