//! The rules of activities, one by one.

use chrono::TimeDelta;

use super::*;
use crate::{
    Event as Any, Revision, Source, Versioned,
    activity::{Details, Progress},
    commands::memory::Memory,
    member,
    names::Actor,
    rejection::Reason,
    settings,
};

const ANA: &str = "members/ana";

fn name(id: &str) -> ActivityName {
    ActivityName::from_id(id).unwrap()
}

fn member(id: &str) -> MemberName {
    MemberName::from_id(id).unwrap()
}

fn acme() -> AccountName {
    "accounts/acme".parse().unwrap()
}

fn html(text: &str) -> Html {
    Html::new(text).unwrap()
}

/// Tomorrow, as the tests' clock goes.
fn tomorrow() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).unwrap() + TimeDelta::days(1)
}

fn noted(id: &str) -> CreateActivity {
    CreateActivity {
        name: name(id),
        account: acme(),
        note: html("Circle back after the <strong>report</strong>"),
        due: None,
        assignee: None,
    }
}

fn due(id: &str) -> CreateActivity {
    CreateActivity {
        due: Some(tomorrow().into()),
        ..noted(id)
    }
}

fn update(id: &str) -> UpdateActivity {
    UpdateActivity {
        name: name(id),
        note: None,
        due: None,
    }
}

fn assign(id: &str, assignee: Option<&str>) -> AssignActivity {
    AssignActivity {
        name: name(id),
        assignee: assignee.map(member),
        cause: AssignmentCause::default(),
    }
}

fn complete(id: &str) -> CompleteActivity {
    CompleteActivity { name: name(id) }
}

fn reopen(id: &str) -> ReopenActivity {
    ReopenActivity { name: name(id) }
}

fn delete(id: &str) -> DeleteActivity {
    DeleteActivity { name: name(id) }
}

/// `accounts/acme`, and `activities/a1` on it, which is due tomorrow.
fn with_activity() -> Memory {
    let mut memory = Memory::with_account("acme");
    memory.accept(ANA, &due("a1"));
    memory
}

fn details(memory: &Memory, id: &str) -> Details {
    memory.activity(&name(id)).details().unwrap().clone()
}

fn reason(rejection: Rejection) -> Reason {
    match rejection {
        Rejection::Precondition { reason, .. } => reason,
        other => panic!("{other}"),
    }
}

fn field(rejection: Rejection) -> String {
    match rejection {
        Rejection::Invalid(violations) if violations.len() == 1 => violations[0].field.clone(),
        other => panic!("{other}"),
    }
}

/// What a member's stream says by itself, whoever decided it.
#[derive(Debug)]
struct Said(MemberName, member::Event);

impl Command for Said {
    fn decide(&self, _: &Context, unit: &mut Unit<'_>) -> Result<StreamName, Stop> {
        unit.append_member(&self.0, self.1.clone())?;
        Ok((&self.0).into())
    }
}

#[test]
fn without_a_due_time_it_is_noted_and_with_one_open() {
    let mut memory = with_activity();
    memory.accept(ANA, &noted("a2"));
    assert_eq!(details(&memory, "a2").status(), Status::Noted);
    let a1 = details(&memory, "a1");
    assert_eq!((a1.status(), a1.due()), (Status::Open, Some(tomorrow())));
    assert_eq!(a1.creator, ANA.parse().unwrap());
}

#[test]
fn a_due_date_without_a_time_is_the_end_of_that_day_where_the_settings_say() {
    let mut memory = Memory::with_account("acme");
    memory.change_settings(settings::Changes {
        time_zone: Some(TimeZone::new("Europe/Berlin").unwrap()),
        ..settings::Changes::default()
    });
    let day = Due::On("2027-02-01".parse().unwrap());
    let create = CreateActivity {
        due: Some(day),
        ..noted("a1")
    };
    memory.accept(ANA, &create);
    memory.accept(ANA, &noted("a2"));
    let scheduled = UpdateActivity {
        due: Some(Some(day)),
        ..update("a2")
    };
    memory.accept(ANA, &scheduled);
    for id in ["a1", "a2"] {
        let due = details(&memory, id).due().unwrap().to_rfc3339();
        assert_eq!(due, "2027-02-01T22:59:59+00:00", "{id}");
    }
}

#[test]
fn an_unknown_account_is_created_in_the_same_append_and_not_by_what_is_refused() {
    let mut memory = Memory::with_team();
    let events = memory.log.len();
    let refused = CreateActivity {
        assignee: Some(member("nobody")),
        ..due("a1")
    };
    assert_eq!(reason(memory.reject(ANA, &refused)), Reason::UnknownMember);
    assert!(memory.find_account("acme").is_none());
    memory.accept(ANA, &due("a1"));
    let types: Vec<_> = memory.log[events..]
        .iter()
        .map(|new| new.event.name())
        .collect();
    assert_eq!(types, ["account.created", "activity.created"]);
    assert_eq!(memory.account("acme").assignee, member("ana"));
}

#[test]
fn events_are_in_the_partition_of_the_account() {
    let memory = with_activity();
    let partition = memory.log.last().unwrap().partition;
    assert_eq!(partition, crate::Partition::of("accounts/acme"));
}

