//! The projector: batches from the feed, folded into the live generation, for as long as the process runs.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
    time::Duration,
};

use futures_util::try_join;
use handoff_bus::Subscription;
use handoff_domain::Partition;
use handoff_event_log::{Position, Recorded};
use handoff_failpoints::{Bug, Point, has_bug, pass};
use tokio::time::{Instant, sleep, sleep_until};
use tokio_postgres::Client;
use tokio_util::sync::CancellationToken;

use crate::{
    background::Background,
    checkpoints::{self, Checkpoints, Move},
    environment::Environment,
    error::ProjectorError,
    fold::{Decoded, Fold, Skips, Stop, describe},
    generations,
    held_back::{HeldBack, Kept},
    leases::{self, Held, Leases, Turn},
    metrics::ProjectorMetrics,
    model::{ReadModel, Succession},
    passed::Passed,
    reaction::{Passive, Reaction, Step, Trigger, lease},
    table::{self, Table},
};

/// The wait before going on after an error: from, to.
const RETRY: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(2));
/// Where a batch that is gathered for as long as [`Settings::linger`](crate::Settings::linger) would have
/// so many events or more, it is: each transaction costs as much as some dozen events.
const BUSY: f64 = 32.0;

/// Keeps a read model equal to the log until `shutdown`, then gives its partitions back. Builds what
/// has to be built. Whatever fails is tried again; only a panic ends it early.
pub async fn run_projector<M: ReadModel>(environment: Environment, shutdown: CancellationToken) {
    run_reacting::<M, Passive>(environment, Passive, shutdown).await;
}

/// As [`run_projector`], and reacts to some of the events.
pub async fn run_reacting<M: ReadModel, R: Reaction<M>>(
    environment: Environment,
    mut reaction: R,
    shutdown: CancellationToken,
) {
    let mut background = Background::new(environment.clone(), &shutdown);
    let mut wait = RETRY.0;
    loop {
        let started = Instant::now();
        let ended = work::<M, R>(&environment, &mut reaction, &mut background, &shutdown).await;
        reaction.leave().await;
        let Err(error) = ended else { return };
        if started.elapsed() > RETRY.1 {
            wait = RETRY.0;
        }
        tracing::warn!(
            projection = M::NAME,
            error = describe(&error),
            "projector goes on from its checkpoints"
        );
        if shutdown.run_until_cancelled(sleep(wait)).await.is_none() {
            return;
        }
        wait = (wait * 2).min(RETRY.1);
    }
}

/// Works in one session until `shutdown`, or until anything fails.
async fn work<M: ReadModel, R: Reaction<M>>(
    environment: &Environment,
    reaction: &mut R,
    background: &mut Background,
    shutdown: &CancellationToken,
) -> Result<(), ProjectorError> {
    let mut client = environment.connect::<M>().await?;
    generations::ensure::<M>(&mut client, environment.settings.kept).await?;
    let mut projector = Projector::<M, R> {
        environment,
        reaction,
        back: HeldBack::default(),
        metrics: environment.metrics.of(M::NAME),
        client,
        subscription: environment.feed.subscribe(),
        live: None,
        skips: Skips::new(),
        passed: Passed::default(),
        lag: Duration::ZERO,
        paused: false,
        busy: false,
        gathered: Instant::now(),
    };
    while !shutdown.is_cancelled() {
        projector.beat(background).await?;
        let beat_at = Instant::now() + environment.settings.heartbeat;
        while Instant::now() < beat_at && !shutdown.is_cancelled() {
            // A batch that has begun is finished, shutdown or not: nothing is gained by dropping it.
            match shutdown.run_until_cancelled(projector.next(beat_at)).await {
                Some(events) => projector.apply(events?).await?,
                None => break,
            }
        }
    }
    projector.leave().await
}

