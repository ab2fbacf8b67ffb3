//! Documents from end to end: contents in a directory, events in Postgres.

use std::{
    path::Path,
    sync::atomic::{AtomicU64, Ordering},
};

use futures_util::stream;
use handoff_proto::v1::{
    self, document_service_client::DocumentServiceClient, download_document_response as download,
    history_query_service_client::HistoryQueryServiceClient,
    settings_command_service_client::SettingsCommandServiceClient,
    task_command_service_client::TaskCommandServiceClient,
    task_query_service_client::TaskQueryServiceClient, upload_documents_request::Part,
};
use handoff_testkit::eventually;
use prost_types::FieldMask;
use sha2::{Digest, Sha256};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, Response, Status, transport::Channel};

use crate::support::{CEILING, TestServer, fields, reason};

const TASK: &str = "tasks/t1";

fn client(server: &TestServer) -> DocumentServiceClient<Channel> {
    DocumentServiceClient::new(server.channel.clone())
}

/// A UUID that no call had before.
pub(crate) fn request_id() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let next = NEXT.fetch_add(1, Ordering::Relaxed);
    format!("0198c0de-0000-7000-8000-{next:012x}")
}

/// A server with `tasks/t1` about `accounts/acme`.
async fn server() -> TestServer {
    let server = TestServer::start_with_projectors().await;
    let request = v1::CreateTaskRequest {
        task_id: "t1".into(),
        task: Some(v1::Task {
            subject: "accounts/acme".into(),
            title: "Send the offer".into(),
            ..Default::default()
        }),
        ..Default::default()
    };
    let mut tasks = TaskCommandServiceClient::new(server.channel.clone());
    tasks.create_task(server.ana(request)).await.unwrap();
    server
}

pub(crate) async fn set(server: &TestServer, path: &str, settings: v1::Settings) {
    let request = v1::UpdateSettingsRequest {
        settings: Some(settings),
        update_mask: mask(&[path]),
        ..Default::default()
    };
    let mut client = SettingsCommandServiceClient::new(server.channel.clone());
    client.update_settings(server.admin(request)).await.unwrap();
}

fn category(name: &&str) -> v1::Category {
    v1::Category {
        display_name: (*name).into(),
        ..Default::default()
    }
}

async fn offer(server: &TestServer, categories: &[&str]) {
    let settings = v1::Settings {
        document_categories: categories.iter().map(category).collect(),
        ..Default::default()
    };
    set(server, "document_categories", settings).await;
}

fn mask(paths: &[&str]) -> Option<FieldMask> {
    Some(FieldMask {
        paths: paths.iter().map(ToString::to_string).collect(),
    })
}

pub(crate) fn png(size: usize) -> Vec<u8> {
    let mut bytes = b"\x89PNG\r\n\x1a\n".to_vec();
    bytes.extend(
        (0_u32..)
            .flat_map(u32::to_le_bytes)
            .take(size - bytes.len()),
    );
    bytes
}

pub(crate) fn file(name: &str, media_type: &str, content: &[u8]) -> v1::FileHeader {
    let digest = Sha256::digest(content);
    v1::FileHeader {
        file_name: name.into(),
        media_type: media_type.into(),
        size_bytes: content.len() as i64,
        sha256: digest.iter().map(|byte| format!("{byte:02x}")).collect(),
        document_id: String::new(),
    }
}

pub(crate) fn header(files: Vec<v1::FileHeader>) -> v1::UploadDocumentsHeader {
    v1::UploadDocumentsHeader {
        parent: TASK.into(),
        files,
        request_id: request_id(),
        ..Default::default()
    }
}

fn message(part: Part) -> v1::UploadDocumentsRequest {
    v1::UploadDocumentsRequest { part: Some(part) }
}

fn messages(
    header: v1::UploadDocumentsHeader,
    contents: &[&[u8]],
) -> Vec<v1::UploadDocumentsRequest> {
    let chunks = contents.iter().enumerate().flat_map(|(file, content)| {
        content.chunks(500_000).map(move |data| {
            message(Part::Chunk(v1::DocumentChunk {
                file: file as i32,
                data: data.to_vec(),
            }))
        })
    });
    [message(Part::Header(header))]
        .into_iter()
        .chain(chunks)
        .collect()
}

