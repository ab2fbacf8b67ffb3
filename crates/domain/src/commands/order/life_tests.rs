//! When an order is open, and its next rounds (S1).

use chrono::TimeDelta;

use crate::{
    Command,
    checklist::{Arrangement, Changes},
    commands::{
        AddOrderTask, CancelOrder, CompleteOrder, EnableMember, RemoveOrderTask,
        RemoveTemplateTask, RenewOrder, ReopenOrder, ReorderOrderTasks, UpdateOrder,
        UpdateTemplateTask,
        memory::Memory,
        order::samples::{
            add, add_template, assign, assignees, check, client, details, edit, events, give,
            members, name, o1, place, tasks, team, template, types, uncheck, with_order,
        },
        task::samples::{member, reason},
    },
    limits, member,
    names::StreamName,
    order::{Cycle, Event, Progress, Status},
    rejection::Reason,
    text::Line,
};

fn complete() -> CompleteOrder {
    CompleteOrder { name: o1() }
}

fn cancel() -> CancelOrder {
    CancelOrder { name: o1() }
}

fn reopen() -> ReopenOrder {
    ReopenOrder { name: o1() }
}

fn remove(id: &str) -> RemoveOrderTask {
    RemoveOrderTask { name: name(id) }
}

fn renew(cycle: &str) -> RenewOrder {
    RenewOrder {
        name: o1(),
        cycle: Cycle::new(cycle).unwrap(),
        start: None,
    }
}

fn status(memory: &Memory) -> Status {
    details(memory).status()
}

/// Disables a member in whose place another works.
fn disable_for(memory: &mut Memory, id: &str, successor: &str) {
    let started = member::Event::DisablingStarted {
        successor: Some(member(successor)),
        operation: None,
        by: "system".parse().unwrap(),
        at: memory.now,
    };
    memory.record(StreamName::from(&member(id)), crate::Event::Member(started));
    let disabled = member::Event::Disabled {
        successor: Some(member(successor)),
        by: "system".parse().unwrap(),
        at: memory.now,
    };
    memory.record(
        StreamName::from(&member(id)),
        crate::Event::Member(disabled),
    );
}

#[test]
fn an_order_is_complete_when_its_last_open_task_is_checked_and_opens_when_one_is_unchecked() {
    let mut memory = with_order(&[team("a", 1, &["ana"]), team("b", 2, &["ben"])]);
    memory.accept("members/ana", &check("b"));
    assert_eq!(status(&memory), Status::Open);
    memory.accept("members/ana", &check("a"));
    assert_eq!(status(&memory), Status::Complete);
    let log = memory.log.len();
    memory.accept("members/ana", &uncheck("b"));
    let expected = ["task_unchecked", "reopened", "assignees_rotated"];
    assert_eq!(types(&memory, log), expected);
    assert_eq!(status(&memory), Status::Open);
}

#[test]
fn an_order_that_completed_by_itself_opens_when_a_task_is_added() {
    let mut memory = with_order(&[team("a", 1, &["ana"])]);
    memory.accept("members/ana", &check("a"));
    memory.accept("members/ana", &add(team("b", 1, &["ben"])));
    assert_eq!(status(&memory), Status::Open);
    assert_eq!(assignees(&memory), ["ben"]);
}

#[test]
fn an_order_completes_when_its_last_open_task_is_removed_unless_it_has_no_task_left() {
    let mut memory = with_order(&[team("a", 1, &["ana"]), team("b", 2, &["ben"])]);
    memory.accept("members/ana", &check("a"));
    memory.accept("members/ana", &remove("b"));
    assert_eq!(status(&memory), Status::Complete);
    let mut memory = with_order(&[team("a", 1, &["ana"])]);
    memory.accept("members/ana", &remove("a"));
    assert_eq!(status(&memory), Status::Open);
}

#[test]
fn an_order_without_tasks_completes_only_by_hand() {
    let mut memory = with_order(&[]);
    assert_eq!(status(&memory), Status::Open);
    memory.accept("members/ana", &complete());
    assert_eq!(status(&memory), Status::Complete);
}

