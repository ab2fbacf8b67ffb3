//! A Handoff of which only the log, the relay and the feed run.

#![allow(
    dead_code,
    unreachable_pub,
    reason = "each test binary uses its own part"
)]

pub mod forger;

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use async_nats::jetstream;
use futures_util::StreamExt;
use handoff_bus::{
    Batch, Feed, FeedError, Link, Metrics, Relay, RelayConfig, Subjects, Subscription,
};
use handoff_domain::{Partition, Version};
use handoff_event_log::{Appender, Check, Database, Log, NewRecord, Position, Recorded, Role};
use handoff_testkit::{TestDatabase, TestNats};
use tokio::{
    sync::watch,
    task::JoinHandle,
    time::{Instant, timeout},
};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// No wait of a test is longer.
pub const CEILING: Duration = Duration::from_secs(30);

/// A log of one test and names in NATS.
pub struct Scene {
    pub test: TestDatabase,
    pub database: Database,
    pub log: Log,
    pub nats_url: String,
    pub subjects: Subjects,
    pub metrics: Metrics,
    appender: Appender,
    committed: watch::Sender<Position>,
    /// Kept for its streams, which go when it is dropped.
    _nats: Option<TestNats>,
}

impl Scene {
    /// On the shared NATS.
    pub async fn new() -> Self {
        let nats = TestNats::start_shared().await;
        let subjects = Subjects::new(&nats.prefix, &nats.prefix);
        let scene = Self::on(&nats.url, subjects).await;
        Self {
            _nats: Some(nats),
            ..scene
        }
    }

    /// On a NATS that the test starts and stops.
    pub async fn on(nats_url: &str, subjects: Subjects) -> Self {
        let test = TestDatabase::create().await;
        let database = Database::new(&test.url).unwrap();
        Self {
            log: Log::new(database.pool(Role::Projector, "test", "", 4)),
            appender: Appender::connect(&database).await.unwrap(),
            database,
            nats_url: nats_url.to_owned(),
            subjects,
            metrics: Metrics::default(),
            committed: watch::Sender::new(Position::START),
            test,
            _nats: None,
        }
    }

    pub async fn nats(&self) -> async_nats::Client {
        handoff_bus::connect(&self.nats_url, "test").await.unwrap()
    }

    pub async fn jetstream(&self) -> jetstream::Context {
        jetstream::new(self.nats().await)
    }

    /// A relay of this log, which stops when the answer is dropped.
    pub async fn relay(&self) -> Running {
        self.relay_to(self.subjects.clone()).await
    }

    pub async fn relay_to(&self, subjects: Subjects) -> Running {
        let config = RelayConfig {
            subjects,
            ..Default::default()
        };
        self.relay_with(config).await
    }

    pub async fn relay_with(&self, config: RelayConfig) -> Running {
        self.start(config, None).await
    }

    /// A relay in the process of a feed.
    pub async fn relay_beside(&self, feed: &Feed) -> Running {
        let config = RelayConfig {
            subjects: self.subjects.clone(),
            ..Default::default()
        };
        self.start(config, Some(feed.link())).await
    }

    async fn start(&self, config: RelayConfig, link: Option<Link>) -> Running {
        let (nats, metrics) = (self.nats().await, Metrics::default());
        let wake = self.committed.subscribe();
        let (database, relay_nats) = (self.database.clone(), nats.clone());
        let mut relay = Relay::new(config, database, relay_nats, wake, metrics.clone());
        if let Some(link) = link {
            relay = relay.feeding(link);
        }
        let shutdown = CancellationToken::new();
        let task = tokio::spawn(relay.run(shutdown.clone()));
        Running {
            task,
            shutdown,
            metrics,
            nats,
        }
    }

    /// A feed that reads this log, or another way to it.
    pub async fn feed(&self, log: &Log) -> Feed {
        let never = CancellationToken::new();
        let metrics = self.metrics.clone();
        Feed::start(
            self.subjects.clone(),
            self.nats().await,
            log.clone(),
            metrics,
            &never,
        )
    }

    /// Appends until something arrives through NATS: from then on, everything should.
    pub async fn listening(&mut self, subscription: &mut Subscription) -> ByPartition {
        let mut received = ByPartition::default();
        let (started, mut events) = (Instant::now(), 0);
        while self.metrics.received_events() == 0 {
            assert!(started.elapsed() < CEILING, "NATS delivers nothing");
            self.append(1).await;
            events += 1;
            receive(subscription, &mut received, events).await;
        }
        received
    }

    /// Sees that events come through NATS again, and that nothing is missing.
    pub async fn flows_again(
        &mut self,
        subscription: &mut Subscription,
        received: &mut ByPartition,
    ) {
        let before = self.metrics.received_events();
        let started = Instant::now();
        while self.metrics.received_events() == before {
            assert!(started.elapsed() < CEILING, "NATS delivers nothing");
            self.append(1).await;
            let batch = subscription.next(100, Duration::from_millis(100)).await;
            received.take_batch(batch.unwrap());
        }
        let expected = self.expected().await;
        receive(subscription, received, expected.len()).await;
        receive_nothing(subscription).await;
        assert_eq!(received, &expected);
    }

    /// Appends events in partitions of their own choice: 0 to 9.
    pub async fn append(&mut self, events: usize) -> Position {
        self.append_payloads(events, "{}").await
    }

    pub async fn append_payload(&mut self, payload: String) -> Position {
        self.append_payloads(1, &payload).await
    }