struct Projector<'a, M: ReadModel, R> {
    environment: &'a Environment,
    reaction: &'a mut R,
    /// What waits for the effects of events that were reacted to.
    back: HeldBack,
    metrics: ProjectorMetrics,
    client: Client,
    subscription: Subscription,
    /// The generation that is followed; none while this version has none.
    live: Option<Live<M>>,
    skips: Skips,
    passed: Passed,
    /// How far it was behind at the last beat.
    lag: Duration,
    paused: bool,
    /// So much happens that batches are gathered for a while.
    busy: bool,
    /// When the last batch was.
    gathered: Instant,
}

struct Live<M> {
    leases: Leases,
    schema: String,
    table: Table<M>,
    checkpoints: Checkpoints,
}

impl<M: ReadModel, R: Reaction<M>> Projector<'_, M, R> {
    /// Says that this instance is there, and looks what operators and other instances want.
    async fn beat(&mut self, background: &mut Background) -> Result<(), ProjectorError> {
        let client = &self.client;
        let instance = &*self.environment.instance;
        let (_, standing) = try_join!(
            leases::heartbeat(client, M::NAME, instance, M::VERSION),
            generations::standing::<M>(client),
        )?;
        self.paused = standing.paused;
        self.reaction.pause(self.paused);
        let has_one = standing.live.or(standing.building).is_some();
        if !has_one && M::SUCCESSION != Succession::EachVersion {
            // Another version's took its place; that one may be given up meanwhile.
            generations::ensure::<M>(&mut self.client, self.environment.settings.kept).await?;
        }
        background.see::<M>(standing.building);
        self.follow(standing.live).await?;
        let Some(live) = &mut self.live else {
            return Ok(());
        };
        let turns = live.leases.renew(&self.client).await?;
        let generation = live.leases.generation;
        // After the leases: a partition that they say a skip has freed must not stop at that event again,
        // where nothing would free it any more.
        self.skips = checkpoints::skips(&self.client, M::NAME).await?;
        self.turn(turns).await?;
        generations::used(
            &self.client,
            M::NAME,
            generation,
            self.environment.settings.kept,
        )
        .await?;
        self.measure().await
    }

    /// Takes up the partitions that have become this instance's, and drops those that have not.
    async fn turn(&mut self, turns: Vec<Turn>) -> Result<(), ProjectorError> {
        let Some(live) = &self.live else {
            return Ok(());
        };
        let mut taken = Vec::new();
        for turn in turns {
            let (Turn::Go(partition, _) | Turn::Halt(partition)) = turn;
            self.back.forget(partition);
            self.passed.forget(partition);
            self.reaction.lost(partition);
            match turn {
                Turn::Go(partition, after) => {
                    self.subscription.assign(partition, after);
                    taken.extend(
                        live.leases
                            .held
                            .get(&partition)
                            .map(|held| (partition, lease(live.leases.generation, held))),
                    );
                }
                Turn::Halt(partition) => self.subscription.revoke(partition),
            }
        }
        if R::REACTS && !taken.is_empty() {
            for partition in self.reaction.taken(&self.client, &taken).await? {
                self.back.wait(partition);
            }
        }
        Ok(())
    }

    /// Turns to the generation that is live now.
    async fn follow(&mut self, generation: Option<i32>) -> Result<(), ProjectorError> {
        if self.live.as_ref().map(|live| live.leases.generation) == generation {
            return Ok(());
        }
        // What another generation had delivered is of no use to this one.
        self.subscription = self.environment.feed.subscribe();
        self.live = None;
        self.passed.clear();
        self.back = HeldBack::default();
        self.reaction.leave().await;
        let Some(generation) = generation else {
            return Ok(());
        };
        let Environment {
            instance, settings, ..
        } = self.environment;
        let schema = table::schema(M::NAME, generation);
        self.live = Some(Live {
            leases: Leases::new(M::NAME, M::VERSION, generation, instance, settings.expiry),
            table: Table::open(&self.client, &schema).await?,
            schema,
            checkpoints: Checkpoints::open(&self.client, M::NAME, generation).await?,
        });
        Ok(())
    }

    async fn measure(&mut self) -> Result<(), ProjectorError> {
        let Some(live) = &self.live else {
            return Ok(());
        };
        let row = self
            .client
            .query_one(
                include_str!("sql/lag.sql"),
                &[
                    &M::NAME,
                    &live.leases.generation,
                    &&*self.environment.instance,
                ],
            )
            .await?;
        let held = &live.leases.held;
        self.metrics.lag_events.set(row.try_get("events")?);
        let seconds = row.try_get("seconds")?;
        self.metrics.lag_seconds.set(seconds);
        self.lag = Duration::try_from_secs_f64(seconds).unwrap_or_default();
        self.metrics.partitions_owned.set(held.len() as i64);
        self.metrics
            .parked
            .set(held.values().filter(|held| held.parked.is_some()).count() as i64);
        Ok(())
    }

    /// The next events, at the latest a second after `until`; none while there is nothing to do.
    async fn next(&mut self, until: Instant) -> Result<Vec<Arc<Recorded>>, ProjectorError> {
        let idle = self
            .live
            .as_ref()
            .is_none_or(|live| live.leases.held.is_empty());
        if self.paused || idle {
            sleep_until(until).await;
            return Ok(Vec::new());
        }
        if self.lag < self.environment.settings.yields && self.environment.precedence.holds() {
            self.environment.precedence.rest(until).await;
            return Ok(Vec::new());
        }
        if R::REACTS {
            let events = self.ready();
            if !events.is_empty() {
                return Ok(events);
            }
        }
        let settings = &self.environment.settings;
        let linger = if self.busy {
            settings.linger
        } else {
            Duration::ZERO
        };
        let settle_at = self.passed.since().map(|since| since + settings.settles);
        let batch = tokio::select! {
            batch = self.subscription.next(settings.max_events, linger) => batch,
            // Who waits for a position does not wait for others' events.
            () = self.environment.precedence.called(), if self.busy => {
                if settle_at.is_some() {
                    return Ok(Vec::new());
                }
                self.subscription.next(settings.max_events, Duration::ZERO).await
            }
            () = sleep_until(settle_at.unwrap_or(until)), if settle_at.is_some() => {
                return Ok(Vec::new());
            }
            partition = self.reaction.released(), if R::REACTS => {
                self.back.release(partition);
                return Ok(self.ready());
            }
        };
        let events = batch?.events;
        let now = Instant::now();
        let gathered = (now - std::mem::replace(&mut self.gathered, now)).as_secs_f64();
        self.busy = events.len() as f64 * settings.linger.as_secs_f64() >= BUSY * gathered;
        Ok(events)
    }

    /// The events that were held back and need not be any more.
    fn ready(&mut self) -> Vec<Arc<Recorded>> {
        let held = self.live.as_ref().map(|live| &live.leases.held);
        let ready = self
            .back
            .ready(|partition| Some(held?.get(&partition)?.position));
        for (partition, after) in ready.again {
            self.subscription.assign(partition, after);
        }
        ready.events
    }

    /// Picks the events that can be applied now: in each partition none behind one that is reacted to.
    /// What comes after it is held back.
    fn admit(&mut self, events: Vec<Arc<Recorded>>) -> Vec<Decoded<Arc<Recorded>>> {
        let Some(live) = &self.live else {
            return Vec::new();
        };
        let mut admitted = Vec::with_capacity(events.len());
        let mut closed = BTreeSet::new();
        for event in events {
            let partition = event.partition;
            let goes_on = live
                .leases
                .held
                .get(&partition)
                .is_some_and(|held| held.parked.is_none() && event.position > held.position)
                && self.passed.at(partition) < Some(event.position);
            if !goes_on {
                continue;
            }
            if closed.contains(&partition) || self.back.holds(partition) {
                let most = self.environment.settings.max_events;
                if self.back.keep(event, most) == Kept::Dropped {
                    self.subscription.revoke(partition);
                }
                continue;
            }
            let decoded = Decoded::new(event, &self.skips);
            if R::REACTS
                && let Some(event) = decoded.event()
                && self.reaction.is_trigger(&decoded.recorded, event)
            {
                closed.insert(partition);
            }
            admitted.push(decoded);
        }
        admitted
    }

    /// Whether events that change nothing may be [passed](Passed) now.
    fn may_pass(&self, now: Instant) -> bool {
        let settles = self.environment.settings.settles;
        !R::REACTS
            && self.busy
            && !self.environment.precedence.is_called()
            && self
                .passed
                .since()
                .is_none_or(|since| now < since + settles)
    }

    /// Applies events and moves the checkpoints, all or nothing. Without events, moves the checkpoints past
    /// what was passed, if it is time to.
    async fn apply(&mut self, events: Vec<Arc<Recorded>>) -> Result<(), ProjectorError> {
        let started = Instant::now();
        let mut events = self.admit(events);
        let may_pass = self.may_pass(started);
        let Some(live) = &mut self.live else {
            return Ok(());
        };
        if events.is_empty() && (may_pass || self.passed.since().is_none()) {
            return Ok(());
        }
        let held = &live.leases.held;
        let mut undecided = HashMap::new();
        let (folded, stops, moves) = loop {
            let Folded {
                events: folded,
                fold,
                mut stops,
            } = fold(&self.client, &live.table, events).await?;
            stops.extend(undecided.clone());
            let changes = live.table.encode(fold.changes())?;
            let growth = fold.growth();
            if may_pass && stops.is_empty() && changes.is_empty() && growth.is_empty() {
                let passed = folded.iter().map(|e| (e.partition(), e.position()));
                self.passed.note(passed, started);
                self.metrics.events.inc_by(folded.len() as u64);
                return Ok(());
            }
            let moves = moves(&folded, &stops, &self.passed, held);
            let stopped: Vec<_> = stops.values().collect();
            pass(Point::ProjectBeforeWrite);
            try_join!(
                async { Ok(self.client.batch_execute("begin").await?) },
                live.checkpoints.advance(&self.client, &moves, &stopped),
                live.table.write(&self.client, &changes),
                live.table.tally(&self.client, &growth),
            )?;
            if R::REACTS {
                let written = write_reaction(self.reaction, &self.client, live, &folded, &moves);
                if let Err(stop) = written.await? {
                    self.client.batch_execute("rollback").await?;
                    events = folded;
                    events.retain(|event| event.position() != stop.position);
                    undecided.insert(stop.partition, stop);
                    continue;
                }
            }
            break (folded, stops, moves);
        };
        pass(Point::ProjectBeforeCommit);
        self.client.batch_execute("commit").await?;
        pass(Point::ProjectAfterCommit);

        for Move { partition, to, .. } in &moves {
            if let Some(held) = live.leases.held.get_mut(partition) {
                held.position = *to;
                held.parked = stops.get(partition).map(|stop| stop.position);
            }
        }
        self.passed.clear();
        for stop in stops.values() {
            self.subscription.revoke(stop.partition);
            self.back.forget(stop.partition);
            tracing::error!(
                projection = M::NAME, partition = %stop.partition, position = %stop.position, error = stop.error,
                "an event cannot be applied: its partition waits until an operator retries or skips it"
            );
        }
        for partition in self.reaction.committed() {
            self.back.wait(partition);
        }
        self.environment.notices.moved(M::NAME);
        if let Some(furthest) = moves.iter().map(|moved| moved.to).max() {
            self.environment.hints.checkpoint(M::NAME, furthest);
        }
        self.metrics.events.inc_by(folded.len() as u64);
        self.metrics
            .batch_seconds
            .observe(started.elapsed().as_secs_f64());
        Ok(())
    }

    /// Gives everything back.
    async fn leave(mut self) -> Result<(), ProjectorError> {
        // What is under way for them ends first, so that no two work on it.
        self.reaction.leave().await;
        // Whoever takes over need not pass the same events again.
        self.busy = false;
        self.apply(Vec::new()).await?;
        if let Some(live) = &mut self.live {
            live.leases.release(&self.client).await?;
        }
        leases::sign_off(&self.client, M::NAME, &self.environment.instance).await
    }
}

