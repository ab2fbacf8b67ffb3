//! AccountCommandService and AccountQueryService.

use handoff_domain::{
    account::Kind,
    commands::{CreateAccount, NewId},
    names::AccountName,
    text::{Line, SlaHours},
};
use handoff_proto::v1::{
    self, account_command_service_server::AccountCommandService,
    account_query_service_server::AccountQueryService,
};
use handoff_read_models::ListRequest;
use tonic::{Request, Response, Status};

use crate::{
    caller::Caller,
    command::{CommandRequest, Commands},
    error::ApiError,
    fields::Fields,
    query::ReadSide,
    views,
};

/// Commands about accounts.
pub(crate) struct AccountCommands(pub(crate) Commands);

#[tonic::async_trait]
impl AccountCommandService for AccountCommands {
    async fn create_account(
        &self,
        request: Request<v1::CreateAccountRequest>,
    ) -> Result<Response<v1::CreateAccountResponse>, Status> {
        let done = self.0.run(request).await?;
        let account = Some(done.account()?);
        Ok(Response::new(v1::CreateAccountResponse {
            account,
            receipt: Some(done.receipt()),
        }))
    }
}

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
            .list_accounts(&list, &query.viewer, query.consistency(min_position))
            .await
            .map_err(ApiError::from)?;
        let accounts = answer
            .value
            .items
            .iter()
            .filter_map(|entry| views::account::of_entry(query.view, entry));
        Ok(Response::new(v1::ListAccountsResponse {
            accounts: accounts.collect(),
            next_page_token: answer.value.next_page_token,
            position: answer.position.0,
        }))
    }
}

impl CommandRequest for v1::CreateAccountRequest {
    type Command = CreateAccount;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn command(&self, _caller: &Caller, fields: &mut Fields) -> Option<CreateAccount> {
        let id = fields.optional("account_id", &self.account_id, AccountName::from_id);
        let account = fields.present("account", self.account.as_ref())?;
        let display_name =
            fields.required("account.display_name", &account.display_name, Line::new);
        let kind = fields
            .known("account.kind", account.kind)
            .map(|kind| match kind {
                v1::AccountKind::Unspecified | v1::AccountKind::Customer => Kind::Customer,
                v1::AccountKind::Lead => Kind::Lead,
            });
        let assignee = fields.optional("account.assignee", &account.assignee, str::parse);
        let sla_hours = match account.sla_hours {
            None => Some(None),
            Some(hours) => fields
                .check("account.sla_hours", SlaHours::new(hours.into()))
                .map(Some),
        };
        Some(CreateAccount {
            id: id?.map_or(NewId::FromDisplayName, NewId::Given),
            display_name: display_name?,
            kind: kind?,
            assignee: assignee?,
            sla_hours: sla_hours?,
        })
    }
}
