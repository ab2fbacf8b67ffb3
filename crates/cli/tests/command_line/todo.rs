//! `handoff todo`.

use crate::fake::Shell;

#[tokio::test(flavor = "multi_thread")]
async fn each_list_is_shown_under_its_badge_and_one_filter_is_for_all() {
    let shell = Shell::new().await;
    shell.add_task("x", "ACME-TASK-1");
    let arguments = [
        "todo",
        "--member",
        "me",
        "--status",
        "current,in-progress",
        "--account",
        "acme",
        "--overdue",
    ];
    let ended = shell.run(&arguments).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    for part in [
        "Order tasks (1)",
        "Write the report",
        "Acme on top",
        "Activities (2)",
        "Tasks (1)",
        "ACME-TASK-1",
    ] {
        assert!(ended.stdout.contains(part), "{part}: {ended:?}");
    }
    let filter = r#"assignee:me AND (status = \"CURRENT\" OR status = \"IN_PROGRESS\") AND account = \"accounts/acme\" AND overdue"#;
    let asked = std::mem::take(&mut shell.fake.state.lock().unwrap().asked);
    assert_eq!(asked.len(), 4, "{asked:?}");
    for request in &asked {
        assert!(request.contains(filter), "{request}");
    }

    let ended = shell.run(&["todo", "--counts"]).await;
    assert_eq!(ended.stdout, "1 order task, 2 activities, 1 task.\n");
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

#[tokio::test(flavor = "multi_thread")]
async fn a_watch_goes_on_where_its_connection_was_lost() {
    let shell = Shell::new().await;
    let watch = ["todo", "--watch", "--changes", "3", "--member", "nobody"];
    let ended = shell.run(&[&watch[..], &["-o", "json"]].concat()).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let lines: Vec<_> = ended.stdout.lines().collect();
    assert_eq!(lines.len(), 3, "{ended:?}");
    for (line, position) in lines.iter().zip(101..) {
        let name = format!("\"name\":\"activities/c{position}\"");
        assert!(line.contains(&name), "{line}");
    }
    let asked = std::mem::take(&mut shell.fake.state.lock().unwrap().asked);
    let asked: Vec<_> = asked.iter().map(String::as_str).collect();
    for (request, after) in asked.iter().zip(["None", "Some(101)", "Some(102)"]) {
        assert!(request.contains("NOT assignee:*"), "{request}");
        let after = format!("after_position: {after}");
        assert!(request.contains(&after), "{request}");
    }
    assert_eq!(asked.len(), 3, "{asked:?}");

    let ended = shell.run(&watch).await;
    assert_eq!(ended.stdout.lines().count(), 3, "{ended:?}");
    assert!(
        ended
            .stdout
            .contains("+ activities/c101  activity.created by members/ana"),
        "{ended:?}"
    );
    let ended = shell.run(&["todo", "tasks", "--watch"]).await;
    assert_eq!(ended.code, Some(2), "{ended:?}");
}