/// Has the reaction write its part in the transaction that is open. Answers the event that cannot be
/// decided, if there is one.
async fn write_reaction<M: ReadModel, R: Reaction<M>>(
    reaction: &mut R,
    client: &Client,
    live: &Live<M>,
    folded: &[Decoded<Arc<Recorded>>],
    moves: &[Move],
) -> Result<Result<(), Stop>, ProjectorError> {
    let triggers: Vec<_> = folded
        .iter()
        .filter_map(|decoded| {
            let (recorded, event) = (&*decoded.recorded, decoded.event()?);
            let trigger = Trigger { recorded, event };
            reaction.is_trigger(recorded, event).then_some(trigger)
        })
        .collect();
    let moves: Vec<_> = moves
        .iter()
        .map(|moved| (moved.partition, moved.to))
        .collect();
    let step = Step {
        schema: &live.schema,
        moves: &moves,
        triggers: &triggers,
    };
    match reaction.react(client, step).await {
        Ok(()) => Ok(Ok(())),
        Err(error) => match error.into_stop() {
            Ok(stop) => Ok(Err(stop)),
            Err(error) => Err(error.into()),
        },
    }
}

/// What became of a batch.
struct Folded<M: ReadModel> {
    /// The events that were applied or skipped.
    events: Vec<Decoded<Arc<Recorded>>>,
    fold: Fold<M>,
    stops: HashMap<Partition, Stop>,
}

