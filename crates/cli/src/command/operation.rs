//! `handoff operation`: ownership changes, from what they would do to taking them back.

mod plan;
mod view;
mod wait;

use clap::{Args, Subcommand, ValueEnum};
use handoff_proto::v1::{
    self, Operation, operation_command_service_client::OperationCommandServiceClient,
    operation_query_service_client::OperationQueryServiceClient,
};

use crate::{
    command::CommandArgs,
    error::Error,
    filter::Filter,
    list::{self, ConsistencyArgs, ListArgs},
    name,
    output::Printer,
    session::{LARGEST_ANSWER, Session},
};

pub(crate) use plan::{PlanArgs, show_plan};
pub(crate) use wait::{WaitArgs, follow};

#[derive(Debug, Subcommand)]
pub(crate) enum OperationCommand {
    /// Lists ownership changes, newest first
    List(Box<OperationList>),
    /// Shows one ownership change
    Show {
        /// The operation: its id or operations/ID
        operation: String,
        #[command(flatten)]
        consistency: ConsistencyArgs,
    },
    /// Lists what became of each item of an ownership change
    Items(OperationItems),
    /// Waits for the end of an ownership change
    Wait {
        /// The operation: its id or operations/ID
        operation: String,
    },
    /// Gives back what an ownership change moved, where it is still as that left it
    Undo {
        /// The operation: its id or operations/ID
        operation: String,
        /// Refuse if the operation changed since it was read with this etag
        #[arg(long)]
        etag: Option<String>,
        #[command(flatten)]
        plan: PlanArgs,
        #[command(flatten)]
        wait: WaitArgs,
        #[command(flatten)]
        command: CommandArgs,
    },
}

#[derive(Debug, Args)]
pub(crate) struct OperationList {
    /// Only operations of this kind
    #[arg(long, value_enum)]
    kind: Option<Kind>,
    /// Only operations that are so far
    #[arg(long, value_enum)]
    status: Option<Status>,
    /// Only changes of one role of this account
    #[arg(long, value_name = "ACCOUNT")]
    account: Option<String>,
    /// Only what takes from this member or gives to them
    #[arg(long, value_name = "MEMBER")]
    member: Option<String>,
    /// Only what this caller asked for: me, a member, or a whole name such as service-accounts/crm
    #[arg(long, value_name = "CALLER")]
    by: Option<String>,
    #[command(flatten)]
    list: ListArgs,
}

#[derive(Debug, Args)]
pub(crate) struct OperationItems {
    /// The operation: its id or operations/ID
    operation: String,
    /// Only items with this outcome
    #[arg(long, value_enum)]
    outcome: Option<Outcome>,
    #[command(flatten)]
    list: ListArgs,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Kind {
    AssignRole,
    VacateRole,
    BatchAssignRole,
    DisableMember,
    TransferResources,
    Undo,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Status {
    /// What it changes is being listed
    Planning,
    /// Items move
    Running,
    /// Nothing more comes
    Finished,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Outcome {
    /// It passed to somebody else
    Moved,
    /// It stayed, because a rule says so
    Kept,
    /// It was to move and could not
    Skipped,
}

/// The word of a flag as filters name it: `assign-role` as `assign_role`.
fn word(value: &impl ValueEnum) -> String {
    let name = value
        .to_possible_value()
        .map(|value| value.get_name().replace('-', "_"));
    name.unwrap_or_default()
}

impl OperationCommand {
    pub(crate) async fn run(self, session: &Session, printer: &Printer) -> Result<(), Error> {
        match self {
            Self::List(list) => list.run(session, printer).await,
            Self::Show {
                operation,
                consistency,
            } => {
                let request = v1::GetOperationRequest {
                    name: name::operation(&operation)?,
                    min_position: consistency.min_position,
                };
                let answer = session
                    .call(request, async |service, request| {
                        OperationQueryServiceClient::new(service)
                            .get_operation(request)
                            .await
                    })
                    .await?;
                Ok(printer.resource(&answer.operation.unwrap_or_default())?)
            }
            Self::Items(items) => items.run(session, printer).await,
            Self::Wait { operation } => {
                let operation = wait::wait(&name::operation(&operation)?, session, printer).await?;
                Ok(printer.resource(&operation)?)
            }
            Self::Undo {
                operation,
                etag,
                plan,
                wait,
                command,
            } => {
                let request_id = command.request_id();
                let request = v1::UndoOperationRequest {
                    name: name::operation(&operation)?,
                    request_id: request_id.clone(),
                    etag: etag.unwrap_or_default(),
                    validate_only: plan.dry_run,
                    expected_position: plan.expected_position,
                };
                let answer = session
                    .command(&request_id, request, async |service, request| {
                        OperationCommandServiceClient::new(service)
                            .max_decoding_message_size(LARGEST_ANSWER)
                            .undo_operation(request)
                            .await
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
        }
    }
}

impl OperationList {
    async fn run(self, session: &Session, printer: &Printer) -> Result<(), Error> {
        let mut filter = Filter::new(self.list.filter.as_deref());
        if let Some(kind) = &self.kind {
            filter = filter.equals("kind", &word(kind));
        }
        if let Some(status) = &self.status {
            filter = filter.equals("status", &word(status));
        }
        if let Some(account) = &self.account {
            filter = filter.equals("account", &name::account(account)?);
        }
        if let Some(member) = &self.member {
            filter = filter.has_member("member", member)?;
        }
        if let Some(by) = &self.by {
            filter = match by.contains('/') {
                true => filter.equals("actor", by),
                false => filter.equals_member("actor", by)?,
            };
        }
        let filter = filter.finish();
        list::show::<Operation>(&self.list, printer, async |page| {
            let request = v1::ListOperationsRequest {
                page_size: page.size,
                page_token: page.token,
                filter: filter.clone(),
                order_by: self.list.order_by.clone().unwrap_or_default(),
                min_position: self.list.consistency.min_position,
            };
            let answer = session
                .call(request, async |service, request| {
                    OperationQueryServiceClient::new(service)
                        .max_decoding_message_size(LARGEST_ANSWER)
                        .list_operations(request)
                        .await
                })
                .await?;
            Ok((answer.operations, answer.next_page_token))
        })
        .await
    }
}

impl OperationItems {
    async fn run(self, session: &Session, printer: &Printer) -> Result<(), Error> {
        let operation = name::operation(&self.operation)?;
        let mut filter = Filter::new(self.list.filter.as_deref());
        if let Some(outcome) = &self.outcome {
            filter = filter.equals("outcome", &word(outcome));
        }
        let filter = filter.finish();
        list::show(&self.list, printer, async |page| {
            let request = v1::ListOperationItemsRequest {
                operation: operation.clone(),
                page_size: page.size,
                page_token: page.token,
                filter: filter.clone(),
                order_by: self.list.order_by.clone().unwrap_or_default(),
                min_position: self.list.consistency.min_position,
            };
            let answer = session
                .call(request, async |service, request| {
                    OperationQueryServiceClient::new(service)
                        .max_decoding_message_size(LARGEST_ANSWER)
                        .list_operation_items(request)
                        .await
                })
                .await?;
            Ok((answer.items, answer.next_page_token))
        })
        .await
    }
}
