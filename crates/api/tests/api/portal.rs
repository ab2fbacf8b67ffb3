//! The portal: what contacts see and do, and that nothing else reaches them.

use std::collections::BTreeSet;

use handoff_domain::{
    account::{ContactChanges, Status as AccountStatus},
    checklist::Visibility,
    commands::{
        AddInternalNote, AddNote, AddOrderNote, CheckOrderTask, CreateTask, NoteOn,
        SetAccountStatus, UpdateContact, UpdateNotes,
    },
    names::TaskName,
    task::{self, Draft, Origin, Tag},
    text::{Html, Line},
};
use handoff_proto::v1::{
    self, account_query_service_client::AccountQueryServiceClient,
    order_query_service_client::OrderQueryServiceClient,
    portal_service_client::PortalServiceClient,
    task_command_service_client::TaskCommandServiceClient,
};
use handoff_testkit::eventually;
use prost::Message;
use prost_types::FileDescriptorSet;
use tonic::{Code, Status, transport::Channel};

use crate::{
    order_queries::{end, in_order, order, place, sell, template},
    portal_documents::{KEPT, SHOWN, attach, fetch, with_documents},
    support::{CEILING, TestServer, account, contact, fields, reason},
};

pub(crate) const ADMIN: &str = "members/admin";
pub(crate) const ZOE: &str = "accounts/acme/contacts/zoe";
/// Of the same account, without portal access.
pub(crate) const NILS: &str = "accounts/acme/contacts/nils";
/// Of another account.
pub(crate) const TOM: &str = "accounts/bolt/contacts/tom";
/// In every text that contacts must not see.
pub(crate) const HIDDEN: &str = "zzhidden";

pub(crate) fn client(server: &TestServer) -> PortalServiceClient<Channel> {
    PortalServiceClient::new(server.channel.clone())
}

fn html(text: &str) -> Html {
    Html::new(text).unwrap()
}

fn draft(title: &str, visibility: task::Visibility) -> Draft {
    Draft {
        subject: Some("accounts/acme".parse().unwrap()),
        title: Some(Line::new(title).unwrap()),
        visibility,
        tags: vec![Tag::new(HIDDEN).unwrap()],
        assignees: vec!["members/ana".parse().unwrap()],
        ..Draft::default()
    }
}

/// An account with contacts, tasks, an order and notes of every kind.
pub(crate) async fn with_portal() -> TestServer {
    let server = TestServer::start_with_projectors().await;
    server.submit(ADMIN, account("acme")).await;
    server.submit(ADMIN, account("bolt")).await;
    server.submit(ADMIN, contact(ZOE, true)).await;
    server.submit(ADMIN, contact(NILS, false)).await;
    server.submit(ADMIN, contact(TOM, true)).await;
    let notes = UpdateNotes {
        account: "accounts/acme".parse().unwrap(),
        notes: html(HIDDEN),
        notes_revision: 0,
    };
    server.submit(ADMIN, notes).await;
    for (id, title, visibility) in [
        ("p1", "Shown to clients", task::Visibility::Portal),
        ("i1", HIDDEN, task::Visibility::Internal),
    ] {
        let create = CreateTask {
            name: TaskName::from_id(id).unwrap(),
            draft: draft(title, visibility),
            origin: Origin::Manual,
        };
        server.submit(ADMIN, create).await;
    }
    let name = || TaskName::from_id("p1").unwrap();
    let note = AddNote {
        name: name(),
        note: html("For everyone"),
    };
    server.submit("members/ana", note).await;
    let note = AddInternalNote {
        name: name(),
        note: html(HIDDEN),
    };
    server.submit(ADMIN, note).await;
    sell(&server).await;
    let hidden = template(HIDDEN, 1, Visibility::Internal, &["members/ana"]);
    server.submit(ADMIN, hidden).await;
    let later = template("zzhidden-later", 3, Visibility::Portal, &[]);
    server.submit(ADMIN, later).await;
    server.submit(ADMIN, place("o1", "accounts/acme")).await;
    // Done before its turn: that is no reason to show it.
    let done = in_order("o1", "zzhidden-later");
    server.submit(ADMIN, CheckOrderTask { name: done }).await;
    for (on, text, visibility) in [
        (
            NoteOn::Order(order("o1")),
            "For clients",
            task::Visibility::Portal,
        ),
        (
            NoteOn::Order(order("o1")),
            HIDDEN,
            task::Visibility::Internal,
        ),
        (
            NoteOn::Task(in_order("o1", "brief")),
            "On the brief",
            task::Visibility::Portal,
        ),
        (
            NoteOn::Task(in_order("o1", "audit")),
            HIDDEN,
            task::Visibility::Portal,
        ),
        (
            NoteOn::Task(in_order("o1", "report")),
            HIDDEN,
            task::Visibility::Portal,
        ),
    ] {
        let note = html(text);
        server
            .submit(
                "members/ana",
                AddOrderNote {
                    on,
                    note,
                    visibility,
                },
            )
            .await;
    }
    with_documents(&server).await;
    server
}

