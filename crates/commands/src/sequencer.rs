//! The sequencer: one thread that decides and appends what waits, a batch at a time.
//!
//! It has a runtime of its own, so that neither a busy API nor a slow query delays an append, and so
//! that the session's bytes are handled where they are awaited.

use std::{collections::HashMap, sync::Arc, time::Duration};

use futures_util::FutureExt;
use handoff_domain::{Versioned, names::StreamName};
use handoff_event_log::{
    Appender, Check, Database, Epoch, Head, LogError, Metadata, NewRecord, Position, Recorded,
    evolve,
};
use handoff_failpoints::{Bug, has_bug};
use lru::LruCache;
use tokio::{
    sync::{mpsc, oneshot, watch},
    time::{Instant, MissedTickBehavior},
};
use uuid::Uuid;

use crate::{
    batch::{Decided, Verdict, WorkingSet, decide},
    gateway::GatewayConfig,
    id::event_id,
    metrics::{Metrics, Outcome},
    pressure::Pressure,
    request::{Answer, CommandError, Receipt, Request},
    snapshotter::Snapshotter,
    states::States,
};

/// How often the end of the log is noted while it grows.
const ANCHOR_INTERVAL: Duration = Duration::from_secs(60);
/// How long a batch whose outcome is unknown is submitted again before its callers are told.
const RESOLVE_FOR: Duration = Duration::from_secs(10);
const RECONNECT_PAUSE: Duration = Duration::from_millis(100);

/// A command that waits, and who waits for it.
pub(crate) struct Submission {
    pub(crate) request: Request,
    pub(crate) reply: oneshot::Sender<Result<Answer, CommandError>>,
}

/// A command of the batch, and everybody who sent it: equal ids in a batch are one command.
struct Waiting {
    request: Request,
    replies: Vec<oneshot::Sender<Result<Answer, CommandError>>>,
}

pub(crate) struct Sequencer {
    pub(crate) database: Database,
    pub(crate) config: GatewayConfig,
    pub(crate) queue: mpsc::Receiver<Submission>,
    pub(crate) committed: watch::Sender<Position>,
    pub(crate) pressure: Pressure,
    pub(crate) states: States,
    pub(crate) snapshotter: Snapshotter,
    pub(crate) metrics: Metrics,
    pub(crate) appender: Option<Appender>,
    pub(crate) cache: LruCache<StreamName, Versioned>,
    pub(crate) epoch: Option<Epoch>,
    /// The end of the log was noted here.
    pub(crate) anchored: Position,
}

/// Why a batch got no verdicts.
enum Failed {
    /// Nothing was appended.
    NotAppended(LogError),
    /// Perhaps it was.
    Unknown(LogError),
}

impl From<LogError> for Failed {
    fn from(error: LogError) -> Self {
        match error {
            LogError::OutcomeUnknown(_) => Self::Unknown(error),
            error => Self::NotAppended(error),
        }
    }
}

