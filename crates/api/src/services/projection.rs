//! ProjectionService.

use handoff_domain::{Invalid, Partition, quoted, text::Line};
use handoff_event_log::Position;
use handoff_projections::Admin;
use handoff_proto::v1::{self, projection_service_server::ProjectionService};
use tonic::{Request, Response, Status};

use crate::{call::Call, error::ApiError, fields::Fields, views};

/// For operators.
pub(crate) struct Projections(pub(crate) Admin);

impl Projections {
    async fn show(&self, id: &str) -> Result<Option<v1::Projection>, ApiError> {
        Ok(Some(views::projection::whole(self.0.get(id).await?)))
    }
}

#[tonic::async_trait]
impl ProjectionService for Projections {
    async fn list_projections(
        &self,
        request: Request<v1::ListProjectionsRequest>,
    ) -> Result<Response<v1::ListProjectionsResponse>, Status> {
        Call::of(request)?;
        let projections = self.0.list().await.map_err(ApiError::from)?;
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
        let generation = self.0.rebuild(&id).await.map_err(ApiError::from)?;
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
        self.0.pause(&id).await.map_err(ApiError::from)?;
        let projection = self.show(&id).await?;
        Ok(Response::new(v1::PauseProjectionResponse { projection }))
    }

    async fn resume_projection(
        &self,
        request: Request<v1::ResumeProjectionRequest>,
    ) -> Result<Response<v1::ResumeProjectionResponse>, Status> {
        let (_, request) = Call::of(request)?;
        let id = only_name(&request.name)?;
        self.0.resume(&id).await.map_err(ApiError::from)?;
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
        let retried = self.0.retry(&id, partition).await.map_err(ApiError::from)?;
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
        self.0
            .skip(
                &id,
                partition,
                position,
                reason.as_str(),
                caller.actor.as_str(),
            )
            .await
            .map_err(ApiError::from)?;
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