pub(crate) async fn upload(
    server: &TestServer,
    header: v1::UploadDocumentsHeader,
    contents: &[&[u8]],
) -> Result<v1::UploadDocumentsResponse, Status> {
    let stream = stream::iter(messages(header, contents));
    let uploaded = client(server).upload_documents(server.ana(stream)).await;
    uploaded.map(Response::into_inner)
}

pub(crate) async fn download(
    server: &TestServer,
    name: &str,
    offset: i64,
    request_id: &str,
) -> Result<(v1::DownloadDocumentHeader, Vec<u8>), Status> {
    let request = v1::DownloadDocumentRequest {
        name: name.into(),
        offset,
        request_id: request_id.into(),
    };
    let answer = client(server)
        .download_document(server.ana(request))
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

/// Every object in the store, by its path.
pub(crate) fn objects(server: &TestServer) -> Vec<String> {
    fn under(directory: &Path, all: &mut Vec<String>) {
        for entry in std::fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => under(&path, all),
                false => all.push(path.display().to_string()),
            }
        }
    }
    let mut all = Vec::new();
    under(&server.directory.path().join("documents"), &mut all);
    all
}

/// How many events there are of documents.
async fn events(server: &TestServer) -> i64 {
    let client = server.database.connect().await;
    let count = "select count(*) from event_log.events where type like 'document.%'";
    client.query_one(count, &[]).await.unwrap().get(0)
}

async fn nothing_is_left(server: &TestServer) {
    assert_eq!((objects(server), events(server).await), (vec![], 0));
}

#[tokio::test]
async fn files_go_in_together_and_come_out_as_they_were() {
    let server = server().await;
    offer(&server, &["Contract"]).await;
    let (image, text) = (png(9 * 1024 * 1024), "Grüße\n".repeat(1_000).into_bytes());
    let upload_header = v1::UploadDocumentsHeader {
        category: "Contract".into(),
        short_description: "The offer".into(),
        description: "<p>as <script>x</script>signed</p>".into(),
        document_date: "2026-11-20".into(),
        ..header(vec![
            file("offer.png", "image/png", &image),
            file("notes.txt", "", &text),
        ])
    };
    let uploaded = upload(&server, upload_header, &[&image, &text])
        .await
        .unwrap();
    let receipt = uploaded.receipt.unwrap();
    assert_eq!((receipt.events_appended, receipt.replayed), (2, false));
    let [first, second] = uploaded.documents.as_slice() else {
        panic!("{:?}", uploaded.documents)
    };
    assert_eq!(first.media_type, "image/png");
    assert_eq!(second.media_type, "text/plain");
    assert_eq!(second.description, "<p>as signed</p>");
    assert_eq!(
        (second.category.as_str(), second.active),
        ("Contract", true)
    );
    assert_eq!(second.subject, "accounts/acme");
    assert_eq!(second.visibility(), v1::DocumentVisibility::Internal);
    assert_eq!(objects(&server).len(), 2);

    for (document, content) in [(first, &image), (second, &text)] {
        let (header, bytes) = download(&server, &document.name, 0, "").await.unwrap();
        assert!(bytes == *content, "{} came back as another", document.name);
        let shown = header.document.unwrap();
        assert_eq!(shown.view_count, 1);
        assert_eq!(shown.etag, document.etag);
        let middle = content.len() as i64 - 7;
        let (_, rest) = download(&server, &document.name, middle, "").await.unwrap();
        assert_eq!(rest, content[content.len() - 7..]);
        let behind = content.len() as i64;
        let refused = download(&server, &document.name, behind, "")
            .await
            .unwrap_err();
        assert_eq!(fields(&refused), ["offset"]);
    }
}

