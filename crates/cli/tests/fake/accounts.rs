//! Accounts.

use handoff_proto::v1::{
    self, Account, AccountStatus, CommandReceipt, Contact, RoleHolder,
    account_command_service_server::AccountCommandService,
    account_query_service_server::AccountQueryService,
};
use prost::Message;
use tonic::{Code, Request, Response, Status};
use tonic_types::{ErrorDetails, StatusExt};

use super::{Fake, operations::plan};

impl Fake {
    /// Changes an account, and gives it as it is then.
    fn change<M: Message>(
        &self,
        name: &str,
        request_id: &str,
        request: &M,
        act: impl FnOnce(&mut Account) -> Result<(), Status>,
    ) -> Result<(Option<CommandReceipt>, Account), Status> {
        let receipt = self.command(request_id, request, |state| {
            let account = state.accounts.get_mut(name);
            let account =
                account.ok_or_else(|| Status::not_found(format!("{name} does not exist")))?;
            let before = account.clone();
            act(account)?;
            Ok(*account != before)
        })?;
        let state = self.state.lock().unwrap();
        Ok((receipt, state.accounts[name].clone()))
    }
}

fn set_fields(contact: &mut Contact, new: Contact, paths: &[String]) {
    for path in paths {
        match path.as_str() {
            "display_name" => contact.display_name.clone_from(&new.display_name),
            "email" => contact.email.clone_from(&new.email),
            "phone" => contact.phone.clone_from(&new.phone),
            "kind" => contact.kind = new.kind,
            "portal_access" => contact.portal_access = new.portal_access,
            _ => unreachable!("a contact has no {path}"),
        }
    }
}

#[tonic::async_trait]
impl AccountCommandService for Fake {
    async fn batch_assign_role(
        &self,
        request: Request<v1::BatchAssignRoleRequest>,
    ) -> Result<Response<v1::BatchAssignRoleResponse>, Status> {
        self.check(&request)?;
        let request = request.into_inner();
        let begun = v1::Operation {
            kind: v1::OperationKind::BatchAssignRole.into(),
            role: request.role.clone(),
            to: request.holder.clone(),
            filter: request.filter.clone(),
            ..v1::Operation::default()
        };
        Ok(Response::new(v1::BatchAssignRoleResponse {
            operation: self.begin(&request, request.validate_only, begun),
            receipt: None,
            plan: plan(),
        }))
    }

    async fn create_account(
        &self,
        request: Request<v1::CreateAccountRequest>,
    ) -> Result<Response<v1::CreateAccountResponse>, Status> {
        self.check(&request)?;
        let request = request.into_inner();
        let name = format!("accounts/{}", request.account_id);
        let account = Account {
            name: name.clone(),
            status: AccountStatus::Active.into(),
            monthly_report: true,
            ..request.account.clone().unwrap_or_default()
        };
        let receipt = self.command(&request.request_id, &request, |state| {
            if state.accounts.contains_key(&name) {
                return Err(Status::already_exists(format!("{name} exists already")));
            }
            state.accounts.insert(name, account.clone());
            Ok(true)
        })?;
        Ok(Response::new(v1::CreateAccountResponse {
            account: Some(account),
            receipt,
        }))
    }

    async fn update_account(
        &self,
        request: Request<v1::UpdateAccountRequest>,
    ) -> Result<Response<v1::UpdateAccountResponse>, Status> {
        self.check(&request)?;
        let request = request.into_inner();
        let new = request.account.clone().unwrap_or_default();
        let (receipt, account) =
            self.change(&new.name, &request.request_id, &request, |account| {
                account.display_name.clone_from(&new.display_name);
                Ok(())
            })?;
        Ok(Response::new(v1::UpdateAccountResponse {
            account: Some(account),
            receipt,
        }))
    }

    async fn convert_lead(
        &self,
        _: Request<v1::ConvertLeadRequest>,
    ) -> Result<Response<v1::ConvertLeadResponse>, Status> {
        Err(Status::unimplemented("no test asks for this"))
    }

    async fn activate_account(
        &self,
        request: Request<v1::ActivateAccountRequest>,
    ) -> Result<Response<v1::ActivateAccountResponse>, Status> {
        self.check(&request)?;
        let request = request.into_inner();
        let (receipt, account) =
            self.change(&request.name, &request.request_id, &request, |account| {
                account.set_status(AccountStatus::Active);
                Ok(())
            })?;
        Ok(Response::new(v1::ActivateAccountResponse {
            account: Some(account),
            receipt,
        }))
    }