#[test]
fn an_order_closed_by_hand_refuses_changes_of_its_checklist_until_it_is_reopened() {
    for close in [&complete() as &dyn Command, &cancel()] {
        let mut memory = with_order(&[
            team("a", 1, &["ana"]),
            team("b", 2, &["ben"]),
            team("c", 3, &["cleo"]),
        ]);
        memory.accept("members/ana", &check("a"));
        memory.accept("members/ana", close);
        let turned = ReorderOrderTasks {
            name: o1(),
            arrangement: Arrangement {
                tasks: ["c", "b", "a"].map(name).to_vec(),
                tiers: vec![],
            },
        };
        let titled = Changes {
            title: Some(Line::new("Another").unwrap()),
            ..Changes::default()
        };
        for refused in [
            &check("b") as &dyn Command,
            &uncheck("a"),
            &add(team("d", 1, &[])),
            &edit("b", titled),
            &remove("b"),
            &turned,
            &give("b", &["dan"]),
            &assign(&["dan"], &[]),
        ] {
            let rejection = memory.reject("members/ana", refused);
            assert_eq!(reason(rejection), Reason::OrderClosed, "{refused:?}");
        }
        // What is so already changes nothing, and it may have another title.
        let log = memory.log.len();
        memory.accept("members/ana", &check("a"));
        memory.accept("members/ana", close);
        assert_eq!(memory.log.len(), log);
        let update = UpdateOrder {
            name: o1(),
            title: Some(Line::new("Another").unwrap()),
            start: None,
        };
        memory.accept("members/ana", &update);
        assert_eq!(assignees(&memory), ["ben"]);

        memory.accept("members/ana", &reopen());
        let order = details(&memory);
        assert_eq!(order.status(), Status::Open);
        assert!(!order.task(&name("a")).unwrap().is_open());
        memory.accept("members/ana", &check("b"));
        assert_eq!(assignees(&memory), ["cleo"]);
    }
}

#[test]
fn a_complete_order_is_not_cancelled_nor_a_cancelled_one_completed() {
    let mut memory = with_order(&[team("a", 1, &[])]);
    memory.accept("members/ana", &complete());
    let rejection = memory.reject("members/ana", &cancel());
    assert_eq!(reason(rejection), Reason::OrderClosed);
    memory.accept("members/ana", &reopen());
    memory.accept("members/ana", &cancel());
    let rejection = memory.reject("members/ana", &complete());
    assert_eq!(reason(rejection), Reason::OrderClosed);
}

#[test]
fn an_order_reopened_with_every_task_done_stays_open() {
    let mut memory = with_order(&[team("a", 1, &["ana"])]);
    memory.accept("members/ana", &check("a"));
    memory.accept("members/ana", &reopen());
    assert_eq!(status(&memory), Status::Open);
    let log = memory.log.len();
    memory.accept("members/ana", &reopen());
    assert_eq!(memory.log.len(), log);
    memory.accept("members/ana", &assign(&["dan"], &[]));
    assert_eq!(status(&memory), Status::Open);
    memory.accept("members/ana", &add(team("b", 1, &[])));
    memory.accept("members/ana", &check("b"));
    assert_eq!(status(&memory), Status::Complete);
}

#[test]
fn a_deactivated_account_refuses_what_makes_work_and_lets_the_rest_go_on() {
    let mut memory = with_order(&[team("a", 1, &["ana"]), team("b", 2, &["ben"])]);
    memory.accept("members/ana", &check("a"));
    memory.deactivate(&"accounts/acme".parse().unwrap());
    for refused in [
        &uncheck("a") as &dyn Command,
        &add(team("c", 3, &[])),
        &place("o2"),
        &renew("2027-02"),
    ] {
        let rejection = memory.reject("members/ana", refused);
        assert_eq!(reason(rejection), Reason::AccountDeactivated, "{refused:?}");
    }
    memory.accept("members/ana", &give("b", &["cleo"]));
    memory.accept("members/ana", &assign(&["dan"], &[]));
    memory.accept("members/ana", &check("b"));
    let rejection = memory.reject("members/ana", &reopen());
    assert_eq!(reason(rejection), Reason::AccountDeactivated);
}

#[test]
fn a_paused_account_accepts_orders_and_renewals() {
    let mut memory = with_order(&[team("a", 1, &["ana"])]);
    let pause = crate::commands::SetAccountStatus {
        name: "accounts/acme".parse().unwrap(),
        status: crate::account::Status::Paused,
    };
    memory.accept("members/ana", &pause);
    memory.accept("members/ana", &place("o2"));
    memory.accept("members/ana", &renew("2027-02"));
}

