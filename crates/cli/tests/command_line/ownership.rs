//! Ownership changes: what they would do, what they do, and taking them back.

use handoff_proto::v1::{Account, RoleHolder};
use serde_json::Value;
use tonic::Status;

use crate::fake::Shell;

/// Every command that changes ownership, and what it begins.
const CHANGES: [(&[&str], &str); 4] = [
    (
        &["member", "disable", "ana", "--successor", "ben"],
        "ana to ben",
    ),
    (&["member", "transfer", "ana", "ben"], "ana to ben"),
    (
        &[
            "role",
            "batch-assign",
            "assignee",
            "ben",
            "--accounts",
            "acme,blue",
        ],
        "assignee of listed accounts to ben",
    ),
    (
        &[
            "role",
            "batch-assign",
            "assignee",
            "ben",
            "--filter",
            "kind = LEAD",
        ],
        "assignee to ben where kind = LEAD",
    ),
];

async fn with_acme() -> Shell {
    let shell = Shell::new().await;
    shell.add_account(Account {
        name: "accounts/acme".into(),
        assignee: "members/ana".into(),
        roles: vec![RoleHolder {
            role: "sales-manager".into(),
            holder: "members/ana".into(),
        }],
        ..Account::default()
    });
    shell
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// What the server was asked, the last of it.
fn asked(shell: &Shell) -> String {
    let state = shell.fake.state.lock().unwrap();
    state.asked.last().unwrap().clone()
}

fn operations(shell: &Shell) -> usize {
    shell.fake.state.lock().unwrap().operations.len()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_shows_what_would_become_of_each_item_and_how_to_do_exactly_that() {
    let shell = with_acme().await;
    let vacate: &[&str] = &["role", "vacate", "acme", "sales-manager"];
    for command in CHANGES.map(|(command, _)| command).iter().chain([&vacate]) {
        let ended = shell.run(&[command, &["--dry-run"][..]].concat()).await;
        assert_eq!(ended.code, Some(0), "{ended:?}");
        for part in [
            "assignee of accounts/acme",
            "had a part already",
            "made by hand",
            "closed",
            "Would move 2, leave 1, skip 1.",
        ] {
            assert!(ended.stdout.contains(part), "{part}: {}", ended.stdout);
        }
        assert!(
            ended.stderr.contains("--expected-position 41"),
            "{}",
            ended.stderr
        );
        assert!(asked(&shell).contains("validate_only: true"));
        let ended = shell
            .run(&[command, &["--dry-run", "--output", "json"][..]].concat())
            .await;
        let plan = json(&ended.stdout);
        assert_eq!(plan["position"], 41);
        assert_eq!(plan["items"][2]["reason"], "ITEM_REASON_MADE_BY_HAND");
        assert_eq!(plan["counts"]["moved"], 2);
    }
    assert_eq!(operations(&shell), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_dry_run_showed_is_asked_for_by_its_position_and_not_together_with_another() {
    let shell = with_acme().await;
    for (command, _) in CHANGES {
        let ended = shell
            .run(&[command, &["--expected-position", "41"][..]].concat())
            .await;
        assert_eq!(ended.code, Some(0), "{ended:?}");
        let state = shell.fake.state.lock().unwrap();
        let begun = state
            .asked
            .iter()
            .rfind(|asked| asked.contains("expected_position"));
        let begun = begun.unwrap();
        assert!(
            begun.contains("expected_position: 41") && begun.contains("validate_only: false"),
            "{begun}"
        );
    }
    let both = [CHANGES[1].0, &["--dry-run", "--expected-position", "41"]].concat();
    assert_eq!(shell.run(&both).await.code, Some(2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_is_followed_to_its_end_unless_nobody_waits() {
    let shell = with_acme().await;
    for (command, what) in CHANGES {
        let ended = shell.run(command).await;
        assert_eq!(ended.code, Some(0), "{ended:?}");
        for part in [what, "finished", "2 moved, 1 kept, 1 skipped"] {
            assert!(ended.stdout.contains(part), "{part}: {}", ended.stdout);
        }
        assert!(
            ended.stderr.contains("--outcome skipped"),
            "{}",
            ended.stderr
        );
        let ended = shell.run(&[command, &["--no-wait"][..]].concat()).await;
        assert_eq!(ended.code, Some(0), "{ended:?}");
        // The answer to a disabling has no more of the operation than its name.
        let begun = if command[1] == "disable" {
            "operations/o"
        } else {
            "planning"
        };
        assert!(ended.stdout.contains(begun), "{}", ended.stdout);
        assert!(
            ended.stderr.contains("handoff operation wait operations/o"),
            "{}",
            ended.stderr
        );
        let ended = shell
            .run(&[command, &["--output", "json"][..]].concat())
            .await;
        let operation = json(&ended.stdout);
        assert_eq!(operation["status"], "OPERATION_STATUS_FINISHED");
        assert_eq!(operation["counts"]["skipped"], 1);
    }
    assert_eq!(operations(&shell), 12);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vacated_role_answers_with_the_account() {
    let shell = with_acme().await;
    let ended = shell
        .run(&["role", "vacate", "acme", "sales-manager"])
        .await;
    assert_eq!(
        (ended.code, ended.stdout.as_str()),
        (Some(0), "sales-manager of accounts/acme is nobody.\n"),
        "{ended:?}"
    );
    let ended = shell
        .run(&["role", "vacate", "none", "sales-manager"])
        .await;
    assert_eq!(ended.code, Some(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn disabling_without_a_successor_is_done_or_says_why_not() {
    let shell = with_acme().await;
    let ended = shell.run(&["member", "disable", "dan"]).await;
    assert_eq!(
        (ended.code, ended.stdout.as_str()),
        (Some(0), "members/dan is disabled.\n"),
        "{ended:?}"
    );
    let refused = Status::failed_precondition("members/ana holds 3 things: tasks/a, tasks/b");
    shell.fake.state.lock().unwrap().failures = vec![refused];
    let ended = shell.run(&["member", "disable", "ana"]).await;
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(1), ""));
    assert!(
        ended.stderr.contains("members/ana holds 3 things"),
        "{ended:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn kinds_are_named_as_the_api_numbers_them() {
    let shell = with_acme().await;
    let kinds = "role,open-order-task,order,open-activity,template-task";
    let ended = shell
        .run(&[
            "member",
            "transfer",
            "ana",
            "ben",
            "--kinds",
            kinds,
            "--dry-run",
        ])
        .await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let asked = asked(&shell);
    for kind in [
        "Role",
        "OpenOrderTask",
        "Order",
        "OpenActivity",
        "TemplateTask",
    ] {
        assert!(asked.contains(kind), "{kind}: {asked}");
    }
    let unknown = ["member", "transfer", "ana", "ben", "--kinds", "desk"];
    assert_eq!(shell.run(&unknown).await.code, Some(2));
}

#[tokio::test(flavor = "multi_thread")]
async fn holdings_are_listed_over_all_pages() {
    let shell = with_acme().await;
    let ended = shell.run(&["member", "holdings", "ana"]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    for part in [
        "assignee of accounts/acme",
        "orders/o1/tasks/audit",
        "open order task",
    ] {
        assert!(ended.stdout.contains(part), "{part}: {}", ended.stdout);
    }
    let ended = shell
        .run(&[
            "member", "holdings", "ana", "--output", "json", "--limit", "1",
        ])
        .await;
    let lines: Vec<_> = ended.stdout.lines().map(json).collect();
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert_eq!(lines[0]["kind"], "HOLDING_KIND_ROLE");
}

#[tokio::test(flavor = "multi_thread")]
async fn operations_are_listed_shown_and_waited_for() {
    let shell = with_acme().await;
    for _ in 0..2 {
        let begun = shell
            .run(&["member", "transfer", "ana", "ben", "--no-wait"])
            .await;
        assert_eq!(begun.code, Some(0), "{begun:?}");
    }
    let ended = shell.run(&["operation", "list"]).await;
    assert!(
        ended.stdout.contains("operations/o1") && ended.stdout.contains("operations/o2"),
        "{}",
        ended.stdout
    );
    let list = [
        "operation",
        "list",
        "--kind",
        "transfer-resources",
        "--status",
        "running",
        "--member",
        "ana",
        "--output",
        "json",
    ];
    let ended = shell.run(&list).await;
    assert_eq!(ended.stdout.lines().count(), 2, "{ended:?}");
    let filter = asked(&shell);
    for part in ["transfer_resources", "running", "ana"] {
        assert!(filter.contains(part), "{part}: {filter}");
    }
    let ended = shell.run(&["operation", "show", "o1"]).await;
    assert!(ended.stdout.contains("planning"), "{}", ended.stdout);
    let ended = shell.run(&["operation", "wait", "operations/o1"]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.stdout.contains("finished"), "{}", ended.stdout);
    let ended = shell
        .run(&["operation", "show", "o1", "--output", "json"])
        .await;
    assert_eq!(json(&ended.stdout)["status"], "OPERATION_STATUS_FINISHED");
    let ended = shell
        .run(&["operation", "items", "o1", "--outcome", "skipped"])
        .await;
    assert!(ended.stdout.contains("tasks/c"), "{}", ended.stdout);
    assert!(asked(&shell).contains("skipped"));
    for command in ["show", "wait", "items", "undo"] {
        let ended = shell.run(&["operation", command, "none"]).await;
        assert_eq!(
            (ended.code, ended.stdout.as_str()),
            (Some(1), ""),
            "{command}"
        );
        assert!(
            ended.stderr.contains("operations/none does not exist"),
            "{ended:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_undo_is_tried_first_and_followed_to_its_end() {
    let shell = with_acme().await;
    shell.run(&["member", "transfer", "ana", "ben"]).await;
    let ended = shell.run(&["operation", "undo", "o1", "--dry-run"]).await;
    assert!(
        ended.stdout.contains("Would move 2, leave 1, skip 1."),
        "{ended:?}"
    );
    assert_eq!(operations(&shell), 1);
    let ended = shell
        .run(&["operation", "undo", "o1", "--output", "json"])
        .await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let undo = json(&ended.stdout);
    assert_eq!(
        (&undo["undoes"], &undo["status"]),
        (&"operations/o1".into(), &"OPERATION_STATUS_FINISHED".into())
    );
    shell.fake.state.lock().unwrap().failures = vec![Status::failed_precondition(
        "operations/o1 was undone already",
    )];
    let ended = shell.run(&["operation", "undo", "o1"]).await;
    assert_eq!(ended.code, Some(1));
    assert!(ended.stderr.contains("was undone already"), "{ended:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn why_a_task_is_somebodys_leads_back_to_a_person() {
    let shell = Shell::new().await;
    shell.add_task("x", "ACME-TASK-1");
    let ended = shell.run(&["task", "show", "x", "--why"]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    for part in [
        "It is assigned to ben, dan.",
        "task.assigned of tasks/x: ana to ben, by system",
        "operation.started of operations/o1: ana to ben, by members/admin",
    ] {
        assert!(ended.stdout.contains(part), "{part}: {}", ended.stdout);
    }
    assert!(!ended.stdout.contains("Why ben:"));
    let why = ["task", "show", "x", "--why", "--of", "ben"];
    let ended = shell.run(&why).await;
    assert!(ended.stdout.contains("Why ben:"), "{}", ended.stdout);
    let ended = shell.run(&[&why[..], &["--output", "json"]].concat()).await;
    let answer = json(&ended.stdout);
    assert_eq!(answer["member"], "members/ben");
    assert_eq!(answer["links"][1]["actor"], "members/admin");
    let ended = shell.run(&["task", "show", "x", "--of", "ben"]).await;
    assert_eq!(ended.code, Some(2), "{ended:?}");
    let ended = shell.run(&["task", "show", "tasks/y", "--why"]).await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
}
