//! The JetStream stream: made where it is missing, replaced where it is of an earlier epoch.

use std::time::Duration;

use async_nats::{
    Client,
    jetstream::{
        self, Context, ErrorCode,
        context::GetStreamErrorKind,
        stream::{Config, DiscardPolicy, RawMessageErrorKind, RetentionPolicy, StorageType},
    },
};
use handoff_event_log::{Epoch, Hash, Position};

use super::{RelayConfig, error::RelayError};
use crate::envelope::Delivered;

/// How long NATS may take to answer.
const ANSWER: Duration = Duration::from_secs(5);

/// The stream that the relay publishes to.
pub(super) struct Stream {
    jetstream: Context,
    config: Config,
    events: String,
}

/// The event in the stream that came last.
pub(super) struct Newest {
    pub(super) epoch: Epoch,
    pub(super) position: Position,
    pub(super) hash: Hash,
}

impl Stream {
    /// Makes the stream, or makes it be as configured.
    pub(super) async fn open(nats: &Client, config: &RelayConfig) -> Result<Self, RelayError> {
        let mut jetstream = jetstream::new(nats.clone());
        jetstream.set_timeout(ANSWER);
        let stream = Self {
            jetstream,
            events: config.subjects.events(),
            config: Config {
                name: config.subjects.stream().to_owned(),
                subjects: vec![config.subjects.all()],
                max_age: config.max_age,
                max_bytes: config.max_bytes,
                duplicate_window: config.duplicate_window,
                discard: DiscardPolicy::Old,
                retention: RetentionPolicy::Limits,
                storage: StorageType::File,
                max_messages: -1,
                max_messages_per_subject: -1,
                num_replicas: 1,
                ..Default::default()
            },
        };
        match stream.jetstream.get_stream(&stream.config.name).await {
            Ok(found) if stream.fits(&found.cached_info().config) => {}
            Ok(_) => {
                stream
                    .jetstream
                    .update_stream(&stream.config)
                    .await
                    .map_err(RelayError::nats)?;
            }
            Err(error) => match error.kind() {
                GetStreamErrorKind::JetStream(error)
                    if error.error_code() == ErrorCode::STREAM_NOT_FOUND =>
                {
                    stream.make().await?;
                }
                _ => return Err(RelayError::nats(error)),
            },
        }
        Ok(stream)
    }

    fn fits(&self, found: &Config) -> bool {
        found.subjects == self.config.subjects
            && found.max_age == self.config.max_age
            && found.max_bytes == self.config.max_bytes
            && found.duplicate_window == self.config.duplicate_window
    }

    async fn make(&self) -> Result<(), RelayError> {
        self.jetstream
            .create_stream(&self.config)
            .await
            .map_err(RelayError::nats)?;
        tracing::info!(stream = self.config.name, "made the stream, empty");
        Ok(())
    }

    /// Throws everything in the stream away, and with it all that listen to it.
    pub(super) async fn replace(&self) -> Result<(), RelayError> {
        self.jetstream
            .delete_stream(&self.config.name)
            .await
            .map_err(RelayError::nats)?;
        self.make().await
    }

    /// The event that came last; none if there is none that a relay wrote.
    pub(super) async fn newest(&self) -> Result<Option<Newest>, RelayError> {
        let stream = self
            .jetstream
            .get_stream_no_info(&self.config.name)
            .await
            .map_err(RelayError::nats)?;
        let message = match stream.get_last_raw_message_by_subject(&self.events).await {
            Ok(message) => message,
            Err(error) if error.kind() == RawMessageErrorKind::NoMessageFound => return Ok(None),
            Err(error) => return Err(RelayError::nats(error)),
        };
        match Delivered::decode(Some(&message.headers), &message.payload) {
            Ok(Delivered { epoch, event, .. }) => Ok(Some(Newest {
                epoch,
                position: event.position,
                hash: event.hash,
            })),
            Err(error) => {
                tracing::warn!(subject = %message.subject, %error, "no relay wrote the newest message of the stream");
                Ok(None)
            }
        }
    }
}
