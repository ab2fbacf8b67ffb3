//! What lies below the services: deadlines, sizes, unknown methods, gRPC-Web, reflection.

use std::time::Duration;

use handoff_api::Limits;
use handoff_proto::v1::{self, task_command_service_client::TaskCommandServiceClient};
use proptest::{prelude::*, strategy::ValueTree, test_runner::TestRunner};
use prost::Message;
use prost_types::FileDescriptorSet;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tonic::{Code, Request, client::Grpc};
use tonic_prost::ProstCodec;
use tonic_reflection::pb::v1::{
    ServerReflectionRequest, server_reflection_client::ServerReflectionClient,
    server_reflection_request::MessageRequest, server_reflection_response::MessageResponse,
};

use crate::support::{TestServer, account, contact, fields, reason, soon};

fn create() -> v1::CreateTaskRequest {
    v1::CreateTaskRequest {
        task_id: "a".into(),
        task: Some(v1::Task {
            subject: "accounts/acme".into(),
            title: "Call".into(),
            ..Default::default()
        }),
        ..Default::default()
    }
}

#[tokio::test]
async fn a_passed_deadline_is_an_answer_and_does_not_stop_the_command() {
    // The server's own bound, since a client with a deadline of its own would answer itself.
    let limits = Limits {
        unary: Duration::from_millis(300),
        ..Limits::default()
    };
    let server = TestServer::start_with(limits).await;
    let mut locker = server.database.connect().await;
    let lock = locker.transaction().await.unwrap();
    lock.execute("select from event_log.append_lock for update", &[])
        .await
        .unwrap();
    let mut tasks = TaskCommandServiceClient::new(server.channel.clone());
    let late = tasks.create_task(server.ana(create())).await.unwrap_err();
    assert_eq!(
        (late.code(), reason(&late).as_str()),
        (Code::DeadlineExceeded, "DEADLINE_EXCEEDED")
    );
    lock.rollback().await.unwrap();
    let again = tasks.create_task(server.ana(create())).await.unwrap_err();
    assert_eq!(
        again.code(),
        Code::AlreadyExists,
        "it was in the queue before this one"
    );
}

#[tokio::test]
async fn a_malformed_deadline_is_a_violation() {
    let server = TestServer::start().await;
    let mut tasks = TaskCommandServiceClient::new(server.channel.clone());
    let mut request = server.ana(create());
    request
        .metadata_mut()
        .insert("grpc-timeout", "soon".parse().unwrap());
    assert_eq!(
        fields(&tasks.create_task(request).await.unwrap_err()),
        ["grpc-timeout"]
    );
}

#[tokio::test]
async fn a_message_that_is_too_large_or_none_is_an_invalid_argument() {
    let server = TestServer::start().await;
    let mut tasks = TaskCommandServiceClient::new(server.channel.clone());
    let mut large = create();
    large.task.as_mut().unwrap().description = "x".repeat(3 * 1024 * 1024);
    let refusal = tasks.create_task(server.ana(large)).await.unwrap_err();
    assert_eq!(
        (refusal.code(), reason(&refusal)),
        (Code::InvalidArgument, "UNREADABLE_MESSAGE".into())
    );

    // A timestamp where a string is expected.
    let mut client = Grpc::new(server.channel.clone());
    client.ready().await.unwrap();
    let wrong = prost_types::Timestamp {
        seconds: 1,
        nanos: 1,
    };
    let path = "/handoff.v1.TaskCommandService/CompleteTask"
        .parse()
        .unwrap();
    let codec = ProstCodec::<prost_types::Timestamp, ()>::default();
    let refusal = client
        .unary(server.ana(wrong), path, codec)
        .await
        .unwrap_err();
    assert_eq!(
        (refusal.code(), reason(&refusal)),
        (Code::InvalidArgument, "UNREADABLE_MESSAGE".into())
    );
}

