//! How a server stops.

use std::time::{Duration, Instant};

use handoff_api::Limits;
use handoff_proto::v1::{
    self, history_query_service_client::HistoryQueryServiceClient,
    task_command_service_client::TaskCommandServiceClient,
};
use tokio::{io::AsyncWriteExt, net::TcpStream};
use tonic::Code;
use tonic_health::pb::{
    HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient,
};

use crate::support::{TestServer, append_waits, reason, soon};

#[tokio::test]
async fn health_says_whether_calls_are_welcome() {
    let server = TestServer::start().await;
    let mut health = HealthClient::new(server.channel.clone());
    for service in ["", "handoff.v1.TaskCommandService"] {
        for (serving, expected) in [
            (false, ServingStatus::NotServing),
            (true, ServingStatus::Serving),
        ] {
            server.health.set_serving(serving).await;
            let request = HealthCheckRequest {
                service: service.into(),
            };
            let status = health.check(request).await.unwrap().into_inner().status();
            assert_eq!(status, expected, "{service:?}");
        }
    }
    let unknown = HealthCheckRequest {
        service: "nothing".into(),
    };
    let refusal = health.check(unknown).await.unwrap_err();
    assert_eq!(refusal.code(), Code::NotFound);
    reason(&refusal);
}

#[tokio::test]
async fn streams_end_with_a_status_that_says_to_resume_elsewhere() {
    let server = TestServer::start().await;
    server.health.set_serving(true).await;
    let mut history = HistoryQueryServiceClient::new(server.channel.clone());
    let request = v1::ReadEventsRequest {
        follow: true,
        ..Default::default()
    };
    let mut events = history
        .read_events(server.ana(request))
        .await
        .unwrap()
        .into_inner();
    let mut health = HealthClient::new(server.channel.clone());
    let mut watch = health
        .watch(HealthCheckRequest::default())
        .await
        .unwrap()
        .into_inner();
    assert_eq!(
        watch.message().await.unwrap().unwrap().status(),
        ServingStatus::Serving
    );

    server.shutdown.cancel();
    let end = soon("the end of the events", async {
        loop {
            if let Err(status) = events.message().await {
                return status;
            }
        }
    });
    let end = end.await;
    assert_eq!(
        (end.code(), reason(&end).as_str()),
        (Code::Unavailable, "DRAINING")
    );
    soon("the end of the server", server.served).await.unwrap();
}

#[tokio::test]
async fn a_command_in_flight_is_answered() {
    let server = TestServer::start().await;
    // The append waits for the lock, so the command is in flight when the server stops.
    let mut locker = server.database.connect().await;
    let lock = locker.transaction().await.unwrap();
    lock.execute("select from event_log.append_lock for update", &[])
        .await
        .unwrap();
    let mut tasks = TaskCommandServiceClient::new(server.channel.clone());
    let request = server.ana(v1::CreateTaskRequest {
        task: Some(v1::Task {
            subject: "accounts/acme".into(),
            title: "Call".into(),
            ..Default::default()
        }),
        ..Default::default()
    });
    let call = tokio::spawn(async move { tasks.create_task(request).await });
    append_waits(&server).await;
    server.shutdown.cancel();
    lock.rollback().await.unwrap();
    let answer = soon("the answer", call).await.unwrap();
    assert!(answer.is_ok(), "{answer:?}");
    soon("the end of the server", server.served).await.unwrap();
}

#[tokio::test]
async fn a_connection_that_never_ends_is_cut_off_after_the_cap() {
    let limits = Limits {
        drain: Duration::from_millis(300),
        ..Limits::default()
    };
    let server = TestServer::start_with(limits).await;
    let mut silent = TcpStream::connect(server.address).await.unwrap();
    // HTTP/2 begins, and then nothing: no settings are acknowledged, no goodbye is answered.
    silent
        .write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0")
        .await
        .unwrap();
    let mut half = TcpStream::connect(server.address).await.unwrap();
    half.write_all(b"POST /handoff.v1.TaskCommandService/CreateTask HTTP/1.1\r\n")
        .await
        .unwrap();
    let mut tasks = TaskCommandServiceClient::new(server.channel.clone());
    tasks
        .create_task(server.ana(Default::default()))
        .await
        .unwrap_err();

    let begun = Instant::now();
    server.shutdown.cancel();
    soon("the end of the server", server.served).await.unwrap();
    assert!(
        begun.elapsed() < Duration::from_secs(5),
        "{:?}",
        begun.elapsed()
    );
    assert!(
        TcpStream::connect(server.address).await.is_err(),
        "the port is closed"
    );
}
