//! Wake-up calls between processes, over core NATS. A hint may get lost, come late or twice: whoever
//! waits for one also polls.

use async_nats::{Client, SubscribeError, Subscriber, connection::State};
use futures_util::{FutureExt, StreamExt};
use handoff_event_log::Position;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::subjects::Subjects;

/// Gives and takes hints. Cheap to clone.
#[derive(Clone)]
pub struct Hints {
    nats: Client,
    subjects: Subjects,
}

impl Hints {
    /// Hints of the Handoff with these subjects.
    pub fn new(nats: Client, subjects: Subjects) -> Self {
        Self { nats, subjects }
    }

    /// Says that the log now reaches `position`. Never waits; while NATS is away nobody hears it.
    pub fn appended(&self, position: Position) {
        self.say(self.subjects.append_hint(), position);
    }

    /// Says that a projection has come to `position`. Never waits; while NATS is away nobody hears it.
    pub fn checkpoint(&self, projection: &str, position: Position) {
        self.say(self.subjects.checkpoint_hint(projection), position);
    }

    /// What other processes append.
    ///
    /// # Errors
    /// The client was closed for good.
    pub async fn appends(&self) -> Result<HintStream, SubscribeError> {
        self.nats
            .subscribe(self.subjects.append_hint())
            .await
            .map(HintStream)
    }

    /// How a projection moves. Its name may be `*` for all.
    ///
    /// # Errors
    /// The client was closed for good.
    pub async fn checkpoints(&self, projection: &str) -> Result<HintStream, SubscribeError> {
        self.nats
            .subscribe(self.subjects.checkpoint_hint(projection))
            .await
            .map(HintStream)
    }

    /// Gives an append hint whenever `committed` moves, until `shutdown`. Moves that follow each other
    /// closely give one hint.
    pub async fn announce(
        self,
        mut committed: watch::Receiver<Position>,
        shutdown: CancellationToken,
    ) {
        while let Some(Ok(())) = shutdown.run_until_cancelled(committed.changed()).await {
            let position = *committed.borrow_and_update();
            self.appended(position);
        }
    }

    fn say(&self, subject: String, position: Position) {
        // Without a connection the client queues what is said, and then makes its callers wait.
        if self.nats.connection_state() == State::Connected {
            // A full queue loses the hint, which is what hints are for.
            let _ = self
                .nats
                .publish(subject, position.0.to_string().into())
                .now_or_never();
        }
    }
}

/// Hints as they come.
pub struct HintStream(Subscriber);

impl HintStream {
    /// The position that the next hint names; none when the client was closed for good. Cancel-safe.
    pub async fn next(&mut self) -> Option<Position> {
        loop {
            let message = self.0.next().await?;
            if let Ok(position) = std::str::from_utf8(&message.payload)
                .unwrap_or_default()
                .parse()
            {
                return Some(Position(position));
            }
        }
    }
}