#[tokio::test]
async fn what_is_refused_leaves_neither_object_nor_event() {
    let server = server().await;
    offer(&server, &["Invoice"]).await;
    let most = v1::Settings {
        document_max_bytes: 3_000_000,
        ..Default::default()
    };
    set(&server, "document_max_bytes", most).await;
    let (content, large) = (png(2_000_000), png(3_000_001));
    let good = || file("offer.png", "image/png", &content);
    let one = |file: v1::FileHeader| header(vec![good(), file]);

    let too_large = one(file("large.png", "image/png", &large));
    let refused = upload(&server, too_large, &[&content, &large])
        .await
        .unwrap_err();
    assert_eq!(
        (refused.code(), reason(&refused).as_str()),
        (Code::FailedPrecondition, "DOCUMENT_TOO_LARGE")
    );
    let retired = v1::UploadDocumentsHeader {
        category: "Contract".into(),
        ..header(vec![good()])
    };
    let refused = upload(&server, retired, &[&content]).await.unwrap_err();
    assert_eq!(reason(&refused), "UNKNOWN_CATEGORY");
    let nowhere = v1::UploadDocumentsHeader {
        parent: "tasks/t9".into(),
        ..header(vec![good()])
    };
    let refused = upload(&server, nowhere, &[&content]).await.unwrap_err();
    assert_eq!(refused.code(), Code::NotFound);

    let sha256 = "0".repeat(64);
    for (wrong, field) in [
        (v1::FileHeader { sha256, ..good() }, "sha256"),
        (
            v1::FileHeader {
                size_bytes: 1_999_999,
                ..good()
            },
            "size_bytes",
        ),
        (
            v1::FileHeader {
                size_bytes: 2_000_001,
                ..good()
            },
            "size_bytes",
        ),
        (file("offer.pdf", "application/pdf", &content), "media_type"),
        (file("offer.txt", "text/plain", &content), "media_type"),
    ] {
        let refused = upload(&server, one(wrong), &[&content, &content])
            .await
            .unwrap_err();
        assert_eq!(fields(&refused), [format!("header.files[1].{field}")]);
    }
    // More files than the header has, and none of them.
    let refused = upload(&server, header(vec![good()]), &[&content, &content])
        .await
        .unwrap_err();
    assert_eq!(fields(&refused), ["chunk.file"]);
    let refused = upload(&server, header(vec![good()]), &[])
        .await
        .unwrap_err();
    assert_eq!(fields(&refused), ["header.files[0].size_bytes"]);
    nothing_is_left(&server).await;
}

#[tokio::test]
async fn a_malformed_header_is_told_field_by_field() {
    let server = server().await;
    let bad = v1::UploadDocumentsHeader {
        parent: "accounts/acme".into(),
        files: vec![v1::FileHeader {
            file_name: "../offer".into(),
            media_type: "pdf".into(),
            size_bytes: 0,
            sha256: "12".into(),
            document_id: "Offer".into(),
        }],
        category: "x".repeat(201),
        visibility: 9,
        short_description: "\u{0}".into(),
        document_date: "2026-1-1".into(),
        request_id: "1".into(),
        ..Default::default()
    };
    let mut told = fields(&upload(&server, bad, &[]).await.unwrap_err());
    told.sort();
    assert_eq!(
        told,
        [
            "header.category",
            "header.document_date",
            "header.files[0].document_id",
            "header.files[0].file_name",
            "header.files[0].media_type",
            "header.files[0].sha256",
            "header.files[0].size_bytes",
            "header.parent",
            "header.short_description",
            "header.visibility",
            "request_id",
        ]
    );
    let chunk_first = stream::iter([message(Part::Chunk(v1::DocumentChunk::default()))]);
    let refused = client(&server)
        .upload_documents(server.ana(chunk_first))
        .await;
    assert_eq!(fields(&refused.unwrap_err()), ["header"]);
    let nothing = stream::iter([]);
    let refused = client(&server).upload_documents(server.ana(nothing)).await;
    assert_eq!(fields(&refused.unwrap_err()), ["header"]);
    nothing_is_left(&server).await;
}

#[tokio::test]
async fn an_upload_that_breaks_off_leaves_nothing() {
    let server = server().await;
    let content = png(12 * 1024 * 1024);
    let mut begun = messages(
        header(vec![file("a.png", "image/png", &content)]),
        &[&content],
    );
    begun.truncate(begun.len() / 2);
    let (sender, receiver) = mpsc::channel(64);
    for message in begun {
        sender.send(message).await.unwrap();
    }
    let (mut client, request) = (client(&server), server.ana(ReceiverStream::new(receiver)));
    let call = tokio::spawn(async move { client.upload_documents(request).await });
    eventually("something is written", CEILING, async || {
        match objects(&server).is_empty() {
            true => Err("nothing yet"),
            false => Ok(()),
        }
    })
    .await;
    // The client goes away.
    call.abort();
    drop(sender);
    eventually("nothing is left", CEILING, async || {
        match objects(&server) {
            left if left.is_empty() => Ok(()),
            left => Err(format!("{left:?}")),
        }
    })
    .await;
    nothing_is_left(&server).await;
}

