//! MemberQueryService.

use handoff_domain::names::MemberName;
use handoff_proto::v1::{self, member_query_service_server::MemberQueryService};
use handoff_read_models::ListRequest;
use tonic::{Request, Response, Status};

use crate::{error::ApiError, fields::Fields, query::ReadSide, views};

/// Queries about members.
pub(crate) struct MemberQueries(pub(crate) ReadSide);

#[tonic::async_trait]
impl MemberQueryService for MemberQueries {
    async fn get_member(
        &self,
        request: Request<v1::GetMemberRequest>,
    ) -> Result<Response<v1::GetMemberResponse>, Status> {
        let (query, request) = self.0.begin(request)?;
        let mut fields = Fields::new();
        let name = fields.name::<MemberName>("name", &request.name);
        let min_position = fields.position("min_position", request.min_position);
        let (name, min_position) = fields.finish(name.zip(min_position))?;
        let answer = self
            .0
            .queries
            .get_member(&name, query.consistency(min_position))
            .await
            .map_err(ApiError::from)?;
        let member = answer
            .value
            .and_then(|entry| views::member::of_entry(query.view, &entry));
        let member = Some(member.ok_or_else(|| ApiError::not_found(name.as_str()))?);
        Ok(Response::new(v1::GetMemberResponse {
            member,
            position: answer.position.0,
        }))
    }

    async fn list_members(
        &self,
        request: Request<v1::ListMembersRequest>,
    ) -> Result<Response<v1::ListMembersResponse>, Status> {
        let (query, request) = self.0.begin(request)?;
        let mut fields = Fields::new();
        let min_position = fields.position("min_position", request.min_position);
        let min_position = fields.finish(min_position)?;
        let list = ListRequest {
            page_size: request.page_size,
            page_token: &request.page_token,
            filter: &request.filter,
            order_by: &request.order_by,
        };
        let answer = self
            .0
            .queries
            .list_members(&list, &query.viewer, query.consistency(min_position))
            .await
            .map_err(ApiError::from)?;
        let members = answer
            .value
            .items
            .iter()
            .filter_map(|entry| views::member::of_entry(query.view, entry));
        Ok(Response::new(v1::ListMembersResponse {
            members: members.collect(),
            next_page_token: answer.value.next_page_token,
            position: answer.position.0,
        }))
    }
}
