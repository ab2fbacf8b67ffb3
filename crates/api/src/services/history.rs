//! HistoryQueryService.

use std::{pin::Pin, sync::Arc};

use futures_util::{Stream, stream};
use handoff_commands::{Clock, States};
use handoff_domain::names::StreamName;
use handoff_event_log::{
    Log, Position,
    verify::{ProblemKind, Progress, Verifier},
};
use handoff_proto::v1::{
    self, get_resource_at_request::Point, history_query_service_server::HistoryQueryService,
};
use handoff_read_models::ListRequest;
use tonic::{Request, Response, Status};

use crate::{
    call::Call,
    error::ApiError,
    fields::Fields,
    query::ReadSide,
    services::{
        events::{self, Reading},
        follow::Events,
    },
    views::{self, View},
};

/// Queries about the past.
pub(crate) struct HistoryQueries {
    pub(crate) read_side: ReadSide,
    pub(crate) log: Log,
    pub(crate) states: States,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) events: Events,
}

type Answers<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

#[tonic::async_trait]
impl HistoryQueryService for HistoryQueries {
    type ReadEventsStream = Answers<v1::ReadEventsResponse>;
    type VerifyLogStream = Answers<v1::VerifyLogResponse>;

    async fn list_history(
        &self,
        request: Request<v1::ListHistoryRequest>,
    ) -> Result<Response<v1::ListHistoryResponse>, Status> {
        let (query, request) = self.read_side.begin(request)?;
        let mut fields = Fields::new();
        let name = match request.resource.as_str() {
            "" => Some(None),
            name => fields.name("resource", name).map(Some),
        };
        let min_position = fields.position("min_position", request.min_position);
        let (name, min_position) = fields.finish(name.zip(min_position))?;
        let list = ListRequest {
            page_size: request.page_size,
            page_token: &request.page_token,
            filter: &request.filter,
            order_by: &request.order_by,
        };
        let consistency = query.consistency(min_position);
        let answer = self
            .read_side
            .queries
            .list_history(name.as_ref(), &list, &query.viewer, consistency)
            .await
            .map_err(ApiError::from)?;
        let entries = answer.value.items.into_iter();
        Ok(Response::new(v1::ListHistoryResponse {
            entries: entries
                .map(|entry| views::event::history_entry(query.view, entry))
                .collect(),
            next_page_token: answer.value.next_page_token,
            position: answer.position.0,
        }))
    }

    async fn get_resource_at(
        &self,
        request: Request<v1::GetResourceAtRequest>,
    ) -> Result<Response<v1::GetResourceAtResponse>, Status> {
        let (call, request) = Call::of(request)?;
        let view = View::of(&call.caller, call.method.path)?;
        let mut fields = Fields::new();
        let name: Option<StreamName> = fields.name("name", &request.name);
        let point = point(request.point.as_ref(), &mut fields);
        let (name, point) = fields.finish(name.zip(point))?;

        let moment = self.moment(point).await?;
        let state = self
            .states
            .at(&name, moment.position)
            .await
            .map_err(ApiError::from)?
            .state;
        let resource = views::resource(view, name.as_str(), &state, moment.time)
            .ok_or_else(|| ApiError::not_found(name.as_str()))?;
        Ok(Response::new(v1::GetResourceAtResponse {
            resource: Some(resource),
            position: moment.position.0,
        }))
    }

    async fn read_events(
        &self,
        request: Request<v1::ReadEventsRequest>,
    ) -> Result<Response<Self::ReadEventsStream>, Status> {
        let (call, request) = Call::of(request)?;
        let view = View::of(&call.caller, call.method.path)?;
        let mut fields = Fields::new();
        let after = fields.position("after_position", request.after_position);
        let stream = fields.optional("resource", &request.resource, str::parse);
        let limit = match u64::try_from(request.max_events) {
            Ok(0) => Some(None),
            Ok(limit) => Some(Some(limit)),
            Err(_) => fields.violation(
                "max_events",
                format!("is {}; at least 0", request.max_events),
            ),
        };
        let reading = fields.finish((|| {
            Some(Reading {
                after: after?,
                resource: stream?,
                follow: request.follow,
                limit: limit?,
                view,
            })
        })())?;
        let events = events::read(self.events.clone(), reading, call.patience).await?;
        Ok(Response::new(Box::pin(events)))
    }

