//! The body of an answer on its way out: measured to its end, and, for streams, ended early by the
//! client's deadline or because the server stops.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::HeaderMap;
use http_body::{Frame, SizeHint};
use tonic::{Code, Status, body::Body};

use crate::{error::ApiError, telemetry::Measurement};

/// Resolves when a stream has to end, with why.
pub(crate) type EndEarly = Pin<Box<dyn Future<Output = ApiError> + Send>>;

/// The body of an answer.
pub(crate) struct AnswerBody {
    inner: Body,
    /// None once it ended.
    measurement: Option<Measurement>,
    end_early: Option<EndEarly>,
}

impl AnswerBody {
    /// An answer whose headers say all: no body follows.
    pub(crate) fn empty() -> Self {
        Self {
            inner: Body::empty(),
            measurement: None,
            end_early: None,
        }
    }

    pub(crate) fn new(inner: Body, measurement: Measurement, end_early: Option<EndEarly>) -> Self {
        Self {
            inner,
            measurement: Some(measurement),
            end_early,
        }
    }

    fn end(&mut self, code: Code) {
        if let Some(mut measurement) = self.measurement.take() {
            measurement.end(code);
        }
    }
}

impl http_body::Body for AnswerBody {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        if let Some(end_early) = &mut self.end_early
            && let Poll::Ready(error) = end_early.as_mut().poll(context)
        {
            let status = Status::from(error);
            self.end(status.code());
            self.end_early = None;
            self.inner = Body::empty();
            let mut trailers = HeaderMap::new();
            return Poll::Ready(Some(
                status
                    .add_header(&mut trailers)
                    .map(|()| Frame::trailers(trailers)),
            ));
        }
        let polled = Pin::new(&mut self.inner).poll_frame(context);
        match &polled {
            Poll::Pending => {}
            Poll::Ready(None) => self.end(Code::Ok),
            Poll::Ready(Some(Err(status))) => self.end(status.code()),
            Poll::Ready(Some(Ok(frame))) => {
                if let Some(trailers) = frame.trailers_ref() {
                    let code = Status::from_header_map(trailers).map_or(Code::Ok, |s| s.code());
                    self.end(code);
                }
            }
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