/// Loads the rows that the events touch, and folds. Where an event cannot be applied, the batch is
/// folded again without it and those behind it in its partition.
async fn fold<M: ReadModel>(
    client: &Client,
    table: &Table<M>,
    mut events: Vec<Decoded<Arc<Recorded>>>,
) -> Result<Folded<M>, ProjectorError> {
    let mut stops = HashMap::new();
    loop {
        let mut fold = Fold::<M>::default();
        let keys = fold.touch(&events);
        fold.stored(table.load(client, &keys).await?);
        let dropped = |event: &&Decoded<_>| {
            has_bug(Bug::DropEvent) && event.position().0.unsigned_abs().is_multiple_of(50)
        };
        let mut kept = events.iter().filter(|event| !dropped(event));
        match kept.try_for_each(|event| fold.apply(event)) {
            Ok(()) => {
                return Ok(Folded {
                    events,
                    fold,
                    stops,
                });
            }
            Err(stop) => {
                events.retain(|event| {
                    event.partition() != stop.partition || event.position() < stop.position
                });
                stops.insert(stop.partition, stop);
            }
        }
    }
}

/// How the checkpoints of the partitions touched or passed move. One that stops at its first event stays,
/// which is to be true in the table as well.
fn moves(
    events: &[Decoded<Arc<Recorded>>],
    stops: &HashMap<Partition, Stop>,
    passed: &Passed,
    held: &BTreeMap<Partition, Held>,
) -> Vec<Move> {
    let mut last: BTreeMap<Partition, Option<Position>> =
        stops.keys().map(|partition| (*partition, None)).collect();
    last.extend(
        passed
            .positions()
            .map(|(partition, to)| (partition, Some(to))),
    );
    for event in events {
        last.insert(event.partition(), Some(event.position()));
    }
    last.into_iter()
        .filter_map(|(partition, last)| {
            let from = *held.get(&partition)?;
            Some(Move {
                partition,
                from,
                to: last.unwrap_or(from.position),
            })
        })
        .collect()
}
