//! Accounts and what belongs to them.

use handoff_proto::v1::{
    Account, AccountKind, AccountStatus, Contact, ContactKind, InteractionKind, RoleHolder, Task,
    TaskPriority, TaskStatus, TaskTypeSelection, TimelineEntry, TimelineInteraction, TimelineRole,
    timeline_entry::Entry,
};
use prost_types::Timestamp;

use crate::fake::Shell;

fn bo() -> Contact {
    Contact {
        name: "accounts/acme/contacts/0198".to_owned(),
        display_name: "Bo Berg".to_owned(),
        email: "bo@acme.example".to_owned(),
        kind: ContactKind::Client.into(),
        ..Contact::default()
    }
}

fn acme() -> Account {
    Account {
        name: "accounts/acme".to_owned(),
        display_name: "Acme & Co".to_owned(),
        kind: AccountKind::Customer.into(),
        status: AccountStatus::Active.into(),
        assignee: "members/ana".to_owned(),
        roles: vec![RoleHolder {
            role: "success-manager".to_owned(),
            holder: "members/bo".to_owned(),
        }],
        contacts: vec![bo()],
        notes: "<p>Pays <b>late</b>.</p><ul><li>Call first</li></ul>".to_owned(),
        notes_revision: 3,
        task_types: Some(TaskTypeSelection {
            all: true,
            task_types: Vec::new(),
        }),
        open_task_count: Some(21),
        task_count: Some(30),
        ..Account::default()
    }
}

fn at(seconds: i64) -> Option<Timestamp> {
    Some(Timestamp { seconds, nanos: 0 })
}

