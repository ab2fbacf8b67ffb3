//! Operations in the read models: what the aggregates know, and a row for each result in the log.

#![allow(clippy::unwrap_used, reason = "a test has no better answer")]

mod support;

use std::collections::BTreeMap;

use handoff_domain::{
    Command, Event, Holding, HoldingKind,
    account::Kind,
    commands::{
        AssignRole, CreateAccount, CreateTask, FinishPlanning, FollowRole, MoveItems, NewId,
        PlanItems, TransferResources, UndoOperation, UpdateSettings, VacateRole,
    },
    names::{AccountName, OperationName, TaskName},
    operation::{self, Operation, Outcome, Status},
    policy::{self, Candidate, RoleChange, Work},
    settings::{self, OwnershipPolicy},
    task::{Draft, Origin},
    text::Line,
};
use handoff_event_log::Position;
use handoff_read_models::{
    ListRequest, Viewer, operation_items::OperationItems, operations::Operations,
};
use support::{Story, fold, member, scene::Scene};
use uuid::Uuid;

/// Does a command, and names the operation that it begins.
fn begin(story: &mut Story, command: &dyn Command) -> OperationName {
    let id = Uuid::from_u128(story.events.len() as u128 + 1);
    story.tell("members/admin", command).unwrap();
    OperationName::of_command(id)
}

fn task(id: &str, role: Option<&str>) -> CreateTask {
    CreateTask {
        name: TaskName::from_id(id).unwrap(),
        draft: Draft {
            subject: Some("accounts/acme".parse().unwrap()),
            title: Some(Line::new("Call back").unwrap()),
            assignees: vec![member("ana")],
            responsible_role: role.map(|role| role.parse().unwrap()),
            ..Draft::default()
        },
        origin: Origin::Manual,
    }
}

/// Follows a role event as the ownership policy does, with the tasks that are given.
fn follow(story: &mut Story, operation: &OperationName, tasks: &[&str]) {
    let recorded = story.events.iter().rev().find_map(|recorded| {
        let Event::Account(event) = recorded.event().unwrap() else {
            return None;
        };
        Some((recorded.event_id, RoleChange::of(&event)?))
    });
    let (event, change) = recorded.unwrap();
    assert_eq!(change.operation.as_ref(), Some(operation));
    let known = story.tasks();
    let candidates = tasks.iter().map(|id| {
        let name = TaskName::from_id(id).unwrap();
        let work = Work::of_task(known[&name].details().unwrap()).unwrap();
        Candidate {
            item: Holding::OpenTask { task: name },
            work,
            pending: Vec::new(),
        }
    });
    let planned = policy::plan(&change, false, candidates);
    let account: AccountName = "accounts/acme".parse().unwrap();
    for chunk in policy::chunks(event, &planned) {
        let command = FollowRole::new(&account, event, &change, &chunk);
        story.tell("system", &command).unwrap();
    }
}

/// One role with its work, a transfer that waits for more, and an undo that was begun.
fn told() -> (Story, Vec<OperationName>) {
    let mut story = Story::with_team();
    let policy = UpdateSettings {
        changes: settings::Changes {
            ownership_policy: Some(OwnershipPolicy::AllOpen),
            ..settings::Changes::default()
        },
    };
    story.tell("members/admin", &policy).unwrap();
    let create = CreateAccount {
        id: NewId::Given("accounts/acme".parse().unwrap()),
        display_name: Line::new("Acme").unwrap(),
        kind: Kind::Customer,
        assignee: Some(member("ana")),
        sla_hours: None,
    };
    story.tell("members/admin", &create).unwrap();
    let account: AccountName = "accounts/acme".parse().unwrap();
    story.tell("members/ana", &task("a", None)).unwrap();
    story
        .tell("members/ana", &task("b", Some("sales-manager")))
        .unwrap();

    let assigned = begin(
        &mut story,
        &AssignRole {
            account: account.clone(),
            role: "assignee".parse().unwrap(),
            holder: member("ben"),
        },
    );
    follow(&mut story, &assigned, &["a", "b"]);
    let given = begin(
        &mut story,
        &AssignRole {
            account: account.clone(),
            role: "sales-manager".parse().unwrap(),
            holder: member("ana"),
        },
    );
    let vacated = begin(
        &mut story,
        &VacateRole {
            account,
            role: "sales-manager".parse().unwrap(),
        },
    );
    let transfer = begin(
        &mut story,
        &TransferResources {
            from: member("ana"),
            to: member("ben"),
            kinds: [HoldingKind::OpenTask].into(),
        },
    );
    let items = vec![
        Holding::OpenTask {
            task: TaskName::from_id("b").unwrap(),
        },
        Holding::OpenTask {
            task: TaskName::from_id("gone").unwrap(),
        },
    ];
    let plan = PlanItems {
        operation: transfer.clone(),
        page: 0,
        items: items.clone(),
    };
    story.tell("system", &plan).unwrap();
    let finish = FinishPlanning {
        operation: transfer.clone(),
    };
    story.tell("system", &finish).unwrap();
    let moved = MoveItems {
        operation: transfer.clone(),
        first: 0,
        items,
        cause: None,
    };
    story.tell("system", &moved).unwrap();
    let undo = begin(
        &mut story,
        &UndoOperation {
            operation: assigned.clone(),
        },
    );
    (story, vec![assigned, given, vacated, transfer, undo])
}

