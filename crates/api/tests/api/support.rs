//! A running server, its callers, and shorthand for calls.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use chrono::{TimeDelta, Utc};
use handoff_api::{
    Api, Backend, Health, Limits, Metrics,
    auth::{Authenticator, Expectations, Grant, Issuer, KeyFile, Role},
    serve,
};
use handoff_bus::{Feed, Hints, Precedence, Subjects};
use handoff_commands::{Clock, Gateway, GatewayConfig, Request, States, SystemClock, new_id};
use handoff_documents::DocumentStore;
use handoff_domain::{
    Command, Context,
    account::{ContactKind, Kind as AccountKind},
    commands::{CreateAccount, CreateContact, CreateMember, NewId},
    member::Kind,
    names::{AccountName, Actor, ContactName},
    text::Line,
};
use handoff_event_log::{Database, Hash, Log, Role as DatabaseRole};
use handoff_policies::{Ownership, Runtime, UnderWay, run_policy};
use handoff_projections::{
    Admin, Environment, Inclusion, Notices, ReadModel, Settings, reading_pool, run_projector,
};
use handoff_proto::v1::{self, account_query_service_client::AccountQueryServiceClient};
use handoff_read_models::{
    Queries, accounts::Accounts, activities::Activities, documents::Documents, history::History,
    members::Members, operation_items::OperationItems, operations::Operations,
    order_notes::OrderNotes, orders::Orders, portal::Portal, portal_notes::PortalNotes,
    services::Services, task_notes::TaskNotes, task_texts::TaskTexts, tasks::Tasks,
    timelines::Timelines,
};
use handoff_testkit::{TestDatabase, TestNats, eventually};
use prometheus_client::registry::Registry;
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::{CancellationToken, DropGuard};
use tonic::{
    Code, Status,
    metadata::AsciiMetadataValue,
    transport::{Channel, Endpoint},
};
use tonic_types::StatusExt;

/// How long anything may take before a test has failed.
pub(crate) const CEILING: Duration = Duration::from_secs(20);

/// A server with the members `admin` (an admin) and `ana` (staff).
pub(crate) struct TestServer {
    pub(crate) address: SocketAddr,
    pub(crate) channel: Channel,
    pub(crate) health: Health,
    pub(crate) shutdown: CancellationToken,
    pub(crate) served: JoinHandle<()>,
    pub(crate) database: TestDatabase,
    gateway: Gateway,
    issuer: Issuer,
    registry: Registry,
    notices: Notices,
    documents: DocumentStore,
    /// Of keys and documents.
    pub(crate) directory: tempfile::TempDir,
    projectors: Option<Projectors>,
}

/// An api over a database.
struct Replica {
    address: SocketAddr,
    channel: Channel,
    health: Health,
    shutdown: CancellationToken,
    served: JoinHandle<()>,
    gateway: Gateway,
    registry: Registry,
}

/// What keeps the read models up to date.
struct Projectors {
    running: CancellationToken,
    projectors: Vec<JoinHandle<()>>,
    _nats: TestNats,
    _guard: DropGuard,
}

impl TestServer {
    pub(crate) async fn start() -> Self {
        Self::start_with(Limits::default()).await
    }

    /// With projectors, so that queries are answered.
    pub(crate) async fn start_with_projectors() -> Self {
        let mut server = Self::start().await;
        server.start_projectors().await;
        server
    }

    pub(crate) async fn start_projectors(&mut self) {
        let database = Database::new(&self.database.url).unwrap();
        self.projectors = Some(project(database, self.notices.clone(), self.gateway.clone()).await);
    }

    /// The read models stay as they are from here on.
    pub(crate) async fn stop_projectors(&mut self) {
        let stopped = self.projectors.take().unwrap();
        stopped.running.cancel();
        for projector in stopped.projectors {
            projector.await.unwrap();
        }
    }

    /// Waits until the read models are there and include everything.
    pub(crate) async fn is_up_to_date(&self) {
        let database = self.database.connect().await;
        let row = database
            .query_one("select max(position) from event_log.events", &[])
            .await;
        let mut accounts = AccountQueryServiceClient::new(self.channel.clone());
        let request = v1::ListWorkloadsRequest {
            min_position: row.unwrap().get(0),
            ..Default::default()
        };
        accounts.list_workloads(self.ana(request)).await.unwrap();
    }

    pub(crate) async fn start_with(limits: Limits) -> Self {
        let database = TestDatabase::create().await;
        let directory = tempfile::tempdir().unwrap();
        let issuer = Issuer::open_or_create(directory.path()).unwrap();
        let notices = Notices::default();
        let documents = DocumentStore::local(&directory.path().join("documents")).unwrap();
        let replica = Self::assemble(&database, &issuer, limits, &notices, documents.clone()).await;
        for (name, kind) in [("Admin", Kind::Admin), ("Ana", Kind::Staff)] {
            let command = CreateMember {
                id: NewId::FromDisplayName,
                display_name: Line::new(name).unwrap(),
                email: None,
                kind,
            };
            submit(&replica.gateway, Actor::System, command).await;
        }
        Self {
            gateway: replica.gateway,
            address: replica.address,
            channel: replica.channel,
            health: replica.health,
            shutdown: replica.shutdown,
            served: replica.served,
            registry: replica.registry,
            database,
            issuer,
            notices,
            documents,
            directory,
            projectors: None,
        }
    }