/// Random messages: bytes that are no message, and fields that are no sense.
#[tokio::test]
async fn no_message_makes_a_method_fail_otherwise_than_by_an_answer() {
    let server = TestServer::start().await;
    let admin = server.person("members/admin");
    server.submit("members/admin", account("acme")).await;
    let zoe = "accounts/acme/contacts/zoe";
    server.submit("members/admin", contact(zoe, true)).await;
    let zoe = server.person(zoe);
    let set = FileDescriptorSet::decode(handoff_proto::FILE_DESCRIPTOR_SET).unwrap();
    let mut runner = TestRunner::deterministic();
    let texts = prop::collection::vec(any::<String>(), 5);
    for file in &set.file {
        for service in &file.service {
            let caller = match service.name() {
                "PortalService" => &zoe,
                _ => &admin,
            };
            for method in service
                .method
                .iter()
                .filter(|method| !method.server_streaming())
            {
                let path = format!("/{}.{}/{}", file.package(), service.name(), method.name());
                for _ in 0..20 {
                    let fields = texts.new_tree(&mut runner).unwrap().current();
                    let message = ListOfTexts { fields };
                    let mut client = Grpc::new(server.channel.clone());
                    client.ready().await.unwrap();
                    let codec = ProstCodec::<ListOfTexts, ()>::default();
                    let mut request = server.request(caller, message);
                    // What waits for a read model waits for nothing here.
                    request.set_timeout(Duration::from_secs(2));
                    let Err(refusal) = client.unary(request, path.parse().unwrap(), codec).await
                    else {
                        continue;
                    };
                    let expected = [Code::InvalidArgument, Code::NotFound, Code::Unavailable];
                    assert!(expected.contains(&refusal.code()), "{path}: {refusal:?}");
                    reason(&refusal);
                }
            }
        }
    }
}

/// A message whose first field repeats, which most methods take for a name.
#[derive(Clone, PartialEq, Message)]
struct ListOfTexts {
    #[prost(string, repeated, tag = "1")]
    fields: Vec<String>,
}

#[tokio::test]
async fn an_unknown_method_is_unimplemented() {
    let server = TestServer::start().await;
    for path in [
        "/handoff.v1.TaskCommandService/Nothing",
        "/nothing",
        "/a/b/c",
    ] {
        let mut client = Grpc::new(server.channel.clone());
        client.ready().await.unwrap();
        let codec = ProstCodec::<(), ()>::default();
        let refusal = client
            .unary(Request::new(()), path.parse().unwrap(), codec)
            .await
            .unwrap_err();
        assert_eq!(
            (refusal.code(), reason(&refusal)),
            (Code::Unimplemented, "UNKNOWN_METHOD".into())
        );
    }
}

#[tokio::test]
async fn reflection_shows_every_service_without_a_token() {
    let server = TestServer::start().await;
    let mut client = ServerReflectionClient::new(server.channel.clone());
    let request = ServerReflectionRequest {
        host: String::new(),
        message_request: Some(MessageRequest::ListServices(String::new())),
    };
    let requests = tokio_stream::iter([request]);
    let mut answers = client
        .server_reflection_info(requests)
        .await
        .unwrap()
        .into_inner();
    let answer = soon("the services", answers.message())
        .await
        .unwrap()
        .unwrap();
    let Some(MessageResponse::ListServicesResponse(services)) = answer.message_response else {
        panic!("{answer:?}")
    };
    let names: Vec<&str> = services
        .service
        .iter()
        .map(|service| service.name.as_str())
        .collect();
    for name in [
        "handoff.v1.TaskCommandService",
        "handoff.v1.HistoryQueryService",
        "grpc.health.v1.Health",
    ] {
        assert!(names.contains(&name), "{name} is not in {names:?}");
    }
}

#[tokio::test]
async fn a_browser_calls_by_grpc_web_over_http_1() {
    let server = TestServer::start().await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let head = "POST /grpc.health.v1.Health/Check HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\
                content-type: application/grpc-web+proto\r\ncontent-length: 5\r\n\r\n\0\0\0\0\0";
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    tokio::time::timeout(Duration::from_secs(20), stream.read_to_end(&mut answer))
        .await
        .unwrap()
        .unwrap();
    let answer = String::from_utf8_lossy(&answer);
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(answer.contains("grpc-status:0"), "{answer}");
}

#[tokio::test]
async fn garbage_is_no_trouble() {
    let server = TestServer::start().await;
    for garbage in [&b"\0\0\0\0"[..], b"GET / HTTP/1.1\r\n\r\n", &[0xff; 4096]] {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        stream.write_all(garbage).await.unwrap();
        let mut answer = Vec::new();
        // Whatever the answer, and if it is a reset.
        let read = stream.read_to_end(&mut answer);
        let _ = tokio::time::timeout(Duration::from_millis(200), read).await;
    }
    let mut tasks = TaskCommandServiceClient::new(server.channel.clone());
    tasks.create_task(server.ana(create())).await.unwrap();
}