#[test]
fn an_id_is_given_once_also_after_its_activity_was_deleted() {
    let mut memory = with_activity();
    for _ in 0..2 {
        let taken = memory.reject(ANA, &due("a1"));
        assert!(matches!(taken, Rejection::AlreadyExists { .. }), "{taken}");
        memory.accept(ANA, &delete("a1"));
    }
}

#[test]
fn a_note_has_something_to_read_and_no_scripts() {
    let mut memory = with_activity();
    let blank = CreateActivity {
        note: html(" <script>alert(1)</script>"),
        ..due("a2")
    };
    assert_eq!(field(memory.reject(ANA, &blank)), "activity.note");
    let blank = UpdateActivity {
        note: Some(html("")),
        ..update("a1")
    };
    assert_eq!(field(memory.reject(ANA, &blank)), "activity.note");
    let changed = UpdateActivity {
        note: Some(html("Call<script>alert(1)</script>")),
        ..update("a1")
    };
    memory.accept(ANA, &changed);
    assert_eq!(details(&memory, "a1").note.as_str(), "Call");
}

#[test]
fn a_due_time_that_cannot_be_reckoned_with_is_refused() {
    let mut memory = Memory::with_account("acme");
    let far = CreateActivity {
        due: Some(Due::At(DateTime::<Utc>::MAX_UTC)),
        ..noted("a1")
    };
    assert_eq!(field(memory.reject(ANA, &far)), "activity.due_time");
}

#[test]
fn only_what_has_a_due_time_is_completed_and_once() {
    let mut memory = with_activity();
    memory.accept("members/ben", &complete("a1"));
    let by: Actor = "members/ben".parse().unwrap();
    let at = memory.log.last().unwrap();
    let Any::Activity(Event::Completed { at, .. }) = at.event.clone() else {
        panic!("{at:?}")
    };
    assert_eq!(details(&memory, "a1").completed(), Some((at, &by)));
    let events = memory.log.len();
    memory.accept(ANA, &complete("a1"));
    assert_eq!(memory.log.len(), events);

    memory.accept(ANA, &noted("a2"));
    let refused = memory.reject(ANA, &complete("a2"));
    assert_eq!(reason(refused), Reason::ActivityNotScheduled);
}

#[test]
fn a_due_time_is_taken_away_from_what_is_open_and_not_from_what_is_complete() {
    let mut memory = with_activity();
    let without = UpdateActivity {
        due: Some(None),
        ..update("a1")
    };
    memory.accept(ANA, &complete("a1"));
    let refused = memory.reject(ANA, &without);
    assert_eq!(reason(refused), Reason::ActivityComplete);
    let later = tomorrow() + TimeDelta::days(1);
    let moved = UpdateActivity {
        due: Some(Some(later.into())),
        ..update("a1")
    };
    memory.accept(ANA, &moved);
    let a1 = details(&memory, "a1");
    assert_eq!((a1.status(), a1.due()), (Status::Complete, Some(later)));

    memory.accept(ANA, &reopen("a1"));
    assert_eq!(
        details(&memory, "a1").progress,
        Progress::Open { due: later }
    );
    memory.accept(ANA, &without);
    assert_eq!(details(&memory, "a1").status(), Status::Noted);
}

#[test]
fn what_is_so_already_gives_no_event() {
    let mut memory = with_activity();
    memory.accept(ANA, &assign("a1", Some("ben")));
    let events = memory.log.len();
    memory.accept(ANA, &assign("a1", Some("ben")));
    memory.accept(ANA, &reopen("a1"));
    let same = UpdateActivity {
        name: name("a1"),
        note: Some(noted("a1").note),
        due: Some(Some(tomorrow().into())),
    };
    memory.accept(ANA, &same);
    memory.accept(ANA, &update("a1"));
    assert_eq!(memory.log.len(), events);
    memory.accept(ANA, &delete("a1"));
    memory.accept(ANA, &delete("a1"));
    assert_eq!(memory.log.len(), events + 1);
}

#[test]
fn it_is_given_to_who_takes_work_or_to_nobody() {
    let mut memory = with_activity();
    memory.accept(ANA, &assign("a1", Some("ben")));
    assert_eq!(details(&memory, "a1").assignee, Some(member("ben")));
    memory.accept(ANA, &assign("a1", None));
    assert_eq!(details(&memory, "a1").assignee, None);
    memory.disable("ben");
    let refused = memory.reject(ANA, &assign("a1", Some("ben")));
    assert_eq!(reason(refused), Reason::MemberDisabled);
    let refused = memory.reject(ANA, &assign("a1", Some("nobody")));
    assert_eq!(reason(refused), Reason::UnknownMember);
    let create = CreateActivity {
        assignee: Some(member("ben")),
        ..due("a2")
    };
    assert_eq!(reason(memory.reject(ANA, &create)), Reason::MemberDisabled);
}

/// Everything but one stream is loaded.
struct Without<'a>(&'a Memory, StreamName);

