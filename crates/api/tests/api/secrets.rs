//! What an internal note says reaches admins and nobody else, by any method that there is.
//!
//! [`ROWS`] has a row for every method of the protos, with requests that would show the note if the method showed such things.
//! A method without a row fails the test.

use std::{
    collections::BTreeSet,
    sync::atomic::{AtomicUsize, Ordering},
};

use handoff_api::auth::Role;
use handoff_proto::v1::{
    self, account_command_service_client::AccountCommandServiceClient,
    activity_command_service_client::ActivityCommandServiceClient,
    catalog_command_service_client::CatalogCommandServiceClient,
    order_command_service_client::OrderCommandServiceClient,
    task_command_service_client::TaskCommandServiceClient,
};
use prost::{
    Message,
    bytes::{Buf, BufMut},
};
use prost_reflect::{DescriptorPool, DynamicMessage, MethodDescriptor, Value};
use tonic::{
    Code, Status,
    client::Grpc,
    codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder},
};
use uuid::Uuid;

use crate::support::{TestServer, soon};

const SECRET: &str = "They pay late";

/// How a method is asked, and how its answer ends.
enum Ask {
    /// A request as JSON, answered once or by a stream that ends. The `request_id` of a command is given when it is sent.
    Once(&'static str),
    /// A request as JSON, answered by a stream that goes on: it is read until it shows the title that
    /// `tasks/a` gets after another note.
    Follow(&'static str),
}
use Ask::{Follow, Once};

const A: &str = r#"{"name": "tasks/a"}"#;
const B: &str = r#"{"name": "tasks/b"}"#;
const ACME: &str = r#"{"name": "accounts/acme"}"#;
const NOBODY: &str = r#"{"name": "members/nobody"}"#;
const FOLLOW_UP: &str = r#"{"name": "activities/c"}"#;
const SEO: &str = r#"{"name": "services/seo"}"#;
const ORDER: &str = r#"{"name": "orders/o"}"#;
const WRITE: &str = r#"{"name": "orders/o/tasks/write"}"#;
const ALL: &str = "{}";

/// Every method, in the order in which they are called. `tasks/a` and `tasks/b`, both of `accounts/acme`, have a note. What only
/// reads comes first; `tasks/b` is for what would hide a task.
const ROWS: &[(&str, &[Ask])] = &[
    ("TaskQueryService/GetTask", &[Once(A)]),
    (
        "TaskQueryService/ListTasks",
        &[
            Once(ALL),
            Once(r#"{"filter": "subject = \"accounts/acme\""}"#),
        ],
    ),
    (
        "TaskQueryService/CountTasks",
        &[Once(r#"{"filter": "text:late"}"#)],
    ),
    (
        "TaskQueryService/ListTaskNotes",
        &[Once(r#"{"task": "tasks/a"}"#)],
    ),
    (
        "TaskQueryService/WatchTasks",
        &[Follow(r#"{"after_position": 0}"#)],
    ),
    ("TodoQueryService/ListOrderTasks", &[Once(ALL)]),
    ("TodoQueryService/ListActivities", &[Once(ALL)]),
    ("TodoQueryService/ListTasks", &[Once(ALL)]),
    ("TodoQueryService/GetCounts", &[Once(ALL)]),
    (
        "TodoQueryService/WatchTodo",
        &[Follow(r#"{"after_position": 0}"#)],
    ),
    ("ActivityQueryService/GetActivity", &[Once(FOLLOW_UP)]),
    ("ActivityQueryService/ListActivities", &[Once(ALL)]),
    ("CatalogQueryService/GetService", &[Once(SEO)]),
    ("CatalogQueryService/ListServices", &[Once(ALL)]),
    ("OrderQueryService/GetOrder", &[Once(ORDER)]),
    ("OrderQueryService/GetOrderTask", &[Once(WRITE)]),
    ("OrderQueryService/ListOrders", &[Once(ALL)]),
    (
        "OrderQueryService/ListOrderNotes",
        &[
            Once(r#"{"parent": "orders/o"}"#),
            Once(r#"{"parent": "orders/o/tasks/write"}"#),
        ],
    ),
    ("AccountQueryService/GetAccount", &[Once(ACME)]),
    ("AccountQueryService/ListAccounts", &[Once(ALL)]),
    (
        "AccountQueryService/ListTimeline",
        &[Once(r#"{"account": "accounts/acme"}"#)],
    ),
    ("AccountQueryService/ListWorkloads", &[Once(ALL)]),
    (
        "MemberQueryService/GetMember",
        &[Once(r#"{"name": "members/admin"}"#)],
    ),
    ("MemberQueryService/ListMembers", &[Once(ALL)]),
    (
        "MemberQueryService/ListHoldings",
        &[
            Once(r#"{"member": "members/ana"}"#),
            Once(r#"{"member": "members/admin"}"#),
        ],
    ),
    (
        "TaskQueryService/ExplainAssignment",
        &[Once(r#"{"task": "tasks/a"}"#)],
    ),
    ("OperationQueryService/ListOperations", &[Once(ALL)]),
    (
        "OperationQueryService/GetOperation",
        &[Once(
            r#"{"name": "operations/633f527b-69ae-536b-80c1-cfd1cf102892"}"#,
        )],
    ),
    (
        "OperationQueryService/ListOperationItems",
        &[Once(
            r#"{"operation": "operations/633f527b-69ae-536b-80c1-cfd1cf102892"}"#,
        )],
    ),
    (
        "OperationQueryService/WaitOperation",
        &[Once(
            r#"{"name": "operations/633f527b-69ae-536b-80c1-cfd1cf102892", "timeout": "0s"}"#,
        )],
    ),
    ("SettingsQueryService/GetSettings", &[Once(ALL)]),
    (
        "HistoryQueryService/ListHistory",
        &[
            Once(ALL),
            Once(r#"{"resource": "tasks/a"}"#),
            Once(r#"{"resource": "accounts/acme"}"#),
            Once(r#"{"filter": "type = \"task.internal_note_added\""}"#),
        ],
    ),
    ("HistoryQueryService/GetResourceAt", &[Once(A), Once(ACME)]),
    (
        "HistoryQueryService/ReadEvents",
        &[
            Once(ALL),
            Once(r#"{"resource": "tasks/a"}"#),
            Follow(r#"{"follow": true}"#),
        ],
    ),
    ("HistoryQueryService/VerifyLog", &[Once(ALL)]),
    (
        "TaskCommandService/CreateTask",
        &[
            Once(r#"{"task_id": "a", "task": {"subject": "accounts/acme", "title": "Again"}}"#),
            Once(
                r#"{"task": {"subject": "accounts/acme", "title": "Other", "related_tasks": ["tasks/a"]}}"#,
            ),
        ],
    ),
    (
        "TaskCommandService/CreateTaskFromCall",
        &[Once(
            r#"{"caller_number": "+49 30 123456", "task": {"related_tasks": ["tasks/a"]}}"#,
        )],
    ),
    (
        "TaskCommandService/GenerateTask",
        &[Once(
            r#"{"account": "accounts/acme", "task_type": "social-post", "work_key": "1", "task": {"title": "Post"}}"#,
        )],
    ),
    (
        "TaskCommandService/UpdateTask",
        &[
            Once(r#"{"task": {"name": "tasks/a", "tags": ["q4"]}, "update_mask": "tags"}"#),
            Once(r#"{"task": {"name": "tasks/a"}, "update_mask": "tags", "etag": "1"}"#),
        ],
    ),
    (
        "TaskCommandService/SetTaskStatus",
        &[Once(
            r#"{"name": "tasks/a", "status": "TASK_STATUS_IN_PROGRESS"}"#,
        )],
    ),
    (
        "TaskCommandService/AssignTask",
        &[Once(r#"{"name": "tasks/a", "add": ["members/ana"]}"#)],
    ),
    (
        "TaskCommandService/SetNotify",
        &[Once(
            r#"{"name": "tasks/a", "notify": {"recipients": ["members/ana"], "on_change": true}}"#,
        )],
    ),
    (
        "TaskCommandService/AddNote",
        &[Once(r#"{"name": "tasks/a", "note": "Called"}"#)],
    ),
    (
        "TaskCommandService/AddInternalNote",
        &[Once(r#"{"name": "tasks/a", "note": "What does it say?"}"#)],
    ),
    ("TaskCommandService/MarkBilled", &[Once(A)]),
    (
        "TaskCommandService/RelateTasks",
        &[Once(r#"{"name": "tasks/a", "related_task": "tasks/b"}"#)],
    ),
    (
        "TaskCommandService/UnrelateTasks",
        &[Once(r#"{"name": "tasks/a", "related_task": "tasks/b"}"#)],
    ),
    ("TaskCommandService/CompleteTask", &[Once(A)]),
    ("TaskCommandService/ReopenTask", &[Once(A)]),
    (
        "TaskCommandService/BatchAssignTasks",
        &[Once(
            r#"{"names": ["tasks/a", "tasks/b"], "add": ["members/ana"]}"#,
        )],
    ),
    (
        "TaskCommandService/BatchCompleteTasks",
        &[Once(r#"{"names": ["tasks/a", "tasks/b"]}"#)],
    ),
    ("TaskCommandService/CancelTask", &[Once(B)]),
    ("TaskCommandService/DeleteTask", &[Once(B)]),
    ("TaskCommandService/UndeleteTask", &[Once(B)]),
    (
        "AccountCommandService/CreateAccount",
        &[Once(
            r#"{"account_id": "acme", "account": {"display_name": "Acme"}}"#,
        )],
    ),
    (
        "AccountCommandService/UpdateAccount",
        &[Once(
            r#"{"account": {"name": "accounts/acme", "display_name": "Acme"}, "update_mask": "displayName"}"#,
        )],
    ),
    ("AccountCommandService/ConvertLead", &[Once(ACME)]),
    (
        "AccountCommandService/AssignRole",
        &[Once(
            r#"{"name": "accounts/acme", "role": "assignee", "holder": "members/ana"}"#,
        )],
    ),
    (
        "AccountCommandService/VacateRole",
        &[Once(
            r#"{"name": "accounts/acme", "role": "sales-manager"}"#,
        )],
    ),
    (
        "AccountCommandService/BatchAssignRole",
        &[
            Once(
                r#"{"accounts": ["accounts/acme"], "role": "sales-manager", "holder": "members/admin", "validate_only": true}"#,
            ),
            Once(
                r#"{"filter": "name = accounts/none", "role": "sales-manager", "holder": "members/admin"}"#,
            ),
        ],
    ),
    (
        "AccountCommandService/UpdateNotes",
        &[Once(r#"{"name": "accounts/acme", "notes": "Friendly"}"#)],
    ),
    (
        "AccountCommandService/LogInteraction",
        &[Once(
            r#"{"name": "accounts/acme", "kind": "INTERACTION_KIND_EMAIL", "details": "Asked"}"#,
        )],
    ),
    (
        "AccountCommandService/RecordQuestion",
        &[Once(r#"{"name": "accounts/acme", "question": "When?"}"#)],
    ),
    ("AccountCommandService/SetMonthlyReport", &[Once(ACME)]),
    (
        "AccountCommandService/SelectTaskTypes",
        &[Once(
            r#"{"name": "accounts/acme", "task_types": {"all": true}}"#,
        )],
    ),
    (
        "AccountCommandService/SetSupportTeam",
        &[Once(
            r#"{"name": "accounts/acme", "members": ["members/ana"]}"#,
        )],
    ),
    (
        "AccountCommandService/CreateContact",
        &[Once(
            r#"{"parent": "accounts/acme", "contact_id": "ben", "contact": {"display_name": "Ben"}}"#,
        )],
    ),
    (
        "AccountCommandService/UpdateContact",
        &[Once(
            r#"{"contact": {"name": "accounts/acme/contacts/ben", "email": "b@example.com"}, "update_mask": "email"}"#,
        )],
    ),
    (
        "AccountCommandService/DeleteContact",
        &[Once(r#"{"name": "accounts/acme/contacts/ben"}"#)],
    ),
    ("AccountCommandService/PauseAccount", &[Once(ACME)]),
    ("AccountCommandService/DeactivateAccount", &[Once(ACME)]),
    ("AccountCommandService/ActivateAccount", &[Once(ACME)]),
    (
        "MemberCommandService/CreateMember",
        &[Once(
            r#"{"member_id": "admin", "member": {"display_name": "Admin"}}"#,
        )],
    ),
    (
        "MemberCommandService/UpdateMember",
        &[Once(
            r#"{"member": {"name": "members/nobody", "email": "n@example.com"}, "update_mask": "email"}"#,
        )],
    ),
    (
        "MemberCommandService/DisableMember",
        &[Once(NOBODY), Once(r#"{"name": "members/admin"}"#)],
    ),
    ("MemberCommandService/EnableMember", &[Once(NOBODY)]),
    (
        "MemberCommandService/TransferResources",
        &[
            Once(
                r#"{"from": "members/admin", "to": "members/ana", "kinds": ["HOLDING_KIND_OPEN_TASK"], "validate_only": true}"#,
            ),
            Once(
                r#"{"from": "members/ana", "to": "members/admin", "kinds": ["HOLDING_KIND_SUPPORT_TEAM"]}"#,
            ),
        ],
    ),
    (
        "OperationCommandService/UndoOperation",
        &[Once(
            r#"{"name": "operations/633f527b-69ae-536b-80c1-cfd1cf102892", "validate_only": true}"#,
        )],
    ),
    (
        "SettingsCommandService/UpdateSettings",
        &[Once(
            r#"{"settings": {"default_sla_hours": 24}, "update_mask": "defaultSlaHours"}"#,
        )],
    ),
    (
        "ActivityCommandService/CreateActivity",
        &[Once(
            r#"{"activity": {"account": "accounts/acme", "note": "Call"}}"#,
        )],
    ),
    (
        "ActivityCommandService/UpdateActivity",
        &[Once(
            r#"{"activity": {"name": "activities/c", "note": "Call back"}, "update_mask": "note"}"#,
        )],
    ),
    (
        "ActivityCommandService/AssignActivity",
        &[Once(
            r#"{"name": "activities/c", "assignee": "members/ana"}"#,
        )],
    ),
    (
        "ActivityCommandService/CompleteActivity",
        &[Once(FOLLOW_UP)],
    ),
    ("ActivityCommandService/ReopenActivity", &[Once(FOLLOW_UP)]),
    (
        "ActivityCommandService/DeleteActivity",
        &[Once(r#"{"name": "activities/d"}"#)],
    ),
    (
        "CatalogCommandService/CreateService",
        &[Once(
            r#"{"service_id": "seo", "service": {"display_name": "Again"}}"#,
        )],
    ),
    (
        "CatalogCommandService/UpdateService",
        &[Once(
            r#"{"service": {"name": "services/seo", "display_name": "SEO"}, "update_mask": "displayName"}"#,
        )],
    ),
    (
        "CatalogCommandService/AddTemplateTask",
        &[Once(
            r#"{"parent": "services/seo", "task": {"title": "Report"}}"#,
        )],
    ),
    (
        "CatalogCommandService/UpdateTemplateTask",
        &[Once(
            r#"{"task": {"name": "services/seo/tasks/write", "title": "Write"}, "update_mask": "title"}"#,
        )],
    ),
    (
        "CatalogCommandService/ReorderTemplateTasks",
        &[Once(
            r#"{"name": "services/seo", "tasks": ["services/seo/tasks/write"], "tiers": [1]}"#,
        )],
    ),
    (
        "CatalogCommandService/RemoveTemplateTask",
        &[Once(r#"{"name": "services/seo/tasks/none"}"#)],
    ),
    (
        "CatalogCommandService/RetireService",
        &[Once(r#"{"name": "services/none"}"#)],
    ),
    (
        "OrderCommandService/PlaceOrder",
        &[Once(
            r#"{"order": {"account": "accounts/acme", "service": "services/seo"}}"#,
        )],
    ),
    (
        "OrderCommandService/UpdateOrder",
        &[Once(
            r#"{"order": {"name": "orders/o", "title": "Words"}, "update_mask": "title"}"#,
        )],
    ),
    (
        "OrderCommandService/AddOrderTask",
        &[Once(
            r#"{"parent": "orders/o", "task": {"title": "Proofread"}}"#,
        )],
    ),
    (
        "OrderCommandService/UpdateOrderTask",
        &[Once(
            r#"{"task": {"name": "orders/o/tasks/write", "title": "Write it"}, "update_mask": "title"}"#,
        )],
    ),
    (
        "OrderCommandService/ReorderOrderTasks",
        &[Once(
            r#"{"name": "orders/o", "tasks": ["orders/o/tasks/write"], "tiers": [1]}"#,
        )],
    ),
    ("OrderCommandService/CheckOrderTask", &[Once(WRITE)]),
    ("OrderCommandService/UncheckOrderTask", &[Once(WRITE)]),
    (
        "OrderCommandService/AssignOrder",
        &[Once(r#"{"name": "orders/o", "add": ["members/ana"]}"#)],
    ),
    (
        "OrderCommandService/AssignOrderTask",
        &[Once(
            r#"{"name": "orders/o/tasks/write", "add": ["members/ana"]}"#,
        )],
    ),
    (
        "OrderCommandService/AddOrderNote",
        &[Once(r#"{"name": "orders/o", "note": "Half of it"}"#)],
    ),
    (
        "OrderCommandService/RemoveOrderTask",
        &[Once(r#"{"name": "orders/o/tasks/none"}"#)],
    ),
    ("OrderCommandService/CompleteOrder", &[Once(ORDER)]),
    ("OrderCommandService/ReopenOrder", &[Once(ORDER)]),
    (
        "OrderCommandService/RenewOrder",
        &[Once(r#"{"name": "orders/o", "cycle": "2027-01"}"#)],
    ),
    (
        "OrderCommandService/CancelOrder",
        &[Once(r#"{"name": "orders/none"}"#)],
    ),
    (
        "DocumentService/UploadDocuments",
        &[Once(r#"{"header": {"parent": "tasks/a"}}"#)],
    ),
    (
        "DocumentService/DownloadDocument",
        &[Once(r#"{"name": "documents/none"}"#)],
    ),
    (
        "DocumentService/UpdateDocument",
        &[Once(
            r#"{"document": {"name": "documents/none"}, "update_mask": "active"}"#,
        )],
    ),
    (
        "DocumentService/GetDocument",
        &[Once(r#"{"name": "documents/none"}"#)],
    ),
    ("DocumentService/ListDocuments", &[Once(ALL)]),
    ("PortalService/ListOrders", &[Once(ALL)]),
    ("PortalService/GetOrder", &[Once(ORDER)]),
    ("PortalService/ListTasks", &[Once(ALL)]),
    ("PortalService/GetTask", &[Once(A)]),
    (
        "PortalService/CreateTask",
        &[Once(r#"{"task": {"title": "Please"}}"#)],
    ),
    (
        "PortalService/AddNote",
        &[Once(r#"{"name": "tasks/a", "note": "When?"}"#)],
    ),
    (
        "PortalService/AddOrderNote",
        &[Once(r#"{"name": "orders/o", "note": "When?"}"#)],
    ),
    ("PortalService/CheckTask", &[Once(WRITE)]),
    (
        "PortalService/AskQuestion",
        &[Once(r#"{"question": "When?"}"#)],
    ),
    ("ProjectionService/ListProjections", &[Once(ALL)]),
    (
        "ProjectionService/GetProjection",
        &[Once(r#"{"name": "projections/history"}"#)],
    ),
    (
        "ProjectionService/RetryParked",
        &[Once(r#"{"name": "projections/history"}"#)],
    ),
    (
        "ProjectionService/SkipParked",
        &[Once(
            r#"{"name": "projections/history", "partition": 1, "position": 1, "reason": "To see what it says"}"#,
        )],
    ),
    (
        "ProjectionService/RebuildProjection",
        &[Once(r#"{"name": "projections/history"}"#)],
    ),
    (
        "ProjectionService/PauseProjection",
        &[Once(r#"{"name": "projections/history"}"#)],
    ),
    (
        "ProjectionService/ResumeProjection",
        &[Once(r#"{"name": "projections/history"}"#)],
    ),
    (
        "PortalService/UploadDocuments",
        &[Once(
            r#"{"header": {"parent": "tasks/a", "files": [{"file_name": "a.txt", "size_bytes": 1, "sha256": "x"}]}}"#,
        )],
    ),
    (
        "PortalService/DownloadDocument",
        &[Once(r#"{"name": "documents/none"}"#)],
    ),
];

fn methods() -> Vec<MethodDescriptor> {
    let pool = DescriptorPool::decode(handoff_proto::FILE_DESCRIPTOR_SET).unwrap();
    pool.services()
        .flat_map(|service| service.methods().collect::<Vec<_>>())
        .collect()
}

/// As the rows name it: `TaskQueryService/GetTask`.
fn row_name(method: &MethodDescriptor) -> String {
    format!("{}/{}", method.parent_service().name(), method.name())
}

#[test]
fn every_method_has_a_row_that_asks_it_for_an_internal_note() {
    let methods = methods();
    let described: BTreeSet<String> = methods.iter().map(row_name).collect();
    let mut rows = BTreeSet::new();
    for (name, asks) in ROWS {
        assert!(rows.insert((*name).to_owned()), "{name} has two rows");
        assert!(!asks.is_empty(), "{name} is never asked");
    }
    let missing: Vec<_> = described.difference(&rows).collect();
    assert!(
        missing.is_empty(),
        "no row for {missing:?}: add one to ROWS in {}, with a request as JSON that would show the internal note of tasks/a \
         or tasks/b (of accounts/acme) if the method showed such things: Once(…), or Follow(…) for a stream that does not end",
        file!()
    );
    let gone: Vec<_> = rows.difference(&described).collect();
    assert!(gone.is_empty(), "rows of no method: {gone:?}");
    for method in &methods {
        let name = row_name(method);
        let (_, asks) = ROWS.iter().find(|(row, _)| *row == name).unwrap();
        for ask in *asks {
            request(method, ask, "anybody");
        }
    }
}

/// The request of a row, with the id of a command that is the same whenever the same caller asks.
fn request(method: &MethodDescriptor, ask: &Ask, caller: &str) -> Vec<u8> {
    let (Once(json) | Follow(json)) = ask;
    let name = row_name(method);
    let mut deserializer = serde_json::Deserializer::from_str(json);
    let message = DynamicMessage::deserialize(method.input(), &mut deserializer);
    let mut message = message.unwrap_or_else(|error| panic!("the row of {name}: {json}: {error}"));
    if method.input().get_field_by_name("request_id").is_some() {
        let id = Uuid::new_v5(
            &Uuid::NAMESPACE_OID,
            format!("{caller} {name} {json}").as_bytes(),
        );
        message.set_field_by_name("request_id", Value::String(id.to_string()));
    }
    message.encode_to_vec()
}

/// Messages as the bytes that they are.
#[derive(Debug, Clone, Default)]
struct Bytes;

impl Codec for Bytes {
    type Encode = Vec<u8>;
    type Decode = Vec<u8>;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Bytes {
    type Item = Vec<u8>;
    type Error = Status;

    fn encode(&mut self, item: Vec<u8>, to: &mut EncodeBuf<'_>) -> Result<(), Status> {
        to.put_slice(&item);
        Ok(())
    }
}

impl Decoder for Bytes {
    type Item = Vec<u8>;
    type Error = Status;

    fn decode(&mut self, from: &mut DecodeBuf<'_>) -> Result<Option<Vec<u8>>, Status> {
        let mut bytes = vec![0; from.remaining()];
        from.copy_to_slice(&mut bytes);
        Ok(Some(bytes))
    }
}

/// All that a method told a caller.
struct Told {
    /// The messages, or the message and details of the error.
    bytes: Vec<u8>,
    code: Code,
}

impl Told {
    fn has(&self, text: &str) -> bool {
        has(&self.bytes, text)
    }
}

impl From<Vec<u8>> for Told {
    fn from(bytes: Vec<u8>) -> Self {
        let code = Code::Ok;
        Self { bytes, code }
    }
}

fn has(bytes: &[u8], text: &str) -> bool {
    bytes
        .windows(text.len())
        .any(|part| part == text.as_bytes())
}

/// All that the method tells a caller, with the details of an error.
async fn answer(
    server: &TestServer,
    token: &str,
    method: &MethodDescriptor,
    ask: &Ask,
    caller: &str,
) -> Told {
    let mut client = Grpc::new(server.channel.clone()).max_decoding_message_size(64 * 1024 * 1024);
    client.ready().await.unwrap();
    let path = format!("/handoff.v1.{}", row_name(method)).parse().unwrap();
    let request = server.request(token, request(method, ask, caller));
    let told = |status: Status| {
        // A row whose request is not understood shows nothing.
        assert_ne!(status.code(), Code::Unimplemented, "{status:?}");
        Told {
            bytes: [status.message().as_bytes(), status.details()].concat(),
            code: status.code(),
        }
    };
    if !method.is_server_streaming() {
        let answer = client.unary(request, path, Bytes).await;
        return answer.map_or_else(told, |answer| answer.into_inner().into());
    }
    let mut stream = match client.server_streaming(request, path, Bytes).await {
        Ok(stream) => stream.into_inner(),
        Err(status) => return told(status),
    };
    let seen_all = match ask {
        Follow(_) => Some(mark(server).await),
        Once(_) => None,
    };
    let mut all = Vec::new();
    loop {
        let what = format!("the next message of {}", row_name(method));
        match soon(&what, stream.message()).await {
            Ok(Some(message)) => all.extend(message),
            Ok(None) => return all.into(),
            Err(status) => {
                let Told { bytes, code } = told(status);
                all.extend(bytes);
                return Told { bytes: all, code };
            }
        }
        if seen_all.as_ref().is_some_and(|mark| has(&all, mark)) {
            return all.into();
        }
    }
}

/// Adds another note to `tasks/a` and, after it, gives it a title to wait for: another one each time. The task is open then
/// and nobody's, so that everybody's todo has it, whatever became of it before.
async fn mark(server: &TestServer) -> String {
    static MARKS: AtomicUsize = AtomicUsize::new(0);
    let mut tasks = TaskCommandServiceClient::new(server.channel.clone());
    let note = v1::AddInternalNoteRequest {
        name: "tasks/a".into(),
        note: SECRET.into(),
        ..Default::default()
    };
    tasks.add_internal_note(server.admin(note)).await.unwrap();
    let reopen = v1::ReopenTaskRequest {
        name: "tasks/a".into(),
        ..Default::default()
    };
    tasks.reopen_task(server.admin(reopen)).await.ok();
    let unassign = v1::AssignTaskRequest {
        name: "tasks/a".into(),
        ..Default::default()
    };
    tasks.assign_task(server.admin(unassign)).await.unwrap();
    let title = format!("Seen {}.", MARKS.fetch_add(1, Ordering::Relaxed));
    let update = v1::UpdateTaskRequest {
        task: Some(v1::Task {
            name: "tasks/a".into(),
            title: title.clone(),
            ..Default::default()
        }),
        update_mask: Some(prost_types::FieldMask {
            paths: vec!["title".into()],
        }),
        ..Default::default()
    };
    tasks.update_task(server.admin(update)).await.unwrap();
    title
}

/// An account with a contact who may sign in, two tasks with an internal note each, and something of all else.
async fn scene() -> TestServer {
    let server = TestServer::start_with_projectors().await;
    let mut tasks = TaskCommandServiceClient::new(server.channel.clone());
    for id in ["a", "b"] {
        let create = v1::CreateTaskRequest {
            task_id: id.into(),
            task: Some(v1::Task {
                subject: "accounts/acme".into(),
                title: "Call".into(),
                billable: true,
                visibility: v1::TaskVisibility::Portal.into(),
                ..Default::default()
            }),
            ..Default::default()
        };
        tasks.create_task(server.ana(create)).await.unwrap();
        let note = v1::AddInternalNoteRequest {
            name: format!("tasks/{id}"),
            note: format!("<p>{SECRET}</p>"),
            ..Default::default()
        };
        tasks.add_internal_note(server.admin(note)).await.unwrap();
    }
    let contact = v1::CreateContactRequest {
        parent: "accounts/acme".into(),
        contact_id: "zoe".into(),
        contact: Some(v1::Contact {
            display_name: "Zoe".into(),
            phone: "+49 30 123456".into(),
            portal_access: true,
            ..Default::default()
        }),
        ..Default::default()
    };
    let mut accounts = AccountCommandServiceClient::new(server.channel.clone());
    accounts.create_contact(server.ana(contact)).await.unwrap();
    // The operation that the rows name is that of this request.
    let role = v1::AssignRoleRequest {
        name: "accounts/acme".into(),
        role: "success-manager".into(),
        holder: "members/ana".into(),
        request_id: "0198c2f4-8d2e-7c1a-9b0e-3f6d2a5b7c81".into(),
        ..Default::default()
    };
    accounts.assign_role(server.ana(role)).await.unwrap();
    let mut activities = ActivityCommandServiceClient::new(server.channel.clone());
    for id in ["c", "d"] {
        let create = v1::CreateActivityRequest {
            activity_id: id.into(),
            activity: Some(v1::Activity {
                account: "accounts/acme".into(),
                note: "Call".into(),
                due_date: "2099-12-01".into(),
                ..Default::default()
            }),
            ..Default::default()
        };
        activities
            .create_activity(server.ana(create))
            .await
            .unwrap();
    }
    let mut catalog = CatalogCommandServiceClient::new(server.channel.clone());
    let create = v1::CreateServiceRequest {
        service_id: "seo".into(),
        service: Some(v1::Service {
            display_name: "SEO".into(),
            ..Default::default()
        }),
        ..Default::default()
    };
    catalog.create_service(server.admin(create)).await.unwrap();
    let add = v1::AddTemplateTaskRequest {
        parent: "services/seo".into(),
        task_id: "write".into(),
        task: Some(v1::TemplateTask {
            title: "Write".into(),
            ..Default::default()
        }),
        ..Default::default()
    };
    catalog.add_template_task(server.admin(add)).await.unwrap();
    let place = v1::PlaceOrderRequest {
        order_id: "o".into(),
        order: Some(v1::Order {
            account: "accounts/acme".into(),
            service: "services/seo".into(),
            ..Default::default()
        }),
        ..Default::default()
    };
    let mut orders = OrderCommandServiceClient::new(server.channel.clone());
    orders.place_order(server.ana(place)).await.unwrap();
    server.is_up_to_date().await;
    server
}

#[tokio::test]
async fn an_internal_note_reaches_nobody_but_admins_by_any_method() {
    let server = scene().await;
    let methods = methods();
    let find = |name: &str| methods.iter().find(|method| row_name(method) == name);
    // The rows show the note to those who may see it; what they show nobody is shown nobody else for a reason.
    let admin = server.person("members/admin");
    let mut shown = BTreeSet::new();
    for (name, asks) in ROWS
        .iter()
        .filter(|(name, _)| name.contains("QueryService/"))
    {
        for ask in *asks {
            let answer = answer(&server, &admin, find(name).unwrap(), ask, "admin").await;
            // What is not understood would show nothing to anybody.
            let (Once(json) | Follow(json)) = ask;
            assert_eq!(answer.code, Code::Ok, "{name} {json}");
            if answer.has(SECRET) {
                shown.insert(*name);
            }
        }
    }
    for name in [
        "HistoryQueryService/ListHistory",
        "HistoryQueryService/ReadEvents",
        "TaskQueryService/GetTask",
        "TaskQueryService/ListTaskNotes",
    ] {
        assert!(
            shown.contains(name),
            "{name} does not show an admin the note: {shown:?}"
        );
    }
    let callers = [
        ("staff", server.person("members/ana")),
        (
            "a service account",
            server.program(Role::ServiceAccount, false),
        ),
        ("an analyst", server.program(Role::Analyst, false)),
        ("a contact", server.person("accounts/acme/contacts/zoe")),
        ("an operator", server.program(Role::Operator, false)),
    ];
    for (caller, token) in &callers {
        for (name, asks) in ROWS {
            let Some(method) = find(name) else {
                // The test of the rows says so.
                continue;
            };
            for ask in *asks {
                // Twice: what a command answered is answered again.
                for time in ["first", "again"] {
                    let answer = answer(&server, token, method, ask, caller).await;
                    assert!(
                        !answer.has(SECRET),
                        "{name} shows {caller} an internal note ({time})"
                    );
                }
            }
        }
    }
}

#[tokio::test]
async fn a_command_of_an_admin_repeated_by_another_shows_nothing() {
    let server = scene().await;
    let methods = methods();
    let others = [
        server.person("members/ana"),
        server.program(Role::ServiceAccount, false),
    ];
    let admin = server.person("members/admin");
    for (name, asks) in ROWS
        .iter()
        .filter(|(name, _)| name.starts_with("TaskCommandService/"))
    {
        let method = methods
            .iter()
            .find(|method| row_name(method) == *name)
            .unwrap();
        for ask in *asks {
            answer(&server, &admin, method, ask, "admin").await;
            for token in &others {
                let answer = answer(&server, token, method, ask, "admin").await;
                assert!(!answer.has(SECRET), "{name}");
            }
        }
    }
}