    async fn pause_account(
        &self,
        request: Request<v1::PauseAccountRequest>,
    ) -> Result<Response<v1::PauseAccountResponse>, Status> {
        self.check(&request)?;
        let request = request.into_inner();
        let (receipt, account) =
            self.change(&request.name, &request.request_id, &request, |account| {
                account.set_status(AccountStatus::Paused);
                Ok(())
            })?;
        Ok(Response::new(v1::PauseAccountResponse {
            account: Some(account),
            receipt,
        }))
    }

    async fn deactivate_account(
        &self,
        request: Request<v1::DeactivateAccountRequest>,
    ) -> Result<Response<v1::DeactivateAccountResponse>, Status> {
        self.check(&request)?;
        let request = request.into_inner();
        let (receipt, account) =
            self.change(&request.name, &request.request_id, &request, |account| {
                account.set_status(AccountStatus::Deactivated);
                Ok(())
            })?;
        Ok(Response::new(v1::DeactivateAccountResponse {
            account: Some(account),
            receipt,
        }))
    }

    async fn assign_role(
        &self,
        request: Request<v1::AssignRoleRequest>,
    ) -> Result<Response<v1::AssignRoleResponse>, Status> {
        self.check(&request)?;
        let request = request.into_inner();
        let (receipt, account) =
            self.change(&request.name, &request.request_id, &request, |account| {
                account.roles.retain(|held| held.role != request.role);
                account.roles.push(RoleHolder {
                    role: request.role.clone(),
                    holder: request.holder.clone(),
                });
                Ok(())
            })?;
        Ok(Response::new(v1::AssignRoleResponse {
            account: Some(account),
            receipt,
            ..Default::default()
        }))
    }

    async fn vacate_role(
        &self,
        request: Request<v1::VacateRoleRequest>,
    ) -> Result<Response<v1::VacateRoleResponse>, Status> {
        self.check(&request)?;
        let request = request.into_inner();
        let begun = v1::Operation::default();
        let operation = self.begin(&request, request.validate_only, begun);
        let account = self
            .state
            .lock()
            .unwrap()
            .accounts
            .get(&request.name)
            .cloned();
        let mut account =
            account.ok_or_else(|| Status::not_found(format!("{} does not exist", request.name)))?;
        account.roles.retain(|held| held.role != request.role);
        Ok(Response::new(v1::VacateRoleResponse {
            account: Some(account),
            operation: operation.unwrap_or_default().name,
            plan: plan(),
            ..Default::default()
        }))
    }

    async fn update_notes(
        &self,
        request: Request<v1::UpdateNotesRequest>,
    ) -> Result<Response<v1::UpdateNotesResponse>, Status> {
        self.check(&request)?;
        let request = request.into_inner();
        let (receipt, account) =
            self.change(&request.name, &request.request_id, &request, |account| {
                if account.notes_revision != request.notes_revision {
                    let details = ErrorDetails::with_error_info("STALE_NOTES", "handoff", []);
                    return Err(Status::with_error_details(Code::Aborted, "stale", details));
                }
                account.notes.clone_from(&request.notes);
                account.notes_revision += 1;
                Ok(())
            })?;
        Ok(Response::new(v1::UpdateNotesResponse {
            account: Some(account),
            receipt,
        }))
    }

    async fn log_interaction(
        &self,
        _: Request<v1::LogInteractionRequest>,
    ) -> Result<Response<v1::LogInteractionResponse>, Status> {
        Err(Status::unimplemented("no test asks for this"))
    }

    async fn record_question(
        &self,
        _: Request<v1::RecordQuestionRequest>,
    ) -> Result<Response<v1::RecordQuestionResponse>, Status> {
        Err(Status::unimplemented("no test asks for this"))
    }

    async fn set_monthly_report(
        &self,
        request: Request<v1::SetMonthlyReportRequest>,
    ) -> Result<Response<v1::SetMonthlyReportResponse>, Status> {
        self.check(&request)?;
        let request = request.into_inner();
        let (receipt, account) =
            self.change(&request.name, &request.request_id, &request, |account| {
                account.monthly_report = request.monthly_report;
                Ok(())
            })?;
        Ok(Response::new(v1::SetMonthlyReportResponse {
            account: Some(account),
            receipt,
        }))
    }

