//! What comes back after those who had it were disabled, one after the other.

use super::*;
use crate::commands::UndeleteTask;

/// `t1` of `holders` is out of the way while `ana` is disabled for `ben`, and `ben` for `cleo`; then it comes back.
fn after_two_disablings(holders: &[&str], goes: &dyn Command, comes_back: &dyn Command) -> Runner {
    let mut runner = runner(OwnershipPolicy::AllOpen);
    runner.add_task("t1", holders);
    runner.memory.accept("members/dora", goes);
    for (leaves, successor) in [("ana", "ben"), ("ben", "cleo")] {
        let details = runner.run(&disable(leaves, Some(successor)));
        assert_eq!(details.status, Status::Finished);
        assert!(!runner.memory.member(leaves).may_sign_in());
    }
    // Nobody moved it meanwhile.
    assert!(!runner.has(|event| matches!(event, Event::Task(task::Event::Assigned { .. }))));
    runner.memory.accept("members/dora", comes_back);
    runner
}

fn last_assignment(runner: &Runner) -> (Vec<MemberName>, Vec<MemberName>, AssignmentSource) {
    match &runner.memory.log.last().unwrap().event {
        Event::Task(task::Event::Assigned {
            left,
            joined,
            cause,
            ..
        }) => (left.clone(), joined.clone(), cause.source),
        other => panic!("{other:?}"),
    }
}

fn complete() -> CompleteTask {
    CompleteTask { name: task("t1") }
}

fn reopen() -> ReopenTask {
    ReopenTask {
        name: task("t1"),
        status: OpenStatus::InProgress,
    }
}

fn delete() -> DeleteTask {
    DeleteTask { name: task("t1") }
}

fn undelete() -> UndeleteTask {
    UndeleteTask { name: task("t1") }
}

#[test]
fn reopening_a_task_gives_it_to_the_successor_of_the_successor() {
    let runner = after_two_disablings(&["ana"], &complete(), &reopen());
    assert_eq!(runner.assignees("t1"), ["cleo"]);
    let expected = (
        members(&["ana"]),
        members(&["cleo"]),
        AssignmentSource::Successor,
    );
    assert_eq!(last_assignment(&runner), expected);
}

#[test]
fn undeleting_a_task_gives_it_to_the_successor_of_the_successor() {
    let runner = after_two_disablings(&["ana"], &delete(), &undelete());
    assert_eq!(runner.assignees("t1"), ["cleo"]);
    let expected = (
        members(&["ana"]),
        members(&["cleo"]),
        AssignmentSource::Successor,
    );
    assert_eq!(last_assignment(&runner), expected);
}

#[test]
fn whoever_has_a_task_that_comes_back_stays_and_has_it_once() {
    for (goes, comes_back) in [
        (&complete() as &dyn Command, &reopen() as &dyn Command),
        (&delete(), &undelete()),
    ] {
        // Both of the chain, its end, and somebody who has nothing to do with it.
        let holders = ["dora", "ana", "cleo", "ben"];
        let runner = after_two_disablings(&holders, goes, comes_back);
        assert_eq!(runner.assignees("t1"), ["dora", "cleo"]);
        let expected = (
            members(&["ana", "ben"]),
            members(&[]),
            AssignmentSource::Successor,
        );
        assert_eq!(last_assignment(&runner), expected);
    }
}

#[test]
fn a_task_that_comes_back_between_two_disablings_goes_on_with_the_second() {
    let mut runner = runner(OwnershipPolicy::None);
    runner.add_task("t1", &["ana"]);
    runner.memory.accept("members/dora", &complete());
    runner.run(&disable("ana", Some("ben")));
    runner.memory.accept("members/dora", &reopen());
    assert_eq!(runner.assignees("t1"), ["ben"]);
    let second = runner.begin(&disable("ben", Some("cleo")));
    runner.drain(&second);
    assert_eq!(runner.assignees("t1"), ["cleo"]);
    let Outcome::Moved { change } = runner.outcome(&second, &item("t1")) else {
        panic!("{:?}", runner.results(&second))
    };
    assert_eq!(
        (change.from, change.to),
        (Some(member("ben")), Some(member("cleo")))
    );
}

#[test]
fn a_task_that_comes_back_during_the_second_disabling_goes_to_its_successor() {
    let mut runner = runner(OwnershipPolicy::None);
    runner.add_task("t1", &["ana"]);
    runner.memory.accept("members/dora", &complete());
    runner.run(&disable("ana", Some("ben")));
    let second = runner.begin(&disable("ben", Some("cleo")));
    // Begun, and neither planned nor done.
    runner.memory.accept("members/dora", &reopen());
    assert_eq!(runner.assignees("t1"), ["cleo"]);
    runner.drain(&second);
    assert_eq!(runner.assignees("t1"), ["cleo"]);
    assert!(!runner.memory.member("ben").may_sign_in());
}