#[test]
fn renewing_makes_every_task_incomplete_and_moves_the_due_dates() {
    let mut memory = with_order(&[team("a", 1, &["ana"]), team("b", 2, &["ben"])]);
    let deadline = Changes {
        deadline_hours: Some(Some(crate::checklist::DeadlineHours::new(48).unwrap())),
        ..Changes::default()
    };
    memory.accept("members/ana", &edit("a", deadline));
    memory.accept("members/ana", &assign(&["dan"], &[]));
    memory.accept("members/ana", &check("a"));
    memory.accept("members/ana", &check("b"));
    let start = memory.now + TimeDelta::days(30);
    let renewal = RenewOrder {
        start: Some(start),
        ..renew("2027-02")
    };
    memory.accept("members/ana", &renewal);
    let order = details(&memory);
    assert_eq!(order.progress, Progress::Open);
    assert_eq!(order.open_tasks().count(), 2);
    assert!(order.added.is_empty());
    assert_eq!(assignees(&memory), ["ana"]);
    let due = order.due(order.task(&name("a")).unwrap());
    assert_eq!(due, Some(start + TimeDelta::hours(48)));
    assert_eq!(order.due(order.task(&name("b")).unwrap()), None);
}

#[test]
fn renewing_takes_the_services_assignees_as_they_are_then_and_nothing_else_of_it() {
    let mut memory = with_order(&[team("a", 1, &["ana"]), team("b", 2, &["ben"])]);
    memory.accept("members/ana", &add(team("own", 1, &["dan"])));
    memory.accept("members/ana", &give("b", &["ana"]));
    let update = UpdateTemplateTask {
        name: template("a"),
        changes: Changes {
            title: Some(Line::new("Renamed").unwrap()),
            visibility: Some(crate::checklist::Visibility::Portal),
            tier: Some(crate::checklist::Tier::new(9).unwrap()),
            ..Changes::default()
        },
        assignees: Some(members(&["cleo"])),
    };
    memory.accept("members/admin", &update);
    memory.accept(
        "members/admin",
        &RemoveTemplateTask {
            name: template("b"),
        },
    );
    memory.accept("members/admin", &add_template(team("new", 1, &["ben"])));
    memory.accept("members/ana", &renew("2027-02"));
    let order = details(&memory);
    assert_eq!(tasks(&memory), ["a", "own", "b"]);
    let content = |id: &str| order.task(&name(id)).unwrap().content.clone();
    assert_eq!(content("a").assignees, members(&["cleo"]));
    assert_eq!(content("a").title.as_str(), "a");
    assert_eq!(content("a").tier.number(), 1);
    let visibility = content("a").visibility;
    assert_eq!(visibility, crate::checklist::Visibility::Internal);
    assert_eq!(content("own").assignees, members(&["dan"]));
    // Its template is gone: it keeps those that it has.
    assert_eq!(content("b").assignees, members(&["ana"]));
    assert_eq!(assignees(&memory), ["cleo", "dan"]);
}

#[test]
fn the_same_cycle_changes_nothing_the_second_time_also_after_others() {
    let mut memory = with_order(&[team("a", 1, &["ana"])]);
    for cycle in ["2027-01", "2027-02", "2027-03"] {
        memory.accept("members/ana", &renew(cycle));
    }
    memory.accept("members/ana", &check("a"));
    let log = memory.log.len();
    for cycle in ["2027-02", "2027-01", "2027-03"] {
        memory.accept("members/ana", &renew(cycle));
    }
    assert_eq!(memory.log.len(), log);
    assert_eq!(status(&memory), Status::Complete);
    memory.accept("members/ana", &renew("2027-04"));
    assert_eq!(status(&memory), Status::Open);
}

#[test]
fn a_cancelled_order_is_not_renewed_and_one_completed_by_hand_is() {
    let mut memory = with_order(&[team("a", 1, &["ana"])]);
    memory.accept("members/ana", &renew("2027-01"));
    memory.accept("members/ana", &cancel());
    let rejection = memory.reject("members/ana", &renew("2027-02"));
    assert_eq!(reason(rejection), Reason::OrderClosed);
    memory.accept("members/ana", &renew("2027-01"));
    memory.accept("members/ana", &reopen());
    memory.accept("members/ana", &complete());
    memory.accept("members/ana", &renew("2027-02"));
    assert_eq!(status(&memory), Status::Open);
}