#[tokio::test]
async fn an_upload_happens_once_however_often_it_is_sent() {
    let server = server().await;
    let content = png(6 * 1024 * 1024);
    let sent = header(vec![file("a.png", "image/png", &content)]);
    // At once, on two replicas, and again.
    let replica = server.replica().await;
    let other = async {
        let stream = stream::iter(messages(sent.clone(), &[&content]));
        let mut client = DocumentServiceClient::new(replica);
        client.upload_documents(server.ana(stream)).await
    };
    let contents: [&[u8]; 1] = [&content];
    let (first, second) = tokio::join!(upload(&server, sent.clone(), &contents), other);
    let (first, second) = (first.unwrap(), second.unwrap().into_inner());
    assert_eq!(first.documents, second.documents);
    let name = first.documents[0].name.clone();
    let third = upload(&server, sent.clone(), &[&content]).await.unwrap();
    assert!(third.receipt.unwrap().replayed);
    assert_eq!(third.documents, first.documents);
    // Without the chunks too: the digest in the header stands for them.
    let fourth = upload(&server, sent.clone(), &[]).await.unwrap();
    assert_eq!(fourth.documents, first.documents);
    assert_eq!((events(&server).await, objects(&server).len()), (1, 1));

    let others = png(1_000);
    let other_body = v1::UploadDocumentsHeader {
        files: vec![file("a.png", "image/png", &others)],
        ..sent.clone()
    };
    let refused = upload(&server, other_body, &[&others]).await.unwrap_err();
    assert_eq!(reason(&refused), "REQUEST_ID_REUSED");
    let mut taken = file("b.png", "image/png", &others);
    taken.document_id = name.trim_start_matches("documents/").into();
    let refused = upload(&server, header(vec![taken]), &[&others])
        .await
        .unwrap_err();
    assert_eq!(refused.code(), Code::AlreadyExists);
    let (_, bytes) = download(&server, &name, 0, "").await.unwrap();
    assert!(bytes == content);
    assert_eq!(objects(&server).len(), 1);
}

#[tokio::test]
async fn a_view_is_counted_once_for_each_request_id() {
    let server = server().await;
    let content = b"plain text".to_vec();
    let sent = header(vec![file("a.txt", "text/plain", &content)]);
    let uploaded = upload(&server, sent, &[&content]).await.unwrap();
    let name = uploaded.documents[0].name.clone();
    let (one, two) = (request_id(), request_id());
    let mut counts = Vec::new();
    for (id, offset) in [(&one, 0), (&one, 0), (&one, 6), (&two, 0), (&one, 0)] {
        let (header, bytes) = download(&server, &name, offset, id).await.unwrap();
        assert_eq!(bytes, content[offset as usize..]);
        counts.push(header.document.unwrap().view_count);
    }
    // A repeated one gets the first answer.
    assert_eq!(counts, [1, 1, 1, 2, 1]);
    let last = download(&server, &name, 0, "").await.unwrap().0;
    assert_eq!(last.document.unwrap().view_count, 3);
    let missing = download(&server, "documents/none", 0, "")
        .await
        .unwrap_err();
    assert_eq!(missing.code(), Code::NotFound);
}

#[tokio::test]
async fn a_content_that_is_not_what_it_was_is_found() {
    let server = server().await;
    let content = png(700_000);
    let sent = || header(vec![file("a.png", "image/png", &content)]);
    let uploaded = upload(&server, sent(), &[&content]).await.unwrap();
    let name = uploaded.documents[0].name.clone();
    let object = objects(&server)[0].clone();
    let mut damaged = content.clone();
    damaged[600_000] ^= 1;
    std::fs::write(&object, damaged).unwrap();
    let found = download(&server, &name, 0, "").await.unwrap_err();
    assert_eq!(
        (found.code(), reason(&found).as_str()),
        (Code::DataLoss, "CONTENT_DAMAGED")
    );
    std::fs::remove_file(&object).unwrap();
    let before = events(&server).await;
    let found = download(&server, &name, 0, "").await.unwrap_err();
    assert_eq!(reason(&found), "CONTENT_DAMAGED");
    assert_eq!(
        events(&server).await,
        before,
        "what cannot be shown is no view"
    );
}

