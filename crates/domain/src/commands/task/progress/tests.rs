use super::*;
use crate::{
    commands::{
        AddNote, CreateTask, EnableMember, GenerateTask, UpdateTask,
        memory::Memory,
        task::samples::{ZOE, assign, create, details, draft, member, name, reason, with_task},
    },
    names::AccountName,
    rejection::Reason,
    task::{Assignment, AssignmentSource, Changes, Event, Percent, Progress},
    text::Html,
};

fn set(status: Status) -> SetTaskStatus {
    SetTaskStatus {
        name: name("t1"),
        status,
    }
}

fn complete() -> CompleteTask {
    CompleteTask { name: name("t1") }
}

fn cancel() -> CancelTask {
    CancelTask { name: name("t1") }
}

fn reopen(status: OpenStatus) -> ReopenTask {
    ReopenTask {
        name: name("t1"),
        status,
    }
}

fn delete() -> DeleteTask {
    DeleteTask { name: name("t1") }
}

fn undelete() -> UndeleteTask {
    UndeleteTask { name: name("t1") }
}

/// `tasks/t1` of `ben`, at 40 %.
fn begun() -> Memory {
    let mut memory = with_task();
    memory.accept(
        "members/ana",
        &assign("t1", Assignment::Set(vec![member("ben")])),
    );
    let percent = UpdateTask {
        name: name("t1"),
        changes: Changes {
            percent: Some(Percent::new(40).unwrap()),
            ..Changes::default()
        },
    };
    memory.accept("members/ana", &percent);
    memory
}

#[test]
fn moves_among_the_open_statuses_are_free() {
    let open = [
        OpenStatus::NotStarted,
        OpenStatus::InProgress,
        OpenStatus::WaitingOnCustomer,
    ];
    for from in open {
        for to in open {
            let mut memory = with_task();
            memory.accept("members/ana", &set(from.into()));
            let events = memory.log.len();
            memory.accept("members/ana", &set(to.into()));
            assert_eq!(details(&memory, "t1").status(), to.into());
            assert_eq!(memory.log.len() - events, usize::from(from != to));
        }
    }
}

#[test]
fn a_complete_task_has_its_date_its_member_and_100_percent_either_way() {
    for command in [&complete() as &dyn Command, &set(Status::Complete)] {
        let mut memory = begun();
        let at = memory.now;
        memory.accept("members/ben", command);
        let task = details(&memory, "t1");
        let (completed_at, by) = task.completed().unwrap();
        assert_eq!((completed_at, by.as_str()), (at, "members/ben"));
        assert_eq!(task.percent(), Percent::DONE);
        assert!(matches!(
            memory.log.last().unwrap().event,
            crate::Event::Task(Event::Completed { .. })
        ));
    }
}

#[test]
fn completing_twice_is_completing_once() {
    let mut memory = with_task();
    memory.accept("members/ana", &complete());
    let events = memory.log.len();
    memory.accept("members/ben", &complete());
    assert_eq!(memory.log.len(), events);
    let (_, by) = details(&memory, "t1")
        .completed()
        .map(|(at, by)| (at, by.clone()))
        .unwrap();
    assert_eq!(by.as_str(), "members/ana");
}

#[test]
fn a_cancelled_task_stays_as_far_as_it_was() {
    for command in [&cancel() as &dyn Command, &set(Status::Cancelled)] {
        let mut memory = begun();
        memory.accept("members/ana", command);
        let task = details(&memory, "t1");
        assert_eq!(
            (task.status(), task.percent().number()),
            (Status::Cancelled, 40)
        );
        assert_eq!(task.completed(), None);
        let events = memory.log.len();
        memory.accept("members/ana", command);
        assert_eq!(memory.log.len(), events);
    }
}

#[test]
fn a_closed_task_opens_only_by_reopening_and_closes_only_once() {
    for (close, refused) in [
        (Status::Complete, [Status::InProgress, Status::Cancelled]),
        (Status::Cancelled, [Status::NotStarted, Status::Complete]),
    ] {
        let mut memory = begun();
        memory.accept("members/ana", &set(close));
        for status in refused {
            let rejection = memory.reject("members/ana", &set(status));
            assert_eq!(reason(rejection), Reason::TaskClosed);
        }
    }
}

#[test]
fn reopening_gives_back_the_earlier_percentage_and_clears_the_date() {
    for close in [Status::Complete, Status::Cancelled] {
        let mut memory = begun();
        memory.accept("members/ana", &set(close));
        memory.accept("members/ana", &reopen(OpenStatus::WaitingOnCustomer));
        let task = details(&memory, "t1");
        let open = Progress::Open {
            status: OpenStatus::WaitingOnCustomer,
            percent: Percent::new(40).unwrap(),
        };
        assert_eq!(task.progress, open);
        let crate::Event::Task(Event::Reopened {
            previous,
            completed_at,
            ..
        }) = &memory.log.last().unwrap().event
        else {
            panic!("{:?}", memory.log.last())
        };
        assert_eq!(
            (*previous, completed_at.is_some()),
            (close, close == Status::Complete)
        );
        let events = memory.log.len();
        memory.accept("members/ana", &reopen(OpenStatus::NotStarted));
        assert_eq!(memory.log.len(), events);
    }
}

