//! Taking operations back.

use super::*;

#[test]
fn enabling_a_member_ends_their_disabling_and_what_was_moved_can_be_undone() {
    let mut runner = runner(OwnershipPolicy::None);
    for n in 0..3 {
        runner.add_task(&format!("t{n}"), &["ana"]);
    }
    let before = runner.snapshot();
    let name = runner.begin(&disable("ana", Some("ben")));
    runner.plan(&name);
    assert!(runner.execute(&name));
    runner.memory.accept(
        "members/admin",
        &EnableMember {
            name: member("ana"),
        },
    );
    let details = runner.memory.operation(&name);
    assert_eq!(
        (details.status, details.cancelled),
        (Status::Finished, true)
    );
    assert!(!runner.execute(&name), "nothing more moves");
    assert_eq!(runner.memory.account("acme").assignee, member("ben"));
    runner.undo(&name);
    assert_eq!(runner.snapshot(), before);
}

#[test]
fn an_undo_restores_what_nobody_touched_since_and_reports_the_rest() {
    let mut runner = runner(OwnershipPolicy::AllOpen);
    for id in ["restored", "shared", "reassigned", "complete", "reopened"] {
        let with: &[&str] = if id == "shared" {
            &["ana", "ben"]
        } else {
            &["ana"]
        };
        runner.add_task(id, with);
    }
    let first = runner.begin(&assign_role("ben"));
    runner.follow_all();
    runner.assign("reassigned", &["cleo"], &["ben"]);
    for id in ["complete", "reopened"] {
        runner
            .memory
            .accept("members/ana", &CompleteTask { name: task(id) });
    }
    let reopen = ReopenTask {
        name: task("reopened"),
        status: OpenStatus::NotStarted,
    };
    runner.memory.accept("members/ana", &reopen);
    let undo = runner.begin(&UndoOperation {
        operation: first.clone(),
    });
    runner.drain(&undo);
    assert_eq!(runner.memory.account("acme").assignee, member("ana"));
    assert_eq!(runner.assignees("restored"), ["ana"]);
    let mut both = runner.assignees("shared");
    both.sort();
    assert_eq!(both, ["ana", "ben"]);
    assert_eq!(runner.assignees("reassigned"), ["cleo"]);
    assert_eq!(
        runner.outcome(&undo, &item("reassigned")),
        skipped(SkipReason::Changed)
    );
    assert_eq!(
        runner.outcome(&undo, &item("complete")),
        skipped(SkipReason::Changed)
    );
    assert_eq!(
        runner.assignees("reopened"),
        ["ana"],
        "it is as it was left"
    );
    // No policy acts on what an undo gives back.
    let details = runner.memory.operation(&undo);
    assert_eq!((details.status, details.awaited), (Status::Finished, 0));
    assert_eq!((details.counts.moved, details.counts.skipped), (4, 2));
    assert_eq!(runner.memory.operation(&first).undo, Some(undo));
}

#[test]
fn an_operation_is_undone_once_when_it_is_finished_and_an_undo_is_not_undone() {
    let mut runner = runner(OwnershipPolicy::AllOpen);
    runner.add_task("t1", &["ana"]);
    let first = runner.begin(&assign_role("ben"));
    let undo = UndoOperation {
        operation: first.clone(),
    };
    let rejection = runner.memory.reject("members/admin", &undo);
    assert_eq!(reason(rejection), Reason::OperationRunning);
    runner.follow_all();
    let second = runner.begin(&undo);
    let rejection = runner.memory.reject("members/admin", &undo);
    assert_eq!(reason(rejection), Reason::OperationUndone);
    runner.drain(&second);
    let rejection = runner
        .memory
        .reject("members/admin", &UndoOperation { operation: second });
    assert_eq!(reason(rejection), Reason::UndoIsFinal);
    let unknown = UndoOperation {
        operation: "operations/none".parse().unwrap(),
    };
    let rejection = runner.memory.reject("members/admin", &unknown);
    assert!(matches!(rejection, Rejection::NotFound { .. }));
}

#[test]
fn undoing_a_disabling_enables_the_member_first_and_gives_everything_back() {
    let mut runner = runner(OwnershipPolicy::AllOpen);
    runner.memory.change_settings(Changes {
        default_assignee: Some(member("ana")),
        ..Changes::default()
    });
    for n in 0..4 {
        runner.add_task(&format!("t{n}"), &["ana"]);
    }
    let before = runner.snapshot();
    let name = runner.begin(&disable("ana", Some("ben")));
    runner.drain(&name);
    assert_ne!(runner.snapshot(), before);
    let undo = runner.begin(&UndoOperation { operation: name });
    assert!(runner.memory.member("ana").takes_work());
    runner.drain(&undo);
    assert_eq!(runner.snapshot(), before);
}

#[test]
fn an_undo_gives_nothing_back_to_who_takes_no_work() {
    let mut runner = runner(OwnershipPolicy::None);
    runner.add_task("t1", &["dora"]);
    let name = runner.begin(&transfer("dora", "ben", &[HoldingKind::OpenTask]));
    runner.drain(&name);
    runner.memory.disable("dora");
    let undo = runner.begin(&UndoOperation { operation: name });
    runner.drain(&undo);
    assert_eq!(
        runner.outcome(&undo, &item("t1")),
        skipped(SkipReason::MemberDisabled)
    );
    assert_eq!(runner.assignees("t1"), ["ben"]);
}

#[test]
fn a_disabling_is_not_undone_while_another_is_under_way() {
    let mut runner = runner(OwnershipPolicy::None);
    let first = runner.begin(&disable("dora", Some("ben")));
    runner.drain(&first);
    runner.memory.accept(
        "members/admin",
        &EnableMember {
            name: member("dora"),
        },
    );
    runner.begin(&disable("dora", Some("cleo")));
    let rejection = runner
        .memory
        .reject("members/admin", &UndoOperation { operation: first });
    assert_eq!(reason(rejection), Reason::DisablingUnderWay);
}