impl Source for Without<'_> {
    fn get(&self, stream: &StreamName) -> Option<Versioned> {
        self.0.get(stream).filter(|_| *stream != self.1)
    }
}

#[test]
fn every_assignment_asserts_the_members_stream() {
    let memory = with_activity();
    let ben = StreamName::from(&member("ben"));
    let source = Without(&memory, ben.clone());
    let create = CreateActivity {
        assignee: Some(member("ben")),
        ..due("a2")
    };
    for command in [&assign("a1", Some("ben")) as &dyn Command, &create] {
        let mut unit = Unit::new(&source);
        let stop = command.decide(&memory.context("service-accounts/crm"), &mut unit);
        assert!(matches!(stop, Err(Stop::Missing)), "{command:?}: {stop:?}");
        assert_eq!(unit.missing(), std::slice::from_ref(&ben));
    }
}

#[test]
fn what_opens_again_goes_to_the_successor_along_the_chain_or_to_nobody() {
    let disabled = |successor: &str| member::Event::DisablingStarted {
        successor: Some(member(successor)),
        operation: None,
        by: Actor::System,
        at: tomorrow(),
    };
    for (ben_to, expected) in [("admin", Some("ana")), ("ben", None)] {
        let mut memory = with_activity();
        memory.accept(ANA, &assign("a1", Some("ben")));
        memory.accept(ANA, &complete("a1"));
        let entry = CreateActivity {
            assignee: Some(member("ben")),
            ..noted("a2")
        };
        memory.accept(ANA, &entry);
        memory.accept("system", &Said(member("ben"), disabled(ben_to)));
        memory.accept("system", &Said(member("admin"), disabled("ana")));

        memory.accept(ANA, &reopen("a1"));
        let scheduled = UpdateActivity {
            due: Some(Some(tomorrow().into())),
            ..update("a2")
        };
        memory.accept(ANA, &scheduled);
        for id in ["a1", "a2"] {
            let found = details(&memory, id).assignee;
            assert_eq!(found, expected.map(member), "{id} of ben to {ben_to}");
        }
        let last = &memory.log.last().unwrap().event;
        let Any::Activity(Event::Assigned { cause, .. }) = last else {
            panic!("{last:?}")
        };
        assert_eq!(cause.source, AssignmentSource::Successor);
    }
}

#[test]
fn a_deactivated_account_takes_no_new_activities_but_lets_them_be_finished() {
    let mut memory = with_activity();
    memory.accept(ANA, &due("a2"));
    memory.deactivate(&acme());
    memory.accept(ANA, &complete("a1"));
    for refused in [&due("a3") as &dyn Command, &reopen("a1")] {
        let rejection = memory.reject(ANA, refused);
        assert_eq!(reason(rejection), Reason::AccountDeactivated);
    }
    let moved = UpdateActivity {
        due: Some(Some((tomorrow() + TimeDelta::days(1)).into())),
        ..update("a2")
    };
    memory.accept(ANA, &moved);
    memory.accept(ANA, &assign("a2", Some("ben")));
    memory.accept(ANA, &delete("a2"));
}

#[test]
fn what_was_deleted_is_not_there() {
    let mut memory = with_activity();
    memory.accept(ANA, &delete("a1"));
    for refused in [
        &complete("a1") as &dyn Command,
        &reopen("a1"),
        &update("a1"),
        &assign("a1", None),
        &delete("never"),
    ] {
        let rejection = memory.reject(ANA, refused);
        assert!(
            matches!(rejection, Rejection::NotFound { .. }),
            "{rejection}"
        );
    }
}

#[test]
fn activities_are_the_teams() {
    let mut memory = with_activity();
    let zoe = "accounts/acme/contacts/zoe";
    for command in [
        &due("a2") as &dyn Command,
        &update("a1"),
        &assign("a1", None),
        &complete("a1"),
        &reopen("a1"),
        &delete("a1"),
        // Who may not at all is not told what exists.
        &complete("never"),
    ] {
        let rejection = memory.reject(zoe, command);
        assert!(
            matches!(rejection, Rejection::NotAllowed { .. }),
            "{rejection}"
        );
        let rejection = memory.reject("members/nobody", command);
        assert!(
            matches!(rejection, Rejection::UnknownActor { .. }),
            "{rejection}"
        );
    }
}

#[test]
fn an_activity_at_another_revision_is_not_changed() {
    let mut memory = with_activity();
    let moved = memory.decide_at(Revision(2), &complete("a1")).unwrap_err();
    assert!(
        matches!(moved, Rejection::VersionMismatch { .. }),
        "{moved}"
    );
    memory.decide_at(Revision(1), &complete("a1")).unwrap();
    memory.decide_at(Revision(2), &delete("a1")).unwrap();
}

#[test]
fn overdue_is_open_and_past_its_due_time() {
    let mut memory = with_activity();
    let (before, after) = (tomorrow(), tomorrow() + TimeDelta::seconds(1));
    let a1 = details(&memory, "a1");
    assert!(!a1.is_overdue(before) && a1.is_overdue(after));
    memory.accept(ANA, &complete("a1"));
    assert!(!details(&memory, "a1").is_overdue(after));
}
