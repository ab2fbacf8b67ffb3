//! Events that the ownership policy is made to leave out: what waits for it there ends.

use handoff_api::auth::Role;
use handoff_proto::v1::{
    self, operation_query_service_client::OperationQueryServiceClient,
    projection_service_client::ProjectionServiceClient,
};

use crate::{
    operations::{accounts, give, members, pass, scene, set_policy},
    support::TestServer,
};

/// With the policy all open, which has read everything and stands still.
async fn at_rest() -> TestServer {
    let mut server = scene().await;
    set_policy(&server, v1::OwnershipPolicy::AllOpen).await;
    let dry = v1::AssignRoleRequest {
        validate_only: true,
        ..give("assignee")
    };
    accounts(&server)
        .assign_role(server.admin(dry))
        .await
        .unwrap();
    server.stop_projectors().await;
    server
}

/// Has the policy stopped at the last event of a type, and skips it.
async fn skip(server: &TestServer, event_type: &str) {
    let database = server.database.connect().await;
    let row = database
        .query_one(
            "insert into projections.parked (projection, generation, partition, position, error) \
             select 'ownership', (select max(generation) from projections.generations where projection = 'ownership'), \
                 partition, position, 'it cannot be read' \
             from event_log.events where type = $1 order by position desc limit 1 \
             returning partition, position",
            &[&event_type],
        )
        .await
        .unwrap();
    let request = v1::SkipParkedRequest {
        name: "projections/ownership".into(),
        partition: row.get::<_, i16>(0).into(),
        position: row.get(1),
        reason: "damaged".into(),
    };
    let operator = server.program(Role::Operator, false);
    ProjectionServiceClient::new(server.channel.clone())
        .skip_parked(server.request(&operator, request))
        .await
        .unwrap();
}

async fn operation(server: &TestServer, name: &str) -> v1::Operation {
    let request = v1::WaitOperationRequest {
        name: name.into(),
        timeout: Some(prost_types::Duration::default()),
    };
    let answer = OperationQueryServiceClient::new(server.channel.clone())
        .wait_operation(server.admin(request))
        .await;
    answer.unwrap().into_inner().operation.unwrap()
}

#[tokio::test]
async fn an_operation_does_not_wait_for_a_role_event_that_is_skipped() {
    let server = at_rest().await;
    let done = accounts(&server)
        .assign_role(server.admin(give("assignee")))
        .await;
    let name = done.unwrap().into_inner().operation;
    let waiting = operation(&server, &name).await;
    assert_eq!(waiting.status(), v1::OperationStatus::Running);
    skip(&server, "account.role_assigned").await;
    let ended = operation(&server, &name).await;
    assert_eq!(ended.status(), v1::OperationStatus::Finished);
    assert!(!ended.cancelled);
}

#[tokio::test]
async fn an_operation_whose_start_is_skipped_has_failed() {
    let server = at_rest().await;
    let transfer = members(&server)
        .transfer_resources(server.admin(pass(&[v1::HoldingKind::OpenTask])))
        .await;
    let name = transfer.unwrap().into_inner().operation.unwrap().name;
    skip(&server, "operation.started").await;
    let ended = operation(&server, &name).await;
    assert_eq!(ended.status(), v1::OperationStatus::Finished);
    assert!(ended.cancelled);
    assert_eq!(ended.failure, "its start was skipped: damaged");
}
