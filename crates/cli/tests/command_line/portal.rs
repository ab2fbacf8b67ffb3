//! `handoff portal`.

use crate::fake::Shell;

#[tokio::test(flavor = "multi_thread")]
async fn every_command_of_the_portal_asks_for_what_it_says() {
    let shell = Shell::new().await;
    let logo = shell.file("logo.txt", "A logo");
    let cases: &[(&[&str], &[&str])] = &[
        (&["orders", "--filter", "open"], &[r#"filter: "open""#]),
        (&["order", "o1"], &["GetOrder", r#"name: "orders/o1""#]),
        (
            &["check", "o1", "brief"],
            &["CheckTask", r#"name: "orders/o1/tasks/brief""#],
        ),
        (&["tasks"], &["ListTasks"]),
        (&["task", "x"], &["GetTask", r#"name: "tasks/x""#]),
        (
            &[
                "create",
                "A new logo",
                "--category",
                "Graphic Design",
                "--due",
                "2099-12-24",
            ],
            &[
                r#"title: "A new logo""#,
                r#"category: "Graphic Design""#,
                r#"due_date: "2099-12-24""#,
            ],
        ),
        (
            &["note", "tasks/x", "Thanks"],
            &["AddNote", r#"note: "Thanks""#],
        ),
        (
            &["note", "orders/o1/tasks/brief", "Thanks"],
            &["AddOrderNote", r#"name: "orders/o1/tasks/brief""#],
        ),
        (&["ask", "When?"], &[r#"question: "When?""#]),
        (
            &["upload", "orders/o1", &logo, "--category", "Brief"],
            &[
                r#"parent: "orders/o1""#,
                r#"file_name: "logo.txt""#,
                "size_bytes: 6",
                r#"category: "Brief""#,
                // The content, after the header.
                "} A logo",
            ],
        ),
        (&["upload", "x", &logo], &[r#"parent: "tasks/x""#]),
        (
            &["download", "d1", "--to", "-"],
            &["DownloadDocument", r#"name: "documents/d1""#],
        ),
    ];
    for (arguments, parts) in cases {
        let ended = shell.run(&[&["portal"][..], arguments].concat()).await;
        assert_eq!(ended.code, Some(0), "{arguments:?} {ended:?}");
        let asked = shell.fake.state.lock().unwrap().asked.pop().unwrap();
        for part in *parts {
            assert!(asked.contains(part), "{part} is not in {asked}");
        }
    }
    for misunderstood in [
        &["task", "ACME-TASK-1"][..],
        &["note", "ACME-TASK-1", "Thanks"],
        &["upload", "orders/o1"],
        &["upload", "orders/o1", "/nowhere/logo.png"],
    ] {
        let ended = shell.run(&[&["portal"][..], misunderstood].concat()).await;
        assert_eq!(ended.code, Some(2), "{misunderstood:?} {ended:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_content_is_written_once_and_overwritten_only_when_told() {
    let shell = Shell::new().await;
    let to = shell.file("there.txt", "Something else");
    let download = ["portal", "download", "d1", "--to", &to];
    let ended = shell.run(&download).await;
    assert_eq!(ended.code, Some(2), "{ended:?}");
    assert_eq!(std::fs::read_to_string(&to).unwrap(), "Something else");
    let ended = shell.run(&[&download[..], &["--force"]].concat()).await;
    assert_eq!(
        ended.stdout,
        format!("documents/d1 is in {to}.\n"),
        "{ended:?}"
    );
    assert_eq!(std::fs::read_to_string(&to).unwrap(), "As agreed");
    let ended = shell.run(&["portal", "download", "d1", "--to", "-"]).await;
    assert_eq!(ended.stdout, "As agreed");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_shows_what_waits_for_the_contact_and_the_documents_with_it() {
    let shell = Shell::new().await;
    let shown = shell.run(&["portal", "order", "o1"]).await.stdout;
    let task = shown
        .lines()
        .find(|line| line.contains("Fill in the brief"));
    assert!(task.unwrap().starts_with("[ ] →  brief"), "{shown}");
    let document = shown.lines().find(|line| line.starts_with("d1 "));
    assert!(document.unwrap().contains("zoe"), "{shown}");
}
