//! One role that changes hands, and the work that follows it.

use super::*;

#[test]
fn a_role_whose_work_stays_is_an_operation_that_ends_in_the_same_append() {
    let mut runner = runner(OwnershipPolicy::None);
    let before = runner.memory.log.len();
    let name = runner.begin(&assign_role("ben"));
    let types: Vec<_> = runner.memory.log[before..]
        .iter()
        .map(|new| (new.event.name(), new.partition))
        .collect();
    let partition = types[0].1;
    let expected = [
        "operation.started",
        "operation.items_recorded",
        "operation.finished",
        "account.role_assigned",
    ];
    assert_eq!(types, expected.map(|name| (name, partition)));
    let details = runner.memory.operation(&name);
    assert_eq!(
        (details.status, details.counts.moved),
        (Status::Finished, 1)
    );
    // Nothing changes, so nothing began.
    let before = runner.memory.log.len();
    runner.begin(&assign_role("ben"));
    assert_eq!(runner.memory.log.len(), before);
}

#[test]
fn a_vacated_role_is_an_operation_that_moves_nobodys_work() {
    let mut runner = runner(OwnershipPolicy::AllOpen);
    let give = AssignRole {
        role: role("success-manager"),
        ..assign_role("ben")
    };
    runner.run(&give);
    runner.add_task("t1", &["ben"]);
    let vacate = VacateRole {
        account: account("acme"),
        role: role("success-manager"),
    };
    let details = runner.run(&vacate);
    assert_eq!(
        (details.status, details.counts.moved),
        (Status::Finished, 1)
    );
    assert_eq!(runner.assignees("t1"), ["ben"]);
}

#[test]
fn work_follows_the_role_and_names_the_role_event_as_its_cause() {
    let mut runner = runner(OwnershipPolicy::AllOpen);
    runner.add_task("t1", &["cleo", "ana"]);
    runner.add_task("t2", &["ana", "ben"]);
    runner.add_task("t3", &["cleo"]);
    let name = runner.begin_as("members/ana", &assign_role("ben"));
    assert_eq!(runner.memory.operation(&name).status, Status::Running);
    assert_eq!(runner.memory.operation(&name).awaited, 1);
    runner.follow_all();
    // Co-assignees stay, and who is on it already is on it once.
    assert_eq!(runner.assignees("t1"), ["cleo", "ben"]);
    assert_eq!(runner.assignees("t2"), ["ben"]);
    assert_eq!(runner.assignees("t3"), ["cleo"]);
    let details = runner.memory.operation(&name);
    assert_eq!(details.status, Status::Finished);
    assert_eq!(details.counts.moved, 3, "the role and two tasks");
    let caused = |event: &Event| match event {
        Event::Task(task::Event::Assigned { cause, by, .. }) => {
            cause.source == AssignmentSource::Role
                && cause.event.is_some()
                && cause.operation.as_ref() == Some(&name)
                && by.as_str() == "system"
        }
        _ => false,
    };
    assert_eq!(
        runner
            .memory
            .log
            .iter()
            .filter(|new| caused(&new.event))
            .count(),
        2
    );
}

#[test]
fn what_stays_is_recorded_with_the_reason() {
    let mut runner = runner(OwnershipPolicy::OpenExceptManual);
    let subject = || Subject::Account(account("acme"));
    for (id, origin, follows) in [
        ("by-hand", Origin::Manual, None),
        ("by-hand-for-role", Origin::Manual, Some(Role::assignee())),
        ("other", Origin::Template, Some(role("sales-manager"))),
        ("moves", Origin::Template, None),
    ] {
        let mut create = create_task(id, subject(), &["ana"], origin);
        create.draft.responsible_role = follows;
        runner.memory.accept("members/ana", &create);
    }
    runner.add_task("closed", &["ana"]);
    runner.memory.accept(
        "members/ana",
        &CompleteTask {
            name: task("closed"),
        },
    );
    let about = create_task(
        "about",
        Subject::Member(member("ana")),
        &["ana"],
        Origin::Automation,
    );
    runner.memory.accept("members/ana", &about);
    let name = runner.begin(&assign_role("ben"));
    runner.follow_all();
    for (id, reason) in [
        ("by-hand", KeepReason::MadeByHand),
        ("by-hand-for-role", KeepReason::MadeByHand),
        ("other", KeepReason::OtherRole),
    ] {
        assert_eq!(
            runner.outcome(&name, &item(id)),
            Outcome::Kept { reason },
            "{id}"
        );
    }
    assert_eq!(runner.assignees("moves"), ["ben"]);
    assert_eq!(runner.assignees("closed"), ["ana"]);
    assert_eq!(runner.assignees("about"), ["ana"]);
    let counts = Counts {
        moved: 2,
        kept: 3,
        skipped: 0,
    };
    assert_eq!(runner.memory.operation(&name).counts, counts);
}

