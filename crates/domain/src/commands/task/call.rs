//! The command of a telephone system (S2: integration with Voice-over-IP systems).

use crate::{
    account::{self, Contact, Status},
    commands::{
        CreateTask,
        task::{check_count, create::requester},
    },
    context::Context,
    limits,
    names::{AccountName, StreamName, Subject, TaskName},
    rejection::{Reason, Rejection, Violations},
    task::{Draft, Origin, Requester},
    text::{Line, Phone},
    unit::{Command, Stop, Unit},
};

/// Creates a task from a phone call, about the account at which a contact has the caller's number; a
/// call from an unknown number goes to the account of the setting `call_default_account`.
///
/// Numbers are the same if their digits with the country code are. A contact's number that was written
/// without a country code is nobody's call.
#[derive(Debug, Clone)]
pub struct CreateTaskFromCall {
    pub name: TaskName,
    /// The number that calls, with its country code: `+49 30 123456`, `0049 30 123456`.
    pub caller: Phone,
    /// Accounts that may have such a contact, at most 20, from a read model that may be behind. Each is
    /// looked at as the log knows it now; the first that has the contact and takes new work is meant.
    pub candidates: Vec<AccountName>,
    /// What else is known of the work. The account that is found takes the place of a subject, the
    /// contact that of a requester who is not given, and "Call from …" that of a title.
    pub draft: Draft,
}

impl Command for CreateTaskFromCall {
    fn decide(&self, context: &Context, unit: &mut Unit<'_>) -> Result<StreamName, Stop> {
        let accounts = self.candidates.iter().take(limits::CALL_CANDIDATES);
        let member = context.acting_member().map(StreamName::from);
        let streams = [(&self.name).into(), StreamName::settings()];
        unit.need(accounts.map(StreamName::from).chain(member).chain(streams))?;
        context.require_team(unit)?;
        let digits = self.check()?;
        let (account, contact) = match self.find(&digits, unit)? {
            Some((account, contact)) => (account, Some(contact)),
            None => (self.default_account(unit)?, None),
        };
        let requester = match &contact {
            _ if !self.draft.requester.is_unknown() => self.draft.requester.clone(),
            Some(contact) => Requester {
                phone: Some(self.caller.clone()),
                ..requester(contact)
            },
            None => Requester {
                phone: Some(self.caller.clone()),
                ..Requester::default()
            },
        };
        let title = self
            .draft
            .title
            .clone()
            .unwrap_or_else(|| self.title(contact.as_ref()));
        let create = CreateTask {
            name: self.name.clone(),
            draft: Draft {
                subject: Some(Subject::Account(account)),
                title: Some(title),
                requester,
                ..self.draft.clone()
            },
            origin: Origin::Call,
        };
        create.decide(context, unit)
    }
}

impl CreateTaskFromCall {
    /// The digits by which the caller is known.
    fn check(&self) -> Result<String, Rejection> {
        let mut violations = Violations::new();
        let field = "candidates";
        check_count(
            &mut violations,
            field,
            &self.candidates,
            limits::CALL_CANDIDATES,
        );
        let digits = with_country_code(&self.caller);
        if digits.is_none() {
            violations.add(
                "caller_number",
                format!(
                    "is {:?}; it must begin with + or 00 and the country code",
                    self.caller
                ),
            );
        }
        violations.finish()?;
        Ok(digits.unwrap_or_default())
    }

    /// The account and the contact who calls: of several, one whose account takes new work.
    fn find(
        &self,
        digits: &str,
        unit: &mut Unit<'_>,
    ) -> Result<Option<(AccountName, Contact)>, Stop> {
        let mut found = None;
        for name in &self.candidates {
            let account = unit.account(name)?;
            let Ok(details) = account.existing(name) else {
                continue;
            };
            let Some(contact) = who_has(details, digits) else {
                continue;
            };
            let here = Some((name.clone(), contact.clone()));
            match details.status {
                Status::Active | Status::Paused => return Ok(here),
                Status::Deactivated => found = found.or(here),
            }
        }
        Ok(found)
    }

    fn default_account(&self, unit: &mut Unit<'_>) -> Result<AccountName, Stop> {
        unit.settings()?.call_default_account.clone().ok_or_else(|| {
            Rejection::Precondition {
                reason: Reason::NoCallAccount,
                subject: "settings".to_owned(),
                description: format!(
                    "no contact has the number {}, and the setting call_default_account names no account",
                    self.caller
                ),
            }
            .into()
        })
    }

    fn title(&self, contact: Option<&Contact>) -> Line {
        let from = |who: &str| Line::new(&format!("Call from {who}"));
        contact
            .and_then(|contact| from(contact.display_name.as_str()).ok())
            .or_else(|| from(self.caller.as_str()).ok())
            .expect("a phone number of 40 characters leaves room on a line")
    }
}

/// The contact who has a number.
fn who_has<'a>(account: &'a account::Details, digits: &str) -> Option<&'a Contact> {
    account.contacts.values().find(|contact| {
        let phone = contact.phone.as_ref();
        phone.and_then(with_country_code).as_deref() == Some(digits)
    })
}

