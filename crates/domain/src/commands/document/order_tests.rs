//! Documents on orders and their tasks: who attaches and sees them, through the client gate (S1).

use super::{
    tests::{attach, details, is_not_found, line, name, update, view},
    *,
};
use crate::{
    account,
    commands::{
        CreateAccount, CreateContact, NewId, RemoveOrderTask,
        memory::Memory,
        order::samples::{check, client, name as task, portal, team, uncheck, with_order},
        task::samples::{ZOE, reason},
    },
    partition::Partition,
};

/// Of another account, with portal access.
const TOM: &str = "accounts/bolt/contacts/tom";

fn on(parent: &str, id: &str) -> AttachDocuments {
    AttachDocuments {
        parent: parent.parse().unwrap(),
        ..attach("t1", &[id])
    }
}

fn in_order(id: &str) -> String {
    format!("orders/o1/tasks/{id}")
}

/// `orders/o1` of `accounts/acme`: `audit` of the team and `brief` of the client, then `report`, which
/// contacts see. Tom is of another account.
fn with_checklist() -> Memory {
    let mut memory = with_order(&[
        team("audit", 1, &["ben"]),
        client("brief", 1),
        portal("report", 2),
    ]);
    let bolt = CreateAccount {
        id: NewId::Given("accounts/bolt".parse().unwrap()),
        display_name: line("Bolt"),
        kind: account::Kind::Customer,
        assignee: None,
        sla_hours: None,
    };
    memory.accept("members/ana", &bolt);
    let tom = CreateContact {
        account: "accounts/bolt".parse().unwrap(),
        name: TOM.parse().unwrap(),
        portal_access: true,
        ..CreateContact::sample("tom")
    };
    memory.accept("members/ana", &tom);
    memory
}

#[test]
fn a_document_on_an_order_or_its_task_is_about_the_account_and_lies_with_it() {
    let mut memory = with_checklist();
    for (parent, id) in [("orders/o1".to_owned(), "a"), (in_order("audit"), "b")] {
        memory.accept("members/ana", &on(&parent, id));
        assert_eq!(details(&memory, id).parent.as_str(), parent);
        assert_eq!(details(&memory, id).subject.as_str(), "accounts/acme");
        let event = memory.log.last().unwrap();
        assert_eq!(event.partition, Partition::of("accounts/acme"));
    }
    for missing in ["orders/o9", "orders/o9/tasks/audit", "orders/o1/tasks/nope"] {
        assert!(is_not_found(
            &memory.reject("members/ana", &on(missing, "c"))
        ));
    }
}

#[test]
fn a_document_is_as_visible_as_its_task_and_on_an_order_for_the_team_unless_told_otherwise() {
    let mut memory = with_checklist();
    let seen = [
        ("orders/o1", Visibility::Internal),
        ("orders/o1/tasks/audit", Visibility::Internal),
        ("orders/o1/tasks/brief", Visibility::Portal),
        ("orders/o1/tasks/report", Visibility::Portal),
    ];
    for (index, (parent, visibility)) in seen.into_iter().enumerate() {
        let id = format!("d{index}");
        memory.accept("members/ana", &on(parent, &id));
        assert_eq!(details(&memory, &id).visibility, visibility, "{parent}");
    }
    let shared = AttachDocuments {
        visibility: Some(Visibility::Portal),
        ..on("orders/o1", "shared")
    };
    memory.accept("members/ana", &shared);
    memory.accept(ZOE, &view("shared"));
    assert!(is_not_found(&memory.reject(ZOE, &view("d0"))));
}

#[test]
fn contacts_attach_to_their_order_and_to_the_tasks_that_the_client_gate_shows() {
    let mut memory = with_checklist();
    memory.accept(ZOE, &on("orders/o1", "a"));
    memory.accept(ZOE, &on(&in_order("brief"), "b"));
    assert_eq!(details(&memory, "a").visibility, Visibility::Portal);
    for hidden in ["audit", "report", "nope"] {
        let refused = memory.reject(ZOE, &on(&in_order(hidden), "c"));
        assert!(is_not_found(&refused), "{hidden}");
    }
    memory.accept(ZOE, &check("brief"));
    memory.accept("members/ana", &check("audit"));
    memory.accept(ZOE, &on(&in_order("report"), "c"));
    memory.deactivate(&"accounts/acme".parse().unwrap());
    let refused = memory.reject(ZOE, &on("orders/o1", "d"));
    assert_eq!(reason(refused), Reason::AccountDeactivated);
}

#[test]
fn contacts_view_documents_of_a_task_while_the_client_gate_shows_it() {
    let mut memory = with_checklist();
    let shared = |parent: &str, id| AttachDocuments {
        visibility: Some(Visibility::Portal),
        ..on(parent, id)
    };
    memory.accept("members/ana", &shared(&in_order("brief"), "brief"));
    memory.accept("members/ana", &shared(&in_order("report"), "report"));
    // For contacts, but on a task of the team's: nobody sees it.
    memory.accept("members/ana", &shared(&in_order("audit"), "audit"));
    memory.accept(ZOE, &view("brief"));
    for hidden in ["report", "audit"] {
        assert!(is_not_found(&memory.reject(ZOE, &view(hidden))), "{hidden}");
    }
    memory.accept(ZOE, &check("brief"));
    memory.accept("members/ana", &check("audit"));
    memory.accept(ZOE, &view("report"));
    memory.accept("members/ana", &uncheck("audit"));
    assert!(is_not_found(&memory.reject(ZOE, &view("report"))));
}

#[test]
fn documents_of_another_accounts_order_are_not_there_for_a_contact() {
    let mut memory = with_checklist();
    let shared = AttachDocuments {
        visibility: Some(Visibility::Portal),
        ..on("orders/o1", "a")
    };
    memory.accept("members/ana", &shared);
    memory.accept(ZOE, &on(&in_order("brief"), "b"));
    for id in ["a", "b"] {
        assert!(is_not_found(&memory.reject(TOM, &view(id))));
    }
    for parent in ["orders/o1".to_owned(), in_order("brief")] {
        assert!(is_not_found(&memory.reject(TOM, &on(&parent, "c"))));
    }
    memory.accept(ZOE, &view("b"));
}

#[test]
fn documents_of_a_task_that_was_taken_out_stay_with_the_team_only() {
    let mut memory = with_checklist();
    memory.accept(ZOE, &on(&in_order("brief"), "a"));
    let gone = RemoveOrderTask {
        name: task("brief"),
    };
    memory.accept("members/ana", &gone);
    memory.accept("members/ana", &view("a"));
    let changes = Changes {
        active: Some(false),
        ..Changes::default()
    };
    memory.accept("members/ana", &update("a", changes));
    assert!(!details(&memory, "a").active);
    assert!(is_not_found(&memory.reject(ZOE, &view("a"))));
    assert!(is_not_found(
        &memory.reject("members/ana", &on(&in_order("brief"), "b"))
    ));
    assert!(memory.document(&name("b")).details().is_none());
}
