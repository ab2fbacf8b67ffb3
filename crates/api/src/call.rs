//! The way of every call: measured, refused while the server stops, bounded by its deadline,
//! authenticated, allowed by the table of callers; only then does a service see it.

use std::{convert::Infallible, sync::Arc, time::Duration};

use http::{HeaderMap, Request, Response};
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;
use tonic::{Status, body::Body, service::Routes};
use tower::Service;
use tracing::{Instrument, Span, field::Empty};

use crate::{
    auth::Authenticator,
    body::{AnswerBody, EndEarly},
    caller::Caller,
    callers::{self, Access, Method, Shape},
    deadline::{Deadline, deadline},
    error::ApiError,
    status,
    telemetry::Metrics,
};

/// What is needed to answer calls.
pub(crate) struct Calls {
    pub(crate) routes: Routes,
    pub(crate) authenticator: Authenticator,
    pub(crate) metrics: Metrics,
    /// Cancelled when the server takes no more calls.
    pub(crate) draining: CancellationToken,
    /// The longest that a unary call may take.
    pub(crate) longest: Duration,
}

/// A call that was let in, with who makes it: what a service finds in the extensions of a request.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) method: &'static Method,
    pub(crate) caller: Caller,
    pub(crate) deadline: Option<Deadline>,
}

impl Call {
    /// Takes a request apart. One that came past [`Calls`] has no caller and is refused.
    pub(crate) fn of<T>(request: tonic::Request<T>) -> Result<(Self, T), ApiError> {
        let (_, mut extensions, message) = request.into_parts();
        let call = extensions
            .remove::<Self>()
            .ok_or_else(|| ApiError::Internal("the call was not authenticated".into()))?;
        Ok((call, message))
    }
}

impl Calls {
    /// Answers one call. It never fails: errors are answers too.
    pub(crate) async fn answer(
        self: Arc<Self>,
        request: Request<Body>,
    ) -> Result<Response<AnswerBody>, Infallible> {
        let method = callers::method(request.uri().path());
        let name = method.map_or("unknown", |method| method.path);
        let mut measurement = self.metrics.begin(name);
        let span = tracing::info_span!("call", method = name, request_id = Empty, caller = Empty);
        let result = match method {
            Some(method) => {
                self.admit_and_route(method, request)
                    .instrument(span.clone())
                    .await
            }
            None => Err(ApiError::UnknownMethod {
                path: request.uri().path().to_owned(),
            }),
        };
        let refused = match result {
            Ok((response, end_early)) => match error_in_headers(response.headers()) {
                None => {
                    return Ok(response.map(|body| AnswerBody::new(body, measurement, end_early)));
                }
                Some(status) => status::complete(status),
            },
            Err(error) => span.in_scope(|| error.into()),
        };
        measurement.end(refused.code());
        Ok(refused.into_http::<()>().map(|()| AnswerBody::empty()))
    }

    async fn admit_and_route(
        &self,
        method: &'static Method,
        mut request: Request<Body>,
    ) -> Result<(Response<Body>, Option<EndEarly>), ApiError> {
        let deadline = deadline(
            request.headers(),
            method.shape,
            self.longest,
            Instant::now(),
        )?;
        match method.access {
            // Health answers to the end: it says that the server is stopping.
            Access::Public => {}
            Access::Only(_) if self.draining.is_cancelled() => return Err(ApiError::Draining),
            Access::Only(classes) => {
                let authenticate = self.authenticator.authenticate(request.headers());
                let caller = in_time(deadline, authenticate).await??;
                Span::current().record("caller", caller.actor.as_str());
                if !classes.contains(&caller.class) {
                    let actor = caller.actor;
                    return Err(ApiError::MethodNotAllowed {
                        actor,
                        method: method.path,
                    });
                }
                request.extensions_mut().insert(Call {
                    method,
                    caller,
                    deadline,
                });
            }
        }
        // The routes are shared; a copy counts references.
        let Ok(response) = in_time(deadline, self.routes.clone().call(request)).await?;
        let end_early = match method.shape {
            Shape::Unary | Shape::Upload => None,
            // The stream was only begun: the rest of it comes with the body.
            Shape::Stream => Some(end_early(deadline, self.draining.clone())),
        };
        Ok((response, end_early))
    }
}

/// The output of `work` if it comes before the deadline. Work that is dropped does not take a
/// command back that was submitted already.
async fn in_time<F: Future>(deadline: Option<Deadline>, work: F) -> Result<F::Output, ApiError> {
    match deadline {
        None => Ok(work.await),
        Some(Deadline(at)) => timeout_at(at, work)
            .await
            .map_err(|_| ApiError::DeadlineExceeded),
    }
}

/// What ends a stream that its service would go on with.
fn end_early(deadline: Option<Deadline>, draining: CancellationToken) -> EndEarly {
    Box::pin(async move {
        match in_time(deadline, draining.cancelled_owned()).await {
            Ok(()) => ApiError::Draining,
            Err(error) => error,
        }
    })
}

/// The error that a service answered with, if it did so before any message.
fn error_in_headers(headers: &HeaderMap) -> Option<Status> {
    Status::from_header_map(headers).filter(|status| status.code() != tonic::Code::Ok)
}