/// Every method of the portal, about what `accounts/acme` has: its name, and what came.
async fn walk(server: &TestServer, token: &str) -> Vec<(&'static str, Result<String, Status>)> {
    let (mut portal, min_position) = (client(server), end(server).await);
    let mut ways = Vec::new();
    macro_rules! way {
        ($name:literal, $method:ident, $request:expr) => {
            let answer = portal.$method(server.request(token, $request)).await;
            ways.push((
                $name,
                answer.map(|answer| format!("{:?}", answer.into_inner())),
            ));
        };
    }
    way!(
        "ListOrders",
        list_orders,
        v1::PortalServiceListOrdersRequest {
            min_position,
            ..Default::default()
        }
    );
    way!(
        "GetOrder",
        get_order,
        v1::PortalServiceGetOrderRequest {
            name: "orders/o1".into(),
            min_position,
            ..Default::default()
        }
    );
    way!(
        "ListTasks",
        list_tasks,
        v1::PortalServiceListTasksRequest {
            min_position,
            ..Default::default()
        }
    );
    for name in ["tasks/p1", "tasks/i1"] {
        way!(
            "GetTask",
            get_task,
            v1::PortalServiceGetTaskRequest {
                name: name.into(),
                min_position,
                ..Default::default()
            }
        );
        way!(
            "AddNote",
            add_note,
            v1::PortalServiceAddNoteRequest {
                name: name.into(),
                note: "A client's note".into(),
                ..Default::default()
            }
        );
    }
    for name in [
        "orders/o1",
        "orders/o1/tasks/brief",
        "orders/o1/tasks/audit",
    ] {
        way!(
            "AddOrderNote",
            add_order_note,
            v1::PortalServiceAddOrderNoteRequest {
                name: name.into(),
                note: "A client's note".into(),
                ..Default::default()
            }
        );
    }
    for task in ["audit", "zzhidden-later", "brief", "report"] {
        way!(
            "CheckTask",
            check_task,
            v1::PortalServiceCheckTaskRequest {
                name: format!("orders/o1/tasks/{task}"),
                ..Default::default()
            }
        );
    }
    for parent in [
        "tasks/p1",
        "tasks/i1",
        "orders/o1",
        "orders/o1/tasks/brief",
        "orders/o1/tasks/audit",
        "orders/o1/tasks/report",
    ] {
        let answer = attach(server, token, parent).await;
        ways.push((
            "UploadDocuments",
            answer.map(|answer| format!("{answer:?}")),
        ));
    }
    for id in SHOWN.iter().chain(KEPT) {
        let answer = fetch(server, token, &format!("documents/{id}"), 0, "").await;
        ways.push((
            "DownloadDocument",
            answer.map(|answer| format!("{answer:?}")),
        ));
    }
    way!(
        "CreateTask",
        create_task,
        v1::PortalServiceCreateTaskRequest {
            task: Some(v1::PortalNewTask {
                title: "A new logo".into(),
                ..Default::default()
            }),
            ..Default::default()
        }
    );
    way!(
        "AskQuestion",
        ask_question,
        v1::PortalServiceAskQuestionRequest {
            question: "When is it done?".into(),
            ..Default::default()
        }
    );
    ways
}

