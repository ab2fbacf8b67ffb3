//! The feed: what the relay publishes, received once per process and fanned out in memory.
//!
//! One ephemeral consumer of the stream, without acknowledgements, beginning at what is new. It needs
//! no order, no replay and no memory of its own: whenever anything disturbs it, it is replaced, and
//! what was missed in between the subscriptions read from the log. Where the relay of the same process
//! is the active one, it feeds directly and there is no consumer: see [`Link`].

mod continuity;
mod subscription;

use std::{sync::Arc, time::Duration};

use async_nats::{
    Client,
    jetstream::{
        self,
        consumer::{AckPolicy, DeliverPolicy, push},
    },
};
use futures_util::StreamExt;
use handoff_event_log::{Epoch, Log, Position, Recorded};
use tokio::{
    sync::{broadcast, watch},
    time::sleep,
};
use tokio_util::sync::{CancellationToken, DropGuard};

pub use continuity::{Continuity, Repair, Verdict};
pub use subscription::{Batch, FeedError, Subscription};

use crate::{
    envelope::{Delivered, MalformedMessage, Tick},
    link::{CHUNK, Link},
    metrics::Metrics,
    subjects::Subjects,
};

/// Chunks that are kept for a subscription that is slow. One that is slower reads the log instead.
const CHUNKS: usize = 512;
/// How often the server shows that the consumer is alive when it has nothing to deliver.
const HEARTBEAT: Duration = Duration::from_secs(1);
/// How long the server keeps a consumer that nobody listens to.
const ABANDONED: Duration = Duration::from_secs(10);
/// How long the server may take to make a consumer.
const ANSWER: Duration = Duration::from_secs(2);
/// The wait before the next try to make a consumer: from, to.
const RETRY: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(1));

/// What the stream says, read once for all subscriptions.
#[derive(Debug, Clone)]
pub(crate) enum Message {
    Event {
        epoch: Epoch,
        previous: Position,
        event: Arc<Recorded>,
    },
    Tick(Arc<Tick>),
}

/// What is handed on together.
pub(crate) type Chunk = Arc<[Message]>;

/// The feed of this process. Clones share it; it ends with the last of them, or at shutdown.
/// Subscriptions live on without it, from the log alone.
#[derive(Clone)]
pub struct Feed {
    sender: broadcast::Sender<Chunk>,
    link: Link,
    log: Log,
    metrics: Metrics,
    _running: Arc<DropGuard>,
}

impl Feed {
    /// Begins to receive, in a task of the current runtime. Neither NATS nor Postgres need be there.
    ///
    /// `log` must read the primary: a replica may not have yet what NATS already tells of.
    pub fn start(
        subjects: Subjects,
        nats: Client,
        log: Log,
        metrics: Metrics,
        shutdown: &CancellationToken,
    ) -> Self {
        let (sender, _) = broadcast::channel(CHUNKS);
        let link = Link::new(sender.clone(), metrics.clone());
        let ended = shutdown.child_token();
        let receiver = Receiver {
            subjects,
            nats,
            sender: sender.clone(),
            relay_leads: link.leading(),
            metrics: metrics.clone(),
        };
        tokio::spawn(ended.clone().run_until_cancelled_owned(receiver.run()));
        Self {
            sender,
            link,
            log,
            metrics,
            _running: Arc::new(ended.drop_guard()),
        }
    }

    /// What the relay of this process is to be given, if there is one.
    pub fn link(&self) -> Link {
        self.link.clone()
    }

    /// A subscription that no partition is assigned to yet.
    pub fn subscribe(&self) -> Subscription {
        Subscription::new(
            self.sender.subscribe(),
            self.log.clone(),
            self.metrics.clone(),
        )
    }
}

/// Receives for all.
struct Receiver {
    subjects: Subjects,
    nats: Client,
    sender: broadcast::Sender<Chunk>,
    /// Whether the relay of this process feeds it.
    relay_leads: watch::Receiver<bool>,
    metrics: Metrics,
}

impl Receiver {
    async fn run(self) {
        let mut wait = RETRY.0;
        let mut relay_leads = self.relay_leads.clone();
        loop {
            // The sender lives as long as the feed, and this ends with the feed.
            let _ = relay_leads.wait_for(|leads| !leads).await;
            match self.consume().await {
                Ok(messages) => {
                    wait = RETRY.0;
                    tokio::select! {
                        () = self.forward(messages) => {}
                        _ = relay_leads.wait_for(|leads| *leads) => continue,
                    }
                }
                Err(error) => {
                    tracing::debug!(%error, "cannot consume the stream, trying again");
                    wait = (wait * 2).min(RETRY.1);
                }
            }
            sleep(wait).await;
        }
    }

    /// Makes a consumer of everything that is published from now on.
    async fn consume(&self) -> Result<push::Messages, ConsumeError> {
        let mut jetstream = jetstream::new(self.nats.clone());
        jetstream.set_timeout(ANSWER);
        let consumer = push::Config {
            deliver_subject: self.nats.new_inbox(),
            deliver_policy: DeliverPolicy::New,
            ack_policy: AckPolicy::None,
            filter_subject: self.subjects.all(),
            flow_control: true,
            idle_heartbeat: HEARTBEAT,
            inactive_threshold: ABANDONED,
            memory_storage: true,
            num_replicas: 1,
            ..Default::default()
        };
        let consumer = jetstream
            .create_consumer_on_stream(consumer, self.subjects.stream())
            .await?;
        Ok(consumer.messages().await?)
    }

    /// Hands messages on until the consumer is disturbed.
    async fn forward(&self, messages: push::Messages) {
        let tick = self.subjects.tick();
        let mut chunks = messages.ready_chunks(CHUNK);
        while let Some(chunk) = chunks.next().await {
            let mut received = Vec::with_capacity(chunk.len());
            let mut disturbed = None;
            for message in chunk {
                match message {
                    Ok(message) => match decode(&message, &tick) {
                        Ok(message) => received.push(message),
                        Err(error) => {
                            tracing::warn!(subject = %message.subject, %error, "ignored a message that no relay wrote");
                        }
                    },
                    Err(error) => disturbed = Some(error),
                }
            }
            let events = received
                .iter()
                .filter(|message| matches!(message, Message::Event { .. }));
            self.metrics
                .feed_received_events
                .inc_by(events.count() as u64);
            // Nobody may be subscribed.
            let _ = self.sender.send(received.into());
            if let Some(error) = disturbed {
                tracing::debug!(%error, "the consumer was disturbed, making another");
                return;
            }
        }
    }
}

fn decode(message: &jetstream::Message, tick: &str) -> Result<Message, MalformedMessage> {
    if message.subject.as_str() == tick {
        return Tick::decode(&message.payload).map(|tick| Message::Tick(Arc::new(tick)));
    }
    let Delivered {
        epoch,
        previous,
        event,
    } = Delivered::decode(message.headers.as_ref(), &message.payload)?;
    Ok(Message::Event {
        epoch,
        previous,
        event: Arc::new(event),
    })
}

/// Why no consumer could be made.
#[derive(Debug, thiserror::Error)]
enum ConsumeError {
    #[error("cannot make a consumer")]
    Make(#[from] jetstream::stream::ConsumerError),
    #[error("cannot listen to the consumer")]
    Listen(#[from] jetstream::consumer::StreamError),
}
