//! The command as a shell sees it: arguments in; output, errors and exit code out.

#![allow(clippy::unwrap_used, reason = "the fake server is part of the tests")]

#[path = "command_line/accounts.rs"]
mod accounts;
#[path = "command_line/activities.rs"]
mod activities;
#[path = "command_line/documents.rs"]
mod documents;
mod fake;
#[path = "command_line/import.rs"]
mod import;
#[path = "command_line/orders.rs"]
mod orders;
#[path = "command_line/ownership.rs"]
mod ownership;
#[path = "command_line/portal.rs"]
mod portal;
#[path = "command_line/services.rs"]
mod services;
#[path = "command_line/settings.rs"]
mod settings;
#[path = "command_line/tasks.rs"]
mod tasks;
#[path = "command_line/todo.rs"]
mod todo;

use std::collections::BTreeSet;

use tonic::Status;

use fake::Shell;

#[tokio::test(flavor = "multi_thread")]
async fn a_command_is_repeated_under_the_same_id_until_it_is_answered() {
    let shell = Shell::new().await;
    shell.add_task("x", "ACME-TASK-1");
    shell.fake.state.lock().unwrap().failures = vec![
        Status::unavailable("draining"),
        Status::unavailable("draining"),
    ];
    let ended = shell.run(&["task", "complete", "tasks/x"]).await;
    assert_eq!(
        (ended.code, ended.stdout.as_str()),
        (Some(0), "ACME-TASK-1 is complete.\n"),
        "{ended:?}"
    );
    let state = shell.fake.state.lock().unwrap();
    assert_eq!(state.completions.len(), 3);
    assert_eq!(
        state.completions.iter().collect::<BTreeSet<_>>().len(),
        1,
        "{:?}",
        state.completions
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_is_found_by_its_number_in_any_case() {
    let shell = Shell::new().await;
    shell.add_task("x", "ACME-TASK-1");
    for task in ["ACME-TASK-1", "acme-task-1", "x", "tasks/x"] {
        let ended = shell.run(&["task", "show", task, "--output", "json"]).await;
        let json: serde_json::Value = serde_json::from_str(&ended.stdout).unwrap();
        assert_eq!(json["name"], "tasks/x", "{task}");
    }
    let ended = shell.run(&["task", "complete", "ACME-TASK-2"]).await;
    assert_eq!(ended.code, Some(1));
    assert!(
        ended
            .stderr
            .starts_with("error: there is no task \"ACME-TASK-2\"\n"),
        "{ended:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_is_updated_with_the_fields_that_are_given_and_no_others() {
    let shell = Shell::new().await;
    shell.add_task("x", "ACME-TASK-1");
    let update = [
        "task",
        "update",
        "ACME-TASK-1",
        "--title",
        "Write",
        "--price",
        "12.50 eur",
        "--billable=false",
        "--requester-email",
        "zoe@example.com",
        "--clear",
        "due",
        "--etag",
        "7",
    ];
    let ended = shell.run(&update).await;
    assert_eq!(ended.stdout, "ACME-TASK-1 is saved.\n", "{ended:?}");
    let asked = shell.fake.state.lock().unwrap().asked.join("\n");
    for part in [
        r#"name: "tasks/x""#,
        r#"title: "Write""#,
        r#"Money { currency_code: "EUR", units: 12, nanos: 500000000 }"#,
        r#"email: "zoe@example.com""#,
        r#"paths: ["billable", "requester.email", "price", "title", "due_time"]"#,
        r#"etag: "7""#,
    ] {
        assert!(asked.contains(part), "{part} is not in {asked}");
    }
    for misunderstood in [
        &["task", "update", "tasks/x"][..],
        &["task", "update", "tasks/x", "--price", "much"],
        &["task", "update", "tasks/x", "--tag", "a", "--clear", "tags"],
        &["task", "update", "tasks/x", "--clear", "title"],
        &["task", "update", "tasks/x", "--due", "someday"],
    ] {
        let ended = shell.run(misunderstood).await;
        assert_eq!(ended.code, Some(2), "{misunderstood:?} {ended:?}");
    }
    assert_eq!(shell.fake.state.lock().unwrap().asked.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_command_on_a_task_asks_for_what_it_says() {
    let shell = Shell::new().await;
    shell.add_task("x", "ACME-TASK-1");
    shell.add_task("y", "ACME-TASK-2");
    {
        let mut state = shell.fake.state.lock().unwrap();
        let task = state.tasks.get_mut("tasks/x").unwrap();
        (task.tags, task.etag) = (vec!["old".into(), "kept".into()], "4".into());
    }
    let cases: [(&[&str], &[&str]); 13] = [
        (
            &["status", "x", "in-progress"],
            &["SetTaskStatusRequest", "status: InProgress"],
        ),
        (&["cancel", "x"], &["CancelTaskRequest"]),
        (&["delete", "x"], &["DeleteTaskRequest"]),
        (
            &["undelete", "x"],
            &["UndeleteTaskRequest", r#"name: "tasks/x""#],
        ),
        (
            &["notify", "x", "ana", "zoe@example.com", "--on-complete"],
            &[
                r#"recipients: ["members/ana", "zoe@example.com"]"#,
                "on_change: false, on_complete: true",
            ],
        ),
        (
            &["notify", "x", "--nobody"],
            &["SetNotifyRequest", "recipients: []"],
        ),
        (
            &["note", "x", "Called"],
            &["AddNoteRequest", r#"note: "Called""#],
        ),
        (
            &["note", "x", "Pays late", "--internal"],
            &["AddInternalNoteRequest", r#"note: "Pays late""#],
        ),
        (
            &["tag", "x", "new", "--remove", "old"],
            &[
                r#"tags: ["kept", "new"]"#,
                r#"paths: ["tags"]"#,
                r#"etag: "4""#,
            ],
        ),
        (
            &["relate", "x", "acme-task-2"],
            &["RelateTasksRequest", r#"related_task: "tasks/y""#],
        ),
        (&["relate", "x", "y", "--undo"], &["UnrelateTasksRequest"]),
        (&["bill", "x"], &["MarkBilledRequest", "billed: true"]),
        (&["bill", "x", "--undo"], &["billed: false"]),
    ];
    for (arguments, parts) in cases {
        let ended = shell.run(&[&["task"][..], arguments].concat()).await;
        assert_eq!(ended.code, Some(0), "{arguments:?} {ended:?}");
        let asked = shell.fake.state.lock().unwrap().asked.pop().unwrap();
        for part in parts {
            assert!(asked.contains(part), "{part} is not in {asked}");
        }
    }
    let ended = shell.run(&["task", "undelete", "ACME-TASK-1"]).await;
    assert_eq!(ended.code, Some(2), "{ended:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_is_created_and_shown_with_every_field() {
    let shell = Shell::new().await;
    let create = [
        "task",
        "create",
        "acme",
        "Call",
        "--id",
        "x",
        "--estimated-hours",
        "2.5",
        "--billable",
        "--price",
        "99 EUR",
        "--expenses",
        "3.5 EUR",
        "--quantity",
        "3",
        "--mileage",
        "17.4",
        "--requester",
        "Zoe",
        "--requester-phone",
        "030 1234567",
        "--tag",
        "q4",
        "--tag",
        "renewal",
        "--role",
        "assignee",
        "--related",
        "tasks/y",
    ];
    let ended = shell.run(&create).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let ended = shell.run(&["task", "show", "tasks/x"]).await;
    for shown in [
        "2.5 h",
        "billable",
        "99 EUR",
        "3.50 EUR",
        "17.4",
        "Zoe, 030 1234567",
        "q4, renewal",
        "assignee",
        "tasks/y",
    ] {
        assert!(ended.stdout.contains(shown), "{shown} {}", ended.stdout);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_exit_code_tells_done_refused_and_misunderstood() {
    let shell = Shell::new().await;
    assert_eq!(shell.run(&["task", "list"]).await.code, Some(0));
    assert_eq!(
        shell.run(&["task", "complete", "tasks/none"]).await.code,
        Some(1)
    );
    for misunderstood in [
        ["task", "finish"],
        ["task", "show"],
        ["--server", "nonsense"],
    ] {
        assert_eq!(
            shell.run(&misunderstood).await.code,
            Some(2),
            "{misunderstood:?}"
        );
    }
    let ended = shell
        .run(&["task", "create", "acme", "Call", "--due", "01/02/2027"])
        .await;
    assert_eq!(ended.code, Some(2));
    assert!(ended.stderr.contains("could be two dates"), "{ended:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn output_for_programs_is_one_line_a_task_without_colour() {
    let shell = Shell::new().await;
    shell.add_task("x", "ACME-TASK-1");
    shell.add_task("y", "ACME-TASK-22");
    let table = shell.run(&["task", "list"]).await.stdout;
    let lines: Vec<_> = table.lines().collect();
    assert_eq!(lines.len(), 3, "{table}");
    assert!(!table.contains('\x1b'));
    assert_eq!(lines[0].find("TITLE"), lines[2].find("Call"));
    let json = shell.run(&["task", "list", "-o", "json"]).await.stdout;
    assert_eq!(
        json.lines()
            .map(serde_json::from_str::<serde_json::Value>)
            .filter(Result::is_ok)
            .count(),
        2,
        "{json}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn tasks_are_counted_by_the_flags_that_list_them() {
    let shell = Shell::new().await;
    shell.add_task("x", "ACME-TASK-1");
    let flags = ["--assignee", "me", "--overdue", "--tag", "red"];
    let ended = shell.run(&[&["task", "count"], &flags[..]].concat()).await;
    assert_eq!(ended.stdout, "1\n", "{ended:?}");
    shell.add_task("y", "ACME-TASK-2");
    let ended = shell
        .run(&["task", "count", "--filter", "open OR overdue"])
        .await;
    assert_eq!(ended.stdout, "2+\n", "{ended:?}");
    let ended = shell.run(&["task", "count", "--output", "json"]).await;
    assert_eq!(ended.stdout, "{\"count\":2,\"more\":true,\"position\":1}\n");
    let asked = shell.fake.state.lock().unwrap().asked.clone();
    assert_eq!(
        asked,
        [
            "assignees:me AND overdue AND tags:\"red\"",
            "(open OR overdue)",
            ""
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watch_that_breaks_goes_on_where_it_was() {
    let shell = Shell::new().await;
    let ended = shell.run(&["task", "watch", "--limit", "3"]).await;
    let lines: Vec<_> = ended.stdout.lines().map(str::trim).collect();
    assert_eq!(
        lines,
        [101, 102, 103].map(|n| format!("+ tasks/t{n}  completed by members/ana")),
        "{ended:?}"
    );
    let ended = shell
        .run(&[
            "task", "watch", "--after", "7", "--limit", "1", "--output", "json",
        ])
        .await;
    let json: serde_json::Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(
        (&json["position"], &json["tasks"][0]["name"]),
        (&8.into(), &"tasks/t8".into())
    );
    let asked = shell.fake.state.lock().unwrap().asked.clone();
    assert_eq!(asked, ["None 0", "Some(101) 3", "Some(102) 3", "Some(7) 0"]);
}