/// The methods that the portal has.
fn methods() -> BTreeSet<String> {
    let set = FileDescriptorSet::decode(handoff_proto::FILE_DESCRIPTOR_SET).unwrap();
    let services = set.file.iter().flat_map(|file| &file.service);
    let mut portal = services.filter(|service| service.name() == "PortalService");
    let methods = &portal.next().unwrap().method;
    methods
        .iter()
        .map(|method| method.name().to_owned())
        .collect()
}

#[tokio::test]
async fn no_hidden_text_reaches_a_contact_by_any_method_of_the_portal() {
    let server = with_portal().await;
    let zoe = server.person(ZOE);
    let ways = walk(&server, &zoe).await;
    let walked: BTreeSet<_> = ways.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(walked, methods());
    for (name, answer) in ways {
        match answer {
            Ok(shown) => {
                // The brief is done on the way, but not all that comes before the report.
                for hidden in [HIDDEN, "members/", "Ana", "report", "audit"] {
                    assert!(!shown.contains(hidden), "{name}: {shown}");
                }
            }
            Err(refusal) => {
                let hides = matches!(refusal.code(), Code::NotFound | Code::PermissionDenied);
                assert!(hides, "{name}: {refusal:?}");
                // The name that was asked for may be in it, and nothing of what it names.
                assert!(!refusal.message().contains("about"), "{refusal:?}");
            }
        }
    }
}

#[tokio::test]
async fn a_contact_of_another_account_finds_nothing_and_one_without_access_gets_nothing() {
    let server = with_portal().await;
    let before = end(&server).await;
    let nils = walk(&server, &server.person(NILS)).await;
    for (name, answer) in nils {
        let refusal = answer.expect_err(name);
        assert_eq!(refusal.code(), Code::PermissionDenied, "{name}");
        assert_eq!(reason(&refusal), "NO_PORTAL_ACCESS", "{name}");
    }
    for unknown in [
        "accounts/acme/contacts/nobody",
        "accounts/none/contacts/zoe",
    ] {
        for (name, answer) in walk(&server, &server.person(unknown)).await {
            assert_eq!(answer.expect_err(name).code(), Code::PermissionDenied);
        }
    }
    assert_eq!(end(&server).await, before);
    for (name, answer) in walk(&server, &server.person(TOM)).await {
        match (name, answer) {
            // These are about the own account, which has nothing.
            ("ListOrders" | "ListTasks", Ok(shown)) => {
                assert!(
                    !shown.contains("o1") && !shown.contains("p1"),
                    "{name}: {shown}"
                );
            }
            ("CreateTask" | "AskQuestion", Ok(shown)) => {
                assert!(!shown.contains("acme"), "{shown}")
            }
            (_, answer) => assert_eq!(answer.expect_err(name).code(), Code::NotFound, "{name}"),
        }
    }
}

