//! AccountQueryService.

use handoff_domain::names::AccountName;
use handoff_proto::v1::{self, account_query_service_server::AccountQueryService};
use handoff_read_models::ListRequest;
use tonic::{Request, Response, Status};

use crate::{error::ApiError, fields::Fields, query::ReadSide, views};

/// Queries about accounts.
pub(crate) struct AccountQueries(pub(crate) ReadSide);

#[tonic::async_trait]
impl AccountQueryService for AccountQueries {
    async fn get_account(
        &self,
        request: Request<v1::GetAccountRequest>,
    ) -> Result<Response<v1::GetAccountResponse>, Status> {
        let (query, request) = self.0.begin(request)?;
        let mut fields = Fields::new();
        let name = fields.name::<AccountName>("name", &request.name);
        let min_position = fields.position("min_position", request.min_position);
        let (name, min_position) = fields.finish(name.zip(min_position))?;
        let answer = self
            .0
            .queries
            .get_account(&name, query.consistency(min_position))
            .await
            .map_err(ApiError::from)?;
        let account = answer
            .value
            .and_then(|entry| views::account::of_entry(query.view, &entry));
        let account = Some(account.ok_or_else(|| ApiError::not_found(name.as_str()))?);
        Ok(Response::new(v1::GetAccountResponse {
            account,
            position: answer.position.0,
        }))
    }

    async fn list_accounts(
        &self,
        request: Request<v1::ListAccountsRequest>,
    ) -> Result<Response<v1::ListAccountsResponse>, Status> {
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
            .list_accounts(&list, &query.viewer, consistency)
            .await
            .map_err(ApiError::from)?;
        let accounts = answer
            .value
            .items
            .iter()
            .filter_map(|entry| views::account::of_listed(query.view, entry));
        Ok(Response::new(v1::ListAccountsResponse {
            accounts: accounts.collect(),
            next_page_token: answer.value.next_page_token,
            position: answer.position.0,
        }))
    }

    async fn list_timeline(
        &self,
        request: Request<v1::ListTimelineRequest>,
    ) -> Result<Response<v1::ListTimelineResponse>, Status> {
        let (query, request) = self.0.begin(request)?;
        let mut fields = Fields::new();
        let account = fields.name::<AccountName>("account", &request.account);
        let min_position = fields.position("min_position", request.min_position);
        let (account, min_position) = fields.finish(account.zip(min_position))?;
        let list = ListRequest {
            page_size: request.page_size,
            page_token: &request.page_token,
            filter: &request.filter,
            order_by: &request.order_by,
        };
        let consistency = query.consistency(min_position);
        let answer = self
            .0
            .queries
            .list_timeline(&account, &list, &query.viewer, consistency)
            .await
            .map_err(ApiError::from)?;
        let page = answer
            .value
            .ok_or_else(|| ApiError::not_found(account.as_str()))?;
        let entries = page.items.into_iter();
        Ok(Response::new(v1::ListTimelineResponse {
            entries: entries
                .map(|entry| views::timeline::of_entry(query.view, entry))
                .collect(),
            next_page_token: page.next_page_token,
            position: answer.position.0,
        }))
    }

    async fn list_workloads(
        &self,
        request: Request<v1::ListWorkloadsRequest>,
    ) -> Result<Response<v1::ListWorkloadsResponse>, Status> {
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
            .list_workloads(&list, &query.viewer, consistency)
            .await
            .map_err(ApiError::from)?;
        let workloads = answer.value.items.into_iter();
        Ok(Response::new(v1::ListWorkloadsResponse {
            workloads: workloads
                .map(|entry| views::member::workload(query.view, entry))
                .collect(),
            next_page_token: answer.value.next_page_token,
            position: answer.position.0,
        }))
    }
}