impl Sequencer {
    /// Works until the queue is closed and empty.
    pub(crate) async fn run(mut self) {
        let mut anchors = tokio::time::interval(ANCHOR_INTERVAL);
        anchors.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                biased;
                first = self.queue.recv() => match first {
                    Some(first) => self.append(first).await,
                    None => break,
                },
                _ = anchors.tick() => self.anchor().await,
            }
            // A busy queue is always ready; the anchors must not starve.
            if anchors.tick().now_or_never().is_some() {
                self.anchor().await;
            }
        }
        self.anchor().await;
    }

    /// Takes everything that waits, up to the limits of a batch.
    fn take(&mut self, first: Submission) -> Vec<Waiting> {
        let mut batch: Vec<Waiting> = Vec::new();
        let mut by_id: HashMap<Uuid, usize> = HashMap::new();
        let mut bytes = 0;
        let mut next = Some(first);
        while let Some(Submission { request, reply }) = next.take() {
            bytes += request.bytes;
            match by_id.get(&request.command_id) {
                Some(&index) if batch[index].request.same_as(&request) => {
                    batch[index].replies.push(reply)
                }
                Some(_) => answer(reply, Err(CommandError::RequestIdReused)),
                None => {
                    by_id.insert(request.command_id, batch.len());
                    batch.push(Waiting {
                        request,
                        replies: vec![reply],
                    });
                }
            }
            if batch.len() < self.config.batch_commands && bytes < self.config.batch_bytes {
                next = self.queue.try_recv().ok();
            }
        }
        self.metrics.queue_commands.set(self.queue.len() as i64);
        batch
    }

    async fn append(&mut self, first: Submission) {
        let batch = self.take(first);
        self.pressure.batch(batch.len());
        self.append_batch(batch).await;
    }

    async fn append_batch(&mut self, mut batch: Vec<Waiting>) {
        let started = Instant::now();
        self.metrics.batch_commands.observe(batch.len() as f64);
        loop {
            match self.try_append(&mut batch).await {
                Ok(()) => break,
                // The normal path again: it finds the receipts of what was done after all. A look
                // without the lock could miss a commit that is still running.
                Err(Failed::Unknown(error)) if started.elapsed() < RESOLVE_FOR => {
                    tracing::warn!(%error, commands = batch.len(), "outcome unknown: submitting the batch again");
                    tokio::time::sleep(RECONNECT_PAUSE).await;
                    while let Err(error) = self.connect().await {
                        if started.elapsed() >= RESOLVE_FOR {
                            return self.fail(batch, CommandError::OutcomeUnknown(error.into()));
                        }
                        tokio::time::sleep(RECONNECT_PAUSE).await;
                    }
                }
                Err(Failed::Unknown(error)) => {
                    return self.fail(batch, CommandError::OutcomeUnknown(error.into()));
                }
                // A damaged stream fails its own commands, not those that came with them.
                Err(Failed::NotAppended(LogError::Corrupt { .. })) if batch.len() > 1 => {
                    for alone in batch {
                        Box::pin(self.append_batch(vec![alone])).await;
                    }
                    return;
                }
                Err(Failed::NotAppended(error)) => {
                    tracing::error!(
                        error = &error as &dyn std::error::Error,
                        commands = batch.len(),
                        "batch not appended"
                    );
                    return self.fail(batch, CommandError::from(Arc::new(error)));
                }
            }
        }
        self.metrics
            .append_seconds
            .observe(started.elapsed().as_secs_f64());
    }

    /// One try: decide, lock, check, decide again where something moved, append, answer. On success
    /// the batch is empty; on failure it is as before.
    async fn try_append(&mut self, batch: &mut Vec<Waiting>) -> Result<(), Failed> {
        if self.appender.as_ref().is_none_or(Appender::is_closed) {
            self.connect().await?;
        }
        let Some(appender) = self.appender.as_mut() else {
            return Ok(());
        };
        let mut working = WorkingSet::new(&mut self.cache);
        let mut requests: Vec<&Request> = batch.iter().map(|waiting| &waiting.request).collect();

        let mut decided = loop {
            match decide(&mut working, &requests) {
                Ok(decided) => break decided,
                Err(missing) => {
                    self.metrics.loaded_streams.inc_by(missing.len() as u64);
                    let loaded = appender.load(&missing).await?;
                    working.add(missing, loaded);
                }
            }
        };
        let check = Check {
            streams: working.versions(),
            commands: requests.iter().map(|request| request.command_id).collect(),
        };
        let locked = appender.lock(&check).await?;
        if self
            .epoch
            .replace(locked.head.epoch)
            .is_some_and(|epoch| epoch != locked.head.epoch)
        {
            // The log lost a tail: what was remembered may be of events that are no more.
            tracing::warn!(epoch = %locked.head.epoch, "a new epoch began: forgetting cached states");
            locked.release().await?;
            drop(working);
            self.forget();
            return Box::pin(self.try_append(batch)).await;
        }
        let receipts = Receipts::of(&locked.receipts, locked.head.epoch);
        if !locked.tails.is_empty() || !receipts.0.is_empty() {
            self.metrics.decided_again.inc();
            for recorded in &locked.tails {
                if let Some(versioned) = working.read_mut(&recorded.stream) {
                    evolve(versioned, recorded)?;
                }
                working.moved(&recorded.stream, recorded.version);
            }
            working.lock();
            requests.retain(|request| !receipts.0.contains_key(&request.command_id));
            decided = loop {
                match decide(&mut working, &requests) {
                    Ok(decided) => break decided,
                    Err(missing) => {
                        let loaded = locked.load(&missing).await?;
                        working.add(missing, loaded);
                    }
                }
            };
        }
        let head = locked.head.clone();
        let records = records(&requests, &decided);
        if records.is_empty() {
            locked.release().await?;
        } else {
            let appended = locked.commit(&records).await?;
            self.committed.send_replace(appended.last);
        }
        let changed = working.keep();
        self.metrics.cached_streams.set(self.cache.len() as i64);
        self.states.note(&changed);
        self.snapshotter.note(&changed);
        self.reply(std::mem::take(batch), decided, receipts, &head);
        Ok(())
    }

    fn reply(&self, batch: Vec<Waiting>, decided: Decided, mut receipts: Receipts, head: &Head) {
        let mut verdicts = decided.verdicts.into_iter();
        let mut position = head.position;
        for waiting in batch {
            if let Some(receipt) = receipts.0.remove(&waiting.request.command_id) {
                self.replay(waiting, receipt);
                continue;
            }
            let result = match verdicts.next() {
                Some(Verdict::Accepted {
                    resource,
                    version,
                    state,
                    events,
                    events_so_far,
                }) => {
                    position = Position(head.position.0 + events_so_far as i64);
                    let receipt = Receipt {
                        position,
                        epoch: head.epoch,
                        events,
                        replayed: false,
                    };
                    Ok(Answer {
                        resource,
                        version,
                        state,
                        receipt,
                    })
                }
                Some(Verdict::Rejected(rejection)) => Err(CommandError::Rejected(rejection)),
                Some(Verdict::Contradiction(stream)) => Err(CommandError::Contradiction(stream)),
                // There is a verdict for every command without a receipt.
                None => Err(CommandError::ShuttingDown),
            };
            self.metrics.count(&result, waiting.replies.len());
            reply_all(waiting.replies, result);
        }
        tracing::trace!(%position, "batch answered");
    }

    /// Answers a command that had been done before, with its first answer. The state at that version
    /// is read by a task of its own: the batches go on.
    fn replay(&self, waiting: Waiting, receipt: Replay) {
        let states = self.states.clone();
        let metrics = self.metrics.clone();
        self.states.runtime().spawn(async move {
            let result = if !waiting.request.retries(&receipt.first) {
                Err(CommandError::RequestIdReused)
            } else {
                match states
                    .at_version(&receipt.last.stream, receipt.last.version)
                    .await
                {
                    Ok(Versioned { version, state }) => Ok(Answer {
                        resource: receipt.last.stream,
                        version,
                        state,
                        receipt: receipt.receipt,
                    }),
                    Err(error) => Err(CommandError::from(Arc::new(error))),
                }
            };
            metrics.count(&result, waiting.replies.len());
            reply_all(waiting.replies, result);
        });
    }

    fn fail(&mut self, batch: Vec<Waiting>, error: CommandError) {
        // Whatever went wrong, the session and what was read through it are not trusted any more.
        self.appender = None;
        for waiting in batch {
            let result = Err(error.clone());
            self.metrics.count(&result, waiting.replies.len());
            reply_all(waiting.replies, result);
        }
    }

    async fn connect(&mut self) -> Result<(), LogError> {
        self.appender = None;
        self.appender = Some(Appender::connect(&self.database).await?);
        // Between two sessions the database may have been put back to an older copy.
        if !has_bug(Bug::RememberAcrossSessions) {
            self.forget();
        }
        Ok(())
    }

    fn forget(&mut self) {
        self.cache.clear();
        self.states.forget();
    }

    async fn anchor(&mut self) {
        let head = *self.committed.borrow();
        if head <= self.anchored {
            return;
        }
        if let Some(appender) = &self.appender {
            match appender.anchor().await {
                Ok(()) => self.anchored = head,
                Err(error) => tracing::warn!(%error, "the end of the log could not be noted"),
            }
        }
    }
}

