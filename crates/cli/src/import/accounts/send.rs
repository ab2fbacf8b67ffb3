//! Sends one row to the server, each request with an id made from what the row says.

use handoff_proto::v1::{self, Account, AccountKind, AccountStatus};
use prost_types::FieldMask;

use super::row::AccountRow;
use crate::{
    command::account::send as send_command,
    error::Error,
    import::{Outcome, changed, identity::uuid_of},
    session::Session,
};

/// Creates the account, or brings one that exists to what the row says; then gives it its people, report, notes and status.
pub(super) async fn send(row: &AccountRow, session: &Session) -> Result<Outcome, Error> {
    let sender = Sender {
        row,
        session,
        name: format!("accounts/{}", row.id),
    };
    let mut anything = false;
    // What it got by its creation is not asked for again: that would change nothing, so no server would remember the request, and
    // another import of the file could undo what somebody did meanwhile.
    let (created, first) = match sender.create().await {
        Ok((created, account)) => (created, Some(account)),
        Err(error) if error.is_already_exists() => {
            anything |= sender.update().await?;
            if row.kind == Some(AccountKind::Customer) {
                anything |= sender.convert().await?;
            }
            if let Some(assignee) = &row.assignee {
                anything |= sender.assign("assignee", assignee).await?;
            }
            (false, None)
        }
        Err(error) => return Err(error),
    };
    for (role, holder) in &row.roles {
        anything |= sender.assign(role, holder).await?;
    }
    if !row.team.is_empty() {
        anything |= sender.team().await?;
    }
    let had = |account: &Account| row.report == Some(account.monthly_report);
    if let Some(report) = row.report
        && !first.as_ref().is_some_and(had)
    {
        anything |= sender.report(report).await?;
    }
    if !row.notes.is_empty() {
        anything |= sender.notes().await?;
    }
    let had = |account: &Account| row.status == Some(account.status());
    if let Some(status) = row.status
        && !first.as_ref().is_some_and(had)
    {
        anything |= sender.status(status).await?;
    }
    Ok(match (created, anything) {
        (true, _) => Outcome::Created,
        (false, true) => Outcome::Changed,
        (false, false) => Outcome::Unchanged,
    })
}

/// What one row is sent with.
struct Sender<'a> {
    row: &'a AccountRow,
    session: &'a Session,
    name: String,
}

