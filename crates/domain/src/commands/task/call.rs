//! The command of a telephone system (S2: integration with Voice-over-IP systems).

use crate::{
    account::{self, Contact, Status},
    commands::{CreateTask, task::create::requester},
    context::Context,
    limits,
    names::{AccountName, StreamName, Subject, TaskName},
    rejection::{Reason, Rejection},
    task::{Draft, Origin, Requester},
    text::{Line, Phone},
    unit::{Command, Stop, Unit},
};

#[cfg(test)]
mod tests;

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
        let mut violations = self.draft.found.clone();
        let count = self.candidates.len();
        let fits = violations.check_count("candidates", count, limits::CALL_CANDIDATES);
        let digits = self.caller.with_country_code();
        if digits.is_none() {
            violations.add(
                "caller_number",
                format!(
                    "is {:?}; it must begin with + or 00 and the country code",
                    self.caller
                ),
            );
        }
        match digits {
            // What was found is told with what the new task's own check finds.
            Some(digits) if fits => Ok(digits),
            digits => {
                violations.finish()?;
                Ok(digits.unwrap_or_default())
            }
        }
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
        if let Some(account) = &unit.settings()?.call_default_account {
            return Ok(account.clone());
        }
        // What is wrong with the request comes first: the next call has it right.
        self.draft.found.clone().finish()?;
        Err(Rejection::Precondition {
            reason: Reason::NoCallAccount,
            subject: "settings".to_owned(),
            description: format!(
                "no contact has the number {}, and the setting call_default_account names no account",
                self.caller
            ),
        }
        .into())
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
        phone.and_then(Phone::with_country_code).as_deref() == Some(digits)
    })
}
