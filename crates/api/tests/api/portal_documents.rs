//! Documents in the portal: what contacts attach and see, and that no other document reaches them.

use futures_util::stream;
use handoff_domain::{
    commands::{CheckOrderTask, UncheckOrderTask, UpdateDocument},
    document::Changes,
};
use handoff_proto::v1::{
    self, portal_service_download_document_response as download,
    portal_service_upload_documents_request as upload,
};
use tonic::{Code, Response, Status};

use crate::{
    documents::{self, objects, request_id},
    order_queries::{end, in_order},
    portal::{ADMIN, HIDDEN, NILS, TOM, ZOE, client, with_portal},
    support::{TestServer, fields, reason},
};

/// Ids of documents that contacts of `accounts/acme` see at first.
pub(crate) const SHOWN: &[&str] = &["shared", "of-task", "of-brief"];
/// Ids of documents that they do not see.
pub(crate) const KEPT: &[&str] = &[
    "of-order",
    "inactive",
    "internal",
    "early",
    "late",
    "of-team",
    "of-audit",
    "of-report",
    "none",
];
const CONTENT: &[u8] = b"For your eyes\n";

/// Documents on `tasks/p1` and `i1` and on `orders/o1`: each with its id as file name, or with hidden words if
/// contacts do not see it.
pub(crate) async fn with_documents(server: &TestServer) {
    use v1::DocumentVisibility::{Internal, Portal};
    let time = |seconds| Some(prost_types::Timestamp { seconds, nanos: 0 });
    let plain = v1::UploadDocumentsHeader::default();
    let shared = || v1::UploadDocumentsHeader {
        visibility: Portal.into(),
        ..plain.clone()
    };
    for (id, parent, header) in [
        ("shared", "orders/o1", shared()),
        ("of-task", "tasks/p1", plain.clone()),
        ("of-brief", "orders/o1/tasks/brief", plain.clone()),
        ("of-order", "orders/o1", plain.clone()),
        (
            "inactive",
            "tasks/p1",
            v1::UploadDocumentsHeader {
                active: Some(false),
                ..plain.clone()
            },
        ),
        (
            "internal",
            "tasks/p1",
            v1::UploadDocumentsHeader {
                visibility: Internal.into(),
                ..plain.clone()
            },
        ),
        (
            "early",
            "orders/o1/tasks/brief",
            v1::UploadDocumentsHeader {
                available_from_time: time(4_000_000_000),
                ..plain.clone()
            },
        ),
        (
            "late",
            "orders/o1",
            v1::UploadDocumentsHeader {
                available_until_time: time(1_000_000_000),
                ..shared()
            },
        ),
        // For contacts, but on what they do not see.
        ("of-team", "tasks/i1", shared()),
        ("of-audit", "orders/o1/tasks/audit", shared()),
        ("of-report", "orders/o1/tasks/report", shared()),
    ] {
        let file_name = match SHOWN.contains(&id) {
            true => format!("{id}.txt"),
            false => format!("{HIDDEN}.txt"),
        };
        let file = v1::FileHeader {
            document_id: id.into(),
            ..documents::file(&file_name, "", CONTENT)
        };
        let header = v1::UploadDocumentsHeader {
            parent: parent.into(),
            files: vec![file],
            request_id: request_id(),
            ..header
        };
        documents::upload(server, header, &[CONTENT]).await.unwrap();
    }
}

async fn send(
    server: &TestServer,
    token: &str,
    header: v1::PortalUploadHeader,
    content: &[u8],
) -> Result<v1::PortalServiceUploadDocumentsResponse, Status> {
    let parts = [
        upload::Part::Header(header),
        upload::Part::Chunk(v1::DocumentChunk {
            file: 0,
            data: content.to_vec(),
        }),
    ];
    let messages = parts.map(|part| v1::PortalServiceUploadDocumentsRequest { part: Some(part) });
    let request = server.request(token, stream::iter(messages));
    let answer = client(server).upload_documents(request).await;
    answer.map(Response::into_inner)
}

fn header(parent: &str, content: &[u8]) -> v1::PortalUploadHeader {
    let file = documents::file("logo.txt", "", content);
    v1::PortalUploadHeader {
        parent: parent.into(),
        files: vec![v1::PortalFile {
            file_name: file.file_name,
            media_type: file.media_type,
            size_bytes: file.size_bytes,
            sha256: file.sha256,
        }],
        request_id: request_id(),
        ..Default::default()
    }
}

/// Attaches a small file.
pub(crate) async fn attach(
    server: &TestServer,
    token: &str,
    parent: &str,
) -> Result<v1::PortalServiceUploadDocumentsResponse, Status> {
    send(server, token, header(parent, CONTENT), CONTENT).await
}

