//! ProjectionService.

use handoff_domain::{
    Event, Invalid, Partition,
    commands::{FailOperation, FollowRole},
    names::AccountName,
    operation,
    policy::{self, RoleChange},
    quoted,
    text::Line,
};
use handoff_event_log::{Log, Position};
use handoff_policies::Ownership;
use handoff_projections::{Admin, ReadModel};
use handoff_proto::v1::{self, projection_service_server::ProjectionService};
use tonic::{Request, Response, Status};

use crate::{call::Call, command::Commands, error::ApiError, fields::Fields, views};

/// For operators.
pub(crate) struct Projections {
    pub(crate) admin: Admin,
    pub(crate) commands: Commands,
    pub(crate) log: Log,
}

impl Projections {
    async fn show(&self, id: &str) -> Result<Option<v1::Projection>, ApiError> {
        Ok(Some(views::projection::whole(self.admin.get(id).await?)))
    }

    /// Ends what an operation waits for at an event that the ownership policy does not look at: of a role, what follows
    /// from it; of the start of an operation, the operation itself.
    async fn end_what_waits(&self, position: Position, reason: &str) -> Result<(), ApiError> {
        let events = self.log.read(Position(position.0 - 1), 1).await?;
        let Some(skipped) = events
            .into_iter()
            .find(|recorded| recorded.position == position)
        else {
            return Ok(());
        };
        // What cannot be read is of no operation that is known.
        let Ok(event) = skipped.event() else {
            return Ok(());
        };
        match &event {
            Event::Account(event) => {
                let change = RoleChange::of(event).filter(RoleChange::is_followed);
                let account = skipped.stream.as_str().parse::<AccountName>().ok();
                if let Some((change, account)) = change.zip(account) {
                    for nothing in policy::chunks(skipped.event_id, &[]) {
                        let follow = FollowRole::new(&account, skipped.event_id, &change, &nothing);
                        self.commands.go_on(&skipped, "FollowRole", follow).await?;
                    }
                }
            }
            Event::Operation(operation::Event::Started { .. }) => {
                if let Ok(operation) = skipped.stream.as_str().parse() {
                    let reason = format!("its start was skipped: {reason}");
                    let fail = FailOperation::new(operation, &reason);
                    self.commands.go_on(&skipped, "FailOperation", fail).await?;
                }
            }
            _ => {}
        }
        Ok(())
    }
}

#[tonic::async_trait]
impl ProjectionService for Projections {
    async fn list_projections(
        &self,
        request: Request<v1::ListProjectionsRequest>,
    ) -> Result<Response<v1::ListProjectionsResponse>, Status> {
        Call::of(request)?;
        let projections = self.admin.list().await.map_err(ApiError::from)?;
        let projections = projections
            .into_iter()
            .map(views::projection::listed)
            .collect();
        Ok(Response::new(v1::ListProjectionsResponse { projections }))
    }

    async fn get_projection(
        &self,
        request: Request<v1::GetProjectionRequest>,
    ) -> Result<Response<v1::GetProjectionResponse>, Status> {
        let (_, request) = Call::of(request)?;
        let id = only_name(&request.name)?;
        let projection = self.show(&id).await?;
        Ok(Response::new(v1::GetProjectionResponse { projection }))
    }

    async fn rebuild_projection(
        &self,
        request: Request<v1::RebuildProjectionRequest>,
    ) -> Result<Response<v1::RebuildProjectionResponse>, Status> {
        let (_, request) = Call::of(request)?;
        let id = only_name(&request.name)?;
        let generation = self.admin.rebuild(&id).await.map_err(ApiError::from)?;
        let projection = self.show(&id).await?;
        Ok(Response::new(v1::RebuildProjectionResponse {
            projection,
            generation,
        }))
    }

    async fn pause_projection(
        &self,
        request: Request<v1::PauseProjectionRequest>,
    ) -> Result<Response<v1::PauseProjectionResponse>, Status> {
        let (_, request) = Call::of(request)?;
        let id = only_name(&request.name)?;
        self.admin.pause(&id).await.map_err(ApiError::from)?;
        let projection = self.show(&id).await?;
        Ok(Response::new(v1::PauseProjectionResponse { projection }))
    }

    async fn resume_projection(
        &self,
        request: Request<v1::ResumeProjectionRequest>,
    ) -> Result<Response<v1::ResumeProjectionResponse>, Status> {
        let (_, request) = Call::of(request)?;
        let id = only_name(&request.name)?;
        self.admin.resume(&id).await.map_err(ApiError::from)?;
        let projection = self.show(&id).await?;
        Ok(Response::new(v1::ResumeProjectionResponse { projection }))
    }

    async fn retry_parked(
        &self,
        request: Request<v1::RetryParkedRequest>,
    ) -> Result<Response<v1::RetryParkedResponse>, Status> {
        let (_, request) = Call::of(request)?;
        let mut fields = Fields::new();
        let id = fields.required("name", &request.name, id);
        let partition = match request.partition {
            None => Some(None),
            Some(number) => partition(number, &mut fields).map(Some),
        };
        let (id, partition) = fields.finish(id.zip(partition))?;
        let retried = self
            .admin
            .retry(&id, partition)
            .await
            .map_err(ApiError::from)?;
        Ok(Response::new(v1::RetryParkedResponse {
            projection: self.show(&id).await?,
            retried_count: i32::try_from(retried).unwrap_or(i32::MAX),
        }))
    }

    async fn skip_parked(
        &self,
        request: Request<v1::SkipParkedRequest>,
    ) -> Result<Response<v1::SkipParkedResponse>, Status> {
        let (Call { caller, .. }, request) = Call::of(request)?;
        let mut fields = Fields::new();
        let id = fields.required("name", &request.name, id);
        let partition = partition(request.partition, &mut fields);
        let position = match fields.position("position", request.position) {
            Some(Position::START) => fields.violation("position", "is required"),
            position => position,
        };
        let reason = fields.required("reason", &request.reason, Line::new);
        let ((id, partition), (position, reason)) =
            fields.finish(id.zip(partition).zip(position.zip(reason)))?;
        self.admin
            .skip(
                &id,
                partition,
                position,
                reason.as_str(),
                caller.actor.as_str(),
            )
            .await
            .map_err(ApiError::from)?;
        if id == Ownership::NAME {
            self.end_what_waits(position, reason.as_str()).await?;
        }
        let projection = self.show(&id).await?;
        Ok(Response::new(v1::SkipParkedResponse { projection }))
    }
}

/// The id in a request that has nothing but a name.
fn only_name(name: &str) -> Result<String, ApiError> {
    let mut fields = Fields::new();
    let id = fields.required("name", name, id);
    fields.finish(id)
}

/// The id in a projection's name.
fn id(name: &str) -> Result<String, Invalid> {
    let plain = |id: &&str| {
        let known = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_' || b == b'-';
        (1..=63).contains(&id.len()) && id.bytes().all(known)
    };
    name.strip_prefix("projections/")
        .filter(plain)
        .map(str::to_owned)
        .ok_or_else(|| {
            Invalid::new(format!(
                "{} is not a name of the form projections/ID",
                quoted(name)
            ))
        })
}

fn partition(number: i32, fields: &mut Fields) -> Option<Partition> {
    u8::try_from(number)
        .ok()
        .and_then(Partition::new)
        .or_else(|| fields.violation("partition", format!("is {number}; it must be 0 to 63")))
}
