//! Puts messages into the stream by hand: what a relay published elsewhere, in any order, any number of
//! times, or not at all.

use std::time::Duration;

use async_nats::{
    HeaderMap,
    jetstream::{Context, message::StreamMessage, stream::Config, stream::Stream},
};
use handoff_bus::{Subjects, Tick};
use handoff_event_log::Position;
use handoff_testkit::eventually;
use tokio::task::JoinHandle;

use super::{CEILING, Running, Scene};

/// Stands in for the relay of a scene.
pub struct Forger {
    jetstream: Context,
    /// Where the real relay publishes.
    source: Stream,
    from: Subjects,
    to: Subjects,
    _relay: Running,
    quiet: JoinHandle<()>,
}

impl Forger {
    /// To be called while the log is empty. From now on the stream has ticks that tell nothing, so that
    /// nobody thinks that NATS is away.
    pub async fn of(scene: &Scene) -> Self {
        let name = format!("{}_source", scene.subjects.stream());
        let (from, to) = (Subjects::new(&name, &name), scene.subjects.clone());
        let relay = scene.relay_to(from.clone()).await;
        let jetstream = scene.jetstream().await;
        let config = Config {
            name: to.stream().to_owned(),
            subjects: vec![to.all()],
            ..Default::default()
        };
        jetstream.create_stream(config).await.unwrap();
        let source = eventually("a tick", CEILING, async || {
            let source = jetstream
                .get_stream(&name)
                .await
                .map_err(|error| error.to_string())?;
            source
                .get_raw_message(1)
                .await
                .map_err(|error| error.to_string())?;
            Ok::<_, String>(source)
        })
        .await;
        let first = source.get_raw_message(1).await.unwrap();
        let tick = Tick::decode(&first.payload).unwrap();
        assert_eq!(tick.published, Position::START, "the log is empty");
        let (repeat, subject) = (jetstream.clone(), to.tick());
        let quiet = tokio::spawn(async move {
            loop {
                repeat
                    .publish(subject.clone(), first.payload.clone())
                    .await
                    .unwrap()
                    .await
                    .unwrap();
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        });
        Self {
            jetstream,
            source,
            from,
            to,
            _relay: relay,
            quiet,
        }
    }

    /// The messages of all events through a position, in order.
    pub async fn events(&self, through: Position) -> Vec<StreamMessage> {
        let mut events = Vec::new();
        for sequence in 1.. {
            let message = eventually("a message", CEILING, async || {
                self.source.get_raw_message(sequence).await
            })
            .await;
            if message.subject.as_str() != self.from.tick() {
                events.push(message);
            }
            if events.len() as i64 == through.0 {
                break;
            }
        }
        events
    }

    pub async fn send(&self, message: &StreamMessage) {
        let mut headers = HeaderMap::new();
        for (name, values) in message.headers.iter() {
            // By its id NATS would drop what is sent twice.
            if name.as_ref() as &str != "Nats-Msg-Id" {
                values
                    .iter()
                    .for_each(|value| headers.append(name.clone(), value.clone()));
            }
        }
        let subject = message
            .subject
            .replacen(self.from.stream(), self.to.stream(), 1);
        let payload = message.payload.clone();
        self.jetstream
            .publish_with_headers(subject, headers, payload)
            .await
            .unwrap()
            .await
            .unwrap();
    }

    /// Sends a tick that tells of everything through a position.
    pub async fn tick(&self, through: Position) {
        let subject = self.from.tick();
        let message = eventually("a tick that tells of everything", CEILING, async || {
            let message = self
                .source
                .get_last_raw_message_by_subject(&subject)
                .await
                .unwrap();
            let published = Tick::decode(&message.payload).unwrap().published;
            if published == through {
                Ok(message)
            } else {
                Err(published)
            }
        })
        .await;
        self.jetstream
            .publish(self.to.tick(), message.payload)
            .await
            .unwrap()
            .await
            .unwrap();
    }
}

impl Drop for Forger {
    fn drop(&mut self) {
        self.quiet.abort();
    }
}