    /// A connection to another api over the same database.
    pub(crate) async fn replica(&self) -> Channel {
        let limits = Limits::default();
        let documents = self.documents.clone();
        Self::assemble(
            &self.database,
            &self.issuer,
            limits,
            &self.notices,
            documents,
        )
        .await
        .channel
    }

    async fn assemble(
        test_database: &TestDatabase,
        issuer: &Issuer,
        limits: Limits,
        notices: &Notices,
        documents: DocumentStore,
    ) -> Replica {
        let mut registry = Registry::default();
        let database = Database::new(&test_database.url).unwrap();
        let pool = database.pool(DatabaseRole::Reader, "test", "", 8);
        let states = States::new(pool.clone());
        let gateway = Gateway::start(
            database.clone(),
            states.clone(),
            GatewayConfig::default(),
            handoff_commands::Metrics::new(&mut registry),
        )
        .unwrap();
        let keys = KeyFile::open(issuer.keys_path(), Expectations::default()).unwrap();
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let authenticator = Authenticator::new(Arc::new(keys), states.clone(), clock.clone());
        let reads = reading_pool(&database, 4);
        let inclusion = Inclusion::new(reads.clone(), notices.clone());
        let queries = Queries::open(reads.clone(), inclusion).await.unwrap();
        let backend = Backend {
            gateway: gateway.clone(),
            states,
            log: Log::new(pool),
            clock,
            under_way: UnderWay::new(reads, queries.clone()),
            queries,
            projections: Admin::new(&database, &Settings::default()),
            documents: Some(documents),
        };
        let api = Api::new(backend, authenticator, Metrics::new(&mut registry)).await;
        let health = api.health();

        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shutdown = CancellationToken::new();
        let served = tokio::spawn(serve(listener, api, limits, shutdown.clone()));
        let channel = connect(address).await;
        Replica {
            address,
            channel,
            health,
            shutdown,
            served,
            gateway,
            registry,
        }
    }

    /// The value of a metric without labels.
    pub(crate) fn metric(&self, name: &str) -> u64 {
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &self.registry).unwrap();
        let value = text
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        let value = value.unwrap_or_else(|| panic!("no {name} in {text}"));
        value.parse().unwrap()
    }

    /// A token for a member or contact.
    pub(crate) fn person(&self, name: &str) -> String {
        self.token(&Grant::to(name.parse().unwrap()))
    }

    /// A token for a service account.
    pub(crate) fn program(&self, role: Role, may_act_for_members: bool) -> String {
        let grant = Grant::to("service-accounts/crm".parse().unwrap());
        self.token(&Grant {
            role: Some(role),
            may_act_for_members,
            ..grant
        })
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "the server under test has the machine's clock"
    )]
    fn token(&self, grant: &Grant) -> String {
        self.issuer
            .token(grant, Utc::now(), TimeDelta::hours(1))
            .unwrap()
    }

    /// A request with a token.
    pub(crate) fn request<T>(&self, token: &str, message: T) -> tonic::Request<T> {
        let mut request = tonic::Request::new(message);
        let bearer: AsciiMetadataValue = format!("Bearer {token}").parse().unwrap();
        request.metadata_mut().insert("authorization", bearer);
        request
    }

    /// Does a command of a caller whom no method is for yet.
    pub(crate) async fn submit(&self, actor: &str, command: impl Command + 'static) {
        submit(&self.gateway, actor.parse().unwrap(), command).await;
    }

    /// A request of the member `admin`.
    pub(crate) fn admin<T>(&self, message: T) -> tonic::Request<T> {
        self.request(&self.person("members/admin"), message)
    }

    /// A request of the member `ana`.
    pub(crate) fn ana<T>(&self, message: T) -> tonic::Request<T> {
        self.request(&self.person("members/ana"), message)
    }
}

/// A new contact `NAME` of the account in it.
pub(crate) fn contact(name: &str, portal_access: bool) -> CreateContact {
    let name: ContactName = name.parse().unwrap();
    CreateContact {
        account: name.account(),
        display_name: Line::new("Zoe Brandt").unwrap(),
        email: None,
        phone: None,
        kind: ContactKind::Client,
        portal_access,
        name,
    }
}

/// A new account of this id.
pub(crate) fn account(id: &str) -> CreateAccount {
    CreateAccount {
        id: NewId::Given(AccountName::from_id(id).unwrap()),
        display_name: Line::new(id).unwrap(),
        kind: AccountKind::Customer,
        assignee: None,
        sla_hours: None,
    }
}

