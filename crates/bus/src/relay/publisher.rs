//! Publishes without waiting for each answer: answers to all of it come to one inbox.

use std::time::Duration;

use async_nats::{
    Client, Message, Subject, Subscriber,
    client::PublishErrorKind,
    jetstream::{publish::PublishAck, response::Response},
};
use futures_util::{FutureExt, StreamExt};
use handoff_event_log::{Epoch, Position, Recorded};
use handoff_failpoints::{Point, pass};
use tokio::time::{Instant, timeout, timeout_at};

use super::{RelayConfig, cursor::Cursor, error::RelayError, window::Window};
use crate::{
    envelope::{self, Tick},
    last_positions::LastPositions,
    subjects::Subjects,
};

/// How long an answer may take.
const ANSWER: Duration = Duration::from_secs(5);
/// What an answer to a tick is addressed to, in place of a position.
const TICK: &str = "tick";

/// Publishes events in order from a cursor on. After an error it is of no more use than for its cursor.
pub(super) struct Publisher {
    nats: Client,
    subjects: Subjects,
    tick_subject: Subject,
    source: String,
    inbox: String,
    answers: Subscriber,
    /// Through what was sent.
    sent: Cursor,
    window: Window,
    /// When the last tick was sent, until it is answered.
    tick_sent: Option<Instant>,
    acknowledged: u64,
}

impl Publisher {
    pub(super) async fn open(
        nats: Client,
        config: &RelayConfig,
        epoch: Epoch,
        cursor: Cursor,
    ) -> Result<Self, RelayError> {
        let inbox = nats.new_inbox();
        let answers = nats
            .subscribe(format!("{inbox}.*"))
            .await
            .map_err(RelayError::nats)?;
        let sent = Cursor { epoch, ..cursor };
        Ok(Self {
            window: Window::new(
                sent.clone(),
                config.in_flight_events,
                config.in_flight_bytes,
            ),
            tick_subject: config.subjects.tick().into(),
            subjects: config.subjects.clone(),
            source: config.source.clone(),
            nats,
            inbox,
            answers,
            sent,
            tick_sent: None,
            acknowledged: 0,
        })
    }

    pub(super) fn epoch(&self) -> Epoch {
        self.sent.epoch
    }

    /// Through what was acknowledged.
    pub(super) fn cursor(&self) -> &Cursor {
        self.window.cursor()
    }

    /// Through what was sent.
    pub(super) fn published(&self) -> Position {
        self.sent.position
    }

    /// The last position of each partition through what was sent.
    pub(super) fn last(&self) -> &LastPositions {
        &self.sent.last
    }

    /// Events that were acknowledged since this was last asked.
    pub(super) fn take_acknowledged(&mut self) -> u64 {
        std::mem::take(&mut self.acknowledged)
    }

    /// Sends the next event of the log, as soon as there is room in the window.
    ///
    /// An event that no message can hold is left out: the event after it in its partition and the
    /// next tick name it, and every feed reads it from the log.
    pub(super) async fn publish(&mut self, event: &Recorded) -> Result<(), RelayError> {
        let (position, partition) = (event.position, event.partition);
        let body = match envelope::encode(event, self.epoch()) {
            Ok(body) => body,
            Err(error) => {
                tracing::error!(%position, %error, "left out an event that is no JSON");
                self.leave_out(event);
                return Ok(());
            }
        };
        let headers =
            envelope::headers(event, self.epoch(), self.sent.last[partition], &self.source);
        let bytes = body.len();
        while !self.window.has_room(bytes) {
            self.acknowledged().await?;
        }
        let reply = format!("{}.{position}", self.inbox);
        let subject = self.subjects.event(event);
        pass(Point::RelayBeforePublish);
        let publish = self
            .nats
            .publish_with_reply_and_headers(subject, reply, headers, body);
        match timeout(ANSWER, publish).await {
            Err(_) => return Err(RelayError::NatsAway),
            Ok(Err(error)) if error.kind() == PublishErrorKind::MaxPayloadExceeded => {
                tracing::warn!(%position, bytes, "left out an event that is too large for NATS");
                self.leave_out(event);
                return Ok(());
            }
            Ok(published) => published.map_err(RelayError::nats)?,
        }
        pass(Point::RelayAfterPublish);
        self.window.sent(position, partition, bytes);
        self.sent.pass(partition, position);
        Ok(())
    }