#[test]
fn an_order_remembers_a_bounded_number_of_cycles() {
    let mut memory = with_order(&[team("a", 1, &["ana"])]);
    let mut order = details(&memory);
    for n in 0..limits::CYCLES {
        let renewed = crate::order::Renewed {
            cycle: Cycle::new(&format!("c{n}")).unwrap(),
            previous_start: order.start,
            start: order.start,
            tasks: vec![],
            by: "system".parse().unwrap(),
            at: memory.now,
        };
        order = match crate::order::Order::Existing(order.into())
            .evolve(&Event::Renewed(renewed.into()))
        {
            Ok(crate::order::Order::Existing(order)) => *order,
            other => panic!("{other:?}"),
        };
    }
    memory.put_order(crate::order::Order::Existing(order.into()));
    let rejection = memory.reject("members/ana", &renew("one more"));
    assert_eq!(reason(rejection), Reason::TooManyCycles);
    memory.accept("members/ana", &renew("c7"));
}

#[test]
fn unchecking_reopening_and_renewing_put_successors_in_the_place_of_the_disabled() {
    let disabled = |close: &dyn Command, back: &dyn Command| {
        let mut memory = with_order(&[team("a", 1, &["ben", "ana"]), client("b", 2)]);
        memory.accept("members/ana", &assign(&["ben"], &[]));
        memory.accept("members/ana", close);
        disable_for(&mut memory, "ben", "cleo");
        disable_for(&mut memory, "cleo", "dan");
        let log = memory.log.len();
        memory.accept("members/ana", back);
        (memory, log)
    };
    let (memory, log) = disabled(&check("a"), &uncheck("a"));
    assert_eq!(
        details(&memory).task(&name("a")).unwrap().content.assignees,
        members(&["ana", "dan"])
    );
    assert!(types(&memory, log).contains(&"task_assigned"));

    let (memory, _) = disabled(&complete(), &reopen());
    assert_eq!(assignees(&memory), ["ana", "dan"]);
    assert!(details(&memory).has_added(&member("dan")));

    let (memory, _) = disabled(&complete(), &renew("2027-02"));
    assert_eq!(assignees(&memory), ["ana", "dan"]);
    for event in events(&memory, 0) {
        if let Event::Renewed(renewed) = event {
            assert_eq!(renewed.tasks[0].assignees, members(&["dan", "ana"]));
        }
    }
}

#[test]
fn a_task_that_comes_back_and_has_nobody_left_is_the_account_assignees() {
    let mut memory = with_order(&[team("a", 1, &["ben"]), team("b", 2, &[])]);
    memory.accept("members/ana", &check("a"));
    memory.disable("ben");
    memory.accept("members/cleo", &uncheck("a"));
    assert_eq!(assignees(&memory), ["ana"]);
    memory.accept(
        "members/admin",
        &EnableMember {
            name: member("ben"),
        },
    );
    memory.accept("members/cleo", &check("a"));
    // Where nobody was assigned, nobody is.
    memory.accept("members/cleo", &uncheck("a"));
    assert!(
        details(&memory)
            .task(&name("b"))
            .unwrap()
            .content
            .assignees
            .is_empty()
    );
}

#[test]
fn a_template_of_somebody_disabled_is_placed_and_added_for_the_successor() {
    let mut memory = with_order(&[team("a", 1, &["ben"])]);
    disable_for(&mut memory, "ben", "cleo");
    memory.accept("members/ana", &place("o2"));
    let order = memory.order("o2").details().unwrap().clone();
    assert_eq!(order.tasks[0].content.assignees, members(&["cleo"]));
    let from_library = AddOrderTask {
        name: name("again"),
        task: crate::commands::NewOrderTask::Template {
            task: template("a"),
            tier: None,
        },
    };
    memory.accept("members/ana", &from_library);
    let order = details(&memory);
    let content = &order.task(&name("again")).unwrap().content;
    assert_eq!(content.assignees, members(&["cleo"]));
}