    async fn verify_log(
        &self,
        request: Request<v1::VerifyLogRequest>,
    ) -> Result<Response<Self::VerifyLogStream>, Status> {
        let (_, request) = Call::of(request)?;
        let mut fields = Fields::new();
        let from = fields.position("from_position", request.from_position);
        let to = fields.position("to_position", request.to_position);
        let (from, to) = fields.finish(from.zip(to))?;

        let first = from.max(Position::START.next());
        let last = Some(to).filter(|to| *to != Position::START);
        let end = self.log.head().await.map_err(ApiError::from)?.position;
        if from > end {
            let description = format!("is {from}; the log ends at {end}");
            return Err(ApiError::invalid("from_position", description).into());
        }
        if last.is_some_and(|last| last < first) {
            let description = format!("is {to}, before from_position {first}");
            return Err(ApiError::invalid("to_position", description).into());
        }
        let verifier = Verifier::new(self.log.clone(), Position(first.0 - 1), last)
            .await
            .map_err(ApiError::from)?;
        let answers = stream::unfold(Some(verifier), |verifier| async {
            let mut verifier = verifier?;
            match verifier.next().await {
                Ok(progress) => {
                    let through = verifier.through();
                    let rest = Some(verifier).filter(|_| !progress.done);
                    Some((Ok(verified(&progress, through)), rest))
                }
                Err(error) => Some((Err(ApiError::from(error).into()), None)),
            }
        });
        Ok(Response::new(Box::pin(answers)))
    }
}

/// When a resource is wanted.
enum When {
    Now,
    Position(Position),
    Time(chrono::DateTime<chrono::Utc>),
}

/// A place in the log, and the time that counts there.
struct Moment {
    position: Position,
    time: chrono::DateTime<chrono::Utc>,
}

impl HistoryQueries {
    async fn moment(&self, when: When) -> Result<Moment, ApiError> {
        match when {
            When::Time(time) => Ok(Moment {
                position: self.log.position_at(time).await?,
                time,
            }),
            When::Now => {
                let position = self.log.head().await?.position;
                Ok(Moment {
                    position,
                    time: self.clock.now(),
                })
            }
            When::Position(position) => {
                let before = Position(position.0 - 1);
                match self.log.read(before, 1).await?.first() {
                    Some(recorded) => Ok(Moment {
                        position,
                        time: recorded.recorded_at,
                    }),
                    // Beyond the end.
                    None => {
                        let head = self.log.head().await?;
                        let time = head.recorded_at.unwrap_or_else(|| self.clock.now());
                        Ok(Moment {
                            position: head.position,
                            time,
                        })
                    }
                }
            }
        }
    }
}

fn point(point: Option<&Point>, fields: &mut Fields) -> Option<When> {
    match point {
        None => Some(When::Now),
        Some(Point::Time(time)) => fields.time("time", Some(time))?.map(When::Time),
        Some(Point::Position(position)) if *position >= 1 => {
            Some(When::Position(Position(*position)))
        }
        Some(Point::Position(position)) => {
            fields.violation("position", format!("is {position}; the first is 1"))
        }
    }
}

fn verified(progress: &Progress, through: Position) -> v1::VerifyLogResponse {
    let problem = progress.problem.as_ref();
    v1::VerifyLogResponse {
        verified_position: if progress.events == 0 {
            0
        } else {
            progress.verified.0
        },
        to_position: through.0,
        events_checked: i64::try_from(progress.events).unwrap_or(i64::MAX),
        anchors_checked: i64::try_from(progress.anchors).unwrap_or(i64::MAX),
        hash: progress.hash.as_bytes().to_vec(),
        done: progress.done,
        problem: problem
            .map_or(v1::LogProblem::Unspecified, |found| kind(&found.kind))
            .into(),
        first_bad_position: problem.map_or(0, |found| found.position.0),
        description: problem
            .map(|found| found.kind.to_string())
            .unwrap_or_default(),
    }
}

fn kind(kind: &ProblemKind) -> v1::LogProblem {
    match kind {
        ProblemKind::Missing { .. } => v1::LogProblem::PositionGap,
        ProblemKind::Changed { .. } | ProblemKind::Unreadable(_) => v1::LogProblem::HashMismatch,
        ProblemKind::NotAnchored { .. } | ProblemKind::Cut { .. } => v1::LogProblem::AnchorMismatch,
    }
}
