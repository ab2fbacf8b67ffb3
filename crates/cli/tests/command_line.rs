//! The command as a shell sees it: arguments in; output, errors and exit code out.

#![allow(clippy::unwrap_used, reason = "the fake server is part of the tests")]

#[path = "command_line/accounts.rs"]
mod accounts;
mod fake;
#[path = "command_line/import.rs"]
mod import;
#[path = "command_line/settings.rs"]
mod settings;

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
