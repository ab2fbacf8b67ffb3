//! ReadEvents: the log from any position, and then each new event as it comes.

use futures_util::{Stream, stream};
use handoff_domain::names::StreamName;
use handoff_event_log::Position;
use handoff_proto::v1::{
    ReadEventsResponse,
    read_events_response::{Heartbeat, Item},
};
use tonic::Status;

use crate::{
    error::ApiError,
    patience::{Patience, Told},
    services::follow::{Events, Follower, Following, Step},
    views::{self, View},
};

/// What is to be read.
pub(crate) struct Reading {
    pub(crate) after: Position,
    /// Only events of this stream; none: all.
    pub(crate) resource: Option<StreamName>,
    /// Whether to go on at the end of the log.
    pub(crate) follow: bool,
    /// How many events at most; none: all.
    pub(crate) limit: Option<u64>,
    pub(crate) view: View,
}

/// The events asked for.
pub(crate) async fn read(
    events: Events,
    reading: Reading,
    patience: Patience,
) -> Result<impl Stream<Item = Result<ReadEventsResponse, Status>> + Send, ApiError> {
    let following = Following {
        after: Some(reading.after),
        epoch: None,
        resource: reading.resource,
        follow: reading.follow,
    };
    let follower = Follower::begin(events, following).await?;
    let (epoch, begun) = (follower.epoch(), follower.position());
    let reader = Reader {
        follower,
        left: reading.limit,
        view: reading.view,
    };
    let items = stream::unfold(Some(reader), |reader| async {
        let mut reader = reader?;
        match reader.next().await {
            Ok(told) => Some((Ok(told?), Some(reader))),
            Err(error) => Some((Err(error), None)),
        }
    });
    Ok(patience.with_reader(epoch, begun, items))
}

struct Reader {
    follower: Follower,
    left: Option<u64>,
    view: View,
}

impl Reader {
    /// The next item; none at the end of what was asked for.
    async fn next(&mut self) -> Result<Option<Told<ReadEventsResponse>>, ApiError> {
        if self.left == Some(0) {
            return Ok(None);
        }
        let (step, epoch) = (self.follower.next().await?, self.follower.epoch());
        Ok(step.map(|step| {
            let (position, item) = match step {
                Step::Event(recorded) => {
                    self.left = self.left.map(|left| left - 1);
                    let position = recorded.position;
                    let event = views::event::event(self.view, *recorded, epoch);
                    (position, Item::Event(event))
                }
                Step::Quiet(position) => {
                    let heartbeat = Heartbeat {
                        position: position.0,
                        epoch: epoch.0,
                    };
                    (position, Item::Heartbeat(heartbeat))
                }
            };
            let message = ReadEventsResponse { item: Some(item) };
            Told { position, message }
        }))
    }
}
