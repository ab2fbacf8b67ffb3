//! A Postgres with the log of a story, and projectors that follow it.

use std::time::Duration;

use handoff_bus::{Feed, Hints, Precedence, Subjects};
use handoff_event_log::{Database, Log, Position, Role};
use handoff_projections::{
    Environment, Inclusion, Metrics, Notices, Settings, reading_pool, run_projector,
};
use handoff_read_models::{
    Consistency, Queries, accounts::Accounts, activities::Activities, history::History,
    members::Members, operation_items::OperationItems, operations::Operations,
    order_notes::OrderNotes, orders::Orders, portal::Portal, portal_notes::PortalNotes,
    services::Services, task_notes::TaskNotes, task_texts::TaskTexts, tasks::Tasks,
    timelines::Timelines,
};
use handoff_testkit::{TestDatabase, TestNats};
use tokio::time::Instant;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::Story;

/// No wait of a test is longer.
const CEILING: Duration = Duration::from_secs(60);

pub struct Scene {
    pub queries: Queries,
    pub head: Position,
    pub database: TestDatabase,
    _nats: TestNats,
    _running: DropGuard,
}

impl Scene {
    /// Records the story and lets the read models be built from it.
    pub async fn of(story: &Story) -> Self {
        let (test, nats) = (TestDatabase::create().await, TestNats::start_shared().await);
        record(&test, story).await;
        let database = Database::new(&test.url).unwrap();
        let log = Log::new(database.pool(Role::Projector, "test", "", 4));
        let client = handoff_bus::connect(&nats.url, "test").await.unwrap();
        let subjects = Subjects::new(&nats.prefix, &nats.prefix);
        let running = CancellationToken::new();
        let metrics = handoff_bus::Metrics::default();
        let feed = Feed::start(
            subjects.clone(),
            client.clone(),
            log.clone(),
            metrics,
            &running,
        );
        let notices = Notices::default();
        let environment = Environment {
            database: database.clone(),
            feed,
            log,
            hints: Hints::new(client, subjects),
            notices: notices.clone(),
            precedence: Precedence::default(),
            metrics: Metrics::register(&mut Default::default()),
            instance: "test".into(),
            settings: Settings::default(),
        };
        macro_rules! projector {
            ($model:ty) => {
                tokio::spawn(run_projector::<$model>(
                    environment.clone(),
                    running.clone(),
                ))
            };
        }
        projector!(Accounts);
        projector!(Members);
        projector!(TaskTexts);
        projector!(TaskNotes);
        projector!(Activities);
        projector!(Timelines);
        projector!(Tasks);
        projector!(History);
        projector!(Services);
        projector!(Orders);
        projector!(OrderNotes);
        projector!(Portal);
        projector!(PortalNotes);
        projector!(Operations);
        projector!(OperationItems);
        let pool = reading_pool(&database, 4);
        let queries = Queries::open(pool.clone(), Inclusion::new(pool, notices))
            .await
            .unwrap();
        Self {
            queries,
            head: story.head(),
            database: test,
            _nats: nats,
            _running: running.drop_guard(),
        }
    }

    /// Everything that the story tells.
    pub fn all(&self) -> Consistency {
        Consistency {
            min_position: self.head,
            deadline: Instant::now() + CEILING,
        }
    }
}

/// Writes the story's events to the log. They are not chained: nothing here verifies them.
async fn record(database: &TestDatabase, story: &Story) {
    let client = database.connect().await;
    let events = &story.events;
    macro_rules! column {
        ($value:expr) => {
            &events.iter().map($value).collect::<Vec<_>>()
        };
    }
    let inserted = client
        .execute(
            "insert into event_log.events (position, stream, version, type, type_version, partition, event_id, \
                 command_id, command_index, payload, metadata, recorded_at, hash) \
             select p, s, v, t, tv, pa, e, c, ci, pl::json, m::json, r, decode(repeat('00', 32), 'hex') from unnest($1::bigint[], $2::text[], $3::integer[], \
                 $4::text[], $5::smallint[], $6::smallint[], $7::uuid[], $8::uuid[], $9::integer[], $10::text[], \
                 $11::text[], $12::timestamptz[]) u (p, s, v, t, tv, pa, e, c, ci, pl, m, r)",
            &[
                column!(|event| event.position.0),
                column!(|event| event.stream.as_str()),
                column!(|event| event.version.0 as i32),
                column!(|event| event.event_type.as_str()),
                column!(|event| event.type_version),
                column!(|event| i16::from(event.partition.number())),
                column!(|event| event.event_id),
                column!(|event| event.command_id),
                column!(|event| event.command_index),
                column!(|event| event.payload.as_str()),
                column!(|event| event.metadata.as_str()),
                column!(|event| event.recorded_at),
            ],
        )
        .await
        .unwrap();
    assert_eq!(inserted, events.len() as u64);
}