#[test]
fn rows_of_operations_are_the_aggregates() {
    let (story, names) = told();
    let rows = fold::<Operations>(&story.events);
    let folded: BTreeMap<_, _> = rows
        .into_iter()
        .map(|((_, name), row)| (name, row.state))
        .collect();
    assert_eq!(folded, story.operations());
    let status = |name: &OperationName| folded[name].details().unwrap().status;
    let statuses: Vec<_> = names.iter().map(status).collect();
    use Status::{Finished, Planning};
    assert_eq!(statuses, [Finished, Finished, Finished, Finished, Planning]);
}

#[test]
fn every_result_in_the_log_has_a_row_and_the_counts_are_theirs() {
    let (story, _) = told();
    let rows = fold::<OperationItems>(&story.events);
    let recorded: usize = story
        .events
        .iter()
        .map(|recorded| match recorded.event().unwrap() {
            Event::Operation(operation::Event::ItemsRecorded { results, .. }) => results.len(),
            _ => 0,
        })
        .sum();
    assert_eq!(rows.len(), recorded);
    for (name, operation) in story.operations() {
        let Operation::Existing(details) = operation else {
            continue;
        };
        let mut counts = operation::Counts::default();
        for ((_, key), row) in &rows {
            if key.operation == name {
                match row.result.outcome {
                    Outcome::Moved { .. } => counts.moved += 1,
                    Outcome::Kept { .. } => counts.kept += 1,
                    Outcome::Skipped { .. } => counts.skipped += 1,
                }
            }
        }
        assert_eq!(counts, details.counts, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn operations_and_their_results_are_found_by_what_is_asked() {
    let (story, names) = told();
    let scene = Scene::of(&story).await;
    let [assigned, given, vacated, transfer, undo] = &names[..] else {
        panic!("{names:?}");
    };
    let viewer = Viewer {
        now: story.now,
        me: Some(member("admin")),
    };
    for (filter, order_by, wanted) in [
        ("", "", vec![undo, transfer, vacated, given, assigned]),
        (
            "",
            "start_time",
            vec![assigned, given, vacated, transfer, undo],
        ),
        ("kind = ASSIGN_ROLE", "", vec![given, assigned]),
        ("kind = UNDO OR kind = VACATE_ROLE", "", vec![undo, vacated]),
        ("status = PLANNING", "", vec![undo]),
        ("NOT status = FINISHED", "", vec![undo]),
        (
            "account = accounts/acme",
            "start_time",
            vec![assigned, given, vacated],
        ),
        ("member:members/ben", "start_time", vec![assigned, transfer]),
        (
            "actor = me AND kind = TRANSFER_RESOURCES",
            "",
            vec![transfer],
        ),
        ("actor = members/ana", "", vec![]),
    ] {
        let request = ListRequest {
            filter,
            order_by,
            ..ListRequest::default()
        };
        let answer = scene
            .queries
            .list_operations(&request, &viewer, scene.all());
        let found = answer.await.unwrap().value.items;
        let found: Vec<_> = found.iter().map(|entry| &entry.name).collect();
        assert_eq!(found, wanted, "{filter:?} by {order_by:?}");
    }

    let items = async |name: &OperationName, filter: &str, page_token: &str, page_size| {
        let request = ListRequest {
            filter,
            page_token,
            page_size,
            ..ListRequest::default()
        };
        let answer = scene
            .queries
            .list_operation_items(name, &request, &viewer, scene.all());
        answer.await.unwrap().value
    };
    let page = items(assigned, "", "", 2).await.unwrap();
    let rest = items(assigned, "", &page.next_page_token, 2).await.unwrap();
    let all: Vec<_> = page.items.iter().chain(&rest.items).collect();
    let shown: Vec<_> = all
        .iter()
        .map(|entry| {
            (
                entry.row.result.item.to_string(),
                entry.row.policy_event.is_some(),
            )
        })
        .collect();
    assert_eq!(
        shown,
        [
            ("assignee of accounts/acme".to_owned(), false),
            ("tasks/a".to_owned(), true),
            ("tasks/b".to_owned(), true)
        ]
    );
    assert!(rest.next_page_token.is_empty());
    for (name, filter, count) in [
        (assigned, "outcome = MOVED", 2),
        (assigned, "outcome = KEPT AND reason = OTHER_ROLE", 1),
        (assigned, "reason = NONE AND kind = OPEN_TASK", 1),
        (assigned, "resource = tasks/b", 1),
        (transfer, "outcome = SKIPPED AND reason = NOT_FOUND", 1),
        (undo, "", 0),
    ] {
        let found = items(name, filter, "", 50).await.unwrap().items.len();
        assert_eq!(found, count, "{name}: {filter}");
    }
    let unknown = OperationName::from_id("unknown").unwrap();
    assert_eq!(items(&unknown, "", "", 50).await, None);
    let consistency = scene.all();
    let changed =
        scene
            .queries
            .changed_after(Position::START, &["task.assigned"], &[], 10, consistency);
    assert_eq!(changed.await.unwrap().value.len(), 2);
}
