//! A Handoff of which only the log, the relay and projectors run.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use handoff_bus::{Feed, Hints, Precedence, Relay, RelayConfig, Subjects};
use handoff_domain::{Partition, Version};
use handoff_event_log::{Appender, Check, Database, Log, NewRecord, Position, Recorded, Role};
use handoff_projections::{
    Admin, Environment, Metrics, Notices, Projection, ReadModel, Settings, run_projector,
};
use handoff_testkit::{TestDatabase, TestNats, eventually};
use tokio::{
    sync::{Mutex, watch},
    task::JoinHandle,
};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::tallies::{Tally, expected};

/// No wait of a test is longer.
pub(crate) const CEILING: Duration = Duration::from_secs(60);
/// The accounts that events are about: enough to touch most partitions.
const ACCOUNTS: usize = 150;

pub(crate) struct World {
    pub(crate) database: Database,
    pub(crate) test: TestDatabase,
    pub(crate) log: Log,
    pub(crate) admin: Admin,
    pub(crate) settings: Settings,
    subjects: Subjects,
    nats: TestNats,
    writer: Mutex<Writer>,
    committed: watch::Sender<Position>,
    relay: JoinHandle<()>,
}

struct Writer {
    appender: Appender,
    versions: BTreeMap<String, u32>,
    events: u128,
}

/// What an event is like.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    Numbered(u32),
    /// Of a type that nobody knows.
    Unknown,
}

impl World {
    pub(crate) async fn new() -> Self {
        let test = TestDatabase::create().await;
        let nats = TestNats::start_shared().await;
        let database = Database::new(&test.url).unwrap();
        let subjects = Subjects::new(&nats.prefix, &nats.prefix);
        let committed = watch::Sender::new(Position::START);
        let config = RelayConfig {
            subjects: subjects.clone(),
            ..Default::default()
        };
        let relay = Relay::new(
            config,
            database.clone(),
            nats.connect().await,
            committed.subscribe(),
            handoff_bus::Metrics::default(),
        );
        let settings = Settings {
            heartbeat: Duration::from_millis(200),
            expiry: Duration::from_secs(3),
            max_events: 50,
            linger: Duration::from_millis(5),
            ..Settings::default()
        };
        let appender = Appender::connect(&database).await.unwrap();
        Self {
            log: Log::new(database.pool(Role::Projector, "test", "", 4)),
            admin: Admin::new(&database, &settings),
            writer: Mutex::new(Writer {
                appender,
                versions: BTreeMap::new(),
                events: 0,
            }),
            relay: tokio::spawn(relay.run(CancellationToken::new())),
            database,
            test,
            settings,
            subjects,
            nats,
            committed,
        }
    }

    /// What a process of this name would give its projectors.
    pub(crate) async fn environment(&self, instance: &str) -> Environment {
        let nats = self.nats.connect().await;
        let metrics = handoff_bus::Metrics::default();
        let never = CancellationToken::new();
        // Sessions of its own, which are not held up by another's.
        let log = Log::new(self.database.pool(Role::Projector, "handoff feed", "", 4));
        Environment {
            database: self.database.clone(),
            feed: Feed::start(
                self.subjects.clone(),
                nats.clone(),
                log.clone(),
                metrics,
                &never,
            ),
            log,
            hints: Hints::new(nats, self.subjects.clone()),
            notices: Notices::default(),
            precedence: Precedence::default(),
            metrics: Metrics::default(),
            instance: instance.into(),
            settings: self.settings.clone(),
        }
    }

    /// A process of this name that runs one projector.
    pub(crate) async fn projector<M: ReadModel>(&self, instance: &str) -> Running {
        Running::start::<M>(self.environment(instance).await)
    }

    /// Appends one event for one account.
    pub(crate) async fn append(&self, account: usize, kind: Kind) -> Position {
        self.append_all(&[(account, kind)]).await
    }

    /// Appends so many ordinary events over all accounts, some of which clear their account's row.
    pub(crate) async fn append_many(&self, events: usize) -> Position {
        let events: Vec<_> = (0..events)
            .map(|i| (i * 31 % ACCOUNTS, Kind::Numbered(i as u32 % 100 + 1)))
            .collect();
        let mut last = Position::START;
        for some in events.chunks(500) {
            last = self.append_all(some).await;
        }
        last
    }

    async fn append_all(&self, events: &[(usize, Kind)]) -> Position {
        let mut writer = self.writer.lock().await;
        let records: Vec<_> = events
            .iter()
            .map(|(account, kind)| writer.record(*account, *kind))
            .collect();
        let locked = writer.appender.lock(&Check::default()).await.unwrap();
        let last = locked.commit(&records).await.unwrap().last;
        self.committed.send_replace(last);
        last
    }

