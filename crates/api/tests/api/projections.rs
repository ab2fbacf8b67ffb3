//! What operators see and do.

use handoff_api::auth::Role;
use handoff_proto::v1::{self, projection_service_client::ProjectionServiceClient};
use handoff_testkit::eventually;
use tonic::Code;

use crate::support::{CEILING, TestServer, fields, reason};

#[tokio::test]
async fn an_operator_sees_and_steers_projections() {
    let server = TestServer::start_with_projectors().await;
    let operator = server.program(Role::Operator, false);
    let projections = ProjectionServiceClient::new(server.channel.clone());
    let get = || {
        let request = v1::GetProjectionRequest {
            name: "projections/tasks".into(),
        };
        let request = server.request(&operator, request);
        let mut projections = projections.clone();
        async move {
            projections
                .get_projection(request)
                .await
                .map(|got| got.into_inner().projection.unwrap())
        }
    };
    let live = eventually("a live projection", CEILING, || async {
        match get().await {
            Ok(projection) if projection.generation > 0 => Ok(projection),
            other => Err(format!("{other:?}")),
        }
    })
    .await;
    assert_eq!(
        (live.name.as_str(), live.state()),
        ("projections/tasks", v1::ProjectionState::Live)
    );
    assert_eq!(live.partitions.len(), 64);
    assert_eq!(live.head_position, 2);

    let mut projections = projections.clone();
    let request = v1::PauseProjectionRequest {
        name: "projections/tasks".into(),
    };
    let paused = projections
        .pause_projection(server.request(&operator, request))
        .await
        .unwrap();
    assert_eq!(
        paused.into_inner().projection.unwrap().state(),
        v1::ProjectionState::Paused
    );
    let request = v1::ResumeProjectionRequest {
        name: "projections/tasks".into(),
    };
    let resumed = projections
        .resume_projection(server.request(&operator, request))
        .await
        .unwrap();
    assert_eq!(
        resumed.into_inner().projection.unwrap().state(),
        v1::ProjectionState::Live
    );

    let request = v1::RebuildProjectionRequest {
        name: "projections/tasks".into(),
    };
    let rebuilt = projections
        .rebuild_projection(server.request(&operator, request))
        .await
        .unwrap();
    assert_eq!(rebuilt.into_inner().generation, live.generation + 1);

    let request = server.request(&operator, v1::ListProjectionsRequest {});
    let listed = projections
        .list_projections(request)
        .await
        .unwrap()
        .into_inner()
        .projections;
    let names: Vec<&str> = listed
        .iter()
        .map(|projection| projection.name.as_str())
        .collect();
    assert_eq!(
        names,
        [
            "projections/accounts",
            "projections/activities",
            "projections/documents",
            "projections/history",
            "projections/members",
            "projections/operation_items",
            "projections/operations",
            "projections/order_notes",
            "projections/orders",
            "projections/ownership",
            "projections/portal",
            "projections/portal_notes",
            "projections/services",
            "projections/task_notes",
            "projections/task_texts",
            "projections/tasks",
            "projections/timelines",
        ]
    );
    assert!(
        listed
            .iter()
            .all(|projection| projection.partitions.is_empty())
    );
}

#[tokio::test]
async fn what_an_operator_names_must_be_there() {
    let server = TestServer::start_with_projectors().await;
    let operator = server.program(Role::Operator, false);
    let mut projections = ProjectionServiceClient::new(server.channel.clone());
    let request = v1::GetProjectionRequest {
        name: "projections/nothing".into(),
    };
    let refusal = projections
        .get_projection(server.request(&operator, request))
        .await
        .unwrap_err();
    assert_eq!(
        (refusal.code(), reason(&refusal)),
        (Code::NotFound, "NOT_FOUND".into())
    );
    let request = v1::GetProjectionRequest {
        name: "tasks".into(),
    };
    let refusal = projections
        .get_projection(server.request(&operator, request))
        .await
        .unwrap_err();
    assert_eq!(fields(&refusal), ["name"]);

    let request = v1::SkipParkedRequest {
        partition: 64,
        ..Default::default()
    };
    let refusal = projections
        .skip_parked(server.request(&operator, request))
        .await
        .unwrap_err();
    assert_eq!(
        fields(&refusal),
        ["name", "partition", "position", "reason"]
    );
    eventually("the projections to be known", CEILING, || async {
        let mut projections = projections.clone();
        let request = server.request(&operator, v1::ListProjectionsRequest {});
        let listed = projections
            .list_projections(request)
            .await
            .unwrap()
            .into_inner()
            .projections;
        if listed.len() == 17 {
            Ok(())
        } else {
            Err(listed.len())
        }
    })
    .await;
    let request = v1::SkipParkedRequest {
        name: "projections/tasks".into(),
        partition: 7,
        position: 1,
        reason: "damaged".into(),
    };
    let refusal = projections
        .skip_parked(server.request(&operator, request))
        .await
        .unwrap_err();
    assert_eq!(
        (refusal.code(), reason(&refusal)),
        (Code::FailedPrecondition, "NOT_PARKED".into())
    );
}