    async fn select_task_types(
        &self,
        _: Request<v1::SelectTaskTypesRequest>,
    ) -> Result<Response<v1::SelectTaskTypesResponse>, Status> {
        Err(Status::unimplemented("no test asks for this"))
    }

    async fn set_support_team(
        &self,
        request: Request<v1::SetSupportTeamRequest>,
    ) -> Result<Response<v1::SetSupportTeamResponse>, Status> {
        self.check(&request)?;
        let request = request.into_inner();
        let (receipt, account) =
            self.change(&request.name, &request.request_id, &request, |account| {
                account.support_team.clone_from(&request.members);
                Ok(())
            })?;
        Ok(Response::new(v1::SetSupportTeamResponse {
            account: Some(account),
            receipt,
        }))
    }

    async fn create_contact(
        &self,
        request: Request<v1::CreateContactRequest>,
    ) -> Result<Response<v1::CreateContactResponse>, Status> {
        self.check(&request)?;
        let request = request.into_inner();
        let contact = Contact {
            name: format!("{}/contacts/{}", request.parent, request.contact_id),
            ..request.contact.clone().unwrap_or_default()
        };
        let (receipt, _) =
            self.change(&request.parent, &request.request_id, &request, |account| {
                if account
                    .contacts
                    .iter()
                    .any(|other| other.name == contact.name)
                {
                    return Err(Status::already_exists("exists already"));
                }
                account.contacts.push(contact.clone());
                Ok(())
            })?;
        Ok(Response::new(v1::CreateContactResponse {
            contact: Some(contact),
            receipt,
        }))
    }

    async fn update_contact(
        &self,
        request: Request<v1::UpdateContactRequest>,
    ) -> Result<Response<v1::UpdateContactResponse>, Status> {
        self.check(&request)?;
        let request = request.into_inner();
        let new = request.contact.clone().unwrap_or_default();
        let name = new.name.clone();
        let (parent, _) = name.split_once("/contacts/").unwrap();
        let paths = request.update_mask.clone().unwrap_or_default().paths;
        let mut changed = None;
        let (receipt, _) = self.change(parent, &request.request_id, &request, |account| {
            let mut contacts = account.contacts.iter_mut();
            let contact = contacts.find(|contact| contact.name == name);
            let contact = contact.ok_or_else(|| Status::not_found("does not exist"))?;
            set_fields(contact, new, &paths);
            changed = Some(contact.clone());
            Ok(())
        })?;
        Ok(Response::new(v1::UpdateContactResponse {
            contact: changed,
            receipt,
        }))
    }

    async fn delete_contact(
        &self,
        _: Request<v1::DeleteContactRequest>,
    ) -> Result<Response<v1::DeleteContactResponse>, Status> {
        Err(Status::unimplemented("no test asks for this"))
    }
}

#[tonic::async_trait]
impl AccountQueryService for Fake {
    async fn get_account(
        &self,
        request: Request<v1::GetAccountRequest>,
    ) -> Result<Response<v1::GetAccountResponse>, Status> {
        self.check(&request)?;
        let name = request.into_inner().name;
        match self.state.lock().unwrap().accounts.get(&name) {
            Some(account) => Ok(Response::new(v1::GetAccountResponse {
                account: Some(account.clone()),
                position: 1,
            })),
            None => Err(Status::not_found(format!("{name} does not exist"))),
        }
    }

    async fn list_timeline(
        &self,
        request: Request<v1::ListTimelineRequest>,
    ) -> Result<Response<v1::ListTimelineResponse>, Status> {
        self.check(&request)?;
        Ok(Response::new(v1::ListTimelineResponse {
            entries: self.state.lock().unwrap().timeline.clone(),
            next_page_token: String::new(),
            position: 1,
        }))
    }

    async fn list_accounts(
        &self,
        _: Request<v1::ListAccountsRequest>,
    ) -> Result<Response<v1::ListAccountsResponse>, Status> {
        Err(Status::unimplemented("no test asks for this"))
    }

    async fn list_workloads(
        &self,
        _: Request<v1::ListWorkloadsRequest>,
    ) -> Result<Response<v1::ListWorkloadsResponse>, Status> {
        Err(Status::unimplemented("no test asks for this"))
    }
}