    /// Every event of the log.
    pub(crate) async fn events(&self) -> Vec<Recorded> {
        self.log.read(Position::START, i64::MAX).await.unwrap()
    }

    /// The rows of a generation of the tallies.
    pub(crate) async fn rows(&self, generation: i32) -> BTreeMap<String, Tally> {
        let client = self.test.connect().await;
        let rows = client
            .query(
                &format!("select account, count, positions from tallies_{generation}.rows"),
                &[],
            )
            .await
            .unwrap();
        rows.iter()
            .map(|row| {
                (
                    row.get(0),
                    Tally {
                        count: row.get(1),
                        positions: row.get(2),
                    },
                )
            })
            .collect()
    }

    /// The tallies that a generation keeps, and those that its rows make.
    async fn tallied(&self, generation: i32) -> (Vec<String>, Vec<String>) {
        let client = self.test.connect().await;
        let read = async |sql: &str| -> Vec<String> {
            let sql = sql.replace("{}", &format!("tallies_{generation}"));
            let rows = client.query(&sql, &[]).await.unwrap();
            rows.iter().map(|row| row.get(0)).collect()
        };
        let kept =
            "select concat_ws(' ', partition, whose, label, count) from {}.tallies order by 1";
        let counted = "select concat_ws(' ', partition, 'all', label, count(*)) from {}.rows r \
             cross join lateral (select 'rows' union all select 'odd' where r.count % 2 <> 0) l(label) \
             group by partition, label order by 1";
        (read(kept).await, read(counted).await)
    }

    /// Waits until a projection's state is as wanted.
    pub(crate) async fn wait_for(
        &self,
        projection: &str,
        what: &str,
        wanted: impl Fn(&Projection) -> bool,
    ) -> Projection {
        eventually(what, CEILING, || async {
            match self.admin.get(projection).await {
                Ok(projection) if wanted(&projection) => Ok(projection),
                other => Err(other),
            }
        })
        .await
    }

    /// Waits until everything is included, and sees that the live rows are what they should be.
    pub(crate) async fn settled(&self, version: i32, skipped: &[i64]) -> Projection {
        let head = self.log.head().await.unwrap().position;
        let projection = self
            .wait_for("tallies", "everything is included", |projection| {
                projection.included >= head
                    && projection
                        .live()
                        .is_some_and(|live| live.version == version)
            })
            .await;
        let live = projection.live().unwrap().number;
        assert_eq!(
            self.rows(live).await,
            expected(&self.events().await, version.into(), skipped)
        );
        let (kept, counted) = self.tallied(live).await;
        assert_eq!(kept, counted, "what is kept is what there is");
        projection
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.relay.abort();
    }
}

impl Writer {
    fn record(&mut self, account: usize, kind: Kind) -> NewRecord {
        let stream = format!("accounts/a{account}");
        let version = self.versions.entry(stream.clone()).or_default();
        *version += 1;
        self.events += 1;
        let (event_type, n) = match kind {
            Kind::Numbered(n) => ("account.task_numbered", n),
            Kind::Unknown => ("account.exploded", 0),
        };
        NewRecord {
            partition: partition(account),
            stream: stream.parse().unwrap(),
            version: Version(*version),
            event_type,
            type_version: 1,
            event_id: Uuid::from_u128(self.events),
            command_id: Uuid::from_u128(self.events),
            command_index: 0,
            payload: format!(r#"{{"type":"task_numbered","task":"tasks/t","n":{n}}}"#),
            metadata: Arc::from("{}"),
        }
    }
}

/// Where the events of an account are.
pub(crate) fn partition(account: usize) -> Partition {
    Partition::of(&format!("accounts/a{account}"))
}

/// A projector that runs.
pub(crate) struct Running {
    task: JoinHandle<()>,
    shutdown: CancellationToken,
}

impl Running {
    pub(crate) fn start<M: ReadModel>(environment: Environment) -> Self {
        let shutdown = CancellationToken::new();
        Self {
            task: tokio::spawn(run_projector::<M>(environment, shutdown.clone())),
            shutdown,
        }
    }

    /// Stops it in order.
    pub(crate) async fn stop(mut self) {
        self.shutdown.cancel();
        tokio::time::timeout(CEILING, &mut self.task)
            .await
            .unwrap()
            .unwrap();
    }

    /// Ends it as a crash would.
    pub(crate) async fn kill(mut self) {
        self.task.abort();
        let _ = (&mut self.task).await;
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.task.abort();
    }
}
