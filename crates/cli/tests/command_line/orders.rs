//! `handoff order`.

use crate::fake::Shell;

#[tokio::test(flavor = "multi_thread")]
async fn every_command_on_an_order_asks_for_what_it_says() {
    let shell = Shell::new().await;
    let cases: &[(&[&str], &[&str])] = &[
        (
            &[
                "place",
                "acme",
                "seo",
                "--id",
                "o1",
                "--start",
                "2099-12-01",
            ],
            &[
                "PlaceOrderRequest",
                r#"order_id: "o1""#,
                r#"account: "accounts/acme""#,
                r#"service: "services/seo""#,
                "seconds: 4099766400",
            ],
        ),
        (
            &["update", "o1", "--title", "Spring"],
            &[
                "UpdateOrderRequest",
                r#"title: "Spring""#,
                r#"paths: ["title"]"#,
            ],
        ),
        (
            &["show", "o1"],
            &["GetOrderRequest", r#"name: "orders/o1""#],
        ),
        (
            &["task", "o1", "brief"],
            &["GetOrderTaskRequest", r#"name: "orders/o1/tasks/brief""#],
        ),
        (
            &["notes", "o1", "--task", "brief"],
            &[
                "ListOrderNotesRequest",
                r#"parent: "orders/o1/tasks/brief""#,
            ],
        ),
        (
            &[
                "list",
                "--account",
                "acme",
                "--assignee",
                "me",
                "--open",
                "--overdue",
            ],
            &[r#"account = \"accounts/acme\" AND assignees:me AND open AND overdue"#],
        ),
        (
            &["check", "o1", "brief", "--etag", "3"],
            &[
                "CheckOrderTaskRequest",
                r#"orders/o1/tasks/brief"#,
                r#"etag: "3""#,
            ],
        ),
        (&["uncheck", "o1", "brief"], &["UncheckOrderTaskRequest"]),
        (
            &[
                "add",
                "o1",
                "Call",
                "--tier",
                "1",
                "--assign",
                "ana,ben",
                "--visibility",
                "portal",
            ],
            &[
                "AddOrderTaskRequest",
                r#"title: "Call""#,
                r#"assignees: ["members/ana", "members/ben"]"#,
                "tier: 1",
                "visibility: Portal",
            ],
        ),
        (
            &["add", "o1", "Call", "--role", "success-manager"],
            &[r#"responsible_role: "success-manager""#],
        ),
        (
            &[
                "edit",
                "o1",
                "brief",
                "--role",
                "sales",
                "--clear",
                "deadline-hours",
            ],
            &[
                r#"responsible_role: "sales""#,
                "deadline_hours: None",
                r#"paths: ["responsible_role", "deadline_hours"]"#,
            ],
        ),
        (
            &["move", "o1", "report", "--before", "brief"],
            &[
                "ReorderOrderTasksRequest",
                r#"tasks: ["orders/o1/tasks/report", "orders/o1/tasks/brief"]"#,
                "tiers: []",
                r#"etag: "7""#,
            ],
        ),
        (
            &["move", "o1", "brief", "--after", "report", "--etag", "6"],
            &[
                r#"tasks: ["orders/o1/tasks/report", "orders/o1/tasks/brief"]"#,
                r#"etag: "6""#,
            ],
        ),
        (
            &["move", "o1", "report", "--first"],
            &[r#"tasks: ["orders/o1/tasks/report", "orders/o1/tasks/brief"]"#],
        ),
        (
            &["add", "o1", "--template", "audit", "--tier", "3"],
            &[r#"template_task: "services/seo/tasks/audit", tier: 3"#],
        ),
        (
            &["add", "o1", "--template", "audit"],
            &[r#"template_task: "services/seo/tasks/audit""#],
        ),
        (
            &[
                "edit",
                "o1",
                "brief",
                "--tier",
                "2",
                "--deadline-hours",
                "24",
            ],
            &[
                "UpdateOrderTaskRequest",
                r#"paths: ["deadline_hours", "tier"]"#,
            ],
        ),
        (
            &["move", "o1", "brief", "audit", "--tiers", "1,2"],
            &[
                "ReorderOrderTasksRequest",
                r#"tasks: ["orders/o1/tasks/brief", "orders/o1/tasks/audit"]"#,
                "tiers: [1, 2]",
            ],
        ),
        (&["remove", "o1", "brief"], &["RemoveOrderTaskRequest"]),
        (
            &["assign", "o1", "--add", "ana", "--remove", "ben"],
            &[
                "AssignOrderRequest",
                r#"add: ["members/ana"], remove: ["members/ben"]"#,
            ],
        ),
        (
            &["assign", "o1", "--task", "brief", "--add", "ana"],
            &["AssignOrderTaskRequest", r#"orders/o1/tasks/brief"#],
        ),
        (
            &["note", "o1", "Soon", "--task", "brief", "--portal"],
            &[
                "AddOrderNoteRequest",
                r#"orders/o1/tasks/brief"#,
                "visibility: Portal",
            ],
        ),
        (&["note", "o1", "Soon"], &["visibility: Internal"]),
        (&["complete", "o1"], &["CompleteOrderRequest"]),
        (&["cancel", "o1"], &["CancelOrderRequest"]),
        (
            &["reopen", "orders/o1"],
            &["ReopenOrderRequest", r#"name: "orders/o1""#],
        ),
        (
            &["renew", "o1", "2099-12"],
            &[
                "RenewOrderRequest",
                r#"cycle: "2099-12""#,
                "start_time: None",
            ],
        ),
    ];
    for (arguments, parts) in cases {
        let ended = shell.run(&[&["order"][..], arguments].concat()).await;
        assert_eq!(ended.code, Some(0), "{arguments:?} {ended:?}");
        let asked = shell.fake.state.lock().unwrap().asked.pop().unwrap();
        for part in *parts {
            assert!(asked.contains(part), "{part} is not in {asked}");
        }
    }
    shell.fake.state.lock().unwrap().asked.clear();
    for misunderstood in [
        &["update", "o1"][..],
        &["edit", "o1", "brief"],
        &["assign", "o1"],
        &["add", "o1"],
        &["add", "o1", "--template", "audit", "--description", "x"],
        &["add", "o1", "--template", "audit", "--deadline-hours", "1"],
        &["add", "o1", "--template", "audit", "--visibility", "portal"],
        &["add", "o1", "--template", "audit", "--role", "sales"],
        &["edit", "o1", "brief", "--role", "sales", "--clear", "role"],
        &["move", "o1"],
        &["move", "o1", "brief", "report", "--first"],
        &["move", "o1", "brief", "--first", "--tiers", "1"],
        &["move", "o1", "brief", "--before", "a", "--after", "b"],
        &["check", "o1", "orders/o2/tasks/brief"],
        &["show", "tasks/x"],
        &["notes", "o1", "--filter", "x"],
    ] {
        let ended = shell.run(&[&["order"][..], misunderstood].concat()).await;
        assert_eq!(ended.code, Some(2), "{misunderstood:?} {ended:?}");
    }
    assert!(shell.fake.state.lock().unwrap().asked.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_shown_between_the_notes_of_its_account_and_its_own_with_documents() {
    let shell = Shell::new().await;
    let shown = shell.run(&["order", "show", "o1"]).await.stdout;
    for (line, part) in [
        (0, "Notes of accounts/acme:"),
        (1, "Pays late"),
        (8, "nobody; it waits for the client"),
    ] {
        assert!(shown.lines().nth(line).unwrap().contains(part), "{shown}");
    }
    let task = shown
        .lines()
        .find(|line| line.contains("Fill in the brief"));
    assert!(task.unwrap().starts_with("[ ] →  1     brief"), "{shown}");
    assert!(
        task.unwrap().contains("the client  contacts too"),
        "{shown}"
    );
    for (label, members) in [("On by hand", "Ana Lima"), ("Off by hand", "ben")] {
        let line = shown.lines().find(|line| line.starts_with(label));
        assert!(line.unwrap().trim_end().ends_with(members), "{shown}");
    }
    assert!(
        shown.contains("Ana Lima on brief  (for the team)\n  Soon\n"),
        "{shown}"
    );
    let document = shown.lines().find(|line| line.starts_with("d1 "));
    let document: Vec<_> = document.unwrap().split_whitespace().collect();
    assert_eq!(
        document,
        ["d1", "brief.pdf", "2.00", "kB", "contacts", "too", "brief"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_note_says_who_reads_it() {
    let shell = Shell::new().await;
    let ended = shell
        .run(&["order", "note", "o1", "Soon", "--portal"])
        .await;
    assert_eq!(
        ended.stdout,
        "Noted on orders/o1, for the team and contacts.\n"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_that_is_not_there_is_not_moved() {
    let shell = Shell::new().await;
    for arguments in [
        &["order", "move", "o1", "unknown", "--first"][..],
        &["order", "move", "o1", "brief", "--after", "unknown"],
    ] {
        let ended = shell.run(arguments).await;
        assert_eq!(ended.code, Some(2), "{ended:?}");
        assert!(
            ended.stderr.contains("orders/o1 has no such task"),
            "{ended:?}"
        );
    }
    let state = shell.fake.state.lock().unwrap();
    assert!(state.asked.iter().all(|asked| !asked.contains("Reorder")));
}
