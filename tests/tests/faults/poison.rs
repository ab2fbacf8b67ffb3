//! Events that cannot be applied: they stop their partition of the projections that they trouble, and
//! nothing else, until an operator retries or skips them.

use std::{sync::Arc, time::Duration};

use handoff_event_log::{Appender, Check, Database, NewRecord};
use handoff_proto::v1::{
    ListProjectionsRequest, Projection, RetryParkedRequest, SkipParkedRequest,
};
use handoff_testkit::eventually;
use handoff_tests::{Client, Deployment, Fleet, Mix, new_id};

use crate::{API, PROJECT, RELAY};

/// All read models, by name.
const EVERY: &[&str] = &[
    "accounts",
    "activities",
    "documents",
    "history",
    "members",
    "operation_items",
    "operations",
    "order_notes",
    "orders",
    "portal",
    "portal_notes",
    "services",
    "task_notes",
    "task_texts",
    "tasks",
    "timelines",
];
const SOON: Duration = Duration::from_secs(20);

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_cannot_be_applied_stops_its_partition_of_that_projection_only() {
    let fleet = Fleet::start(Deployment::shared().await, &[API, RELAY, PROJECT]).await;
    let client = fleet.client(0);
    let load = fleet.load(Mix::default());
    load.some_more(100).await;

    // Too large for NATS, and nothing is wrong with it: the feed gets it from the log.
    let padding = " ".repeat(2 << 20);
    let payload = payload_of(&fleet, "member.created").await;
    let large = payload.replacen('{', &format!("{{{padding}"), 1);
    append(&fleet, "members/large", "member.created", &large).await;
    fleet.included().await;
    assert_eq!(parked(&client).await, []);

    // A task that was completed before it was created: of no concern to the other read models.
    let completed = payload_of(&fleet, "task.completed").await;
    append(&fleet, "tasks/poison", "task.completed", &completed).await;
    parked_are(&client, &["tasks"]).await;
    load.some_more(100).await;
    // It stays so when it is tried again, and goes on when it is left out.
    retry(&client, "tasks").await;
    parked_are(&client, &["tasks"]).await;
    skip_all(&client).await;
    fleet.included().await;

    // Of a type that nobody knows, and one that is not what its type says.
    append(&fleet, "tasks/unknown", "task.vanished", "{}").await;
    parked_are(&client, EVERY).await;
    load.some_more(100).await;
    skip_all(&client).await;
    fleet.included().await;
    append(&fleet, "tasks/malformed", "task.created", "[1, 2]").await;
    parked_are(&client, EVERY).await;
    load.some_more(100).await;
    skip_all(&client).await;

    // Rebuilds honour what was skipped.
    fleet.stop_and_check(load).await;
}

/// Puts an event into the log as no command would.
async fn append(fleet: &Fleet, stream: &str, event_type: &'static str, payload: &str) {
    let database = Database::new(&fleet.deployment.database_url).unwrap();
    let mut appender = Appender::connect(&database).await.unwrap();
    let stream = stream.parse().unwrap();
    let record = NewRecord {
        partition: handoff_domain::Partition::of("accounts/poison"),
        version: handoff_domain::Version(1),
        stream,
        event_type,
        type_version: 1,
        event_id: new_id().parse().unwrap(),
        command_id: new_id().parse().unwrap(),
        command_index: 0,
        payload: payload.to_owned(),
        metadata: Arc::from(metadata(fleet).await),
    };
    let locked = appender.lock(&Check::default()).await.unwrap();
    locked.commit(&[record]).await.unwrap();
}

async fn metadata(fleet: &Fleet) -> String {
    column(fleet, "metadata", "type = 'member.created'").await
}

async fn payload_of(fleet: &Fleet, event_type: &str) -> String {
    column(fleet, "payload", &format!("type = '{event_type}'")).await
}

async fn column(fleet: &Fleet, column: &str, condition: &str) -> String {
    let client = fleet.deployment.connect().await;
    let sql = format!(
        "select {column}::text from event_log.events where {condition} order by position limit 1"
    );
    client.query_one(&sql, &[]).await.unwrap().get(0)
}

async fn projections(client: &Client) -> Vec<Projection> {
    let mut projections = client.projections.clone();
    let answer = projections.list_projections(ListProjectionsRequest::default());
    answer.await.unwrap().into_inner().projections
}

/// The projections with something parked, each with partition and position.
async fn parked(client: &Client) -> Vec<(String, i32, i64)> {
    let mut parked = Vec::new();
    for projection in projections(client).await {
        let id = projection
            .name
            .trim_start_matches("projections/")
            .to_owned();
        for partition in &projection.partitions {
            if let Some(event) = &partition.parked {
                parked.push((id.clone(), partition.partition, event.position));
            }
        }
    }
    parked.sort();
    parked
}

async fn parked_are(client: &Client, wanted: &[&str]) {
    eventually(&format!("{wanted:?} parked"), SOON, async || {
        let parked = parked(client).await;
        let names: Vec<_> = parked.iter().map(|(id, ..)| id.as_str()).collect();
        if names == wanted {
            Ok(())
        } else {
            Err(format!("{parked:?}"))
        }
    })
    .await;
}

async fn retry(client: &Client, projection: &str) {
    let request = RetryParkedRequest {
        name: format!("projections/{projection}"),
        partition: None,
    };
    let answer = client.projections.clone().retry_parked(request).await;
    assert_eq!(answer.unwrap().into_inner().retried_count, 1);
}

async fn skip_all(client: &Client) {
    for (id, partition, position) in parked(client).await {
        let request = SkipParkedRequest {
            name: format!("projections/{id}"),
            partition,
            position,
            reason: "planted by a test".to_owned(),
        };
        client
            .projections
            .clone()
            .skip_parked(request)
            .await
            .unwrap();
    }
}
