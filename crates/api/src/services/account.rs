//! AccountCommandService.

use handoff_commands::new_id;
use handoff_domain::names::ContactName;
use handoff_proto::v1::{self, account_command_service_server::AccountCommandService};
use tonic::{Request, Response, Status};

use crate::{
    command::{Commands, Done},
    ownership::Ownership,
    services::contact_requests::new_contact,
};

/// Commands about accounts.
pub(crate) struct AccountCommands(pub(crate) Commands, pub(crate) Ownership);

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

    async fn update_account(
        &self,
        request: Request<v1::UpdateAccountRequest>,
    ) -> Result<Response<v1::UpdateAccountResponse>, Status> {
        let done = self.0.run(request).await?;
        let account = Some(done.account()?);
        Ok(Response::new(v1::UpdateAccountResponse {
            account,
            receipt: Some(done.receipt()),
        }))
    }

    async fn convert_lead(
        &self,
        request: Request<v1::ConvertLeadRequest>,
    ) -> Result<Response<v1::ConvertLeadResponse>, Status> {
        let done = self.0.run(request).await?;
        let account = Some(done.account()?);
        Ok(Response::new(v1::ConvertLeadResponse {
            account,
            receipt: Some(done.receipt()),
        }))
    }

    async fn activate_account(
        &self,
        request: Request<v1::ActivateAccountRequest>,
    ) -> Result<Response<v1::ActivateAccountResponse>, Status> {
        let done = self.0.run(request).await?;
        let account = Some(done.account()?);
        Ok(Response::new(v1::ActivateAccountResponse {
            account,
            receipt: Some(done.receipt()),
        }))
    }

    async fn pause_account(
        &self,
        request: Request<v1::PauseAccountRequest>,
    ) -> Result<Response<v1::PauseAccountResponse>, Status> {
        let done = self.0.run(request).await?;
        let account = Some(done.account()?);
        Ok(Response::new(v1::PauseAccountResponse {
            account,
            receipt: Some(done.receipt()),
        }))
    }

    async fn deactivate_account(
        &self,
        request: Request<v1::DeactivateAccountRequest>,
    ) -> Result<Response<v1::DeactivateAccountResponse>, Status> {
        let done = self.0.run(request).await?;
        let account = Some(done.account()?);
        Ok(Response::new(v1::DeactivateAccountResponse {
            account,
            receipt: Some(done.receipt()),
        }))
    }

    async fn assign_role(
        &self,
        request: Request<v1::AssignRoleRequest>,
    ) -> Result<Response<v1::AssignRoleResponse>, Status> {
        let changed = self.1.run(request).await?;
        Ok(Response::new(v1::AssignRoleResponse {
            account: changed.done.as_ref().map(Done::account).transpose()?,
            receipt: changed.receipt(),
            operation: changed.operation(),
            plan: changed.plan,
        }))
    }

    async fn vacate_role(
        &self,
        request: Request<v1::VacateRoleRequest>,
    ) -> Result<Response<v1::VacateRoleResponse>, Status> {
        let changed = self.1.run(request).await?;
        Ok(Response::new(v1::VacateRoleResponse {
            account: changed.done.as_ref().map(Done::account).transpose()?,
            receipt: changed.receipt(),
            operation: changed.operation(),
            plan: changed.plan,
        }))
    }

    async fn batch_assign_role(
        &self,
        request: Request<v1::BatchAssignRoleRequest>,
    ) -> Result<Response<v1::BatchAssignRoleResponse>, Status> {
        let changed = self.1.run(request).await?;
        Ok(Response::new(v1::BatchAssignRoleResponse {
            operation: changed.done.as_ref().map(Done::operation).transpose()?,
            receipt: changed.receipt(),
            plan: changed.plan,
        }))
    }

    async fn update_notes(
        &self,
        request: Request<v1::UpdateNotesRequest>,
    ) -> Result<Response<v1::UpdateNotesResponse>, Status> {
        let done = self.0.run(request).await?;
        let account = Some(done.account()?);
        Ok(Response::new(v1::UpdateNotesResponse {
            account,
            receipt: Some(done.receipt()),
        }))
    }

    async fn log_interaction(
        &self,
        request: Request<v1::LogInteractionRequest>,
    ) -> Result<Response<v1::LogInteractionResponse>, Status> {
        let done = self.0.run(request).await?;
        let account = Some(done.account()?);
        Ok(Response::new(v1::LogInteractionResponse {
            account,
            receipt: Some(done.receipt()),
        }))
    }

    async fn record_question(
        &self,
        request: Request<v1::RecordQuestionRequest>,
    ) -> Result<Response<v1::RecordQuestionResponse>, Status> {
        let done = self.0.run(request).await?;
        let account = Some(done.account()?);
        Ok(Response::new(v1::RecordQuestionResponse {
            account,
            receipt: Some(done.receipt()),
        }))
    }

    async fn set_monthly_report(
        &self,
        request: Request<v1::SetMonthlyReportRequest>,
    ) -> Result<Response<v1::SetMonthlyReportResponse>, Status> {
        let done = self.0.run(request).await?;
        let account = Some(done.account()?);
        Ok(Response::new(v1::SetMonthlyReportResponse {
            account,
            receipt: Some(done.receipt()),
        }))
    }

    async fn select_task_types(
        &self,
        request: Request<v1::SelectTaskTypesRequest>,
    ) -> Result<Response<v1::SelectTaskTypesResponse>, Status> {
        let done = self.0.run(request).await?;
        let account = Some(done.account()?);
        Ok(Response::new(v1::SelectTaskTypesResponse {
            account,
            receipt: Some(done.receipt()),
        }))
    }

    async fn set_support_team(
        &self,
        request: Request<v1::SetSupportTeamRequest>,
    ) -> Result<Response<v1::SetSupportTeamResponse>, Status> {
        let done = self.0.run(request).await?;
        let account = Some(done.account()?);
        Ok(Response::new(v1::SetSupportTeamResponse {
            account,
            receipt: Some(done.receipt()),
        }))
    }

    async fn create_contact(
        &self,
        request: Request<v1::CreateContactRequest>,
    ) -> Result<Response<v1::CreateContactResponse>, Status> {
        let mut request = request;
        let asked = request.get_mut();
        if asked.request_id.is_empty() {
            // The contact's name may be made of it.
            asked.request_id = new_id().to_string();
        }
        let name = new_contact(asked).ok();
        let done = self.0.run(request).await?;
        let contact = Some(done.contact(name.as_ref())?);
        Ok(Response::new(v1::CreateContactResponse {
            contact,
            receipt: Some(done.receipt()),
        }))
    }

    async fn update_contact(
        &self,
        request: Request<v1::UpdateContactRequest>,
    ) -> Result<Response<v1::UpdateContactResponse>, Status> {
        let name = request.get_ref().contact.as_ref();
        let name: Option<ContactName> = name.and_then(|contact| contact.name.parse().ok());
        let done = self.0.run(request).await?;
        let contact = Some(done.contact(name.as_ref())?);
        Ok(Response::new(v1::UpdateContactResponse {
            contact,
            receipt: Some(done.receipt()),
        }))
    }

    async fn delete_contact(
        &self,
        request: Request<v1::DeleteContactRequest>,
    ) -> Result<Response<v1::DeleteContactResponse>, Status> {
        let done = self.0.run(request).await?;
        let account = Some(done.account()?);
        Ok(Response::new(v1::DeleteContactResponse {
            account,
            receipt: Some(done.receipt()),
        }))
    }
}
