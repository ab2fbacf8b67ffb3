//! `handoff role`: who is responsible for what at an account.

use clap::Subcommand;
use handoff_proto::v1::{self, Account};

use crate::{
    command::account::{Target, send, view::id},
    error::Error,
    name,
    output::Printer,
    session::Session,
};

#[derive(Debug, Subcommand)]
pub(crate) enum RoleCommand {
    /// Gives a role of an account to a member
    Assign {
        #[command(flatten)]
        target: Target,
        /// The role: assignee, or one of the settings, such as success-manager
        role: String,
        /// The member who holds it from now on
        member: String,
    },
    /// Takes a role of an account from whoever holds it; the assignee can only be another
    Vacate {
        #[command(flatten)]
        target: Target,
        /// The role, such as success-manager
        role: String,
    },
}

impl RoleCommand {
    pub(crate) async fn run(self, session: &Session, printer: &Printer) -> Result<(), Error> {
        match self {
            Self::Assign {
                target,
                role,
                member,
            } => {
                let (name, request_id, etag) = target.parts()?;
                let request = v1::AssignRoleRequest {
                    name,
                    role: role.clone(),
                    holder: name::member(&member)?,
                    request_id: request_id.clone(),
                    etag,
                };
                let answer = send(
                    session,
                    &request_id,
                    request,
                    async |mut client, request| client.assign_role(request).await,
                )
                .await?;
                let sentence = sentence(answer.account.as_ref(), &role);
                Ok(printer.done(&answer, &sentence)?)
            }
            Self::Vacate { target, role } => {
                let (name, request_id, etag) = target.parts()?;
                let request = v1::VacateRoleRequest {
                    name,
                    role: role.clone(),
                    request_id: request_id.clone(),
                    etag,
                };
                let answer = send(
                    session,
                    &request_id,
                    request,
                    async |mut client, request| client.vacate_role(request).await,
                )
                .await?;
                let sentence = sentence(answer.account.as_ref(), &role);
                Ok(printer.done(&answer, &sentence)?)
            }
        }
    }
}

/// Who holds the role after the command.
fn sentence(account: Option<&Account>, role: &str) -> String {
    let Some(account) = account else {
        return String::new();
    };
    let holder = match role {
        "assignee" => Some(&account.assignee),
        _ => account
            .roles
            .iter()
            .find(|held| held.role == role)
            .map(|held| &held.holder),
    };
    let holder = holder.map_or("nobody", |holder| id(holder));
    format!("{role} of {} is {holder}.", account.name)
}
