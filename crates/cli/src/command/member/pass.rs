//! What a member holds, and how it passes on: `handoff member disable`, `transfer` and `holdings`.

use clap::{Args, ValueEnum};
use handoff_proto::v1::{
    self, HoldingKind, Operation, member_command_service_client::MemberCommandServiceClient,
    member_query_service_client::MemberQueryServiceClient,
};

use super::Target;
use crate::{
    command::{
        CommandArgs,
        operation::{PlanArgs, WaitArgs, follow, show_plan},
    },
    error::Error,
    list::{self, ConsistencyArgs},
    name,
    output::Printer,
    session::{LARGEST_ANSWER, Session},
};

#[derive(Debug, Args)]
pub(crate) struct Disable {
    #[command(flatten)]
    target: Target,
    /// Who takes over all that the member holds; without one, who holds something is not disabled
    #[arg(long, value_name = "MEMBER")]
    successor: Option<String>,
    #[command(flatten)]
    plan: PlanArgs,
    #[command(flatten)]
    wait: WaitArgs,
}

#[derive(Debug, Args)]
pub(crate) struct Transfer {
    /// Who loses it: ana or members/ana
    from: String,
    /// Who gets it
    to: String,
    /// Only these kinds, with commas between; where no kind of work is among them, the ownership policy decides about the work
    #[arg(long, value_enum, value_delimiter = ',', value_name = "KIND")]
    kinds: Vec<Kind>,
    #[command(flatten)]
    plan: PlanArgs,
    #[command(flatten)]
    wait: WaitArgs,
    #[command(flatten)]
    command: CommandArgs,
}

#[derive(Debug, Args)]
pub(crate) struct Holdings {
    /// The member: ana or members/ana
    member: String,
    /// Only these kinds, with commas between
    #[arg(long, value_enum, value_delimiter = ',', value_name = "KIND")]
    kinds: Vec<Kind>,
    /// Show at most this many [default: all]
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..))]
    limit: Option<u32>,
    #[command(flatten)]
    consistency: ConsistencyArgs,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Kind {
    /// Roles of accounts
    Role,
    /// Places in support teams
    SupportTeam,
    /// Parts in open tasks
    OpenTask,
    /// Parts in open tasks of open orders
    OpenOrderTask,
    /// Places on open orders, by hand
    Order,
    /// Open activities
    OpenActivity,
    /// Parts in tasks of services' templates
    TemplateTask,
    /// The setting default_assignee
    DefaultAssignee,
}

fn numbers(kinds: &[Kind]) -> Vec<i32> {
    let number = |kind: &Kind| {
        let kind = match kind {
            Kind::Role => HoldingKind::Role,
            Kind::SupportTeam => HoldingKind::SupportTeam,
            Kind::OpenTask => HoldingKind::OpenTask,
            Kind::OpenOrderTask => HoldingKind::OpenOrderTask,
            Kind::Order => HoldingKind::Order,
            Kind::OpenActivity => HoldingKind::OpenActivity,
            Kind::TemplateTask => HoldingKind::TemplateTask,
            Kind::DefaultAssignee => HoldingKind::DefaultAssignee,
        };
        kind.into()
    };
    kinds.iter().map(number).collect()
}

impl Disable {
    pub(super) async fn run(self, session: &Session, printer: &Printer) -> Result<(), Error> {
        let request_id = self.target.command.request_id();
        let successor = self.successor.as_deref().map(name::member).transpose()?;
        let request = v1::DisableMemberRequest {
            name: name::member(&self.target.member)?,
            request_id: request_id.clone(),
            etag: self.target.etag.unwrap_or_default(),
            successor: successor.unwrap_or_default(),
            validate_only: self.plan.dry_run,
            expected_position: self.plan.expected_position,
        };
        let passes = !request.successor.is_empty();
        let answer = session
            .command(&request_id, request, async |service, request| {
                MemberCommandServiceClient::new(service)
                    .max_decoding_message_size(LARGEST_ANSWER)
                    .disable_member(request)
                    .await
            })
            .await?;
        if self.plan.dry_run {
            return show_plan(&answer.plan.unwrap_or_default(), printer);
        }
        if passes && !answer.operation.is_empty() {
            let begun = Operation {
                name: answer.operation,
                ..Operation::default()
            };
            return follow(begun, &self.wait, session, printer).await;
        }
        let member = answer.member.clone().unwrap_or_default();
        Ok(printer.done(&answer, &format!("{} is disabled.", member.name))?)
    }
}

impl Transfer {
    pub(super) async fn run(self, session: &Session, printer: &Printer) -> Result<(), Error> {
        let request_id = self.command.request_id();
        let request = v1::TransferResourcesRequest {
            from: name::member(&self.from)?,
            to: name::member(&self.to)?,
            kinds: numbers(&self.kinds),
            request_id: request_id.clone(),
            validate_only: self.plan.dry_run,
            expected_position: self.plan.expected_position,
        };
        let answer = session
            .command(&request_id, request, async |service, request| {
                MemberCommandServiceClient::new(service)
                    .max_decoding_message_size(LARGEST_ANSWER)
                    .transfer_resources(request)
                    .await
            })
            .await?;
        if self.plan.dry_run {
            return show_plan(&answer.plan.unwrap_or_default(), printer);
        }
        let begun = answer.operation.unwrap_or_default();
        follow(begun, &self.wait, session, printer).await
    }
}

impl Holdings {
    pub(super) async fn run(self, session: &Session, printer: &Printer) -> Result<(), Error> {
        let member = name::member(&self.member)?;
        let args = list::ListArgs::unfiltered(self.limit, self.consistency);
        list::show(&args, printer, async |page| {
            let request = v1::ListHoldingsRequest {
                member: member.clone(),
                kinds: numbers(&self.kinds),
                page_size: page.size,
                page_token: page.token,
                min_position: args.consistency.min_position,
            };
            let answer = session
                .call(request, async |service, request| {
                    MemberQueryServiceClient::new(service)
                        .max_decoding_message_size(LARGEST_ANSWER)
                        .list_holdings(request)
                        .await
                })
                .await?;
            Ok((answer.holdings, answer.next_page_token))
        })
        .await
    }
}