/// Downloads a document.
pub(crate) async fn fetch(
    server: &TestServer,
    token: &str,
    name: &str,
    offset: i64,
    request_id: &str,
) -> Result<(v1::PortalDownloadHeader, Vec<u8>), Status> {
    let request = v1::PortalServiceDownloadDocumentRequest {
        name: name.into(),
        offset,
        request_id: request_id.into(),
    };
    let answer = client(server)
        .download_document(server.request(token, request))
        .await?;
    let mut stream = answer.into_inner();
    let first = stream.message().await?.unwrap().part;
    let Some(download::Part::Header(header)) = first else {
        panic!("{first:?} comes first")
    };
    let mut content = Vec::new();
    while let Some(message) = stream.message().await? {
        match message.part {
            Some(download::Part::Chunk(chunk)) => content.extend(chunk.data),
            other => panic!("{other:?}"),
        }
    }
    Ok((header, content))
}

/// The ids of the documents that come with the order and with the task.
async fn seen(server: &TestServer, token: &str) -> (Vec<String>, Vec<String>) {
    let (mut portal, min_position) = (client(server), end(server).await);
    let order = v1::PortalServiceGetOrderRequest {
        name: "orders/o1".into(),
        min_position,
        ..Default::default()
    };
    let order = portal.get_order(server.request(token, order)).await;
    let task = v1::PortalServiceGetTaskRequest {
        name: "tasks/p1".into(),
        min_position,
        ..Default::default()
    };
    let task = portal.get_task(server.request(token, task)).await;
    let ids = |documents: Vec<v1::PortalDocument>| {
        let ids = documents.into_iter();
        ids.map(|document| document.name.replace("documents/", ""))
            .collect()
    };
    (
        ids(order.unwrap().into_inner().documents),
        ids(task.unwrap().into_inner().documents),
    )
}

async fn change(server: &TestServer, id: &str, changes: Changes) {
    let update = UpdateDocument {
        name: format!("documents/{id}").parse().unwrap(),
        changes,
    };
    server.submit(ADMIN, update).await;
}

#[tokio::test]
async fn contacts_see_active_documents_inside_their_dates_on_what_they_see() {
    let server = with_portal().await;
    let zoe = server.person(ZOE);
    let texts = |texts: &[&str]| -> Vec<String> { texts.iter().map(ToString::to_string).collect() };
    let (of_order, of_task) = seen(&server, &zoe).await;
    assert_eq!(of_order, texts(&["of-brief", "shared"]));
    assert_eq!(of_task, texts(&["of-task"]));
    for id in SHOWN {
        let name = format!("documents/{id}");
        let (header, content) = fetch(&server, &zoe, &name, 0, "").await.unwrap();
        assert_eq!(content, CONTENT, "{id}");
        let shown = header.document.unwrap();
        assert_eq!(shown.file_name, format!("{id}.txt"));
        assert_eq!(shown.contact, "");
    }
    for id in KEPT {
        let refused = fetch(&server, &zoe, &format!("documents/{id}"), 0, "").await;
        let refused = refused.unwrap_err();
        assert_eq!(refused.code(), Code::NotFound, "{id}");
        // An offset that no content has tells nothing either.
        let beyond = fetch(&server, &zoe, &format!("documents/{id}"), 1 << 40, "").await;
        assert_eq!(beyond.unwrap_err().message(), refused.message(), "{id}");
    }

    // The report's turn comes, and goes again.
    for task in ["brief", "audit", HIDDEN] {
        let name = in_order("o1", task);
        server.submit(ADMIN, CheckOrderTask { name }).await;
    }
    let (of_order, _) = seen(&server, &zoe).await;
    assert_eq!(of_order, texts(&["of-report", "of-brief", "shared"]));
    fetch(&server, &zoe, "documents/of-report", 0, "")
        .await
        .unwrap();
    let name = in_order("o1", "audit");
    server.submit(ADMIN, UncheckOrderTask { name }).await;
    let (of_order, _) = seen(&server, &zoe).await;
    assert_eq!(of_order, texts(&["of-brief", "shared"]));
    let refused = fetch(&server, &zoe, "documents/of-report", 0, "").await;
    assert_eq!(refused.unwrap_err().code(), Code::NotFound);
}

#[tokio::test]
async fn a_download_that_went_on_ends_when_the_document_is_hidden() {
    let server = with_portal().await;
    let (zoe, id) = (server.person(ZOE), request_id());
    let (first, _) = fetch(&server, &zoe, "documents/of-task", 0, &id)
        .await
        .unwrap();
    let (again, rest) = fetch(&server, &zoe, "documents/of-task", 4, &id)
        .await
        .unwrap();
    assert_eq!(rest, CONTENT[4..]);
    // The same view, counted once.
    let receipt = again.receipt.unwrap();
    assert!(receipt.replayed);
    assert_eq!(receipt.position, first.receipt.unwrap().position);
    let changes = Changes {
        active: Some(false),
        ..Changes::default()
    };
    change(&server, "of-task", changes).await;
    for offset in [0, 4] {
        let refused = fetch(&server, &zoe, "documents/of-task", offset, &id).await;
        assert_eq!(refused.unwrap_err().code(), Code::NotFound, "{offset}");
    }
}

