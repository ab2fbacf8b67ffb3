//! Everything at random for long: `make soak`. `SEED` repeats a run, `CYCLES` and `MINUTES` bound it.

use std::{
    fs,
    time::{Duration, Instant},
};

use handoff_failpoints::Point;
use handoff_proto::v1::RebuildProjectionRequest;
use handoff_testkit::{PrivateNats, PrivatePostgres, Shutdown, TcpProxy};
use handoff_tests::{Deployment, Fleet, Load, Mix};
use rustix::process::Signal;
use tokio::time::timeout;

use crate::{
    API, POLICIES, PROJECT, RELAY, UP, number, overload, postgres::end_sessions, race, seed,
};

/// Cycles of harm after which the checker looks, on servers and a log that begin anew for each batch: it reads the
/// whole log.
const BATCH: u64 = 25;
/// Each role alone, in most batches, and everything in each process, in every fourth.
const ALONE: &[&[&str]] = &[API, API, RELAY, RELAY, PROJECT, PROJECT, POLICIES];
const TOGETHER: &[&[&str]] = &[UP, UP];
/// How long a process may take to come by the point at which it is to die. Not each one comes there: a
/// relay that stands by publishes nothing.
const COMES_BY: Duration = Duration::from_secs(5);

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes up to an hour: make soak"]
async fn cycles_of_harm_at_random_break_no_promise() {
    let (cycles, minutes) = (number("CYCLES", 500), number("MINUTES", 55));
    let seed = seed();
    let began = Instant::now();
    let mut done = 0;
    for batch in 0.. {
        let late = began.elapsed() > Duration::from_secs(minutes * 60);
        if done >= cycles || late {
            break;
        }
        let now = BATCH.min(cycles - done);
        println!("batch {batch}: {now} cycles after {:?}", began.elapsed());
        let roles = match batch % 4 {
            3 => TOGETHER,
            _ => ALONE,
        };
        Batch::run(seed.wrapping_add(batch), now, roles).await;
        done += now;
    }
    println!(
        "{done} cycles in {:?}, all checks green; SEED={seed}",
        began.elapsed()
    );
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "long: make soak"]
async fn a_hundred_thousand_commands_of_two_replicas_on_the_same_streams() {
    race::race(100_000).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "long: make soak"]
async fn overload_for_a_minute() {
    overload::overload("", Duration::from_secs(60)).await;
}

