//! `handoff todo`.

use crate::fake::Shell;

#[tokio::test(flavor = "multi_thread")]
async fn each_list_is_shown_under_its_badge_and_one_filter_is_for_all() {
    let shell = Shell::new().await;
    shell.add_task("x", "ACME-TASK-1");
    let arguments = ["todo", "--assignee", "me", "--account", "acme", "--overdue"];
    let ended = shell.run(&arguments).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    for part in ["Activities (2)", "Tasks (1)", "ACME-TASK-1"] {
        assert!(ended.stdout.contains(part), "{part}: {ended:?}");
    }
    let filter = r#"assignee:me AND account = \"accounts/acme\" AND overdue"#;
    let asked = std::mem::take(&mut shell.fake.state.lock().unwrap().asked);
    assert_eq!(asked.len(), 3, "{asked:?}");
    for request in &asked {
        assert!(request.contains(filter), "{request}");
    }

    let ended = shell.run(&["todo", "--counts"]).await;
    assert_eq!(ended.stdout, "2 activities, 1 task.\n");
    let ended = shell
        .run(&["todo", "tasks", "--due-by", "2099-12-01", "-o", "json"])
        .await;
    assert_eq!(ended.stdout.lines().count(), 1, "{ended:?}");
    let asked = shell.fake.state.lock().unwrap().asked.pop().unwrap();
    assert!(
        asked.contains("due_time <= 2099-12-01T23:59:59Z"),
        "{asked}"
    );
    let ended = shell.run(&["todo", "tasks", "--counts"]).await;
    assert_eq!(ended.code, Some(2), "{ended:?}");
}
