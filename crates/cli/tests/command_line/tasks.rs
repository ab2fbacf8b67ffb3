//! Dates in the zone of the settings, phone calls, and the same for many tasks.

use handoff_proto::v1::Task;
use prost_types::Timestamp;
use tonic::Status;

use crate::fake::Shell;

impl Shell {
    fn set_zone(&self, zone: &str) {
        self.fake.state.lock().unwrap().settings.time_zone = zone.to_owned();
    }

    fn task(&self, name: &str) -> Task {
        self.fake.state.lock().unwrap().tasks[name].clone()
    }

    fn last_asked(&self) -> String {
        self.fake.state.lock().unwrap().asked.pop().unwrap()
    }
}

fn at(seconds: i64) -> Option<Timestamp> {
    Some(Timestamp { seconds, nanos: 0 })
}

/// 2026-12-01 17:00 in UTC.
const FIVE: i64 = 1_796_144_400;

#[tokio::test(flavor = "multi_thread")]
async fn dates_are_read_and_shown_in_the_zone_of_the_settings() {
    let shell = Shell::new().await;
    shell.set_zone("America/New_York");
    let create = [
        "task",
        "create",
        "acme",
        "Call",
        "--id",
        "x",
        "--start",
        "2026-11-01",
        "--due",
        "2026-12-01 12:00",
    ];
    let ended = shell.run(&create).await;
    assert!(
        ended.stdout.contains("due 2026-12-01 12:00 EST,"),
        "{ended:?}"
    );
    let task = shell.task("tasks/x");
    assert_eq!(task.due_time, at(FIVE));
    // The day begins in summer time, which ends in its course.
    assert_eq!(task.start_time, at(1_793_505_600));
    let shown = shell.run(&["task", "show", "x"]).await.stdout;
    assert!(shown.contains("2026-12-01 12:00"), "{shown}");
    assert!(shown.contains("2026-11-01 00:00"), "{shown}");
    // For programs, instants are in UTC.
    let json = shell.run(&["task", "show", "x", "-o", "json"]).await.stdout;
    assert!(json.contains("2026-12-01T17:00:00Z"), "{json}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_server_knows_when_a_due_day_ends() {
    let shell = Shell::new().await;
    shell.set_zone("Asia/Tokyo");
    let create = ["task", "create", "acme", "Call", "--id", "x"];
    let ended = shell
        .run(&[&create[..], &["--due", "2026-12-01"]].concat())
        .await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let task = shell.task("tasks/x");
    assert_eq!(
        (task.due_date.as_str(), task.due_time),
        ("2026-12-01", None)
    );
    let update = ["task", "update", "x", "--due", "1 Dec 2026"];
    assert_eq!(shell.run(&update).await.code, Some(0));
    let asked = shell.last_asked();
    assert!(asked.contains(r#"paths: ["due_date"]"#), "{asked}");
    let both = [&update[..], &["--clear", "due"]].concat();
    assert_eq!(shell.run(&both).await.code, Some(2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_zone_that_nobody_knows_is_told_and_nothing_is_guessed() {
    let shell = Shell::new().await;
    shell.set_zone("Mars/Olympus");
    let create = ["task", "create", "acme", "Call", "--due", "friday"];
    let ended = shell.run(&create).await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.stderr.contains("Mars/Olympus"), "{ended:?}");
    assert!(shell.fake.state.lock().unwrap().tasks.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_read_the_settings_has_dates_in_utc() {
    let shell = Shell::new().await;
    shell.set_zone("Asia/Tokyo");
    // The settings are the first that is asked for.
    let denied = Status::permission_denied("the settings are for the team");
    shell.fake.state.lock().unwrap().failures = vec![denied];
    let create = ["task", "create", "acme", "Call", "--id", "x"];
    let due = ["--due", "2026-12-01 17:00"];
    let ended = shell.run(&[&create[..], &due].concat()).await;
    assert!(
        ended.stdout.contains("due 2026-12-01 17:00 UTC,"),
        "{ended:?}"
    );
    assert_eq!(shell.task("tasks/x").due_time, at(FIVE));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_becomes_a_task() {
    let shell = Shell::new().await;
    let call = [
        "task",
        "call",
        "+49 30 123456",
        "Printer is on fire",
        "--priority",
        "urgent",
        "--min-position",
        "7",
    ];
    let ended = shell.run(&call).await;
    assert!(
        ended
            .stdout
            .starts_with("Created ACME-TASK-1 for accounts/acme,"),
        "{ended:?}"
    );
    let asked = shell.last_asked();
    for part in [
        r#"caller_number: "+49 30 123456""#,
        r#"title: "Printer is on fire""#,
        "priority: Urgent",
        "min_position: 7",
    ] {
        assert!(asked.contains(part), "{part} is not in {asked}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn many_tasks_are_completed_and_assigned_and_those_refused_are_told() {
    let shell = Shell::new().await;
    for (id, number) in [("x", "A-1"), ("y", "A-2"), ("z", "A-3")] {
        shell.add_task(id, number);
    }
    // The same task twice is one.
    let ended = shell.run(&["task", "complete", "x", "A-2", "a-1"]).await;
    assert_eq!(
        (ended.code, ended.stdout.as_str()),
        (Some(0), "A-1 is complete.\nA-2 is complete.\n"),
        "{ended:?}"
    );
    assert!(
        shell
            .last_asked()
            .contains(r#"names: ["tasks/x", "tasks/y"]"#)
    );
    {
        let mut state = shell.fake.state.lock().unwrap();
        state.tasks.get_mut("tasks/y").unwrap().title = "Refuses".to_owned();
    }
    let assign = ["task", "assign", "x", "--add", "ana", "--remove", "bo"];
    let also = [&assign[..], &["--also", "y", "--also", "z"]].concat();
    let ended = shell.run(&also).await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(
        ended
            .stdout
            .contains("tasks/y: tasks/y is closed [TASK_CLOSED]"),
        "{ended:?}"
    );
    assert!(
        ended.stderr.contains("1 of 3 tasks were refused"),
        "{ended:?}"
    );
    let asked = shell.last_asked();
    for part in [
        "BatchAssignTasksRequest",
        r#"assignees: [], add: ["members/ana"], remove: ["members/bo"]"#,
    ] {
        assert!(asked.contains(part), "{part} is not in {asked}");
    }
    for misunderstood in [
        &["task", "assign", "x"][..],
        &["task", "assign", "x", "ana", "--add", "bo"],
        &["task", "complete", "x", "y", "--etag", "3"],
    ] {
        let ended = shell.run(misunderstood).await;
        assert_eq!(ended.code, Some(2), "{misunderstood:?} {ended:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_the_long_form_loses_nothing() {
    let shell = Shell::new().await;
    shell.set_zone("Europe/Berlin");
    let file = shell.file(
        "tasks.csv",
        "Id,Description (Short),Regarding,Status,Due Date,Billable,Billed,Work Notes,Work Notes (Internal Only),\
         Related Task(s),Price,% Complete\n\
         1,Call,Acme,Cancelled,2099-12-01,,,,,,,\n\
         2,Write,Acme,Completed,2099-12-01,Yes,Yes,Called them,They pay late,1,12.50,40\n\
         3,Bill,Acme,,,No,Yes,,,,much,\n",
    );
    let import = ["import", "tasks", &file, "--currency", "EUR"];
    let ended = shell.run(&import).await;
    assert_eq!(
        (ended.code, ended.stdout.as_str()),
        (Some(1), "created 2, unchanged 0, failed 1\n"),
        "{ended:?}"
    );
    for problem in [
        "line 4: Price: \"much\" is not an amount of money",
        "line 4: Billed: is Yes for a task that is not billable",
    ] {
        assert!(ended.stderr.contains(problem), "{problem} {ended:?}");
    }
    let asked = shell.fake.state.lock().unwrap().asked.join("\n");
    for part in [
        "CancelTaskRequest",
        r#"note: "Called them""#,
        r#"AddInternalNoteRequest { name: "tasks/"#,
        r#"note: "They pay late""#,
        "RelateTasksRequest",
        "billed: true",
    ] {
        assert!(asked.contains(part), "{part} is not in {asked}");
    }
    let state = shell.fake.state.lock().unwrap();
    let write = state.tasks.values().find(|task| task.title == "Write");
    let write = write.unwrap();
    assert_eq!(write.due_date, "2099-12-01");
    assert_eq!(write.percent_complete, 40);
    assert_eq!(write.price.as_ref().unwrap().units, 12);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_task_says_who_is_told_and_what_it_has_to_do_with() {
    let shell = Shell::new().await;
    shell.add_task("y", "ACME-TASK-7");
    let given = [
        "--related",
        "acme-task-7",
        "--notify",
        "ben",
        "--notify",
        "office@example.com",
        "--on-change",
        "--on-complete",
        "--save-to-tracker",
        "--description",
        "<p>With <b>figures</b></p>",
    ];
    let create = ["task", "create", "acme", "Call", "--id", "x"];
    let ended = shell.run(&[&create[..], &given].concat()).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let task = shell.task("tasks/x");
    assert_eq!(task.related_tasks, ["tasks/y"]);
    let notify = task.notify.unwrap();
    assert_eq!(notify.recipients, ["members/ben", "office@example.com"]);
    assert!(notify.on_change && notify.on_complete && task.save_to_tracker);

    let shown = shell.run(&["task", "show", "x"]).await.stdout;
    assert!(shown.contains("With figures"), "{shown}");
    assert!(!shown.contains("<b>"), "{shown}");
    let tracker = shown.lines().find(|line| line.starts_with("Tracker"));
    assert!(tracker.is_some(), "{shown}");

    let call = ["task", "call", "+49 30 123456"];
    let ended = shell.run(&[&call[..], &given].concat()).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let asked = shell.last_asked();
    for part in [
        r#"related_tasks: ["tasks/y"]"#,
        r#"recipients: ["members/ben", "office@example.com"]"#,
        "save_to_tracker: true",
    ] {
        assert!(asked.contains(part), "{part} is not in {asked}");
    }
    // Nobody who could be told is named.
    let ended = shell.run(&[&create[..], &["--on-change"]].concat()).await;
    assert_eq!(ended.code, Some(2), "{ended:?}");
}
