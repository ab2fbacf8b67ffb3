//! The way of every call: measured, refused while the server stops, bounded by its deadline,
//! authenticated, allowed by the table of callers; only then does a service see it.

use std::{convert::Infallible, future::pending, sync::Arc, time::Duration};

use handoff_domain::names::Actor;
use http::{HeaderMap, Request, Response};
use tokio::time::{Instant, sleep, timeout_at};
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
    patience::Patience,
    status,
    telemetry::Metrics,
};

/// How often it is looked whether the caller of a stream still may what it might at the beginning. What
/// the log says of members may be half a second old.
const RIGHTS: Duration = Duration::from_millis(400);

/// What is needed to answer calls.
pub(crate) struct Calls {
    pub(crate) routes: Routes,
    pub(crate) authenticator: Arc<Authenticator>,
    pub(crate) metrics: Metrics,
    /// Cancelled when the server takes no more calls.
    pub(crate) draining: CancellationToken,
    /// The longest that a unary call may take.
    pub(crate) longest: Duration,
    /// With the readers of streams.
    pub(crate) patience: Patience,
}

/// A call that was let in, with who makes it: what a service finds in the extensions of a request.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) method: &'static Method,
    pub(crate) caller: Caller,
    pub(crate) deadline: Option<Deadline>,
    /// With its reader, where the answer is a stream that can be resumed.
    pub(crate) patience: Patience,
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

    /// Takes a request of a contact apart; whoever else calls is refused, whatever the table of callers says.
    pub(crate) fn of_contact<T>(request: tonic::Request<T>) -> Result<(Self, T), ApiError> {
        let (call, message) = Self::of(request)?;
        match call.caller.actor {
            Actor::Contact(_) => Ok((call, message)),
            actor => Err(ApiError::MethodNotAllowed {
                actor,
                method: call.method.path,
            }),
        }
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
        let mut rights = None;
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
                if method.shape == Shape::Stream {
                    rights = Some(Rights {
                        authenticator: self.authenticator.clone(),
                        headers: request.headers().clone(),
                        caller: caller.clone(),
                    });
                }
                request.extensions_mut().insert(Call {
                    method,
                    caller,
                    deadline,
                    patience: self.patience.clone(),
                });
            }
        }
        // The routes are shared; a copy counts references.
        let Ok(response) = in_time(deadline, self.routes.clone().call(request)).await?;
        let end_early = match method.shape {
            Shape::Unary | Shape::Upload => None,
            // The stream was only begun: the rest of it comes with the body.
            Shape::Stream => Some(end_early(deadline, self.draining.clone(), rights)),
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
fn end_early(
    deadline: Option<Deadline>,
    draining: CancellationToken,
    rights: Option<Rights>,
) -> EndEarly {
    Box::pin(async move {
        let lost = async {
            match rights {
                Some(rights) => rights.lost().await,
                None => pending().await,
            }
        };
        let ended = async {
            tokio::select! {
                () = draining.cancelled_owned() => ApiError::Draining,
                error = lost => error,
            }
        };
        in_time(deadline, ended).await.unwrap_or_else(|error| error)
    })
}

/// What the caller of a stream might when it began.
struct Rights {
    authenticator: Arc<Authenticator>,
    /// With the token, and for whom it acts.
    headers: HeaderMap,
    caller: Caller,
}

impl Rights {
    /// Resolves when the caller may that no more: its token is not relied on any longer, or the log says
    /// otherwise of it or of the member for whom it acts.
    async fn lost(self) -> ApiError {
        loop {
            sleep(RIGHTS).await;
            match self.authenticator.authenticate(&self.headers).await {
                Ok(caller) if caller == self.caller => {}
                Ok(caller) => {
                    return ApiError::RightsChanged {
                        actor: caller.actor,
                    };
                }
                // While nobody can say, the stream goes on; it needs the log itself.
                Err(ApiError::Unavailable(_)) => {}
                Err(error) => return error,
            }
        }
    }
}

/// The error that a service answered with, if it did so before any message.
fn error_in_headers(headers: &HeaderMap) -> Option<Status> {
    Status::from_header_map(headers).filter(|status| status.code() != tonic::Code::Ok)
}