impl Sender<'_> {
    /// The id of the row's request of this kind.
    fn request_id(&self, kind: &str) -> String {
        uuid_of(&[kind, &self.row.identity.to_string()]).to_string()
    }

    /// Whether the account is new, and how it was when it was.
    async fn create(&self) -> Result<(bool, Account), Error> {
        let row = self.row;
        let account = Account {
            display_name: row.display_name.clone(),
            kind: row.kind.unwrap_or(AccountKind::Unspecified).into(),
            assignee: row.assignee.clone().unwrap_or_default(),
            sla_hours: row.sla_hours,
            ..Account::default()
        };
        let request_id = self.request_id("create");
        let request = v1::CreateAccountRequest {
            account_id: row.id.clone(),
            account: Some(account),
            request_id: request_id.clone(),
        };
        let answer = send_command(
            self.session,
            &request_id,
            request,
            async |mut client, request| client.create_account(request).await,
        )
        .await?;
        let account = answer.account.unwrap_or_default();
        Ok((changed(answer.receipt), account))
    }

    async fn update(&self) -> Result<bool, Error> {
        let mut paths = vec!["display_name".to_owned()];
        if self.row.sla_hours.is_some() {
            paths.push("sla_hours".to_owned());
        }
        let account = Account {
            name: self.name.clone(),
            display_name: self.row.display_name.clone(),
            sla_hours: self.row.sla_hours,
            ..Account::default()
        };
        let request_id = self.request_id("update");
        let request = v1::UpdateAccountRequest {
            account: Some(account),
            update_mask: Some(FieldMask { paths }),
            request_id: request_id.clone(),
            ..Default::default()
        };
        let answer = send_command(
            self.session,
            &request_id,
            request,
            async |mut client, request| client.update_account(request).await,
        )
        .await?;
        Ok(changed(answer.receipt))
    }

    async fn convert(&self) -> Result<bool, Error> {
        let request_id = self.request_id("convert");
        let request = v1::ConvertLeadRequest {
            name: self.name.clone(),
            request_id: request_id.clone(),
            ..Default::default()
        };
        let answer = send_command(
            self.session,
            &request_id,
            request,
            async |mut client, request| client.convert_lead(request).await,
        )
        .await?;
        Ok(changed(answer.receipt))
    }

    async fn assign(&self, role: &str, holder: &str) -> Result<bool, Error> {
        let request_id = self.request_id(&format!("role {role}"));
        let request = v1::AssignRoleRequest {
            name: self.name.clone(),
            role: role.to_owned(),
            holder: holder.to_owned(),
            request_id: request_id.clone(),
            ..Default::default()
        };
        let answer = send_command(
            self.session,
            &request_id,
            request,
            async |mut client, request| client.assign_role(request).await,
        )
        .await?;
        Ok(changed(answer.receipt))
    }

    async fn team(&self) -> Result<bool, Error> {
        let request_id = self.request_id("team");
        let request = v1::SetSupportTeamRequest {
            name: self.name.clone(),
            members: self.row.team.clone(),
            request_id: request_id.clone(),
            ..Default::default()
        };
        let answer = send_command(
            self.session,
            &request_id,
            request,
            async |mut client, request| client.set_support_team(request).await,
        )
        .await?;
        Ok(changed(answer.receipt))
    }

    async fn report(&self, monthly_report: bool) -> Result<bool, Error> {
        let request_id = self.request_id("report");
        let request = v1::SetMonthlyReportRequest {
            name: self.name.clone(),
            monthly_report,
            request_id: request_id.clone(),
            ..Default::default()
        };
        let answer = send_command(
            self.session,
            &request_id,
            request,
            async |mut client, request| client.set_monthly_report(request).await,
        )
        .await?;
        Ok(changed(answer.receipt))
    }

    /// Only the first notes: what somebody wrote since is worth more than the file.
    async fn notes(&self) -> Result<bool, Error> {
        let request_id = self.request_id("notes");
        let request = v1::UpdateNotesRequest {
            name: self.name.clone(),
            notes: self.row.notes.clone(),
            notes_revision: 0,
            request_id: request_id.clone(),
            ..Default::default()
        };
        let answer = send_command(
            self.session,
            &request_id,
            request,
            async |mut client, request| client.update_notes(request).await,
        )
        .await?;
        Ok(changed(answer.receipt))
    }

    async fn status(&self, status: AccountStatus) -> Result<bool, Error> {
        let (name, session) = (self.name.clone(), self.session);
        let request_id = self.request_id("status");
        let receipt = match status {
            AccountStatus::Paused => {
                let request = v1::PauseAccountRequest {
                    name,
                    request_id: request_id.clone(),
                    ..Default::default()
                };
                let send = send_command(
                    session,
                    &request_id,
                    request,
                    async |mut client, request| client.pause_account(request).await,
                );
                send.await?.receipt
            }
            AccountStatus::Deactivated => {
                let request = v1::DeactivateAccountRequest {
                    name,
                    request_id: request_id.clone(),
                    ..Default::default()
                };
                let send = send_command(
                    session,
                    &request_id,
                    request,
                    async |mut client, request| client.deactivate_account(request).await,
                );
                send.await?.receipt
            }
            AccountStatus::Active | AccountStatus::Unspecified => {
                let request = v1::ActivateAccountRequest {
                    name,
                    request_id: request_id.clone(),
                    ..Default::default()
                };
                let send = send_command(
                    session,
                    &request_id,
                    request,
                    async |mut client, request| client.activate_account(request).await,
                );
                send.await?.receipt
            }
        };
        Ok(changed(receipt))
    }
}
