//! `handoff role`: who is responsible for what at an account.

use clap::Subcommand;
use handoff_proto::v1::{self, Account, HoldingKind, OwnershipPlan};

use crate::{
    command::{
        CommandArgs,
        account::{Target, send, view::id},
        operation::{PlanArgs, WaitArgs, follow, show_plan},
    },
    error::Error,
    name,
    output::Printer,
    session::{LARGEST_ANSWER, Session},
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
        #[command(flatten)]
        plan: PlanArgs,
    },
    /// Gives a role of many accounts to a member
    BatchAssign {
        /// The role: assignee, or one of the settings, such as success-manager
        role: String,
        /// The member who holds it from now on
        member: String,
        /// The accounts, up to 1,000 with commas between
        #[arg(
            long,
            value_delimiter = ',',
            value_name = "ACCOUNT",
            required_unless_present = "filter",
            conflicts_with = "filter"
        )]
        accounts: Vec<String>,
        /// Which accounts, as for `handoff account list`; active ones unless it asks about the status or name
        #[arg(long, value_name = "EXPRESSION")]
        filter: Option<String>,
        #[command(flatten)]
        plan: PlanArgs,
        #[command(flatten)]
        wait: WaitArgs,
        #[command(flatten)]
        command: CommandArgs,
    },
    /// Takes a role of an account from whoever holds it; the assignee can only be another
    Vacate {
        #[command(flatten)]
        target: Target,
        /// The role, such as success-manager
        role: String,
        #[command(flatten)]
        plan: PlanArgs,
    },
}

impl RoleCommand {
    pub(crate) async fn run(self, session: &Session, printer: &Printer) -> Result<(), Error> {
        match self {
            Self::Assign {
                target,
                role,
                member,
                plan,
            } => {
                let (name, request_id, etag) = target.parts()?;
                let request = v1::AssignRoleRequest {
                    name,
                    role: role.clone(),
                    holder: name::member(&member)?,
                    request_id: request_id.clone(),
                    etag,
                    validate_only: plan.dry_run,
                    expected_position: plan.expected_position,
                };
                let answer = send(session, &request_id, request, async |client, request| {
                    let mut client = client.max_decoding_message_size(LARGEST_ANSWER);
                    client.assign_role(request).await
                })
                .await?;
                if plan.dry_run {
                    return show_plan(&answer.plan.unwrap_or_default(), printer);
                }
                let sentence = sentence(answer.account.as_ref(), &role);
                printer.done(&answer, &sentence)?;
                if work(answer.plan.as_ref()) > 0 {
                    printer.note(&format!(
                        "The account's open work follows: handoff operation wait {}",
                        answer.operation
                    ));
                }
                Ok(())
            }
            Self::BatchAssign {
                role,
                member,
                accounts,
                filter,
                plan,
                wait,
                command,
            } => {
                let request_id = command.request_id();
                let accounts: Result<Vec<_>, _> = accounts
                    .iter()
                    .map(|account| name::account(account))
                    .collect();
                let request = v1::BatchAssignRoleRequest {
                    role,
                    holder: name::member(&member)?,
                    accounts: accounts?,
                    filter: filter.unwrap_or_default(),
                    request_id: request_id.clone(),
                    validate_only: plan.dry_run,
                    expected_position: plan.expected_position,
                };
                let answer = send(session, &request_id, request, async |client, request| {
                    let mut client = client.max_decoding_message_size(LARGEST_ANSWER);
                    client.batch_assign_role(request).await
                })
                .await?;
                if plan.dry_run {
                    return show_plan(&answer.plan.unwrap_or_default(), printer);
                }
                follow(
                    answer.operation.unwrap_or_default(),
                    &wait,
                    session,
                    printer,
                )
                .await
            }
            Self::Vacate { target, role, plan } => {
                let (name, request_id, etag) = target.parts()?;
                let request = v1::VacateRoleRequest {
                    name,
                    role: role.clone(),
                    request_id: request_id.clone(),
                    etag,
                    validate_only: plan.dry_run,
                    expected_position: plan.expected_position,
                };
                let answer = send(
                    session,
                    &request_id,
                    request,
                    async |mut client, request| client.vacate_role(request).await,
                )
                .await?;
                if plan.dry_run {
                    return show_plan(&answer.plan.unwrap_or_default(), printer);
                }
                let sentence = sentence(answer.account.as_ref(), &role);
                Ok(printer.done(&answer, &sentence)?)
            }
        }
    }
}

/// How much work the ownership policy moves after the role.
fn work(plan: Option<&OwnershipPlan>) -> i64 {
    let moved = plan.map_or(&[][..], |plan| &plan.moved);
    let work = moved
        .iter()
        .filter(|count| count.kind() == HoldingKind::OpenTask);
    work.map(|count| count.count).sum()
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