struct Batch {
    fleet: Fleet,
    postgres: PrivatePostgres,
    nats: PrivateNats,
    postgres_link: TcpProxy,
    nats_link: TcpProxy,
    choices: fastrand::Rng,
    roles: &'static [&'static [&'static str]],
}

impl Batch {
    async fn run(seed: u64, cycles: u64, roles: &'static [&'static [&'static str]]) {
        let (postgres, nats) = tokio::join!(PrivatePostgres::start(), PrivateNats::start());
        let mut deployment = Deployment::on(&postgres, &nats).await;
        let postgres_link = TcpProxy::start(postgres.port()).await;
        let nats_link = TcpProxy::start(nats.port()).await;
        deployment.link(postgres_link.port(), nats_link.port());
        let mut batch = Self {
            fleet: Fleet::start(deployment, roles).await,
            postgres,
            nats,
            postgres_link,
            nats_link,
            choices: fastrand::Rng::with_seed(seed),
            roles,
        };
        let load = batch.fleet.load(Mix {
            clients: 6,
            seed,
            ..Mix::default()
        });
        for _ in 0..cycles {
            load.some_more(batch.choices.u64(1..100)).await;
            batch.harm(&load).await;
        }
        batch.fleet.stop_and_check(load).await;
    }

    /// Does one harm, and lets it heal.
    async fn harm(&mut self, load: &Load) {
        let place = self.choices.usize(0..self.roles.len());
        let role = self.roles[place][0];
        let began = Instant::now();
        let harm = match self.choices.u8(0..100) {
            0..40 => {
                self.fleet.places[place].kill().await;
                self.start(place).await;
                "killed".to_owned()
            }
            40..70 => self.kill_at_a_point(place).await,
            70..77 => self.disturb_a_link(load).await,
            77..85 => {
                self.fleet.places[place].process().signal(Signal::STOP);
                load.some_more(self.choices.u64(1..200)).await;
                self.fleet.places[place].process().signal(Signal::CONT);
                "frozen for a while".to_owned()
            }
            85..90 => {
                end_sessions(&self.fleet, "handoff %").await;
                "all sessions ended".to_owned()
            }
            90..93 => {
                self.postgres.stop(Shutdown::Immediate).await;
                self.postgres.start_again().await;
                "Postgres stopped at once".to_owned()
            }
            93..96 => {
                self.postgres.kill().await;
                self.postgres.start_again().await;
                "Postgres killed".to_owned()
            }
            96..98 => {
                self.nats.kill().await;
                load.some_more(self.choices.u64(1..200)).await;
                self.nats.start_again().await;
                "NATS killed".to_owned()
            }
            _ => {
                self.nats.kill().await;
                fs::remove_dir_all(self.nats.store()).unwrap();
                load.some_more(self.choices.u64(1..200)).await;
                self.nats.start_again().await;
                "NATS wiped".to_owned()
            }
        };
        println!("  {role} in place {place}: {harm}, {:?}", began.elapsed());
    }

    async fn disturb_a_link(&mut self, load: &Load) -> String {
        let to_postgres = self.choices.bool();
        let (link, server) = match to_postgres {
            true => (&self.postgres_link, "Postgres"),
            false => (&self.nats_link, "NATS"),
        };
        let harm = match self.choices.u8(0..3) {
            0 => {
                link.slow_down(Duration::from_millis(self.choices.u64(1..10)));
                load.some_more(self.choices.u64(1..30)).await;
                "slow"
            }
            1 => {
                link.mute();
                if to_postgres {
                    load.stands_still().await;
                } else {
                    load.some_more(self.choices.u64(1..100)).await;
                }
                link.cut();
                "half open, then cut"
            }
            _ => {
                link.cut();
                "cut"
            }
        };
        link.resume();
        format!("the links of all to {server} {harm}")
    }

    async fn start(&mut self, place: usize) {
        let Fleet {
            places, deployment, ..
        } = &mut self.fleet;
        places[place].start(deployment, &[]).await;
    }

    /// Lets a process die at one of the points of its role.
    async fn kill_at_a_point(&mut self, place: usize) -> String {
        let prefixes: &[&str] = match self.roles[place][0] {
            "api" => &["append_"],
            "relay" => &["relay_"],
            "project" => &["project_", "lease_", "switch_"],
            "policies" => &["policy_", "job_"],
            _ => &[""],
        };
        let of_role = |point: &&Point| {
            let name = point.name();
            prefixes.iter().any(|prefix| name.starts_with(prefix))
        };
        let points: Vec<_> = Point::ALL.iter().filter(of_role).collect();
        let point = self.choices.choice(points).expect("each role has some");
        let seldom = ["relay_takes", "lease_", "switch_"];
        let times = match seldom.iter().any(|prefix| point.name().starts_with(prefix)) {
            true => 1,
            false => self.choices.u32(1..20),
        };
        let kill_at = format!("{}:{times}", point.name());
        {
            let Fleet {
                places, deployment, ..
            } = &mut self.fleet;
            places[place].stop().await;
            places[place].begin(deployment, &[("HANDOFF_KILL_AT", kill_at.as_str())]);
        }
        let died = async {
            if ["api", "up"].contains(&self.roles[place][0]) {
                // It may die before anybody can call it.
                self.fleet.places[place].ready_or_dead().await;
            }
            if kill_at.starts_with("switch_") {
                let name = "projections/tasks".to_owned();
                let mut projections = self.fleet.client(0).projections;
                // An api that is away just now makes this a point that nobody comes by.
                let _ = projections
                    .rebuild_projection(RebuildProjectionRequest { name })
                    .await;
            }
            self.fleet.places[place].killed().await;
        };
        let died = timeout(COMES_BY, died).await.is_ok();
        self.fleet.places[place].kill().await;
        self.start(place).await;
        match died {
            true => format!("killed at {kill_at}"),
            false => format!("did not come by {kill_at}, killed"),
        }
    }
}
