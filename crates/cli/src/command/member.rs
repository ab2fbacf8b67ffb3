//! `handoff member`: people of the team.

use clap::{Args, Subcommand, ValueEnum};
use handoff_proto::v1::{
    self, Member, MemberKind, member_command_service_client::MemberCommandServiceClient,
};

use crate::{
    command::{CommandArgs, words},
    error::Error,
    output::{Cell, Printer, Show, Tone},
    session::Session,
    time,
};

#[derive(Debug, Subcommand)]
pub(crate) enum MemberCommand {
    /// Creates a member
    Create(CreateMember),
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

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Kind {
    /// Everything, also settings, members and services
    Admin,
    /// The team's daily work
    Staff,
}

impl MemberCommand {
    pub(crate) async fn run(self, session: &Session, printer: &Printer) -> Result<(), Error> {
        let Self::Create(create) = self;
        let kind = match create.kind {
            Kind::Admin => MemberKind::Admin,
            Kind::Staff => MemberKind::Staff,
        };
        let member = Member {
            display_name: create.display_name,
            email: create.email.unwrap_or_default(),
            kind: kind.into(),
            ..Member::default()
        };
        let request_id = create.command.request_id();
        let request = v1::CreateMemberRequest {
            member_id: create.id.unwrap_or_default(),
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

impl Show for Member {
    fn fields(&self) -> Vec<(&'static str, Cell)> {
        vec![
            ("Name", self.name.as_str().into()),
            ("Display name", self.display_name.as_str().into()),
            ("E-mail", self.email.as_str().into()),
            (
                "Kind",
                words(self.kind().as_str_name(), "MEMBER_KIND_").into(),
            ),
            (
                "Enabled",
                if self.enabled {
                    Cell::new("yes", Tone::Good)
                } else {
                    Cell::new("no", Tone::Faint)
                },
            ),
            ("Created", time::minutes(self.create_time.as_ref()).into()),
            ("Changed", time::minutes(self.update_time.as_ref()).into()),
            ("Etag", Cell::new(self.etag.as_str(), Tone::Faint)),
        ]
    }
}