#[tokio::test(flavor = "multi_thread")]
async fn one_screen_shows_an_account_with_its_people_notes_work_and_last_events() {
    let shell = Shell::new().await;
    shell.add_account(acme());
    {
        let mut state = shell.fake.state.lock().unwrap();
        let task = Task {
            number: "ACME-TASK-30".to_owned(),
            title: "Call".to_owned(),
            assignees: vec!["members/ana".to_owned()],
            priority: TaskPriority::Normal.into(),
            status: TaskStatus::InProgress.into(),
            due_time: at(1_796_000_000),
            ..Task::default()
        };
        state.tasks.insert("tasks/x".to_owned(), task);
        state.timeline = vec![
            TimelineEntry {
                actor: "members/ana".to_owned(),
                happen_time: at(1_795_000_000),
                record_time: at(1_795_090_000),
                entry: Some(Entry::Interaction(TimelineInteraction {
                    kind: InteractionKind::PhoneCall.into(),
                    details: "<p>Wants it</p><p>by Friday.</p>".to_owned(),
                })),
                ..TimelineEntry::default()
            },
            TimelineEntry {
                actor: "members/admin".to_owned(),
                happen_time: at(1_794_000_000),
                record_time: at(1_794_000_000),
                entry: Some(Entry::Role(TimelineRole {
                    role: "success-manager".to_owned(),
                    previous: String::new(),
                    holder: "members/bo".to_owned(),
                })),
                ..TimelineEntry::default()
            },
        ];
    }
    let ended = shell.run(&["account", "show", "acme"]).await;
    insta::assert_snapshot!(ended.stdout, @r"
    Name             accounts/acme
    Display name     Acme & Co
    Kind             customer
    Status           active
    Assignee         ana
    Roles            success-manager bo
    Generated tasks  all
    Monthly report   off
    Open tasks       21
    All tasks        30

    Contacts
    DISPLAY NAME  E-MAIL           PHONE  KIND    PORTAL  ID
    Bo Berg       bo@acme.example         client  no      0198

    Notes
    Pays late.
    - Call first

    Open work
    NUMBER        TITLE  ASSIGNED TO  PRIORITY  STATUS       DUE
    ACME-TASK-30  Call   ana          normal    in progress  2026-11-30 00:53

    What happened last
    WHEN              WHAT        DETAILS                       BY     RECORDED
    2026-11-18 11:06  phone call  Wants it by Friday.           ana    2026-11-19 12:06
    2026-11-06 21:20  role        success-manager: nobody → bo  admin
    ");
    assert_eq!(
        ended.stderr,
        "20 more: handoff task list --account acme --open\n"
    );
    // For programs the account is one object; tasks and timeline have lists of their own.
    let ended = shell.run(&["account", "show", "acme", "-o", "json"]).await;
    let json: serde_json::Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(json["contacts"][0]["display_name"], "Bo Berg");
}

#[tokio::test(flavor = "multi_thread")]
async fn notes_are_edited_from_the_revision_that_was_read() {
    let shell = Shell::new().await;
    shell.add_account(acme());
    let edit = ["account", "notes", "acme", "--edit"];
    let ended = shell
        .run_with_editor(&edit, "sed -i.old s/late/soon/")
        .await;
    assert_eq!(
        (ended.code, ended.stdout.as_str()),
        (Some(0), "Saved revision 4 of the notes of accounts/acme.\n"),
        "{ended:?}"
    );
    assert!(
        shell
            .account("accounts/acme")
            .notes
            .contains("Pays <b>soon</b>.")
    );
    let ended = shell.run_with_editor(&edit, "true").await;
    assert_eq!(
        (ended.code, ended.stderr.as_str()),
        (Some(0), "Nothing was changed.\n")
    );
    assert_eq!(shell.account("accounts/acme").notes_revision, 4);
    assert!(shell.drafts().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_typed_is_kept_when_somebody_else_saved_first() {
    let shell = Shell::new().await;
    shell.add_account(acme());
    let file = shell.file("notes.txt", "<p>Late again.</p>");
    let stale = [
        "account",
        "notes",
        "acme",
        "--file",
        &file,
        "--revision",
        "2",
    ];
    let ended = shell.run(&stale).await;
    assert_eq!(ended.code, Some(1));
    assert!(
        ended.stderr.contains("[STALE_NOTES]\n  → Read them again"),
        "{ended:?}"
    );

    // The editor itself is slow: another save comes while it is open.
    let other = format!(
        "{} account notes acme --file {file} --revision 3 >&2; sed -i.old s/late/soon/",
        env!("CARGO_BIN_EXE_handoff")
    );
    let ended = shell
        .run_with_editor(&["account", "notes", "acme", "--edit"], &other)
        .await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.stderr.contains("What you wrote is in "), "{ended:?}");
    assert_eq!(shell.drafts().len(), 1);
    assert!(shell.drafts()[0].contains("Pays <b>soon</b>."));
    assert_eq!(shell.account("accounts/acme").notes, "<p>Late again.</p>");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_notes_needs_the_revision_it_was_made_from() {
    let shell = Shell::new().await;
    let file = shell.file("notes.txt", "x");
    let ended = shell
        .run(&["account", "notes", "acme", "--file", &file])
        .await;
    assert_eq!(ended.code, Some(2));
    assert!(ended.stderr.contains("--revision <NUMBER>"), "{ended:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_contact_is_found_by_name_address_or_id() {
    let shell = Shell::new().await;
    shell.add_account(acme());
    for contact in [
        "bo berg",
        "BO@acme.example",
        "0198",
        "accounts/acme/contacts/0198",
    ] {
        let phone = format!("+49 30 {}", contact.len());
        let update = [
            "account", "contact", "update", "acme", contact, "--phone", &phone,
        ];
        let ended = shell.run(&update).await;
        assert_eq!(ended.code, Some(0), "{ended:?}");
        let contact = &shell.account("accounts/acme").contacts[0];
        assert_eq!(
            (contact.phone.as_str(), contact.email.as_str()),
            (phone.as_str(), "bo@acme.example")
        );
    }
    let update = [
        "account",
        "contact",
        "update",
        "acme",
        "No Body",
        "--no-email",
    ];
    let ended = shell.run(&update).await;
    assert_eq!(ended.code, Some(1));
    assert!(
        ended
            .stderr
            .starts_with("error: accounts/acme has no contact \"No Body\"\n"),
        "{ended:?}"
    );
    let mut account = acme();
    account.contacts.push(Contact {
        name: "accounts/acme/contacts/0199".to_owned(),
        ..bo()
    });
    shell.add_account(account);
    let ended = shell
        .run(&[
            "account",
            "contact",
            "update",
            "acme",
            "Bo Berg",
            "--no-email",
        ])
        .await;
    assert_eq!(ended.code, Some(2));
    assert!(
        ended
            .stderr
            .contains("could be accounts/acme/contacts/0198 or accounts/acme/contacts/0199"),
        "{ended:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_says_how_the_account_is_now() {
    let shell = Shell::new().await;
    shell.add_account(acme());
    for (arguments, sentence) in [
        (
            &["role", "assign", "acme", "success-manager", "carla"][..],
            "success-manager of accounts/acme is carla.\n",
        ),
        (
            &["account", "team", "acme", "ana", "bo"],
            "New tasks of accounts/acme go to ana, bo.\n",
        ),
        (
            &["account", "team", "acme", "--nobody"],
            "accounts/acme has no support team; its assignee gets new tasks.\n",
        ),
        (
            &["account", "pause", "acme"],
            "accounts/acme is paused: no tasks are generated; work made by hand goes on.\n",
        ),
        (
            &[
                "task",
                "generate",
                "acme",
                "review-response",
                "r-1",
                "Answer",
            ],
            "No task: accounts/acme is paused.\n",
        ),
        (
            &["account", "report", "acme", "on"],
            "Contacts of accounts/acme get a monthly report.\n",
        ),
    ] {
        let ended = shell.run(arguments).await;
        assert_eq!(
            (ended.code, ended.stdout.as_str()),
            (Some(0), sentence),
            "{ended:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_that_says_nothing_to_change_is_misunderstood() {
    let shell = Shell::new().await;
    for arguments in [
        &["account", "update", "acme"][..],
        &["account", "team", "acme"],
        &["account", "types", "acme"],
        &["account", "contact", "update", "acme", "bo"],
        &["account", "log", "acme"],
        &["account", "log", "acme", "email", "--at", "tomorrow"],
        &["member", "update", "ana"],
    ] {
        assert_eq!(shell.run(arguments).await.code, Some(2), "{arguments:?}");
    }
}