    pub async fn append_payloads(&mut self, events: usize, payload: &str) -> Position {
        let records: Vec<_> = (0..events).map(|_| record(payload.to_owned())).collect();
        self.append_records(&records).await
    }

    async fn append_records(&mut self, records: &[NewRecord]) -> Position {
        let locked = self.appender.lock(&Check::default()).await.unwrap();
        let last = locked.commit(records).await.unwrap().last;
        self.committed.send_replace(last);
        last
    }

    /// Every event of the log, by partition.
    pub async fn expected(&self) -> ByPartition {
        let mut expected = ByPartition::default();
        let mut after = Position::START;
        loop {
            let events = self.log.read(after, 10_000).await.unwrap();
            let Some(last) = events.last() else {
                return expected;
            };
            after = last.position;
            expected.take(events);
        }
    }

    /// Begins an epoch in this Postgres, so that nothing else gives a reason for another one.
    pub async fn begin_epoch(&self, epoch: i32) {
        let client = self.test.connect().await;
        client
            .execute(
                "insert into event_log.epochs (epoch, after_position, system_id, timeline) \
                 select $1, 0, system_id, timeline from event_log.cluster()",
                &[&epoch],
            )
            .await
            .unwrap();
    }

    /// The cursor that the relay saved.
    pub async fn cursor(&self) -> Position {
        let client = self.test.connect().await;
        let row = client
            .query_one("select position from event_log.relay_cursor", &[])
            .await;
        Position(row.unwrap().get(0))
    }

    /// How many consumers the stream has.
    pub async fn consumers(&self) -> usize {
        let jetstream = self.jetstream().await;
        let mut stream = jetstream.get_stream(self.subjects.stream()).await.unwrap();
        stream.info().await.unwrap().state.consumer_count
    }

    /// How many events the stream got and kept.
    pub async fn messages_in_stream(&self) -> u64 {
        let jetstream = self.jetstream().await;
        let stream = jetstream.get_stream(self.subjects.stream()).await.unwrap();
        let mut subjects = stream
            .info_with_subjects(self.subjects.events())
            .await
            .unwrap();
        let mut count = 0;
        while let Some(subject) = subjects.next().await {
            count += subject.unwrap().1 as u64;
        }
        count
    }
}

fn record(payload: String) -> NewRecord {
    static COUNT: AtomicU64 = AtomicU64::new(1);
    let n = COUNT.fetch_add(1, Ordering::Relaxed);
    NewRecord {
        stream: format!("tasks/t{n}").parse().unwrap(),
        version: Version(1),
        event_type: "task.completed",
        type_version: 1,
        partition: Partition::new((n * n % 10) as u8).unwrap(),
        event_id: Uuid::from_u128(n.into()),
        command_id: Uuid::from_u128(n.into()),
        command_index: 0,
        payload,
        metadata: Arc::from("{}"),
    }
}

/// Assigns all partitions from the start of the log.
pub fn assign_all(subscription: &mut Subscription) {
    for partition in Partition::all() {
        subscription.assign(partition, Position::START);
    }
}

/// A relay that runs.
pub struct Running {
    task: JoinHandle<()>,
    shutdown: CancellationToken,
    pub metrics: Metrics,
    nats: async_nats::Client,
}

impl Running {
    /// Messages that it sent to NATS, acknowledged or not.
    pub fn sent_messages(&self) -> u64 {
        self.nats.statistics().out_messages.load(Ordering::Relaxed)
    }

    /// Stops it in order.
    pub async fn stop(mut self) {
        self.shutdown.cancel();
        timeout(CEILING, &mut self.task).await.unwrap().unwrap();
    }

    /// Ends it as a crash would.
    pub async fn kill(mut self) {
        self.task.abort();
        assert!((&mut self.task).await.unwrap_err().is_cancelled());
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Events by partition, in the order in which they came.
#[derive(Debug, Default, PartialEq)]
pub struct ByPartition(BTreeMap<u8, Vec<Recorded>>);

impl ByPartition {
    pub fn take(&mut self, events: impl IntoIterator<Item = Recorded>) {
        for event in events {
            self.0
                .entry(event.partition.number())
                .or_default()
                .push(event);
        }
    }

    pub fn take_batch(&mut self, batch: Batch) {
        self.take(batch.events.iter().map(|event| Recorded::clone(event)));
    }

    pub fn of(&self, partition: Partition) -> usize {
        self.0.get(&partition.number()).map_or(0, Vec::len)
    }

    pub fn len(&self) -> usize {
        self.0.values().map(Vec::len).sum()
    }
}

/// Takes from a subscription until it has given so many events in all.
pub async fn receive(subscription: &mut Subscription, received: &mut ByPartition, total: usize) {
    let waiting = async {
        while received.len() < total {
            match subscription.next(500, Duration::from_millis(5)).await {
                Ok(batch) => received.take_batch(batch),
                Err(FeedError::Log(_)) => tokio::time::sleep(Duration::from_millis(50)).await,
                Err(error) => panic!("{error}"),
            }
        }
    };
    if timeout(CEILING, waiting).await.is_err() {
        panic!(
            "{} of {total} events came within {CEILING:?}",
            received.len()
        );
    }
}

/// Sees that a subscription gives nothing more.
pub async fn receive_nothing(subscription: &mut Subscription) {
    for _ in 0..3 {
        let batch = subscription
            .next(500, Duration::from_millis(5))
            .await
            .unwrap();
        assert!(batch.events.is_empty(), "{:?}", batch.events);
    }
}
