//! `handoff member`: people of the team.

mod list;
mod pass;
mod view;

use clap::{Args, Subcommand, ValueEnum};
use handoff_proto::v1::{
    self, Member, MemberKind, member_command_service_client::MemberCommandServiceClient,
    member_query_service_client::MemberQueryServiceClient,
};
use prost_types::FieldMask;

use crate::{
    command::{CommandArgs, words},
    error::Error,
    list::ConsistencyArgs,
    name,
    output::Printer,
    session::Session,
};

use list::MemberList;
use pass::{Disable, Holdings, Transfer};

#[derive(Debug, Subcommand)]
pub(crate) enum MemberCommand {
    /// Creates a member
    Create(CreateMember),
    /// Shows one member
    Show {
        /// The member: ana or members/ana
        member: String,
        #[command(flatten)]
        consistency: ConsistencyArgs,
    },
    /// Lists members, enabled or not
    List(MemberList),
    /// Changes the name, e-mail address or kind of a member
    Update(UpdateMember),
    /// Ends a member's access; what they hold goes to a successor, and without one it is refused while they hold anything
    Disable(Disable),
    /// Lets a disabled member sign in and be given work again
    Enable(Target),
    /// Passes what a member holds to another
    Transfer(Transfer),
    /// Lists what a member holds: roles, support teams, open tasks, tasks of orders and templates, orders, activities, the setting default_assignee
    Holdings(Holdings),
}

/// The member that a command changes.
#[derive(Debug, Args)]
pub(crate) struct Target {
    /// The member: ana or members/ana
    member: String,
    /// Refuse if the member changed since it was read with this etag
    #[arg(long)]
    etag: Option<String>,
    #[command(flatten)]
    command: CommandArgs,
}

#[derive(Debug, Args)]
pub(crate) struct CreateMember {
    /// Name shown to people
    display_name: String,
    /// Id of the new member [default: made from the display name]
    #[arg(long)]
    id: Option<String>,
    /// E-mail address
    #[arg(long, value_name = "ADDRESS")]
    email: Option<String>,
    /// What the member may do
    #[arg(long, value_enum, default_value_t = Kind::Staff)]
    kind: Kind,
    #[command(flatten)]
    command: CommandArgs,
}

#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("changes").required(true).multiple(true)
    .args(["display_name", "email", "no_email", "kind"]))]
pub(crate) struct UpdateMember {
    #[command(flatten)]
    target: Target,
    /// Another name shown to people
    #[arg(long, value_name = "NAME")]
    display_name: Option<String>,
    /// Another e-mail address
    #[arg(long, value_name = "ADDRESS")]
    email: Option<String>,
    /// Forget the e-mail address: no mail is sent
    #[arg(long, conflicts_with = "email")]
    no_email: bool,
    /// What the member may do
    #[arg(long, value_enum)]
    kind: Option<Kind>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Kind {
    /// Everything, also settings, members and services
    Admin,
    /// The team's daily work
    Staff,
}

impl Kind {
    /// As filters name it.
    fn value(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Staff => "staff",
        }
    }
}

impl From<Kind> for MemberKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Admin => Self::Admin,
            Kind::Staff => Self::Staff,
        }
    }
}

impl MemberCommand {
    pub(crate) async fn run(self, session: &Session, printer: &Printer) -> Result<(), Error> {
        match self {
            Self::Create(create) => create.run(session, printer).await,
            Self::Show {
                member,
                consistency,
            } => {
                let request = v1::GetMemberRequest {
                    name: name::member(&member)?,
                    min_position: consistency.min_position,
                };
                let answer = session
                    .call(request, async |service, request| {
                        MemberQueryServiceClient::new(service)
                            .get_member(request)
                            .await
                    })
                    .await?;
                Ok(printer.resource(&answer.member.unwrap_or_default())?)
            }
            Self::List(list) => list.run(session, printer).await,
            Self::Update(update) => update.run(session, printer).await,
            Self::Disable(disable) => disable.run(session, printer).await,
            Self::Transfer(transfer) => transfer.run(session, printer).await,
            Self::Holdings(holdings) => holdings.run(session, printer).await,
            Self::Enable(target) => target.enable(session, printer).await,
        }
    }
}

impl CreateMember {
    async fn run(self, session: &Session, printer: &Printer) -> Result<(), Error> {
        let member = Member {
            display_name: self.display_name,
            email: self.email.unwrap_or_default(),
            kind: MemberKind::from(self.kind).into(),
            ..Member::default()
        };
        let request_id = self.command.request_id();
        let request = v1::CreateMemberRequest {
            member_id: self.id.unwrap_or_default(),
            member: Some(member),
            request_id: request_id.clone(),
        };
        let answer = session
            .command(&request_id, request, async |service, request| {
                MemberCommandServiceClient::new(service)
                    .create_member(request)
                    .await
            })
            .await?;
        let member = answer.member.clone().unwrap_or_default();
        let sentence = format!("Created {} for {}.", member.name, member.display_name);
        Ok(printer.done(&answer, &sentence)?)
    }
}

impl UpdateMember {
    fn paths(&self) -> Vec<String> {
        let changes = [
            ("display_name", self.display_name.is_some()),
            ("email", self.email.is_some() || self.no_email),
            ("kind", self.kind.is_some()),
        ];
        let changed = changes.into_iter().filter(|(_, changed)| *changed);
        changed.map(|(path, _)| path.to_owned()).collect()
    }

    async fn run(self, session: &Session, printer: &Printer) -> Result<(), Error> {
        let paths = self.paths();
        let kind = self.kind.map_or(MemberKind::Unspecified, MemberKind::from);
        let member = Member {
            name: name::member(&self.target.member)?,
            display_name: self.display_name.unwrap_or_default(),
            email: self.email.unwrap_or_default(),
            kind: kind.into(),
            ..Member::default()
        };
        let request_id = self.target.command.request_id();
        let request = v1::UpdateMemberRequest {
            member: Some(member),
            update_mask: Some(FieldMask { paths }),
            request_id: request_id.clone(),
            etag: self.target.etag.unwrap_or_default(),
        };
        let answer = session
            .command(&request_id, request, async |service, request| {
                MemberCommandServiceClient::new(service)
                    .update_member(request)
                    .await
            })
            .await?;
        let member = answer.member.clone().unwrap_or_default();
        let shown = [
            member.display_name.clone(),
            member.email.clone(),
            words(member.kind().as_str_name(), "MEMBER_KIND_"),
        ];
        let shown: Vec<_> = shown.into_iter().filter(|text| !text.is_empty()).collect();
        let sentence = format!("{} is now: {}.", member.name, shown.join(", "));
        Ok(printer.done(&answer, &sentence)?)
    }
}

impl Target {
    async fn enable(self, session: &Session, printer: &Printer) -> Result<(), Error> {
        let request_id = self.command.request_id();
        let request = v1::EnableMemberRequest {
            name: name::member(&self.member)?,
            request_id: request_id.clone(),
            etag: self.etag.unwrap_or_default(),
        };
        let answer = session
            .command(&request_id, request, async |service, request| {
                MemberCommandServiceClient::new(service)
                    .enable_member(request)
                    .await
            })
            .await?;
        let member = answer.member.clone().unwrap_or_default();
        Ok(printer.done(&answer, &format!("{} is enabled.", member.name))?)
    }
}
