//! How long a stream waits for its reader.
//!
//! The transport asks a stream for messages only while its client reads, so nothing in the stream itself would
//! notice that it does not. A task beside it does: it takes messages out of the stream and gives each a time in
//! which it must be taken on.

use std::{pin::pin, time::Duration};

use futures_util::{Stream, StreamExt, stream};
use handoff_event_log::{Epoch, Position};
use prometheus_client::metrics::counter::Counter;
use tokio::{sync::mpsc, time::timeout};
use tokio_util::task::AbortOnDropHandle;
use tonic::Status;

use crate::error::ApiError;

/// Messages that lie ready for the transport. Few, since each may have half a MiB.
const READY: usize = 4;

/// How long the readers of streams may leave a message lying. Clones count together whose time was up.
#[derive(Debug, Clone)]
pub(crate) struct Patience {
    longest: Duration,
    slow_readers: Counter,
}

/// A message of a stream.
pub(crate) struct Told<M> {
    /// Whoever resumes after it gets what follows the message.
    pub(crate) position: Position,
    pub(crate) message: M,
}

impl Patience {
    pub(crate) fn new(longest: Duration, slow_readers: Counter) -> Self {
        Self {
            longest,
            slow_readers,
        }
    }

    /// The messages of `source`, whose positions are of `epoch` and after `begun`. Where the next one is there and
    /// the reader does not make room for it in time, `source` is dropped, and the stream ends with where to resume
    /// behind the messages that lie ready. A source that has nothing to tell may take any time.
    pub(crate) fn with_reader<M: Send + 'static>(
        self,
        epoch: Epoch,
        begun: Position,
        source: impl Stream<Item = Result<Told<M>, ApiError>> + Send + 'static,
    ) -> impl Stream<Item = Result<M, Status>> + Send {
        let (ready, messages) = mpsc::channel(READY);
        let task = tokio::spawn(self.hand_over(epoch, begun, source, ready));
        let handing_over = AbortOnDropHandle::new(task);
        stream::unfold(Some((messages, handing_over)), |state| async {
            let (mut messages, handing_over) = state?;
            if let Some(message) = messages.recv().await {
                return Some((Ok(message), Some((messages, handing_over))));
            }
            match handing_over.await {
                Ok(Ok(())) => None,
                Ok(Err(error)) => Some((Err(error.into()), None)),
                Err(panicked) => Some((Err(ApiError::Internal(panicked.into()).into()), None)),
            }
        })
    }

    /// Goes on until the source ends, its reader is gone, or the patience is at its end.
    async fn hand_over<M>(
        self,
        epoch: Epoch,
        begun: Position,
        source: impl Stream<Item = Result<Told<M>, ApiError>>,
        ready: mpsc::Sender<M>,
    ) -> Result<(), ApiError> {
        let (mut source, mut position) = (pin!(source), begun);
        while let Some(told) = source.next().await {
            let told = told?;
            match timeout(self.longest, ready.send(told.message)).await {
                Ok(Ok(())) => position = told.position,
                Ok(Err(_)) => break,
                Err(_) => {
                    self.slow_readers.inc();
                    return Err(ApiError::SlowReader { epoch, position });
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::oneshot;
    use tonic::Code;
    use tonic_types::StatusExt;

    use super::*;

    const EPOCH: Epoch = Epoch(3);

    /// No reader makes room at once, so that what waits for one is at its end.
    fn none_at_all() -> Patience {
        Patience::new(Duration::ZERO, Counter::default())
    }

    /// What comes within a time that is only ever used up by a failure.
    async fn soon<F: Future>(future: F) -> F::Output {
        timeout(Duration::from_secs(20), future)
            .await
            .expect("it did not come")
    }

    fn told(position: i64) -> Result<Told<i64>, ApiError> {
        Ok(Told {
            position: Position(position),
            message: position,
        })
    }

    #[tokio::test]
    async fn a_reader_that_takes_nothing_is_ended_where_it_will_be() {
        let patience = none_at_all();
        let slow_readers = patience.slow_readers.clone();
        let (held, dropped) = oneshot::channel::<()>();
        let source = stream::iter(11..).map(move |position| {
            let _ = &held;
            told(position)
        });
        let read = patience.with_reader(EPOCH, Position(10), source);
        // Nothing of it is kept, though nobody has read anything yet.
        assert!(soon(dropped).await.is_err());
        assert_eq!(slow_readers.get(), 1);
        let mut read = pin!(read);
        let mut last = 10;
        let ended = loop {
            match read.next().await.unwrap() {
                Ok(position) => {
                    assert_eq!(position, last + 1);
                    last = position;
                }
                Err(status) => break status,
            }
        };
        assert_eq!(last, 10 + READY as i64);
        assert_eq!(ended.code(), Code::ResourceExhausted);
        let details = ended.get_error_details();
        let info = details.error_info().unwrap();
        assert_eq!(info.reason, "SLOW_READER");
        assert_eq!(info.metadata["position"], last.to_string());
        assert_eq!(info.metadata["epoch"], "3");
        assert!(details.retry_info().is_some());
        assert!(read.next().await.is_none());
    }

    #[tokio::test]
    async fn a_reader_that_waits_for_messages_is_never_slow() {
        let patience = none_at_all();
        let slow_readers = patience.slow_readers.clone();
        let (sender, receiver) = mpsc::channel(1);
        let source = stream::unfold(receiver, |mut receiver| async {
            Some((told(receiver.recv().await?), receiver))
        });
        let mut read = pin!(patience.with_reader(EPOCH, Position(0), source));
        for position in 1..=100 {
            sender.send(position).await.unwrap();
            assert_eq!(read.next().await.unwrap().unwrap(), position);
        }
        drop(sender);
        assert!(read.next().await.is_none());
        assert_eq!(slow_readers.get(), 0);
    }

    #[tokio::test]
    async fn an_error_of_the_source_comes_after_what_it_told() {
        let source = stream::iter([told(1), Err(ApiError::Draining), told(2)]);
        let mut read = pin!(none_at_all().with_reader(EPOCH, Position(0), source));
        assert_eq!(read.next().await.unwrap().unwrap(), 1);
        assert_eq!(
            read.next().await.unwrap().unwrap_err().code(),
            Code::Unavailable
        );
        assert!(read.next().await.is_none());
    }

    #[tokio::test]
    async fn nothing_goes_on_for_a_reader_that_is_gone() {
        let (held, dropped) = oneshot::channel::<()>();
        let source = stream::pending().map(move |()| {
            let _ = &held;
            told(1)
        });
        drop(none_at_all().with_reader(EPOCH, Position(0), source));
        assert!(soon(dropped).await.is_err());
    }
}