#[tokio::test]
async fn a_contact_sees_the_own_account_and_does_their_part() {
    let server = with_portal().await;
    let (zoe, mut portal) = (server.person(ZOE), client(&server));
    let get = |min_position| v1::PortalServiceGetOrderRequest {
        name: "orders/o1".into(),
        min_position,
        ..Default::default()
    };
    let position = end(&server).await;
    let answer = portal.get_order(server.request(&zoe, get(position))).await;
    let answer = answer.unwrap().into_inner();
    let shown = answer.order.unwrap();
    assert_eq!(shown.service_display_name, "Search engines");
    let [brief] = &shown.tasks[..] else {
        panic!("{:?}", shown.tasks)
    };
    assert_eq!(brief.name, "orders/o1/tasks/brief");
    assert!(brief.waits && brief.client_assigned && !brief.checked);
    let notes: Vec<_> = answer.notes.iter().map(|note| note.note.as_str()).collect();
    assert_eq!(notes, ["On the brief", "For clients"]);
    assert!(answer.notes.iter().all(|note| note.contact.is_empty()));

    // Their part is done; the team's is not, so nothing new is shown.
    let check = v1::PortalServiceCheckTaskRequest {
        name: brief.name.clone(),
        ..Default::default()
    };
    let answer = portal.check_task(server.request(&zoe, check)).await;
    let shown = answer.unwrap().into_inner().order.unwrap();
    assert_eq!(shown.tasks.len(), 1);
    assert!(shown.tasks[0].checked && !shown.tasks[0].waits);
    for task in ["audit", HIDDEN] {
        let check = CheckOrderTask {
            name: in_order("o1", task),
        };
        server.submit(ADMIN, check).await;
    }
    let position = end(&server).await;
    // The team is told what the contact is called who checked it.
    let of_team = v1::GetOrderRequest {
        name: "orders/o1".into(),
        min_position: position,
    };
    let mut orders = OrderQueryServiceClient::new(server.channel.clone());
    let seen = orders.get_order(server.ana(of_team)).await.unwrap();
    assert_eq!(seen.into_inner().display_names[ZOE], "Zoe Brandt");
    let answer = portal.get_order(server.request(&zoe, get(position))).await;
    let shown = answer.unwrap().into_inner().order.unwrap();
    let names: Vec<_> = shown.tasks.iter().map(|task| task.title.as_str()).collect();
    assert_eq!(names, ["brief", "report"]);
    let check = v1::PortalServiceCheckTaskRequest {
        name: "orders/o1/tasks/report".into(),
        ..Default::default()
    };
    let refusal = portal.check_task(server.request(&zoe, check)).await;
    assert_eq!(refusal.unwrap_err().code(), Code::PermissionDenied);

    let note = v1::PortalServiceAddNoteRequest {
        name: "tasks/p1".into(),
        note: "Thank you".into(),
        ..Default::default()
    };
    let answer = portal.add_note(server.request(&zoe, note)).await.unwrap();
    let min_position = answer.into_inner().receipt.unwrap().position;
    let get = v1::PortalServiceGetTaskRequest {
        name: "tasks/p1".into(),
        min_position,
        ..Default::default()
    };
    let answer = portal
        .get_task(server.request(&zoe, get))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(answer.task.unwrap().number, "ACME-TASK-1");
    let notes = answer
        .notes
        .iter()
        .map(|note| (note.note.as_str(), note.contact.as_str()));
    let notes: Vec<_> = notes.collect();
    assert_eq!(notes, [("Thank you", ZOE), ("For everyone", "")]);
    let older = v1::PortalServiceGetTaskRequest {
        name: "tasks/p1".into(),
        notes_page_token: "x".into(),
        ..Default::default()
    };
    let refusal = portal
        .get_task(server.request(&zoe, older))
        .await
        .unwrap_err();
    assert_eq!(fields(&refusal), ["notes_page_token"]);
}

#[tokio::test]
async fn a_contacts_task_is_for_the_portal_and_stays_as_it_was_submitted() {
    let server = with_portal().await;
    let (zoe, mut portal) = (server.person(ZOE), client(&server));
    let create = |title: &str, request_id: &str| v1::PortalServiceCreateTaskRequest {
        task: Some(v1::PortalNewTask {
            title: title.into(),
            description: "<p>Larger</p>".into(),
            category: "Graphic Design".into(),
            due_date: "2098-12-01".into(),
            ..Default::default()
        }),
        request_id: request_id.into(),
    };
    let id = "0198c0df-0000-7000-8000-00000000000a";
    let answer = portal
        .create_task(server.request(&zoe, create("A new logo", id)))
        .await;
    let answer = answer.unwrap().into_inner();
    let task = answer.task.unwrap();
    assert_eq!(
        (task.title.as_str(), task.status()),
        ("A new logo", v1::TaskStatus::NotStarted)
    );
    let again = portal
        .create_task(server.request(&zoe, create("A new logo", id)))
        .await;
    assert_eq!(again.unwrap().into_inner().task.unwrap().name, task.name);
    let refusal = portal
        .create_task(server.request(&zoe, create("", "")))
        .await;
    assert_eq!(fields(&refusal.unwrap_err()), ["task.title"]);

    let min_position = answer.receipt.unwrap().position;
    let list = |filter: &str| v1::PortalServiceListTasksRequest {
        filter: filter.into(),
        min_position,
        ..Default::default()
    };
    for (filter, count) in [
        ("", 2),
        ("open", 2),
        ("overdue", 0),
        ("status = COMPLETE", 0),
    ] {
        let answer = portal.list_tasks(server.request(&zoe, list(filter))).await;
        assert_eq!(answer.unwrap().into_inner().tasks.len(), count, "{filter}");
    }
    let refusal = portal
        .list_tasks(server.request(&zoe, list("tags:x")))
        .await;
    assert_eq!(fields(&refusal.unwrap_err()), ["filter"]);

    let mut tasks = TaskCommandServiceClient::new(server.channel.clone());
    let update = v1::UpdateTaskRequest {
        task: Some(v1::Task {
            name: task.name.clone(),
            title: "Another".into(),
            ..Default::default()
        }),
        update_mask: Some(prost_types::FieldMask {
            paths: vec!["title".into()],
        }),
        ..Default::default()
    };
    let refusal = tasks.update_task(server.ana(update)).await.unwrap_err();
    assert_eq!(refusal.code(), Code::PermissionDenied);
}