impl Metrics {
    fn count(&self, result: &Result<Answer, CommandError>, replies: usize) {
        let outcome = match result {
            Ok(Answer {
                receipt: Receipt { replayed: true, .. },
                ..
            }) => "replayed",
            Ok(Answer {
                receipt: Receipt { events: 0, .. },
                ..
            }) => "unchanged",
            Ok(_) => "appended",
            Err(CommandError::Rejected(_)) => "rejected",
            Err(_) => "failed",
        };
        self.commands
            .get_or_create(&Outcome { outcome })
            .inc_by(replies as u64);
    }
}

/// What is known of commands that were done before.
struct Receipts(HashMap<Uuid, Replay>);

struct Replay {
    first: Metadata,
    last: Recorded,
    receipt: Receipt,
}

impl Receipts {
    fn of(events: &[Recorded], epoch: Epoch) -> Self {
        let mut receipts: HashMap<Uuid, Replay> = HashMap::new();
        for recorded in events {
            match receipts.get_mut(&recorded.command_id) {
                Some(replay) => {
                    replay.last = recorded.clone();
                    replay.receipt.position = recorded.position;
                    replay.receipt.events += 1;
                }
                None => {
                    let Ok(first) = recorded.metadata() else {
                        tracing::error!(position = %recorded.position, "metadata cannot be read");
                        continue;
                    };
                    let receipt = Receipt {
                        position: recorded.position,
                        epoch,
                        events: 1,
                        replayed: true,
                    };
                    receipts.insert(
                        recorded.command_id,
                        Replay {
                            first,
                            last: recorded.clone(),
                            receipt,
                        },
                    );
                }
            }
        }
        Self(receipts)
    }
}

/// The events of a batch as the log takes them.
fn records(requests: &[&Request], decided: &Decided) -> Vec<NewRecord> {
    let mut records: Vec<NewRecord> = Vec::with_capacity(decided.events.len());
    for (index, new) in &decided.events {
        let request = requests[*index];
        let (command_index, metadata) = match records.last() {
            Some(last) if last.command_id == request.command_id => {
                (last.command_index + 1, last.metadata.clone())
            }
            _ => {
                let json = serde_json::to_string(&request.metadata())
                    .expect("metadata has string keys only");
                (0, Arc::from(json))
            }
        };
        records.push(NewRecord {
            stream: new.stream.clone(),
            version: new.version,
            event_type: new.event.name(),
            type_version: new.event.type_version(),
            partition: new.partition,
            event_id: event_id(request.command_id, command_index),
            command_id: request.command_id,
            command_index,
            payload: new.payload.clone(),
            metadata,
        });
    }
    records
}

fn reply_all(
    replies: Vec<oneshot::Sender<Result<Answer, CommandError>>>,
    result: Result<Answer, CommandError>,
) {
    for reply in replies {
        answer(reply, result.clone());
    }
}

fn answer(
    reply: oneshot::Sender<Result<Answer, CommandError>>,
    result: Result<Answer, CommandError>,
) {
    // Who went away cancelled the waiting, not the command.
    let _ = reply.send(result);
}
