//! Processes that die and come back in their places, under load, and the check of it all.

use std::{
    os::unix::process::ExitStatusExt,
    path::Path,
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use handoff_load::{
    Target,
    checker::{Check, Report},
    projections,
};
use handoff_testkit::{TcpProxy, eventually};
use rustix::process::Signal;

use crate::{Client, Deployment, Load, Mix, Process};

/// Connections of a load to each api.
const CONNECTIONS: usize = 2;

/// The processes of a deployment. Everything ends with it.
pub struct Fleet {
    // Dropped in this order: the processes before the servers.
    pub places: Vec<Place>,
    pub deployment: Deployment,
    /// Seconds within which [`check`](Self::check) expects read models without lag.
    pub within: u64,
    /// Seconds on top of twice that within which it expects read models that are built once more to be ready.
    pub rebuild_more: u64,
    token: String,
    loads: AtomicUsize,
}

/// One process of a fleet, and whatever follows it when it has died.
pub struct Place {
    args: Vec<String>,
    environment: Vec<(String, String)>,
    /// Callers reach an api by this, whichever port it has got.
    front: Option<TcpProxy>,
    process: Option<Process>,
}

impl Fleet {
    /// Starts a process for each list of arguments, and waits until all are ready.
    pub async fn start(deployment: Deployment, roles: &[&[&str]]) -> Self {
        let token = deployment.token(&["members/admin"]);
        let mut places = Vec::new();
        for args in roles {
            let mut place = Place {
                args: args.iter().map(|&arg| arg.to_owned()).collect(),
                environment: Vec::new(),
                front: None,
                process: None,
            };
            if ["api", "up"].contains(&args[0]) {
                let front = TcpProxy::start(0).await;
                front.lead_to(None);
                place.front = Some(front);
            }
            place.begin(&deployment, &[]);
            places.push(place);
        }
        for place in &mut places {
            place.ready().await;
        }
        let fleet = Self {
            places,
            deployment,
            within: 30,
            rebuild_more: 0,
            token,
            loads: AtomicUsize::new(0),
        };
        // From here on every event goes the long way: a first generation would be built from the log.
        fleet.deployment.caught_up(&fleet.client(0)).await;
        fleet
    }

    /// The last position of the log.
    pub async fn head(&self) -> i64 {
        let client = self.deployment.connect().await;
        let head = "select coalesce(max(position), 0) from event_log.events";
        client.query_one(head, &[]).await.expect("a head").get(0)
    }

    /// Waits until all read models include what is in the log now.
    pub async fn included(&self) {
        let client = handoff_load::Client::first(&self.target()).expect("an api");
        let head = self.head().await;
        eventually(
            "read models at the head",
            Duration::from_secs(60),
            async || {
                let projections = projections::list(&client).await;
                let projections = projections.map_err(|error| error.to_string())?;
                match projections.iter().all(|p| p.included_position >= head) {
                    true => Ok(()),
                    false => Err(format!("{projections:?}")),
                }
            },
        )
        .await;
    }

    /// Waits until the relay has published what is in the log now.
    pub async fn relayed(&self) {
        let client = self.deployment.connect().await;
        let head = self.head().await;
        eventually("a relay at the head", Duration::from_secs(60), async || {
            let cursor = "select position from event_log.relay_cursor";
            let at: i64 = client
                .query_one(cursor, &[])
                .await
                .expect("a cursor")
                .get(0);
            if at >= head {
                Ok(())
            } else {
                Err(format!("at {at} of {head}"))
            }
        })
        .await;
    }

    /// Adds a process, and waits until it is ready; answers its place.
    pub async fn add(&mut self, args: &[&str]) -> usize {
        let mut place = Place {
            args: args.iter().map(|&arg| arg.to_owned()).collect(),
            environment: Vec::new(),
            front: None,
            process: None,
        };
        place.start(&self.deployment, &[]).await;
        self.places.push(place);
        self.places.len() - 1
    }

    /// All api processes.
    pub fn target(&self) -> Target {
        let fronts = self.places.iter().filter_map(Place::address);
        Target {
            servers: fronts.collect(),
            token: self.token.clone(),
            connections: CONNECTIONS,
        }
    }

    /// Calls the api in a place.
    pub fn client(&self, place: usize) -> Client {
        let address = self.places[place].address().expect("the place of an api");
        Client::new(&address, &self.token)
    }

    /// Begins a load on all api processes.
    pub fn load(&self, mix: Mix) -> Load {
        let number = self.loads.fetch_add(1, Ordering::Relaxed);
        let record = self.deployment.directory().join(format!("{number}.jsonl"));
        Load::start(&self.target(), mix, &record)
    }

    /// Checks the rules on what a load was told. Nothing else may call meanwhile.
    pub async fn check(&self, record: &Path) -> Report {
        let check = Check {
            database_url: Some(self.deployment.database_url.clone()),
            within: self.within,
            rebuild_within: 2 * self.within + self.rebuild_more,
            all_resolved: true,
            ..Check::default()
        };
        check
            .run(&self.target(), record)
            .await
            .unwrap_or_else(|error| panic!("the check: {error:?}"))
    }

    /// Stops a load, checks and expects that all promises were kept.
    pub async fn stop_and_check(&self, load: Load) {
        let (record, _) = load.stop().await;
        let report = self.check(&record).await;
        assert!(report.is_green(), "{report}");
        println!("{report}");
    }
}

impl Place {
    fn address(&self) -> Option<String> {
        let front = self.front.as_ref()?;
        Some(format!("http://127.0.0.1:{}", front.port()))
    }

    /// The process that is there now.
    pub fn process(&mut self) -> &mut Process {
        self.process.as_mut().expect("a process that was started")
    }

    /// Variables of every process that starts here from now on.
    pub fn set(&mut self, name: &str, value: &str) {
        self.environment.push((name.to_owned(), value.to_owned()));
    }

    /// Starts a process here, without waiting for it.
    pub fn begin(&mut self, deployment: &Deployment, environment: &[(&str, &str)]) {
        let args: Vec<_> = self.args.iter().map(String::as_str).collect();
        let own = self.environment.iter();
        let all: Vec<_> = own
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .chain(environment.iter().copied())
            .collect();
        self.process = Some(deployment.process(&args, &all));
    }

    /// Waits until the process is ready, and lets callers reach it.
    pub async fn ready(&mut self) {
        let process = self.process.as_mut().expect("a process that was started");
        match &self.front {
            Some(front) => {
                let address = process.logged("ready", "api").await;
                let port = address
                    .rsplit(':')
                    .next()
                    .and_then(|port| port.parse().ok());
                front.lead_to(port);
            }
            None => drop(process.logged("ready", "http").await),
        }
    }

    /// Waits until the process is ready, or has died before.
    pub async fn ready_or_dead(&mut self) {
        let ready = eventually("a process", Duration::from_secs(60), async || {
            let process = self.process.as_mut().expect("a process that was started");
            match process.status() {
                Some(_) => Ok(false),
                None if process.log().contains("\"ready\"") => Ok(true),
                None => Err(()),
            }
        });
        if ready.await {
            self.ready().await;
        }
    }

    /// Starts a process here and waits until it is ready.
    pub async fn start(&mut self, deployment: &Deployment, environment: &[(&str, &str)]) {
        self.begin(deployment, environment);
        self.ready().await;
    }

    /// Kills the process with SIGKILL and waits until it has gone.
    pub async fn kill(&mut self) {
        self.lead_nowhere();
        if let Some(process) = self.process.take() {
            process.kill().await;
        }
    }

    /// Asks the process to stop and waits until it has.
    pub async fn stop(&mut self) {
        self.lead_nowhere();
        if let Some(process) = self.process.take() {
            process.stop().await;
        }
    }

    /// Waits until the process has been killed, by itself.
    pub async fn killed(&mut self) {
        let status = self.process().ended().await;
        self.lead_nowhere();
        let log = self.process().log();
        assert_eq!(status.signal(), Some(Signal::KILL.as_raw()), "{log}");
        self.process = None;
    }

    fn lead_nowhere(&self) {
        if let Some(front) = &self.front {
            front.lead_to(None);
        }
    }
}