#[test]
fn a_deleted_task_is_not_found_until_it_is_undeleted() {
    let mut memory = begun();
    let before = details(&memory, "t1");
    memory.accept("members/ana", &delete());
    let note = AddNote {
        name: name("t1"),
        note: Html::new("Hello").unwrap(),
    };
    let title = UpdateTask {
        name: name("t1"),
        changes: Changes::default(),
    };
    let to_ana = assign("t1", Assignment::Set(vec![member("ana")]));
    for command in [
        &complete() as &dyn Command,
        &cancel(),
        &reopen(OpenStatus::NotStarted),
        &note,
        &title,
        &to_ana,
    ] {
        let rejection = memory.reject("members/ana", command);
        assert!(
            matches!(rejection, Rejection::NotFound { .. }),
            "{command:?}"
        );
    }
    let events = memory.log.len();
    memory.accept("members/ana", &delete());
    assert_eq!(memory.log.len(), events);
    memory.accept("members/ana", &undelete());
    let after = details(&memory, "t1");
    assert_eq!(after.progress, before.progress);
    assert_eq!(
        (after.assignees, after.title),
        (before.assignees, before.title)
    );
    let events = memory.log.len();
    memory.accept("members/ana", &undelete());
    assert_eq!(memory.log.len(), events);
    for command in [
        &DeleteTask { name: name("t9") } as &dyn Command,
        &UndeleteTask { name: name("t9") },
    ] {
        let rejection = memory.reject("members/ana", command);
        assert!(matches!(rejection, Rejection::NotFound { .. }));
    }
}

#[test]
fn a_deactivated_account_takes_no_new_work_but_lets_work_be_finished() {
    let acme: AccountName = "accounts/acme".parse().unwrap();
    let mut memory = begun();
    memory.accept("members/ana", &create("t2", draft("accounts/acme")));
    memory.deactivate(&acme);
    memory.accept("members/ana", &complete());
    memory.accept("members/ana", &DeleteTask { name: name("t2") });
    let another: CreateTask = create("t3", draft("accounts/acme"));
    for refused in [
        &another as &dyn Command,
        &reopen(OpenStatus::NotStarted),
        &UndeleteTask { name: name("t2") },
    ] {
        let rejection = memory.reject("members/ana", refused);
        assert_eq!(reason(rejection), Reason::AccountDeactivated);
    }
}

#[test]
fn who_does_not_take_work_any_more_is_replaced_when_a_task_comes_back() {
    let leave: [(&dyn Command, &dyn Command); 2] = [
        (&complete(), &reopen(OpenStatus::NotStarted)),
        (&delete(), &undelete()),
    ];
    for (go, come_back) in leave {
        let mut memory = begun();
        let both = Assignment::Set(vec![member("ben"), member("ana")]);
        memory.accept("members/ana", &assign("t1", both));
        memory.accept("members/ana", go);
        memory.disable("ben");
        memory.accept("members/ana", come_back);
        assert_eq!(details(&memory, "t1").assignees, [member("ana")]);
        let crate::Event::Task(Event::Assigned { left, cause, .. }) =
            &memory.log.last().unwrap().event
        else {
            panic!("{:?}", memory.log.last())
        };
        assert_eq!(left, &[member("ben")]);
        assert_eq!(cause.source, AssignmentSource::Successor);
    }
}

#[test]
fn if_nobody_is_left_a_task_that_comes_back_is_the_accounts_assignees() {
    let mut memory = begun();
    memory.accept("members/ana", &complete());
    memory.disable("ben");
    memory.accept("members/ana", &reopen(OpenStatus::NotStarted));
    assert_eq!(details(&memory, "t1").assignees, [member("ana")]);
}

#[test]
fn who_was_enabled_again_is_not_replaced() {
    let mut memory = begun();
    memory.accept("members/ana", &complete());
    memory.disable("ben");
    memory.accept(
        "members/admin",
        &EnableMember {
            name: member("ben"),
        },
    );
    memory.accept("members/ana", &reopen(OpenStatus::NotStarted));
    assert_eq!(details(&memory, "t1").assignees, [member("ben")]);
}

#[test]
fn generated_work_that_was_deleted_is_not_generated_anew() {
    let mut memory = with_task();
    let generate = GenerateTask {
        account: "accounts/acme".parse().unwrap(),
        task_type: "review-response".parse().unwrap(),
        work_key: crate::text::Line::new("r1").unwrap(),
        title: crate::text::Line::new("Answer the review").unwrap(),
        description: None,
        category: None,
        priority: crate::task::Priority::Normal,
        visibility: crate::task::Visibility::Internal,
        assignees: vec![],
        start: None,
        due: None,
    };
    memory.accept("service-accounts/reviews", &generate);
    memory.accept(
        "members/ana",
        &DeleteTask {
            name: generate.task(),
        },
    );
    let events = memory.log.len();
    memory.accept("service-accounts/reviews", &generate);
    assert_eq!(memory.log.len(), events);
}

#[test]
fn contacts_do_not_move_tasks() {
    let mut memory = with_task();
    for command in [
        &complete() as &dyn Command,
        &delete(),
        &undelete(),
        &cancel(),
    ] {
        let rejection = memory.reject(ZOE, command);
        assert!(matches!(rejection, Rejection::NotAllowed { .. }));
    }
}