    fn leave_out(&mut self, event: &Recorded) {
        self.window.sent(event.position, event.partition, 0);
        self.window.acknowledge(event.position);
        self.sent.pass(event.partition, event.position);
    }

    /// Says how far everything was sent, and answers what it said. `head` is the end of the log.
    pub(super) async fn tick(&mut self, head: Position) -> Result<Tick, RelayError> {
        let tick = Tick {
            epoch: self.epoch(),
            published: self.sent.position,
            head: head.max(self.sent.position),
            last: self.sent.last.clone(),
        };
        let reply = format!("{}.{TICK}", self.inbox);
        let subject = self.tick_subject.clone();
        let publish = self.nats.publish_with_reply(subject, reply, tick.encode());
        timeout(ANSWER, publish)
            .await
            .map_err(|_| RelayError::NatsAway)?
            .map_err(RelayError::nats)?;
        self.tick_sent.get_or_insert_with(Instant::now);
        Ok(tick)
    }

    /// Takes the answers that are there.
    pub(super) fn collect(&mut self) -> Result<(), RelayError> {
        while let Some(Some(answer)) = self.answers.next().now_or_never() {
            self.take(&answer)?;
        }
        self.check_overdue()
    }

    /// Waits for an answer and takes all that are there. Cancel-safe.
    pub(super) async fn acknowledged(&mut self) -> Result<(), RelayError> {
        let oldest = self.window.oldest().map(|(_, sent)| sent);
        let since = [oldest, self.tick_sent].into_iter().flatten().min();
        let Some(since) = since else {
            return std::future::pending().await;
        };
        match timeout_at(since + ANSWER, self.answers.next()).await {
            Ok(Some(answer)) => self.take(&answer)?,
            Ok(None) => return Err(RelayError::NatsAway),
            Err(_) => {}
        }
        self.collect()
    }

    /// Waits until everything that was sent is acknowledged, at most so long.
    pub(super) async fn drain(&mut self, at_most: Duration) -> Result<(), RelayError> {
        let drained = async {
            while self.window.oldest().is_some() {
                self.acknowledged().await?;
            }
            Ok(())
        };
        // What is not acknowledged in time is published again by the relay that follows.
        timeout(at_most, drained).await.unwrap_or(Ok(()))
    }

    fn take(&mut self, answer: &Message) -> Result<(), RelayError> {
        let about = answer
            .subject
            .as_str()
            .rsplit('.')
            .next()
            .unwrap_or_default();
        if let Some(reason) = refusal(answer) {
            return Err(RelayError::Refused {
                what: format!("position {about}"),
                reason,
            });
        }
        if about == TICK {
            self.tick_sent = None;
        } else if let Ok(position) = about.parse()
            && self.window.acknowledge(Position(position))
        {
            self.acknowledged += 1;
        }
        Ok(())
    }

    fn check_overdue(&self) -> Result<(), RelayError> {
        let seconds = ANSWER.as_secs();
        if let Some((position, sent)) = self.window.oldest()
            && sent.elapsed() >= ANSWER
        {
            return Err(RelayError::Unanswered { position, seconds });
        }
        if self.tick_sent.is_some_and(|sent| sent.elapsed() >= ANSWER) {
            return Err(RelayError::Unanswered {
                position: self.published(),
                seconds,
            });
        }
        Ok(())
    }
}

/// Why the stream did not take a message; none if it did.
fn refusal(answer: &Message) -> Option<String> {
    if let Some(status) = answer.status {
        // 503: nobody listens to the subject, so there is no stream.
        return Some(format!("status {status}"));
    }
    match serde_json::from_slice::<Response<PublishAck>>(&answer.payload) {
        Ok(Response::Ok(_)) => None,
        Ok(Response::Err { error }) => Some(error.to_string()),
        Err(error) => Some(format!("an answer that is none: {error}")),
    }
}
