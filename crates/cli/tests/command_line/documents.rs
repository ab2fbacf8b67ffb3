//! `handoff document`.

use std::{fs, path::Path};

use crate::fake::Shell;

/// The requests since the last look.
fn asked(shell: &Shell) -> Vec<String> {
    std::mem::take(&mut shell.fake.state.lock().unwrap().asked)
}

fn part(to: &str) -> String {
    format!("{to}.part")
}

/// A path at which there is nothing.
fn nothing_at(shell: &Shell, name: &str) -> String {
    let path = shell.file(name, "");
    fs::remove_file(&path).unwrap();
    path
}

#[tokio::test(flavor = "multi_thread")]
async fn every_command_about_documents_asks_for_what_it_says() {
    let shell = Shell::new().await;
    shell.add_task("x", "ACME-TASK-1");
    let terms = shell.file("terms.txt", "As agreed");
    let cases: &[(&[&str], &[&str])] = &[
        (
            &["upload", "tasks/x", &terms, "--category", "Contract"],
            &[
                r#"parent: "tasks/x""#,
                r#"file_name: "terms.txt""#,
                "size_bytes: 9",
                r#"category: "Contract""#,
                // The content, after the header.
                "} As agreed",
            ],
        ),
        (
            &["upload", "orders/o1", &terms],
            &[r#"parent: "orders/o1""#],
        ),
        (
            &["download", "d1", "--to", "-"],
            &["DownloadDocument", r#"name: "documents/d1""#],
        ),
        (&["show", "d1"], &["GetDocument", r#"name: "documents/d1""#]),
        (
            &["list", "--task", "tasks/x", "--active"],
            &["ListDocuments", r#"parent = \"tasks/x\""#, "AND active"],
        ),
        (
            &["update", "d1", "--active", "false", "--clear", "category"],
            &[
                "UpdateDocument",
                r#"name: "documents/d1""#,
                r#"["active", "category"]"#,
            ],
        ),
    ];
    for (arguments, parts) in cases {
        let ended = shell.run(&[&["document"][..], arguments].concat()).await;
        assert_eq!(ended.code, Some(0), "{arguments:?} {ended:?}");
        let asked = asked(&shell).pop().unwrap();
        for part in *parts {
            assert!(asked.contains(part), "{part} is not in {asked}");
        }
    }
    let shown = shell.run(&["document", "show", "d1"]).await.stdout;
    assert!(
        shown.contains("terms.txt") && !shown.contains("<b>"),
        "{shown}"
    );
    for misunderstood in [
        &["upload", "tasks/x"][..],
        &["upload", "tasks/x", "/nowhere/terms.txt"],
        &["update", "d1"],
        &["update", "d1", "--category", "A", "--clear", "category"],
    ] {
        let ended = shell
            .run(&[&["document"][..], misunderstood].concat())
            .await;
        assert_eq!(ended.code, Some(2), "{misunderstood:?} {ended:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_download_that_broke_off_goes_on_where_it_was_under_the_same_id() {
    let shell = Shell::new().await;
    let to = nothing_at(&shell, "here.txt");
    shell.fake.state.lock().unwrap().breaks = vec![0, 2, 4];
    let ended = shell
        .run(&["document", "download", "d1", "--to", &to])
        .await;
    assert_eq!(
        ended.stdout,
        format!("documents/d1 is in {to}.\n"),
        "{ended:?}"
    );
    assert_eq!(fs::read_to_string(&to).unwrap(), "As agreed");
    assert!(!Path::new(&part(&to)).exists());
    let asked = asked(&shell);
    let offsets = ["offset: 0", "offset: 4", "offset: 6", "offset: 6"];
    assert_eq!(asked.len(), offsets.len(), "{asked:?}");
    let id = |request: &str| request.split_once("request_id").unwrap().1.to_owned();
    for (request, offset) in asked.iter().zip(offsets) {
        assert!(request.contains(offset), "{request}");
        assert_eq!(id(request), id(&asked[0]));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_broke_after_the_last_byte_is_no_failure() {
    let shell = Shell::new().await;
    let to = nothing_at(&shell, "here.txt");
    shell.fake.state.lock().unwrap().breaks = vec![9];
    let ended = shell
        .run(&["document", "download", "d1", "--to", &to])
        .await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(fs::read_to_string(&to).unwrap(), "As agreed");
    assert_eq!(asked(&shell).len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_content_with_another_digest_is_not_kept_and_replaces_nothing() {
    let shell = Shell::new().await;
    let to = nothing_at(&shell, "here.txt");
    let there = shell.file("there.txt", "Something else");
    // It is found out also where the content came in two parts.
    for (to, breaks) in [(&to, vec![]), (&to, vec![4]), (&there, vec![])] {
        {
            let mut state = shell.fake.state.lock().unwrap();
            (state.sha256, state.breaks) = (Some("ab".repeat(32)), breaks);
        }
        let download = ["document", "download", "d1", "--force", "--to", to];
        let ended = shell.run(&download).await;
        assert_eq!(ended.code, Some(1), "{ended:?}");
        assert!(ended.stderr.contains("SHA-256"), "{ended:?}");
        assert!(!Path::new(&part(to)).exists());
    }
    assert!(!Path::new(&to).exists());
    assert_eq!(fs::read_to_string(&there).unwrap(), "Something else");
    let ended = shell
        .run(&["document", "download", "d1", "--to", "-"])
        .await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_download_that_failed_leaves_nothing_and_replaces_nothing() {
    let shell = Shell::new().await;
    let there = shell.file("there.txt", "Something else");
    let download = ["document", "download", "d1", "--to", &there];
    let ended = shell.run(&download).await;
    assert_eq!(ended.code, Some(2), "{ended:?}");
    let force = [&download[..], &["--force"]].concat();
    // Four bytes, and then never another.
    shell.fake.state.lock().unwrap().breaks = [&[0; 8][..], &[4]].concat();
    let ended = shell.run(&force).await;
    assert_ne!(ended.code, Some(0), "{ended:?}");
    assert_eq!(fs::read_to_string(&there).unwrap(), "Something else");
    assert!(!Path::new(&part(&there)).exists());
    shell.fake.state.lock().unwrap().breaks.clear();
    let ended = shell.run(&force).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(fs::read_to_string(&there).unwrap(), "As agreed");
}