/// The digits of a number with its country code, as all the world dials it. None if it was written
/// without one.
fn with_country_code(phone: &Phone) -> Option<String> {
    // The 0 in "+49 (0)30 123456" is for those who dial within the country.
    let written = phone.as_str().replacen("(0)", "", 1);
    let digits: String = written.chars().filter(char::is_ascii_digit).collect();
    if written.starts_with('+') {
        Some(digits)
    } else {
        digits.strip_prefix("00").map(str::to_owned)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        commands::{
            CreateAccount, CreateContact, NewId,
            memory::Memory,
            task::samples::{details, fields, name, reason},
        },
        names::ContactName,
        settings::Changes,
        task::Details,
    };

    const PBX: &str = "service-accounts/pbx";

    fn call(number: &str, candidates: &[&str]) -> CreateTaskFromCall {
        CreateTaskFromCall {
            name: name("c1"),
            caller: Phone::new(number).unwrap(),
            candidates: candidates
                .iter()
                .map(|name| name.parse().unwrap())
                .collect(),
            draft: Draft::default(),
        }
    }

    /// `acme` with a contact who has this number.
    fn with_number(number: &str) -> Memory {
        let mut memory = Memory::with_account("acme");
        let zoe = CreateContact {
            phone: Some(Phone::new(number).unwrap()),
            ..CreateContact::sample("zoe")
        };
        memory.accept("members/ana", &zoe);
        memory
    }

    fn add_account(memory: &mut Memory, id: &str, number: &str) {
        let account = AccountName::from_id(id).unwrap();
        let create = CreateAccount {
            id: NewId::Given(account.clone()),
            display_name: Line::new(id).unwrap(),
            kind: account::Kind::Customer,
            assignee: None,
            sla_hours: None,
        };
        memory.accept("members/ana", &create);
        let zoe = CreateContact {
            name: ContactName::from_id(&account, "zoe").unwrap(),
            account,
            phone: Some(Phone::new(number).unwrap()),
            ..CreateContact::sample("zoe")
        };
        memory.accept("members/ana", &zoe);
    }

    fn created(mut memory: Memory, command: &CreateTaskFromCall) -> Details {
        memory.accept(PBX, command);
        details(&memory, "c1")
    }

    #[test]
    fn a_call_is_about_the_account_whose_contact_has_the_number_however_it_is_written() {
        for written in ["+49 30 123456", "0049 30 123456", "+49 (0)30 12-34.56"] {
            for calls in ["+4930123456", "004930123456", "+49 (0) 30 123456"] {
                let calls = calls.replace("(0) ", "(0)");
                let memory = with_number(written);
                let task = created(memory, &call(&calls, &["accounts/acme"]));
                assert_eq!(task.subject.as_str(), "accounts/acme", "{written} {calls}");
                assert_eq!(task.origin, Origin::Call);
                assert_eq!(task.title.as_str(), "Call from Zoe Brandt");
                assert_eq!(task.requester.name.unwrap().as_str(), "Zoe Brandt");
                assert_eq!(task.requester.phone.unwrap().as_str(), calls);
            }
        }
    }

    #[test]
    fn what_is_given_takes_precedence_over_what_is_known_of_the_caller() {
        let command = CreateTaskFromCall {
            draft: Draft {
                title: Some(Line::new("Printer is on fire").unwrap()),
                requester: Requester {
                    name: Some(Line::new("Her assistant").unwrap()),
                    ..Requester::default()
                },
                ..Draft::default()
            },
            ..call("+4930123456", &["accounts/acme"])
        };
        let task = created(with_number("+49 30 123456"), &command);
        assert_eq!(task.title.as_str(), "Printer is on fire");
        assert_eq!(task.requester.name.unwrap().as_str(), "Her assistant");
        assert_eq!(task.requester.phone, None);
    }

    #[test]
    fn a_candidate_counts_as_the_log_knows_it_now() {
        // Another number, one without a country code, and an account that does not exist.
        for written in ["+49 30 123457", "030 123456", "30 123456"] {
            let mut memory = with_number(written);
            let command = call("+4930123456", &["accounts/acme", "accounts/nowhere"]);
            let rejection = memory.reject(PBX, &command);
            assert_eq!(reason(rejection), Reason::NoCallAccount, "{written}");
            assert_eq!(memory.find_account("nowhere"), None);
        }
    }

    #[test]
    fn an_unknown_number_goes_to_the_account_of_the_setting() {
        let mut memory = with_number("+49 30 123456");
        memory.change_settings(Changes {
            call_default_account: Some(Some("accounts/acme".parse().unwrap())),
            ..Changes::default()
        });
        let task = created(memory, &call("+15550100", &[]));
        assert_eq!(task.subject.as_str(), "accounts/acme");
        assert_eq!(task.title.as_str(), "Call from +15550100");
        assert_eq!(task.requester.name, None);
        assert_eq!(task.requester.phone.unwrap().as_str(), "+15550100");
    }

    #[test]
    fn of_several_accounts_one_that_takes_new_work_is_meant() {
        let mut memory = with_number("+49 30 123456");
        add_account(&mut memory, "bolt", "+49 30 123456");
        memory.deactivate(&"accounts/acme".parse().unwrap());
        let both = call("+4930123456", &["accounts/acme", "accounts/bolt"]);
        assert_eq!(created(memory, &both).subject.as_str(), "accounts/bolt");

        let mut memory = with_number("+49 30 123456");
        memory.deactivate(&"accounts/acme".parse().unwrap());
        let rejection = memory.reject(PBX, &call("+4930123456", &["accounts/acme"]));
        assert_eq!(reason(rejection), Reason::AccountDeactivated);
    }

    #[test]
    fn a_number_without_a_country_code_and_too_many_candidates_are_refused() {
        let mut memory = with_number("+49 30 123456");
        let command = call(
            "030 123456",
            &["accounts/acme"; limits::CALL_CANDIDATES + 1],
        );
        let rejection = memory.reject(PBX, &command);
        assert_eq!(fields(rejection), ["candidates", "caller_number"]);
    }

    #[test]
    fn a_call_without_a_country_code_matches_nobody_however_short() {
        assert_eq!(with_country_code(&Phone::new("112").unwrap()), None);
        assert_eq!(
            with_country_code(&Phone::new("+112").unwrap()).as_deref(),
            Some("112")
        );
    }
}
