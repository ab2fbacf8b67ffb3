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
    assert_eq!(Phone::new("112").unwrap().with_country_code(), None);
    assert_eq!(
        Phone::new("+112").unwrap().with_country_code().as_deref(),
        Some("112")
    );
}
