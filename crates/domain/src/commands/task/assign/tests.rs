use super::*;
use crate::{
    commands::{
        CreateContact, DeleteContact,
        task::samples::{ZOE, assign, details, fields, member, name, reason, with_task},
    },
    names::MemberName,
    task::AssignmentSource,
    version::Revision,
};

fn set(ids: &[&str]) -> AssignTask {
    assign(
        "t1",
        Assignment::Set(ids.iter().map(|id| member(id)).collect()),
    )
}

fn change(add: &[&str], remove: &[&str]) -> AssignTask {
    let members = |ids: &[&str]| ids.iter().map(|id| member(id)).collect();
    let (add, remove) = (members(add), members(remove));
    assign("t1", Assignment::Change { add, remove })
}

fn notify(recipients: &[&str]) -> SetNotify {
    SetNotify {
        name: name("t1"),
        notify: Notify {
            recipients: recipients.iter().map(|one| one.parse().unwrap()).collect(),
            on_change: true,
            on_complete: false,
        },
    }
}

#[test]
fn an_assignment_says_who_left_and_who_joined() {
    let mut memory = with_task();
    memory.accept("members/ana", &set(&["ana", "ben", "ben"]));
    memory.accept("members/ana", &change(&["admin", "ben"], &["ana"]));
    let crate::Event::Task(Event::Assigned {
        left,
        joined,
        cause,
        ..
    }) = &memory.log.last().unwrap().event
    else {
        panic!("{:?}", memory.log.last())
    };
    assert_eq!(
        (left, joined),
        (&vec![member("ana")], &vec![member("admin")])
    );
    assert_eq!((cause.source, cause.event), (AssignmentSource::Api, None));
    let assignees = details(&memory, "t1").assignees;
    assert_eq!(assignees, [member("ben"), member("admin")]);
    let events = memory.log.len();
    memory.accept("members/ana", &set(&["admin", "ben"]));
    memory.accept("members/ana", &change(&["ben"], &["ana"]));
    assert_eq!(memory.log.len(), events);
}

#[test]
fn nobody_unknown_or_disabled_joins_but_whoever_is_there_may_stay() {
    let mut memory = with_task();
    let rejection = memory.reject("members/ana", &set(&["nobody"]));
    assert_eq!(reason(rejection), Reason::UnknownMember);
    memory.accept("members/ana", &set(&["ana", "ben"]));
    memory.disable("ben");
    memory.accept("members/ana", &set(&["admin", "ben"]));
    memory.accept("members/ana", &set(&["admin"]));
    for refused in [set(&["ben"]), change(&["ben"], &[])] {
        let rejection = memory.reject("members/ana", &refused);
        assert_eq!(reason(rejection), Reason::MemberDisabled);
    }
}

#[test]
fn an_assignment_reads_the_streams_of_those_who_join() {
    struct Recording<'a>(
        &'a crate::commands::memory::Memory,
        std::cell::RefCell<Vec<StreamName>>,
    );
    impl crate::Source for Recording<'_> {
        fn get(&self, stream: &StreamName) -> Option<crate::Versioned> {
            self.1.borrow_mut().push(stream.clone());
            self.0.get(stream)
        }
    }
    let memory = with_task();
    let source = Recording(&memory, Vec::new().into());
    let context = memory.context("members/ana");
    let mut unit = Unit::new(&source);
    set(&["ben"]).decide(&context, &mut unit).unwrap();
    let ben = StreamName::from(&member("ben"));
    assert!(source.1.borrow().contains(&ben));
}

#[test]
fn nobody_both_joins_and_leaves() {
    let mut memory = with_task();
    let rejection = memory.reject("members/ana", &change(&["ben"], &["ben"]));
    assert_eq!(fields(rejection), ["remove"]);
}

#[test]
fn at_most_two_hundred_assignees() {
    let mut memory = with_task();
    let many: Vec<MemberName> = vec![member("ana"); limits::ASSIGNEES + 1];
    let rejection = memory.reject("members/ana", &assign("t1", Assignment::Set(many)));
    assert_eq!(fields(rejection), ["assignees"]);
    let rejection = memory.reject(
        "members/ana",
        &assign(
            "t1",
            Assignment::Change {
                add: (0..limits::ASSIGNEES)
                    .map(|n| member(&format!("m{n}")))
                    .collect(),
                remove: vec![],
            },
        ),
    );
    assert_eq!(fields(rejection), ["assignees"]);
}

#[test]
fn a_stale_etag_changes_nothing() {
    let mut memory = with_task();
    memory.accept("members/ana", &set(&[]));
    let stale = memory.decide_at(Revision(1), &set(&["ben"]));
    assert!(matches!(stale, Err(Rejection::VersionMismatch { .. })));
    assert!(memory.decide_at(Revision(2), &set(&["ben"])).is_ok());
}

#[test]
fn whoever_is_notified_is_listed_once_with_the_flags() {
    let mut memory = with_task();
    let both = ["members/ben", ZOE, "office@example.com", ZOE];
    memory.accept("members/ana", &notify(&both));
    let is = details(&memory, "t1").notify;
    assert_eq!(is.recipients.len(), 3);
    assert!(is.on_change && !is.on_complete);
    let events = memory.log.len();
    memory.accept("members/ana", &notify(&both));
    assert_eq!(memory.log.len(), events);
}

#[test]
fn a_recipient_who_is_gone_does_not_stand_in_the_way_of_others() {
    let mut memory = with_task();
    memory.accept("members/ana", &notify(&["members/ben", ZOE]));
    let CreateContact { account, name, .. } = CreateContact::sample("zoe");
    memory.accept("members/ana", &DeleteContact { account, name });
    memory.disable("ben");
    memory.accept(
        "members/ana",
        &notify(&["members/ben", ZOE, "a@example.com"]),
    );
    memory.accept("members/ana", &notify(&[]));
    assert_eq!(
        reason(memory.reject("members/ana", &notify(&[ZOE]))),
        Reason::UnknownContact
    );
    let ben = memory.reject("members/ana", &notify(&["members/ben"]));
    assert_eq!(reason(ben), Reason::MemberDisabled);
}