/// Keeps the read models up to date until it is dropped, and has the ownership policy act.
async fn project(database: Database, notices: Notices, gateway: Gateway) -> Projectors {
    let nats = TestNats::start_shared().await;
    let client = handoff_bus::connect(&nats.url, "test").await.unwrap();
    let subjects = Subjects::new(&nats.prefix, &nats.prefix);
    let log = Log::new(database.pool(DatabaseRole::Projector, "test", "", 4));
    let running = CancellationToken::new();
    let metrics = handoff_bus::Metrics::default();
    let feed = Feed::start(
        subjects.clone(),
        client.clone(),
        log.clone(),
        metrics,
        &running,
    );
    let runtime = Runtime::new(
        &database,
        gateway,
        Arc::new(SystemClock),
        "test".into(),
        handoff_policies::Metrics::default(),
        handoff_policies::Settings::default(),
    );
    let environment = Environment {
        database,
        feed,
        log,
        hints: Hints::new(client, subjects),
        notices,
        precedence: Precedence::default(),
        metrics: handoff_projections::Metrics::register(&mut Registry::default()),
        instance: "test".into(),
        settings: Settings::default(),
    };
    let projectors = vec![
        act(&environment, runtime, &running),
        projector::<Accounts>(&environment, &running),
        projector::<Members>(&environment, &running),
        projector::<Activities>(&environment, &running),
        projector::<Timelines>(&environment, &running),
        projector::<Tasks>(&environment, &running),
        projector::<TaskTexts>(&environment, &running),
        projector::<TaskNotes>(&environment, &running),
        projector::<Services>(&environment, &running),
        projector::<Orders>(&environment, &running),
        projector::<OrderNotes>(&environment, &running),
        projector::<Portal>(&environment, &running),
        projector::<PortalNotes>(&environment, &running),
        projector::<History>(&environment, &running),
        projector::<Documents>(&environment, &running),
        projector::<Operations>(&environment, &running),
        projector::<OperationItems>(&environment, &running),
    ];
    Projectors {
        running: running.clone(),
        projectors,
        _nats: nats,
        _guard: running.drop_guard(),
    }
}

/// Runs one projector. No part of [`project`], whose frame on the stack would have room for each of them.
fn projector<M: ReadModel>(
    environment: &Environment,
    running: &CancellationToken,
) -> JoinHandle<()> {
    let run = run_projector::<M>(environment.clone(), running.clone());
    tokio::spawn(async move {
        run.await;
    })
}

/// Runs the ownership policy.
fn act(environment: &Environment, runtime: Runtime, running: &CancellationToken) -> JoinHandle<()> {
    let (environment, running) = (environment.clone(), running.clone());
    tokio::spawn(run_policy::<Ownership>(environment, runtime, running))
}

pub(crate) async fn connect(address: SocketAddr) -> Channel {
    Endpoint::from_shared(format!("http://{address}"))
        .unwrap()
        .connect()
        .await
        .unwrap()
}

/// A connection on which no more than 64 KiB are under way that the client has not read.
pub(crate) async fn connect_narrow(address: SocketAddr) -> Channel {
    Endpoint::from_shared(format!("http://{address}"))
        .unwrap()
        .initial_stream_window_size(65_535)
        .initial_connection_window_size(65_535)
        .connect()
        .await
        .unwrap()
}

async fn submit(gateway: &Gateway, actor: Actor, command: impl Command + 'static) {
    let context = Context {
        actor,
        on_behalf_of: None,
        expected: None,
        plan: Vec::new(),
        command_id: new_id(),
        now: SystemClock.now(),
    };
    let request = Request {
        command_id: new_id(),
        context,
        request: "Test",
        request_hash: Hash::of(b""),
        correlation_id: None,
        causation_id: None,
        bytes: 100,
        command: Box::new(command),
    };
    gateway.submit(request).await.unwrap();
}

/// The reason in the details that every error must have.
pub(crate) fn reason(status: &Status) -> String {
    let details = status.get_error_details();
    let info = details
        .error_info()
        .unwrap_or_else(|| panic!("no ErrorInfo in {status:?}"));
    assert_eq!(info.domain, "handoff");
    info.reason.clone()
}

/// The fields that an error says are at fault.
pub(crate) fn fields(status: &Status) -> Vec<String> {
    assert_eq!(status.code(), Code::InvalidArgument, "{status:?}");
    let details = status.get_error_details();
    let violations = details
        .bad_request()
        .map(|request| request.field_violations.clone());
    violations
        .unwrap_or_default()
        .into_iter()
        .map(|violation| violation.field)
        .collect()
}

/// Waits until an append waits for the lock that a test holds.
pub(crate) async fn append_waits(server: &TestServer) {
    let client = server.database.connect().await;
    let waiting = "select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
    eventually("an append that waits for the lock", CEILING, || async {
        let rows = client.query(waiting, &[]).await.unwrap();
        if rows.is_empty() {
            Err("nobody waits")
        } else {
            Ok(())
        }
    })
    .await;
}

/// What comes within a time that is only ever used up by a failure.
pub(crate) async fn soon<F: Future>(what: &str, future: F) -> F::Output {
    tokio::time::timeout(CEILING, future)
        .await
        .unwrap_or_else(|_| panic!("{what} did not come within {CEILING:?}"))
}
