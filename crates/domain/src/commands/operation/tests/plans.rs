//! Plans, who may go on with them, and when they are refused.

use super::*;

#[test]
fn a_plan_that_is_executed_twice_changes_nothing_twice() {
    let mut runner = runner(OwnershipPolicy::None);
    runner.add_task("t1", &["ana"]);
    let name = runner.begin(&transfer("ana", "ben", &HoldingKind::ALL));
    runner.plan(&name);
    let command = MoveItems {
        operation: name.clone(),
        first: 0,
        items: runner.planned(&name),
        cause: None,
    };
    runner.memory.accept("system", &command);
    let events = runner.memory.log.len();
    runner.memory.accept("system", &command);
    assert_eq!(runner.memory.log.len(), events);
    let end = FinishPlanning { operation: name };
    runner.memory.accept("system", &end);
    assert_eq!(runner.memory.log.len(), events);
}

#[test]
fn an_operation_that_cannot_go_on_ends_with_the_reason_and_what_follows_changes_nothing() {
    let mut runner = runner(OwnershipPolicy::None);
    runner.add_task("t1", &["ana"]);
    let name = runner.begin(&transfer("ana", "ben", &HoldingKind::ALL));
    runner.plan(&name);
    let fail = FailOperation::new(name.clone(), &"ä".repeat(limits::FAILURE_CHARACTERS + 1));
    runner.memory.accept("system", &fail);
    let details = runner.memory.operation(&name);
    assert_eq!(
        (details.status, details.cancelled),
        (Status::Finished, true)
    );
    let failure = details.failure.unwrap();
    assert_eq!(failure.chars().count(), limits::FAILURE_CHARACTERS);
    let events = runner.memory.log.len();
    // A chunk that was out of step as long as it went on is not any more.
    let late = MoveItems {
        operation: name.clone(),
        first: 100,
        items: vec![item("t1")],
        cause: None,
    };
    runner.memory.accept("system", &late);
    runner.memory.accept("system", &fail);
    assert_eq!(runner.memory.log.len(), events);
    let by_a_member = runner.memory.reject("members/admin", &fail);
    assert!(matches!(by_a_member, Rejection::NotAllowed { .. }));
}

#[test]
fn only_handoff_goes_on_with_an_operation() {
    let mut runner = runner(OwnershipPolicy::None);
    let operation = runner.begin(&transfer("ana", "ben", &HoldingKind::ALL));
    let event = uuid::Uuid::nil();
    let commands: [&dyn Command; 5] = [
        &PlanItems {
            operation: operation.clone(),
            page: 0,
            items: vec![item("t1")],
        },
        &FinishPlanning {
            operation: operation.clone(),
        },
        &MoveItems {
            operation: operation.clone(),
            first: 0,
            items: vec![item("t1")],
            cause: None,
        },
        &UndoItems {
            operation: operation.clone(),
            first: 0,
            items: vec![],
            cause: None,
        },
        &FollowRole {
            account: account("acme"),
            operation: Some(operation.clone()),
            event,
            from: member("ana"),
            to: member("ben"),
            items: vec![],
            last: true,
        },
    ];
    for command in commands {
        for actor in ["members/admin", "service-accounts/crm"] {
            let rejection = runner.memory.reject(actor, command);
            assert!(
                matches!(rejection, Rejection::NotAllowed { .. }),
                "{command:?}"
            );
        }
    }
}

#[test]
fn a_plan_that_changed_is_refused() {
    let mut runner = runner(OwnershipPolicy::None);
    runner.add_task("t1", &["ana"]);
    let expectations = |runner: &Runner| {
        let streams = [(&account("acme")).into(), (&task("t1")).into()];
        let streams = streams.map(|name: StreamName| Expectation::Stream {
            version: runner.memory.version(&name),
            name,
        });
        let version = runner.memory.settings().ownership_policy_version;
        let policy = Expectation::Policy { version };
        streams.into_iter().chain([policy]).collect::<Vec<_>>()
    };
    let plan = expectations(&runner);
    let decide = |runner: &mut Runner, plan: &[Expectation], command: &dyn Command| {
        let context = Context {
            plan: plan.to_vec(),
            ..runner.memory.context("members/admin")
        };
        runner.memory.decide(&context, command)
    };
    let changed = |result: Result<StreamName, Rejection>| match result.unwrap_err() {
        Rejection::PlanChanged { resource, .. } => resource,
        other => panic!("{other}"),
    };
    let commands: [&dyn Command; 4] = [
        &assign_role("ben"),
        &transfer("ana", "ben", &HoldingKind::ALL),
        &Runner::batch("assignee", "ben", &["acme"]),
        &disable("ana", Some("ben")),
    ];
    // A listed item, then the policy.
    runner.assign("t1", &["cleo"], &[]);
    for command in commands {
        assert_eq!(changed(decide(&mut runner, &plan, command)), "tasks/t1");
    }
    let plan = expectations(&runner);
    runner.memory.change_settings(Changes {
        ownership_policy: Some(OwnershipPolicy::AllOpen),
        ..Changes::default()
    });
    assert_eq!(
        changed(decide(&mut runner, &plan, &assign_role("ben"))),
        "settings"
    );
    // Another setting makes no difference.
    let plan = expectations(&runner);
    runner.memory.change_settings(Changes {
        task_types: Some(vec![]),
        ..Changes::default()
    });
    decide(&mut runner, &plan, &assign_role("ben")).unwrap();
    let name = runner.begin(&assign_role("cleo"));
    runner.follow_all();
    let undo = UndoOperation { operation: name };
    assert_eq!(changed(decide(&mut runner, &plan, &undo)), "accounts/acme");
    let many = vec![plan[2].clone(); limits::EXPECTATIONS + 1];
    let rejection = decide(&mut runner, &many, &assign_role("ana")).unwrap_err();
    assert_eq!(field(rejection), "expected_position");
}

#[test]
fn more_items_than_fit_are_refused() {
    let mut runner = runner(OwnershipPolicy::None);
    let operation = runner.begin(&transfer("ana", "ben", &HoldingKind::ALL));
    for items in [vec![], vec![item("t1"); limits::MOVED_ITEMS + 1]] {
        let command = MoveItems {
            operation: operation.clone(),
            first: 0,
            items,
            cause: None,
        };
        assert_eq!(field(runner.memory.reject("system", &command)), "items");
    }
}
