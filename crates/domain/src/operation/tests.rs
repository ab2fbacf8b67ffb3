use super::*;
use crate::{
    Event as AnyEvent,
    event::CorruptHistory,
    names::{AccountName, TaskName},
    terms::Role,
};

fn at() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).unwrap()
}

fn by() -> Actor {
    Actor::System
}

fn name() -> OperationName {
    "operations/o1".parse().unwrap()
}

fn task(n: usize) -> Holding {
    let task: TaskName = format!("tasks/t{n}").parse().unwrap();
    Holding::OpenTask { task }
}

fn transfer() -> OwnershipChange {
    OwnershipChange::TransferResources {
        from: "members/ana".parse().unwrap(),
        to: "members/ben".parse().unwrap(),
        kinds: [HoldingKind::OpenTask].into(),
    }
}

fn started(change: OwnershipChange) -> Operation {
    let event = Operation::Absent
        .start(&name(), change, by(), at())
        .unwrap();
    Operation::Absent.evolve(&event).unwrap()
}

fn skipped(item: Holding) -> ItemResult {
    ItemResult {
        item,
        outcome: Outcome::Skipped {
            reason: SkipReason::Closed,
        },
    }
}

fn plan(operation: Operation, page: u32, items: Vec<Holding>) -> Operation {
    let event = operation.plan_items(&name(), page, items, by(), at());
    operation.evolve(&event.unwrap().unwrap()).unwrap()
}

fn running(items: usize) -> Operation {
    let planned = plan(started(transfer()), 0, (0..items).map(task).collect());
    let event = planned
        .finish_planning(&name(), by(), at())
        .unwrap()
        .unwrap();
    planned.evolve(&event).unwrap()
}

fn record(operation: Operation, recording: Recording) -> Result<Operation, CorruptHistory> {
    let event = operation.record(recording, by(), at());
    operation.evolve(&event)
}

fn results(range: std::ops::Range<usize>) -> Recording {
    Recording {
        results: range.map(|n| skipped(task(n))).collect(),
        ..Recording::default()
    }
}

#[test]
fn a_plan_grows_page_by_page_and_a_page_comes_once() {
    let first = plan(started(transfer()), 0, vec![task(0), task(1)]);
    let again = first.plan_items(&name(), 0, vec![task(9)], by(), at());
    assert_eq!(again, Ok(None));
    assert!(
        first
            .plan_items(&name(), 2, vec![task(2)], by(), at())
            .is_err()
    );
    let second = plan(first, 1, vec![task(2)]);
    let details = second.existing(&name()).unwrap();
    assert_eq!((details.planned_items(), details.pages), (3, 2));
    assert_eq!(details.cursor, Some(task(2)));
}

#[test]
fn a_page_is_bounded_and_has_only_what_the_operation_moves() {
    let operation = started(transfer());
    let page = |items| operation.plan_items(&name(), 0, items, by(), at());
    assert!(matches!(page(vec![]), Err(Rejection::Invalid(_))));
    let many = (0..=limits::PLANNED_ITEMS).map(task).collect();
    assert!(matches!(page(many), Err(Rejection::Invalid(_))));
    assert!(matches!(
        page(vec![Holding::DefaultAssignee]),
        Err(Rejection::Precondition {
            reason: Reason::OutOfStep,
            ..
        })
    ));
}

#[test]
fn the_largest_page_and_the_largest_record_fit_into_an_event() {
    let long = "x".repeat(limits::ID_CHARACTERS);
    let account = AccountName::from_id(&long).unwrap();
    let role: Role = long.parse().unwrap();
    let item = || Holding::Role {
        account: account.clone(),
        role: role.clone(),
    };
    let planned = Event::ItemsPlanned {
        page: u32::MAX,
        items: (0..limits::PLANNED_ITEMS).map(|_| item()).collect(),
        by: by(),
        at: at(),
    };
    let member = MemberName::from_id(&long).unwrap();
    let result = || ItemResult {
        item: item(),
        outcome: Outcome::Moved {
            change: Reassigned {
                from: Some(member.clone()),
                to: Some(member.clone()),
                shared: true,
                left_as: left_as("", [&member]),
            },
        },
    };
    let recorded = Event::ItemsRecorded {
        results: (0..limits::MOVED_ITEMS).map(|_| result()).collect(),
        awaited: 100,
        policy: None,
        by: by(),
        at: at(),
    };
    for event in [planned, recorded] {
        let bytes = AnyEvent::Operation(event).encode().len();
        assert!(bytes < limits::EVENT_BYTES, "{bytes}");
    }
}

