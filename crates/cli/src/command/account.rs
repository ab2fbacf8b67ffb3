//! `handoff account`: customers and leads.

mod change;
pub(crate) mod contact;
mod create;
mod list;
mod notes;
mod record;
mod show;
mod timeline;
pub(crate) mod view;
mod words;
mod workload;

use clap::{Args, Subcommand};
use handoff_proto::v1::{
    self, Account, account_command_service_client::AccountCommandServiceClient,
    account_query_service_client::AccountQueryServiceClient,
};
use tonic::{Request, Response, Status};

use crate::{
    command::CommandArgs,
    error::Error,
    list::ConsistencyArgs,
    name,
    output::Printer,
    session::{LARGEST_ANSWER, Service, Session},
};

use change::{ReportSwitch, TaskTypes, Team};
use contact::ContactCommand;
use create::{CreateAccount, UpdateAccount};
use list::AccountList;
use notes::Notes;
use record::{LogInteraction, RecordQuestion};
use timeline::Timeline;
use workload::Workloads;

#[derive(Debug, Subcommand)]
pub(crate) enum AccountCommand {
    /// Creates an account
    Create(CreateAccount),
    /// Shows one account: who has it, its contacts and notes, its open work and what happened last
    Show {
        /// The account: acme or accounts/acme
        account: String,
        #[command(flatten)]
        consistency: ConsistencyArgs,
    },
    /// Lists accounts; only active ones unless the status or name is asked about
    List(Box<AccountList>),
    /// Changes the name or the SLA hours of an account
    Update(UpdateAccount),
    /// Makes a lead a customer
    Convert(Target),
    /// Activates an account: tasks are generated for it from now on
    Activate(Target),
    /// Pauses an account: no tasks are generated, work made by hand goes on
    Pause(Target),
    /// Deactivates an account: new work is refused, what is open may be finished
    Deactivate(Target),
    /// Replaces the members who get the account's new tasks
    Team(Team),
    /// Shows, edits or saves the notes of an account
    #[command(visible_alias = "note")]
    Notes(Notes),
    /// Records that the team was in touch with the client
    Log(LogInteraction),
    /// Records a question that a contact asked
    Question(RecordQuestion),
    /// People at the account
    #[command(subcommand)]
    Contact(ContactCommand),
    /// Turns the monthly report to the contacts on or off
    Report(ReportSwitch),
    /// Says which types of tasks are generated for an account
    Types(TaskTypes),
    /// Lists what happened at an account, newest first
    Timeline(Timeline),
    /// Shows how much each member has: accounts by role and status, and open tasks
    #[command(visible_alias = "workloads")]
    Workload(Workloads),
}

/// The account that a command changes.
#[derive(Debug, Args)]
pub(crate) struct Target {
    /// The account: acme or accounts/acme
    account: String,
    /// Refuse if the account changed since it was read with this etag
    #[arg(long)]
    etag: Option<String>,
    #[command(flatten)]
    command: CommandArgs,
}

impl Target {
    /// Name, request id and etag, as every request about an account has them.
    pub(crate) fn parts(self) -> Result<(String, String, String), Error> {
        Ok((
            name::account(&self.account)?,
            self.command.request_id(),
            self.etag.unwrap_or_default(),
        ))
    }
}

/// What sends commands about accounts.
pub(crate) type Client = AccountCommandServiceClient<Service>;

impl AccountCommand {
    pub(crate) async fn run(self, session: &Session, printer: &Printer) -> Result<(), Error> {
        match self {
            Self::Create(create) => create.run(session, printer).await,
            Self::Show {
                account,
                consistency,
            } => {
                let name = name::account(&account)?;
                show::show(session, printer, name, consistency.min_position).await
            }
            Self::List(list) => list.run(session, printer).await,
            Self::Update(update) => update.run(session, printer).await,
            Self::Convert(target) => change::convert(target, session, printer).await,
            Self::Activate(target) => change::activate(target, session, printer).await,
            Self::Pause(target) => change::pause(target, session, printer).await,
            Self::Deactivate(target) => change::deactivate(target, session, printer).await,
            Self::Team(team) => team.run(session, printer).await,
            Self::Notes(notes) => notes.run(session, printer).await,
            Self::Log(log) => log.run(session, printer).await,
            Self::Question(question) => question.run(session, printer).await,
            Self::Contact(command) => command.run(session, printer).await,
            Self::Report(switch) => switch.run(session, printer).await,
            Self::Types(types) => types.run(session, printer).await,
            Self::Timeline(timeline) => timeline.run(session, printer).await,
            Self::Workload(workloads) => workloads.run(session, printer).await,
        }
    }
}

/// Sends one command about an account. `request_id` is the one in the request.
pub(crate) async fn send<Q: Clone, A>(
    session: &Session,
    request_id: &str,
    request: Q,
    rpc: impl AsyncFn(Client, Request<Q>) -> Result<Response<A>, Status>,
) -> Result<A, Error> {
    session
        .command(request_id, request, async |service, request| {
            rpc(AccountCommandServiceClient::new(service), request).await
        })
        .await
}

/// The account as the read model has it, at this position or later.
pub(crate) async fn get(
    session: &Session,
    name: String,
    min_position: i64,
) -> Result<Account, Error> {
    let request = v1::GetAccountRequest { name, min_position };
    let answer = session
        .call(request, async |service, request| {
            AccountQueryServiceClient::new(service)
                .max_decoding_message_size(LARGEST_ANSWER)
                .get_account(request)
                .await
        })
        .await?;
    Ok(answer.account.unwrap_or_default())
}