#[test]
fn who_holds_another_role_keeps_what_follows_none_and_loses_what_follows_the_role() {
    let mut runner = runner(OwnershipPolicy::AllOpen);
    let manager = AssignRole {
        role: role("success-manager"),
        ..assign_role("ana")
    };
    runner.run(&manager);
    runner.add_task("none", &["ana"]);
    let mut create = create_task(
        "follows",
        Subject::Account(account("acme")),
        &["ana"],
        Origin::Template,
    );
    create.draft.responsible_role = Some(Role::assignee());
    runner.memory.accept("members/ana", &create);
    runner.run(&assign_role("ben"));
    assert_eq!(runner.assignees("none"), ["ana"]);
    assert_eq!(runner.assignees("follows"), ["ben"]);
    // With the last role goes the rest.
    let last = AssignRole {
        role: role("success-manager"),
        ..assign_role("cleo")
    };
    runner.run(&last);
    assert_eq!(runner.assignees("none"), ["cleo"]);
}

#[test]
fn an_item_that_changed_meanwhile_is_skipped_with_the_reason_and_stops_nothing() {
    let mut runner = runner(OwnershipPolicy::AllOpen);
    for id in ["complete", "deleted", "reassigned", "untouched"] {
        runner.add_task(id, &["ana"]);
    }
    let name = runner.begin(&assign_role("ben"));
    runner.policy_reads();
    runner.memory.accept(
        "members/ana",
        &CompleteTask {
            name: task("complete"),
        },
    );
    runner.memory.accept(
        "members/ana",
        &DeleteTask {
            name: task("deleted"),
        },
    );
    runner.assign("reassigned", &["cleo"], &["ana"]);
    runner.follow_all();
    for (id, reason) in [
        ("complete", SkipReason::Closed),
        ("deleted", SkipReason::NotFound),
        ("reassigned", SkipReason::Reassigned),
    ] {
        assert_eq!(runner.outcome(&name, &item(id)), skipped(reason), "{id}");
    }
    assert_eq!(runner.assignees("untouched"), ["ben"]);
    assert_eq!(runner.assignees("reassigned"), ["cleo"]);
    assert_eq!(runner.memory.operation(&name).status, Status::Finished);
}

#[test]
fn changes_that_follow_at_once_end_with_the_last_holder() {
    let mut runner = runner(OwnershipPolicy::AllOpen);
    runner.add_task("t1", &["ana"]);
    for to in ["ben", "cleo", "dora"] {
        runner.begin(&assign_role(to));
    }
    runner.follow_all();
    assert_eq!(runner.assignees("t1"), ["dora"]);
}

#[test]
fn a_role_event_from_before_there_were_operations_is_followed_without_one() {
    let mut runner = runner(OwnershipPolicy::AllOpen);
    runner.add_task("t1", &["ana"]);
    let planned = crate::policy::Planned {
        item: item("t1"),
        decision: crate::policy::Decision::Move,
        pending: false,
    };
    let command = FollowRole {
        account: account("acme"),
        operation: None,
        event: uuid::Uuid::nil(),
        from: member("ana"),
        to: member("ben"),
        items: vec![planned],
        last: true,
    };
    assert_eq!(
        runner.memory.accept("system", &command).as_str(),
        "tasks/t1"
    );
    assert_eq!(runner.assignees("t1"), ["ben"]);
    assert_eq!(
        runner.memory.accept("system", &command).as_str(),
        "accounts/acme"
    );
}
