//! `handoff activity`.

use crate::fake::Shell;

#[tokio::test(flavor = "multi_thread")]
async fn every_command_on_an_activity_asks_for_what_it_says() {
    let shell = Shell::new().await;
    let cases: [(&[&str], &[&str]); 12] = [
        (
            &[
                "add",
                "acme",
                "Call",
                "--due",
                "2099-12-01 17:00",
                "--assign",
                "ana",
            ],
            &[
                "CreateActivityRequest",
                r#"account: "accounts/acme""#,
                "seconds: 4099827600",
                r#"assignee: "members/ana""#,
            ],
        ),
        (
            &["add", "acme", "Likes tea", "--id", "tea"],
            &[r#"activity_id: "tea""#, "due_time: None", r#"assignee: """#],
        ),
        (
            &[
                "list",
                "--assignee",
                "me",
                "--status",
                "open",
                "--account",
                "acme",
            ],
            &[r#"account = \"accounts/acme\" AND assignee = me AND status = \"open\""#],
        ),
        (
            &["list", "--assignee", "nobody", "--overdue"],
            &["NOT assignee:* AND overdue"],
        ),
        (
            &["show", "x"],
            &["GetActivityRequest", r#"name: "activities/x""#],
        ),
        (
            &["complete", "activities/x", "--etag", "3"],
            &["CompleteActivityRequest", r#"etag: "3""#],
        ),
        (&["reopen", "x"], &["ReopenActivityRequest"]),
        (
            &["assign", "x", "ben"],
            &["AssignActivityRequest", r#"assignee: "members/ben""#],
        ),
        (&["assign", "x", "--nobody"], &[r#"assignee: """#]),
        (
            &["update", "x", "--note", "Call back"],
            &["UpdateActivityRequest", r#"paths: ["note"]"#],
        ),
        (
            &["update", "x", "--never-due"],
            &["due_time: None", r#"paths: ["due_time"]"#],
        ),
        (&["delete", "x"], &["DeleteActivityRequest"]),
    ];
    for (arguments, parts) in cases {
        let ended = shell.run(&[&["activity"][..], arguments].concat()).await;
        assert_eq!(ended.code, Some(0), "{arguments:?} {ended:?}");
        let asked = shell.fake.state.lock().unwrap().asked.pop().unwrap();
        for part in parts {
            assert!(asked.contains(part), "{part} is not in {asked}");
        }
    }
    for misunderstood in [
        &["update", "x"][..],
        &["assign", "x"],
        &["show", "tasks/x"],
        &["update", "x", "--due", "friday", "--never-due"],
    ] {
        let ended = shell
            .run(&[&["activity"][..], misunderstood].concat())
            .await;
        assert_eq!(ended.code, Some(2), "{misunderstood:?} {ended:?}");
    }
    assert!(shell.fake.state.lock().unwrap().asked.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_past_due_is_flagged_and_a_note_is_one_line_of_text() {
    let shell = Shell::new().await;
    let table = shell.run(&["activity", "list"]).await.stdout;
    let line = table.lines().nth(1).unwrap();
    assert!(
        line.contains("Circle back") && line.contains("nobody"),
        "{table}"
    );
    assert!(line.trim_end().ends_with('!'), "{table}");
}
