//! CatalogQueryService.

use handoff_domain::names::ServiceName;
use handoff_proto::v1::{self, catalog_query_service_server::CatalogQueryService};
use handoff_read_models::ListRequest;
use tonic::{Request, Response, Status};

use crate::{error::ApiError, fields::Fields, query::ReadSide, views};

/// Queries about what is sold.
pub(crate) struct CatalogQueries(pub(crate) ReadSide);

#[tonic::async_trait]
impl CatalogQueryService for CatalogQueries {
    async fn get_service(
        &self,
        request: Request<v1::GetServiceRequest>,
    ) -> Result<Response<v1::GetServiceResponse>, Status> {
        let (query, request) = self.0.begin(request)?;
        let mut fields = Fields::new();
        let name = fields.name::<ServiceName>("name", &request.name);
        let min_position = fields.position("min_position", request.min_position);
        let (name, min_position) = fields.finish(name.zip(min_position))?;
        let answer = self
            .0
            .queries
            .get_service(&name, query.consistency(min_position))
            .await
            .map_err(ApiError::from)?;
        let missing = || ApiError::not_found(name.as_str());
        let entry = answer.value.ok_or_else(missing)?;
        let service = views::catalog::of_entry(query.view, &entry).ok_or_else(missing)?;
        let members = entry.members.into_iter();
        Ok(Response::new(v1::GetServiceResponse {
            service: Some(service),
            display_names: members
                .map(|(member, name)| (member.into(), name))
                .collect(),
            position: answer.position.0,
        }))
    }

    async fn list_services(
        &self,
        request: Request<v1::ListServicesRequest>,
    ) -> Result<Response<v1::ListServicesResponse>, Status> {
        let (query, request) = self.0.begin(request)?;
        let consistency = query.including(request.min_position)?;
        let list = ListRequest {
            page_size: request.page_size,
            page_token: &request.page_token,
            filter: &request.filter,
            order_by: &request.order_by,
        };
        let answer = self
            .0
            .queries
            .list_services(&list, &query.viewer, consistency)
            .await
            .map_err(ApiError::from)?;
        let services = answer.value.items.into_iter();
        Ok(Response::new(v1::ListServicesResponse {
            services: services
                .map(|summary| views::catalog::of_summary(query.view, summary))
                .collect(),
            next_page_token: answer.value.next_page_token,
            position: answer.position.0,
        }))
    }
}
