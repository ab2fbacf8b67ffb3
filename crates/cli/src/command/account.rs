//! `handoff account`: customers and leads.

use clap::{Args, Subcommand, ValueEnum};
use handoff_proto::v1::{
    self, Account, AccountKind, AccountOrigin, AccountStatus,
    account_command_service_client::AccountCommandServiceClient,
    account_query_service_client::AccountQueryServiceClient,
};

use crate::{
    command::{CommandArgs, words},
    error::Error,
    filter::Filter,
    list::{self, ConsistencyArgs, ListArgs},
    name,
    output::{Cell, Printer, Row, Show, Tone},
    session::{LARGEST_ANSWER, Session},
    time,
};

#[derive(Debug, Subcommand)]
pub(crate) enum AccountCommand {
    /// Creates an account
    Create(CreateAccount),
    /// Shows one account
    Show {
        /// The account: acme or accounts/acme
        account: String,
        #[command(flatten)]
        consistency: ConsistencyArgs,
    },
    /// Lists accounts; only active ones unless the status or name is asked about
    List {
        /// Only accounts with this status
        #[arg(long, value_enum)]
        status: Option<Status>,
        /// Only accounts of this member, or of me
        #[arg(long, value_name = "MEMBER")]
        assignee: Option<String>,
        #[command(flatten)]
        list: ListArgs,
    },
}

#[derive(Debug, Args)]
pub(crate) struct CreateAccount {
    /// Name shown to people
    display_name: String,
    /// Id of the new account [default: made from the display name]
    #[arg(long)]
    id: Option<String>,
    /// What it is to the team
    #[arg(long, value_enum, default_value_t = Kind::Customer)]
    kind: Kind,
    /// The member who is responsible [default: you]
    #[arg(long, value_name = "MEMBER")]
    assignee: Option<String>,
    /// Hours from a task's start to its due time [default: as in the settings]
    #[arg(long, value_name = "HOURS")]
    sla_hours: Option<i32>,
    #[command(flatten)]
    command: CommandArgs,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Kind {
    Customer,
    Lead,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Status {
    Active,
    Paused,
    Deactivated,
}

impl AccountCommand {
    pub(crate) async fn run(self, session: &Session, printer: &Printer) -> Result<(), Error> {
        match self {
            Self::Create(create) => create.run(session, printer).await,
            Self::Show {
                account,
                consistency,
            } => {
                let request = v1::GetAccountRequest {
                    name: name::account(&account)?,
                    min_position: consistency.min_position,
                };
                let answer = session
                    .call(request, async |service, request| {
                        AccountQueryServiceClient::new(service)
                            .get_account(request)
                            .await
                    })
                    .await?;
                Ok(printer.resource(&answer.account.unwrap_or_default())?)
            }
            Self::List {
                status,
                assignee,
                list,
            } => {
                let mut filter = Filter::new(list.filter.as_deref());
                if let Some(status) = status {
                    filter = filter.equals("status", status.value());
                }
                if let Some(assignee) = assignee {
                    filter = filter.equals_member("assignee", &assignee)?;
                }
                show_list(&list, filter.finish(), session, printer).await
            }
        }
    }
}

async fn show_list(
    list: &ListArgs,
    filter: String,
    session: &Session,
    printer: &Printer,
) -> Result<(), Error> {
    list::show(list, printer, async |page| {
        let request = v1::ListAccountsRequest {
            page_size: page.size,
            page_token: page.token,
            filter: filter.clone(),
            order_by: list.order_by.clone().unwrap_or_default(),
            min_position: list.consistency.min_position,
        };
        let answer = session
            .call(request, async |service, request| {
                let client = AccountQueryServiceClient::new(service);
                client
                    .max_decoding_message_size(LARGEST_ANSWER)
                    .list_accounts(request)
                    .await
            })
            .await?;
        Ok((answer.accounts, answer.next_page_token))
    })
    .await
}

impl CreateAccount {
    async fn run(self, session: &Session, printer: &Printer) -> Result<(), Error> {
        let kind = match self.kind {
            Kind::Customer => AccountKind::Customer,
            Kind::Lead => AccountKind::Lead,
        };
        let account = Account {
            display_name: self.display_name,
            kind: kind.into(),
            assignee: self
                .assignee
                .as_deref()
                .map(name::member)
                .transpose()?
                .unwrap_or_default(),
            sla_hours: self.sla_hours,
            ..Account::default()
        };
        let request_id = self.command.request_id();
        let request = v1::CreateAccountRequest {
            account_id: self.id.unwrap_or_default(),
            account: Some(account),
            request_id: request_id.clone(),
        };
        let answer = session
            .command(&request_id, request, async |service, request| {
                AccountCommandServiceClient::new(service)
                    .create_account(request)
                    .await
            })
            .await?;
        let account = answer.account.clone().unwrap_or_default();
        let sentence = format!("Created {} for {}.", account.name, account.display_name);
        Ok(printer.done(&answer, &sentence)?)
    }
}

impl Status {
    /// As filters name it.
    fn value(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Paused => "paused",
            Self::Deactivated => "deactivated",
        }
    }
}

fn kind(account: &Account) -> Cell {
    words(account.kind().as_str_name(), "ACCOUNT_KIND_").into()
}

fn status(account: &Account) -> Cell {
    let tone = match account.status() {
        AccountStatus::Active => Tone::Good,
        AccountStatus::Paused => Tone::Warning,
        AccountStatus::Deactivated | AccountStatus::Unspecified => Tone::Faint,
    };
    Cell::new(
        words(account.status().as_str_name(), "ACCOUNT_STATUS_"),
        tone,
    )
}

fn count(count: Option<i64>) -> Cell {
    count
        .map(|count| count.to_string())
        .unwrap_or_default()
        .into()
}

impl Show for Account {
    fn fields(&self) -> Vec<(&'static str, Cell)> {
        let origin = match self.origin() {
            AccountOrigin::Auto => "created by its first task",
            AccountOrigin::Manual | AccountOrigin::Unspecified => "",
        };
        vec![
            ("Name", self.name.as_str().into()),
            ("Display name", self.display_name.as_str().into()),
            ("Kind", kind(self)),
            ("Status", status(self)),
            ("Assignee", self.assignee.as_str().into()),
            (
                "SLA",
                self.sla_hours
                    .map(|hours| format!("{hours} hours"))
                    .unwrap_or_default()
                    .into(),
            ),
            ("Open tasks", count(self.open_task_count)),
            ("All tasks", count(self.task_count)),
            ("Origin", origin.into()),
            ("Created", time::minutes(self.create_time.as_ref()).into()),
            ("Changed", time::minutes(self.update_time.as_ref()).into()),
            ("Etag", Cell::new(self.etag.as_str(), Tone::Faint)),
        ]
    }
}

impl Row for Account {
    const HEADER: &'static [&'static str] = &[
        "NAME",
        "DISPLAY NAME",
        "KIND",
        "STATUS",
        "ASSIGNEE",
        "OPEN",
        "TASKS",
    ];

    fn row(&self) -> Vec<Cell> {
        vec![
            self.name.as_str().into(),
            self.display_name.as_str().into(),
            kind(self),
            status(self),
            self.assignee.as_str().into(),
            count(self.open_task_count),
            count(self.task_count),
        ]
    }
}