#[tokio::test]
async fn a_contact_attaches_to_what_they_see_and_the_team_sees_it() {
    let server = with_portal().await;
    let zoe = server.person(ZOE);
    let before = objects(&server).len();
    let mut attached = Vec::new();
    for parent in ["tasks/p1", "orders/o1", "orders/o1/tasks/brief"] {
        let answer = attach(&server, &zoe, parent).await.unwrap();
        let [document] = &answer.documents[..] else {
            panic!("{answer:?}")
        };
        assert_eq!(document.parent, parent);
        assert_eq!(document.contact, ZOE);
        assert_eq!(document.media_type, "text/plain");
        let (_, content) = fetch(&server, &zoe, &document.name, 0, "").await.unwrap();
        assert_eq!(content, CONTENT);
        let (of_team, _) = documents::download(&server, &document.name, 0, "")
            .await
            .unwrap();
        let of_team = of_team.document.unwrap();
        assert_eq!(of_team.uploader, ZOE);
        assert_eq!(of_team.visibility(), v1::DocumentVisibility::Portal);
        assert_eq!(of_team.view_count, 2);
        attached.push(document.name.clone());
    }
    for hidden in [
        "tasks/i1",
        "tasks/none",
        "orders/o2",
        "orders/o1/tasks/audit",
        "orders/o1/tasks/report",
        "orders/o1/tasks/none",
    ] {
        let refused = attach(&server, &zoe, hidden).await.unwrap_err();
        assert_eq!(refused.code(), Code::NotFound, "{hidden}");
    }
    assert_eq!(objects(&server).len(), before + 3);

    let again = header("tasks/p1", CONTENT);
    let first = send(&server, &zoe, again.clone(), CONTENT).await.unwrap();
    let second = send(&server, &zoe, again, CONTENT).await.unwrap();
    assert!(second.receipt.unwrap().replayed);
    assert_eq!(first.documents, second.documents);
    assert_eq!(objects(&server).len(), before + 4);
}

#[tokio::test]
async fn an_upload_of_a_contact_is_bounded_and_each_wrong_field_is_named() {
    let server = with_portal().await;
    let zoe = server.person(ZOE);
    let before = objects(&server).len();
    let bad = v1::PortalUploadHeader {
        parent: "accounts/acme".into(),
        files: vec![v1::PortalFile::default()],
        document_date: "soon".into(),
        request_id: "x".into(),
        ..Default::default()
    };
    let refused = send(&server, &zoe, bad, CONTENT).await.unwrap_err();
    let mut named = fields(&refused);
    named.sort();
    assert_eq!(
        named,
        [
            "header.document_date",
            "header.files[0].file_name",
            "header.files[0].sha256",
            "header.files[0].size_bytes",
            "header.parent",
            "request_id",
        ]
    );
    let wrong = header("tasks/p1", b"Another text\n");
    let refused = send(&server, &zoe, wrong, CONTENT).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    let settings = v1::Settings {
        document_max_bytes: 2_000,
        ..Default::default()
    };
    documents::set(&server, "document_max_bytes", settings).await;
    let large = vec![b'x'; 2_001];
    let refused = send(&server, &zoe, header("tasks/p1", &large), &large).await;
    assert_eq!(reason(&refused.unwrap_err()), "DOCUMENT_TOO_LARGE");
    assert_eq!(objects(&server).len(), before);
}

#[tokio::test]
async fn documents_of_another_account_are_not_there_and_without_access_there_is_nothing() {
    let server = with_portal().await;
    let (zoe, tom, nils) = (server.person(ZOE), server.person(TOM), server.person(NILS));
    let own = attach(&server, &zoe, "tasks/p1").await.unwrap();
    let own = own.documents[0].name.clone();
    for name in SHOWN
        .iter()
        .map(|id| format!("documents/{id}"))
        .chain([own])
    {
        let refused = fetch(&server, &tom, &name, 0, "").await.unwrap_err();
        assert_eq!(refused.code(), Code::NotFound, "{name}");
        let refused = fetch(&server, &nils, &name, 0, "").await.unwrap_err();
        assert_eq!(reason(&refused), "NO_PORTAL_ACCESS", "{name}");
    }
    // Nor is a request of the team's or of another contact's answered again for them.
    let id = request_id();
    fetch(&server, &zoe, "documents/shared", 0, &id)
        .await
        .unwrap();
    let refused = fetch(&server, &tom, "documents/shared", 0, &id).await;
    assert_eq!(refused.unwrap_err().code(), Code::NotFound);
    let of_zoe = header("tasks/p1", CONTENT);
    send(&server, &zoe, of_zoe.clone(), CONTENT).await.unwrap();
    let refused = send(&server, &tom, of_zoe, CONTENT).await.unwrap_err();
    assert_eq!(reason(&refused), "REQUEST_ID_REUSED");
}
