//! MemberQueryService.

use std::time::Duration;

use handoff_commands::States;
use handoff_domain::{
    Holding, HoldingKind, State,
    names::{MemberName, StreamName},
};
use handoff_proto::v1::{self, member_query_service_server::MemberQueryService};
use handoff_read_models::{ListRequest, Page};
use tonic::{Request, Response, Status};

use crate::{
    error::ApiError, fields::Fields, ownership::kinds_filter, query::ReadSide,
    services::operation::kinds, views,
};

/// Queries about members.
pub(crate) struct MemberQueries(pub(crate) ReadSide, pub(crate) States);

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
            .list_members(&list, &query.viewer, consistency)
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

    async fn list_holdings(
        &self,
        request: Request<v1::ListHoldingsRequest>,
    ) -> Result<Response<v1::ListHoldingsResponse>, Status> {
        let (query, request) = self.0.begin(request)?;
        let mut fields = Fields::new();
        let member = fields.name::<MemberName>("member", &request.member);
        let kinds = kinds(&request.kinds, &mut fields);
        let min_position = fields.position("min_position", request.min_position);
        let (member, kinds, min_position) = fields.finish(
            member
                .zip(kinds)
                .zip(min_position)
                .map(|((member, kinds), position)| (member, kinds, position)),
        )?;
        let consistency = query.consistency(min_position);
        let mut counted = self
            .0
            .queries
            .count_holdings(&member, consistency)
            .await
            .map_err(ApiError::from)?;
        if self.is_default_assignee(&member).await? {
            counted.value.insert(HoldingKind::DefaultAssignee, 1);
        }
        // Where only the settings are asked about, there is nothing to page through.
        let mut page = Page {
            items: Vec::new(),
            next_page_token: String::new(),
        };
        let mut position = counted.position;
        if let Some(filter) = kinds_filter(kinds.iter().copied()) {
            let list = ListRequest {
                page_size: request.page_size,
                page_token: &request.page_token,
                filter: &filter,
                order_by: "",
            };
            let answer = self
                .0
                .queries
                .list_holdings(&member, &list, &query.viewer, consistency)
                .await
                .map_err(ApiError::from)?;
            page = answer.value;
            position = position.min(answer.position);
        }
        let default = HoldingKind::DefaultAssignee;
        let is_last = page.next_page_token.is_empty();
        if is_last && kinds.contains(&default) && counted.value.contains_key(&default) {
            page.items.push(Holding::DefaultAssignee);
        }
        Ok(Response::new(v1::ListHoldingsResponse {
            holdings: page.items.iter().map(views::operation::holding).collect(),
            next_page_token: page.next_page_token,
            counts: views::operation::holding_counts(&counted.value),
            position: position.0,
        }))
    }
}

impl MemberQueries {
    /// Whether the settings give a member what nobody else gets.
    ///
    /// # Errors
    /// There is no such member.
    async fn is_default_assignee(&self, name: &MemberName) -> Result<bool, ApiError> {
        let member = self.1.fresh(&name.into(), Duration::ZERO).await?;
        if let State::Member(member) = &member.state {
            member.existing(name)?;
        }
        let settings = self
            .1
            .fresh(&StreamName::settings(), Duration::ZERO)
            .await?;
        Ok(match &settings.state {
            State::Settings(settings) => settings.default_assignee == *name,
            State::Account(_)
            | State::Task(_)
            | State::Member(_)
            | State::Operation(_)
            | State::Document(_)
            | State::Activity(_)
            | State::Service(_)
            | State::Order(_) => false,
        })
    }
}
