//! Importing files.

use handoff_proto::v1::{Account, AccountRole, AccountStatus, ContactKind, TaskStatus};

use crate::fake::Shell;

const TASKS: &str = "\
Task Title,Customer,Assigned To,Priority,Task Status,Due Date
Call,Acme & Co,ana,High,Completed,2099-12-01
Late,Acme & Co,ana,Low,In Progress,2001-12-01
Call,Blue Door,ana,Medium,Not Started,
Call,Blue Door,ana,Medium,Not Started,
";

#[tokio::test(flavor = "multi_thread")]
async fn importing_a_file_again_changes_nothing() {
    let shell = Shell::new().await;
    let file = shell.file("tasks.csv", TASKS);
    let first = shell.run(&["import", "tasks", &file]).await;
    assert_eq!(
        (first.code, first.stdout.as_str()),
        (Some(0), "created 4, unchanged 0, failed 0\n"),
        "{first:?}"
    );
    {
        let state = shell.fake.state.lock().unwrap();
        assert_eq!(
            state.accounts.keys().collect::<Vec<_>>(),
            ["accounts/acme-co", "accounts/blue-door"]
        );
        let call = state
            .tasks
            .values()
            .find(|task| task.subject == "accounts/acme-co" && task.title == "Call")
            .unwrap();
        assert_eq!(
            (call.status(), call.assignees.as_slice()),
            (TaskStatus::Complete, &["members/ana".to_owned()][..])
        );
        // What should have been done long ago begins then.
        let late = state
            .tasks
            .values()
            .find(|task| task.title == "Late")
            .unwrap();
        let seconds = late.start_time.as_ref().map(|start| start.seconds);
        assert_eq!(
            (late.due_date.as_str(), seconds),
            ("2001-12-01", Some(1_007_251_199))
        );
    }
    let second = shell.run(&["import", "tasks", &file]).await;
    assert_eq!(
        (second.code, second.stdout.as_str()),
        (Some(0), "created 0, unchanged 4, failed 0\n"),
        "{second:?}"
    );
    assert_eq!(shell.fake.state.lock().unwrap().tasks.len(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_row_is_reported_and_the_others_are_imported() {
    let shell = Shell::new().await;
    let file = shell.file(
        "tasks.csv",
        &format!("{TASKS},Acme & Co,ana,Huge,Not Started,\nLast,Acme & Co,,,,\n"),
    );
    let ended = shell.run(&["import", "tasks", &file]).await;
    assert_eq!(
        (ended.code, ended.stdout.as_str()),
        (Some(1), "created 5, unchanged 0, failed 1\n"),
        "{ended:?}"
    );
    assert!(
        ended
            .stderr
            .contains("line 6: Task Title: is empty\nline 6: Priority: \"Huge\" is not a priority"),
        "{ended:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_are_not_imported_are_kept_to_be_corrected() {
    let shell = Shell::new().await;
    let file = shell.file(
        "tasks.csv",
        "Task Title,Customer,Priority\nCall,Acme,High\nMail,Acme,Huge\n,\"Blue, Door\",Low\n",
    );
    let rejects = shell.file("rejects.csv", "");
    let import = ["import", "tasks", &file, "--rejects", &rejects];
    let ended = shell.run(&import).await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    let kept = std::fs::read_to_string(&rejects).unwrap();
    let lines: Vec<_> = kept.lines().collect();
    assert_eq!(lines.len(), 3, "{kept}");
    assert_eq!(lines[0], "Task Title,Customer,Priority,Problem");
    assert!(lines[1].starts_with("Mail,Acme,Huge,"), "{kept}");
    assert!(lines[1].contains("Priority: "), "{kept}");
    assert_eq!(lines[2], ",\"Blue, Door\",Low,Task Title: is empty");

    // Corrected, it is a file like any other.
    let corrected = shell.file("corrected.csv", &kept.replace("Huge", "High"));
    let again = shell.file("again.csv", "");
    let import = ["import", "tasks", &corrected, "--rejects", &again];
    let ended = shell.run(&import).await;
    assert_eq!(
        ended.stdout, "created 1, unchanged 0, failed 1\n",
        "{ended:?}"
    );
    let kept = std::fs::read_to_string(&again).unwrap();
    assert!(
        kept.starts_with("Task Title,Customer,Priority,Problem\n,"),
        "{kept}"
    );

    let itself = ["import", "tasks", &file, "--rejects", &file];
    let ended = shell.run(&itself).await;
    assert_eq!(ended.code, Some(2), "{ended:?}");
    assert!(std::fs::read_to_string(&file).unwrap().contains("Huge"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_ends_at_what_every_row_would_meet() {
    let shell = Shell::new().await;
    let file = shell.file("tasks.csv", TASKS);
    let token = shell.file("token", "wrong");
    let ended = shell
        .run(&["import", "tasks", &file, "--token-file", &token])
        .await;
    assert_eq!(
        (ended.code, ended.stdout.as_str()),
        (Some(1), ""),
        "{ended:?}"
    );
    assert!(
        ended
            .stderr
            .starts_with("error: the token is missing or wrong\n  → Check the token"),
        "{ended:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_no_list_of_tasks_is_refused() {
    let shell = Shell::new().await;
    let file = shell.file("tasks.csv", "name,colour\nx,red\n");
    let ended = shell.run(&["import", "tasks", &file]).await;
    assert_eq!(ended.code, Some(2));
    assert!(
        ended
            .stderr
            .contains("there is no column \"Task Title\"; there are \"name\", \"colour\""),
        "{ended:?}"
    );
}

const ACCOUNTS: &str = "\
Name,Kind,Status,Assigned To,Success Manager,Support Team,Monthly Report,Notes
Acme & Co,Customer,Paused,Ana Lima,Bo,Ana Lima; Bo,Off,<p>Call first.</p>
Blue Door,Lead,Active,Bo,,,On,
";

impl Shell {
    fn offer_a_role(&self) {
        let role = AccountRole {
            role: "success-manager".to_owned(),
            display_name: "Success manager".to_owned(),
            retired: false,
        };
        let mut state = self.fake.state.lock().unwrap();
        state.settings.account_roles.push(role);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts_come_with_their_people_and_are_left_as_they_are_afterwards() {
    let shell = Shell::new().await;
    shell.offer_a_role();
    let file = shell.file("accounts.csv", ACCOUNTS);
    let first = shell.run(&["import", "accounts", &file]).await;
    assert_eq!(
        (first.code, first.stdout.as_str()),
        (Some(0), "created 2, unchanged 0, failed 0\n"),
        "{first:?}"
    );
    let acme = shell.account("accounts/acme-co");
    assert_eq!(acme.status(), AccountStatus::Paused);
    assert_eq!(acme.assignee, "members/ana-lima");
    assert_eq!(acme.support_team, ["members/ana-lima", "members/bo"]);
    assert_eq!(acme.roles[0].holder, "members/bo");
    assert_eq!(
        (acme.notes.as_str(), acme.monthly_report),
        ("<p>Call first.</p>", false)
    );

    // Somebody works with them meanwhile, also on what the file found as it asks for.
    for account in shell.fake.state.lock().unwrap().accounts.values_mut() {
        account.set_status(AccountStatus::Deactivated);
        account.monthly_report = false;
        account.notes = "<p>Ours.</p>".to_owned();
        account.roles.clear();
    }
    let second = shell.run(&["import", "accounts", &file]).await;
    assert_eq!(
        (second.code, second.stdout.as_str()),
        (Some(0), "created 0, unchanged 2, failed 0\n"),
        "{second:?}"
    );
    for name in ["accounts/acme-co", "accounts/blue-door"] {
        let account = shell.account(name);
        assert_eq!(account.status(), AccountStatus::Deactivated);
        assert_eq!(
            (account.notes.as_str(), account.monthly_report),
            ("<p>Ours.</p>", false)
        );
        assert!(account.roles.is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_was_there_gets_what_its_row_says_but_keeps_its_notes() {
    let shell = Shell::new().await;
    shell.offer_a_role();
    shell.add_account(Account {
        name: "accounts/acme-co".to_owned(),
        display_name: "acme-co".to_owned(),
        notes: "<p>Ours.</p>".to_owned(),
        notes_revision: 1,
        ..Account::default()
    });
    let file = shell.file("accounts.csv", "Name,Success Manager\nAcme & Co,Bo\n");
    let ended = shell.run(&["import", "accounts", &file]).await;
    assert_eq!(
        ended.stdout, "created 0, changed 1, unchanged 0, failed 0\n",
        "{ended:?}"
    );
    let acme = shell.account("accounts/acme-co");
    assert_eq!(
        (acme.display_name.as_str(), acme.roles.len()),
        ("Acme & Co", 1)
    );

    let file = shell.file("accounts.csv", "Name,Notes\nAcme & Co,<p>Theirs.</p>\n");
    let ended = shell.run(&["import", "accounts", &file]).await;
    assert_eq!(ended.code, Some(1));
    assert!(
        ended
            .stderr
            .starts_with("line 2: Notes: stale; the account has notes already"),
        "{ended:?}"
    );
    assert_eq!(shell.account("accounts/acme-co").notes, "<p>Ours.</p>");
}

#[tokio::test(flavor = "multi_thread")]
async fn contacts_are_added_once_and_corrected_by_another_row() {
    let shell = Shell::new().await;
    shell.add_account(Account {
        name: "accounts/acme".to_owned(),
        ..Account::default()
    });
    let rows = "Account,Name,E-mail,Kind,Portal\nAcme,Bo Berg,bo@acme.example,Collaborator,Yes\n";
    let file = shell.file("contacts.csv", rows);
    for expected in ["created 1, unchanged 0", "created 0, unchanged 1"] {
        let ended = shell.run(&["import", "contacts", &file]).await;
        assert_eq!(ended.stdout, format!("{expected}, failed 0\n"), "{ended:?}");
    }
    let file = shell.file(
        "contacts.csv",
        "Account,Name,Phone\naccounts/acme,Bo Berg,+49 30 1\nNone,Jo,\n",
    );
    let ended = shell.run(&["import", "contacts", &file]).await;
    assert_eq!(
        ended.stdout,
        "created 0, changed 1, unchanged 0, failed 1\n"
    );
    assert!(
        ended
            .stderr
            .contains("line 3: accounts/none does not exist"),
        "{ended:?}"
    );
    assert!(
        ended.stderr.contains("1 row was not imported, on line 3;"),
        "{ended:?}"
    );
    let contacts = shell.account("accounts/acme").contacts;
    assert_eq!(contacts.len(), 1);
    assert_eq!(contacts[0].name, "accounts/acme/contacts/bo-berg");
    assert_eq!(
        (contacts[0].email.as_str(), contacts[0].phone.as_str()),
        ("bo@acme.example", "+49 30 1")
    );
    assert_eq!(
        (contacts[0].kind(), contacts[0].portal_access),
        (ContactKind::Collaborator, true)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn members_are_created_once_and_one_id_is_not_on_two_lines() {
    let shell = Shell::new().await;
    let file = shell.file(
        "members.csv",
        "Name,E-mail,Kind\nAna Lima,ana@x.example,Admin\nBo,,\nBO,,Boss\n",
    );
    for expected in ["created 2, unchanged 0", "created 0, unchanged 2"] {
        let ended = shell.run(&["import", "members", &file]).await;
        assert_eq!(ended.stdout, format!("{expected}, failed 1\n"), "{ended:?}");
        assert!(
            ended.stderr.contains(
                "line 4: Kind: \"Boss\" is not a kind: write Admin or Staff\n\
                 line 4: Name: is members/bo, as on line 3; give one of them another Id"
            ),
            "{ended:?}"
        );
    }
    let state = shell.fake.state.lock().unwrap();
    assert_eq!(
        state.members.keys().collect::<Vec<_>>(),
        ["members/ana-lima", "members/bo"]
    );
    assert_eq!(state.members["members/ana-lima"].email, "ana@x.example");
}