#[tokio::test]
async fn a_question_is_in_the_timeline_as_the_contacts() {
    let server = with_portal().await;
    let (zoe, mut portal) = (server.person(ZOE), client(&server));
    let ask = v1::PortalServiceAskQuestionRequest {
        question: "When is it done?".into(),
        ..Default::default()
    };
    let answer = portal
        .ask_question(server.request(&zoe, ask))
        .await
        .unwrap();
    let mut accounts = AccountQueryServiceClient::new(server.channel.clone());
    let request = v1::ListTimelineRequest {
        account: "accounts/acme".into(),
        filter: "kind = QUESTION".into(),
        min_position: answer.into_inner().receipt.unwrap().position,
        ..Default::default()
    };
    let answer = accounts.list_timeline(server.ana(request)).await.unwrap();
    let entry = &answer.into_inner().entries[0];
    assert_eq!(entry.actor, ZOE);
    let Some(v1::timeline_entry::Entry::Question(question)) = &entry.entry else {
        panic!("{entry:?}")
    };
    assert_eq!(
        (question.contact.as_str(), question.question.as_str()),
        (ZOE, "When is it done?")
    );
}

#[tokio::test]
async fn a_deactivated_account_reads_and_changes_nothing() {
    let server = with_portal().await;
    let status = SetAccountStatus {
        name: "accounts/acme".parse().unwrap(),
        status: AccountStatus::Deactivated,
    };
    server.submit(ADMIN, status).await;
    let mut refused = Vec::new();
    for (name, answer) in walk(&server, &server.person(ZOE)).await {
        match answer {
            Ok(_) => assert!(
                ["Get", "List", "Download"]
                    .iter()
                    .any(|reads| name.starts_with(reads)),
                "{name}"
            ),
            Err(refusal) if refusal.code() == Code::NotFound => {}
            Err(refusal) => {
                assert_eq!(reason(&refusal), "ACCOUNT_DEACTIVATED", "{name}");
                refused.push(name);
            }
        }
    }
    let changing = [
        "AddNote",
        "AddOrderNote",
        "AddOrderNote",
        "CheckTask",
        "UploadDocuments",
        "UploadDocuments",
        "UploadDocuments",
        "CreateTask",
        "AskQuestion",
    ];
    assert_eq!(refused, changing);
}

#[tokio::test]
async fn whoever_loses_access_to_the_portal_loses_it_at_once() {
    let server = with_portal().await;
    let (zoe, mut portal) = (server.person(ZOE), client(&server));
    let min_position = end(&server).await;
    let list = || v1::PortalServiceListTasksRequest {
        min_position,
        ..Default::default()
    };
    portal
        .list_tasks(server.request(&zoe, list()))
        .await
        .unwrap();
    let revoke = UpdateContact {
        account: "accounts/acme".parse().unwrap(),
        name: ZOE.parse().unwrap(),
        changes: ContactChanges {
            portal_access: Some(false),
            ..ContactChanges::default()
        },
    };
    server.submit(ADMIN, revoke).await;
    eventually("a refusal", CEILING, || async {
        let mut portal = client(&server);
        match portal.list_tasks(server.request(&zoe, list())).await {
            Ok(_) => Err("still lets her in".to_owned()),
            Err(refusal) => {
                assert_eq!(reason(&refusal), "NO_PORTAL_ACCESS");
                Ok(())
            }
        }
    })
    .await;
}