#[test]
fn results_come_in_the_order_of_the_plan_and_each_once() {
    let operation = running(3);
    assert_eq!(operation.takes_results(&name(), 0, 2), Ok(true));
    assert!(
        operation.takes_results(&name(), 1, 1).is_err(),
        "one is left out"
    );
    assert!(
        operation.takes_results(&name(), 0, 4).is_err(),
        "more than planned"
    );
    let operation = record(operation, results(0..2)).unwrap();
    assert_eq!(operation.takes_results(&name(), 0, 2), Ok(false));
    assert_eq!(operation.takes_results(&name(), 2, 1), Ok(true));
    assert_eq!(operation.finish(by(), at()), None);
    let operation = record(operation, results(2..3)).unwrap();
    let end = operation.finish(by(), at()).unwrap();
    let operation = operation.evolve(&end).unwrap();
    let details = operation.existing(&name()).unwrap();
    assert_eq!(
        (details.status, details.counts.skipped),
        (Status::Finished, 3)
    );
    assert_eq!(operation.takes_results(&name(), 0, 2), Ok(false));
}

#[test]
fn nothing_moves_before_the_plan_is_complete() {
    let planning = plan(started(transfer()), 0, vec![task(0)]);
    assert!(planning.takes_results(&name(), 0, 1).is_err());
    assert!(record(planning, results(0..1)).is_err());
}

#[test]
fn an_operation_waits_for_the_policy_after_each_role_event() {
    let awaiting = Recording {
        awaited: 2,
        ..results(0..1)
    };
    let step = |last| Recording {
        results: vec![skipped(task(7))],
        awaited: 0,
        policy: Some(PolicyStep {
            event: Uuid::from_u128(1),
            last,
        }),
    };
    let mut operation = record(running(1), awaiting).unwrap();
    for (last, awaited) in [(false, 2), (true, 1), (true, 0)] {
        assert_eq!(operation.finish(by(), at()), None);
        operation = record(operation, step(last)).unwrap();
        assert_eq!(operation.existing(&name()).unwrap().awaited, awaited);
    }
    assert!(operation.finish(by(), at()).is_some());
    assert_eq!(record(operation, step(true)), Err(CorruptHistory));
}

#[test]
fn history_that_cannot_be_is_refused() {
    let operation = running(1);
    let early = Event::Finished {
        counts: Counts::default(),
        cancelled: false,
        failure: None,
        by: by(),
        at: at(),
    };
    assert_eq!(operation.clone().evolve(&early), Err(CorruptHistory));
    let undo = Event::UndoStarted {
        undo: "operations/o2".parse().unwrap(),
        by: by(),
        at: at(),
    };
    assert_eq!(operation.clone().evolve(&undo), Err(CorruptHistory));
    assert_eq!(Operation::Absent.evolve(&undo), Err(CorruptHistory));
    assert!(
        record(operation, results(0..2)).is_err(),
        "more than planned"
    );
}

#[test]
fn what_an_item_was_left_as_tells_holders_and_status_but_not_their_order() {
    let [ana, ben]: [MemberName; 2] =
        ["members/ana", "members/ben"].map(|name| name.parse().unwrap());
    let both = left_as("in_progress", [&ana, &ben]);
    assert_eq!(both, left_as("in_progress", [&ben, &ana]));
    assert_ne!(both, left_as("not_started", [&ana, &ben]));
    assert_ne!(both, left_as("in_progress", [&ana]));
    // Fixed for ever: it is stored.
    assert_eq!(
        left_as("", [&ana]).to_string(),
        "c5efc88f-d00d-57e4-89ba-499b0e831c4a"
    );
}

#[test]
fn a_step_has_an_id_of_its_own_that_is_the_same_after_a_crash() {
    assert_eq!(step_id(&name(), "page/0"), step_id(&name(), "page/0"));
    assert_ne!(step_id(&name(), "page/0"), step_id(&name(), "page/1"));
    let other = "operations/o2".parse().unwrap();
    assert_ne!(step_id(&name(), "page/0"), step_id(&other, "page/0"));
}