#[tokio::test]
async fn what_is_said_about_a_document_is_changed_and_listed() {
    let server = server().await;
    let content = b"plain text".to_vec();
    let mut names = Vec::new();
    for name in ["a.txt", "b.txt", "c.txt"] {
        let sent = header(vec![file(name, "", &content)]);
        let uploaded = upload(&server, sent, &[&content]).await.unwrap();
        names.push(uploaded.documents[0].name.clone());
    }
    let request = v1::UpdateDocumentRequest {
        document: Some(v1::Document {
            name: names[0].clone(),
            visibility: v1::DocumentVisibility::Portal.into(),
            short_description: "The first".into(),
            ..Default::default()
        }),
        update_mask: mask(&["active", "visibility", "short_description"]),
        etag: "1".into(),
        ..Default::default()
    };
    let changed = client(&server)
        .update_document(server.ana(request.clone()))
        .await;
    let changed = changed.unwrap().into_inner();
    let position = changed.receipt.unwrap().position;
    let changed = changed.document.unwrap();
    assert_eq!((changed.active, changed.etag.as_str()), (false, "2"));
    let stale = client(&server)
        .update_document(server.ana(request))
        .await
        .unwrap_err();
    assert_eq!(reason(&stale), "VERSION_MISMATCH");

    let got = client(&server)
        .get_document(server.ana(v1::GetDocumentRequest {
            name: names[0].clone(),
            min_position: position,
        }))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(got.document.as_ref(), Some(&changed));
    let list = async |filter: &str, size, token: String| {
        let request = v1::ListDocumentsRequest {
            filter: filter.into(),
            page_size: size,
            page_token: token,
            min_position: position,
            ..Default::default()
        };
        let answer = client(&server).list_documents(server.ana(request)).await;
        let answer = answer.unwrap().into_inner();
        let documents = answer.documents.into_iter();
        let names: Vec<_> = documents.map(|document| document.file_name).collect();
        (names, answer.next_page_token)
    };
    let (first, token) = list("parent = \"tasks/t1\"", 2, String::new()).await;
    assert_eq!(first, ["c.txt", "b.txt"]);
    let (rest, token) = list("parent = \"tasks/t1\"", 2, token).await;
    assert_eq!((rest, token.as_str()), (vec!["a.txt".to_owned()], ""));
    let filtered =
        "subject = \"accounts/acme\" AND NOT active AND available AND visibility = portal";
    let (inactive, _) = list(filtered, 0, String::new()).await;
    assert_eq!(inactive, ["a.txt"]);

    let task = v1::GetTaskRequest {
        name: TASK.into(),
        min_position: position,
    };
    let mut tasks = TaskQueryServiceClient::new(server.channel.clone());
    let task = tasks.get_task(server.ana(task)).await.unwrap().into_inner();
    assert_eq!(task.documents.len(), 3);
    assert_eq!(task.documents[2], changed);

    // Those of a deleted task are hidden with it.
    let mut commands = TaskCommandServiceClient::new(server.channel.clone());
    let delete = v1::DeleteTaskRequest {
        name: TASK.into(),
        ..Default::default()
    };
    let deleted = commands
        .delete_task(server.ana(delete))
        .await
        .unwrap()
        .into_inner();
    let request = v1::ListDocumentsRequest {
        min_position: deleted.receipt.unwrap().position,
        ..Default::default()
    };
    let left = client(&server)
        .list_documents(server.ana(request))
        .await
        .unwrap();
    assert_eq!(left.into_inner().documents, []);
    let refused = download(&server, &names[0], 0, "").await.unwrap_err();
    assert_eq!(refused.code(), Code::NotFound);

    let mut history = HistoryQueryServiceClient::new(server.channel.clone());
    let request = v1::ListHistoryRequest {
        resource: "accounts/acme".into(),
        filter: "type = \"document.uploaded\"".into(),
        min_position: position,
        ..Default::default()
    };
    let happened = history
        .list_history(server.ana(request))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(happened.entries.len(), 3);
}
