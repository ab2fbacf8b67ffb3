//! `handoff import members`.

use clap::Args;
use csv::StringRecord;
use handoff_proto::v1::{
    self, Member, MemberKind, member_command_service_client::MemberCommandServiceClient,
};
use prost_types::FieldMask;
use uuid::Uuid;

use super::{
    FileArgs, Opened, Outcome,
    cells::{self, BadRow, Cells, Named, Names, Row},
    changed,
    columns::{Columns, Field},
    identity::uuid_of,
};
use crate::{error::Error, output::Printer, session::Session};

const AFTER_HELP: &str = "\
The first line names the columns, in any order: Name, and any of E-mail, Kind (Admin or Staff) and Id. Without an id it is made
from the name: Ana Lima is members/ana-lima.

What a row created is left as it is now when the same row is imported again. Where something of that id was there before, it gets
what the row says; an empty cell changes nothing.";

#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct ImportMembers {
    #[command(flatten)]
    file: FileArgs,
}

impl ImportMembers {
    pub(super) async fn run(self, session: &Session, printer: &Printer) -> Result<(), Error> {
        let opened = Opened::new(&self.file, None, printer)?;
        let mut names = Names::default();
        opened
            .import(
                printer,
                |columns, record| read(columns, record, &mut names),
                async |row: &MemberRow| row.send(session).await,
            )
            .await
    }
}

/// What a row says about its member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum MemberField {
    Name,
    Email,
    Kind,
    Id,
}

impl Field for MemberField {
    const ALL: &'static [Self] = &[Self::Name, Self::Email, Self::Kind, Self::Id];
    const REQUIRED: &'static [(Self, &'static str)] = &[(Self::Name, "Name")];
    const KEY: Option<Self> = None;

    fn titles(self) -> &'static [&'static str] {
        match self {
            Self::Name => &["name", "display name", "member", "full name"],
            Self::Email => &["e mail", "email", "e mail address", "email address", "mail"],
            Self::Kind => &["kind", "type", "role"],
            Self::Id => &["id", "member id", "key"],
        }
    }

    fn of_path(path: &str) -> Option<Self> {
        match path {
            "member_id" | "member.name" => Some(Self::Id),
            "member.display_name" => Some(Self::Name),
            "member.email" => Some(Self::Email),
            "member.kind" => Some(Self::Kind),
            _ => None,
        }
    }

    fn of_reason(reason: &str) -> (Option<Self>, Option<&'static str>) {
        match reason {
            "LAST_ADMIN" => (Some(Self::Kind), Some("make another member an admin first")),
            _ => (None, None),
        }
    }
}

/// A member to be imported.
#[derive(Debug)]
struct MemberRow {
    line: u64,
    /// What its request ids are made from.
    identity: Uuid,
    id: String,
    display_name: String,
    email: String,
    kind: Option<MemberKind>,
}

impl Row for MemberRow {
    fn line(&self) -> u64 {
        self.line
    }
}

fn read(
    columns: &Columns<MemberField>,
    record: Result<StringRecord, csv::Error>,
    names: &mut Names,
) -> Result<MemberRow, BadRow<MemberField>> {
    let (record, line) = cells::record(record)?;
    let mut cells = Cells::new(columns, &record);
    let display_name = cells.required(MemberField::Name);
    let email = cells.text(MemberField::Email);
    let kind = cells.parsed(MemberField::Kind, parse_kind);
    let id = match cells.text(MemberField::Id) {
        "" => Named::member(display_name).id,
        id => id.trim_start_matches("members/").to_owned(),
    };
    if !display_name.is_empty() {
        names.once(
            &format!("members/{id}"),
            line,
            MemberField::Name,
            &mut cells,
        );
    }
    let texts = MemberField::ALL.iter().map(|field| cells.text(*field));
    let identity = cells::identity("member row", texts);
    cells.finish(line)?;
    Ok(MemberRow {
        line,
        identity,
        id,
        display_name: display_name.to_owned(),
        email: email.to_owned(),
        kind,
    })
}

fn parse_kind(text: &str) -> Result<MemberKind, String> {
    match text.to_lowercase().as_str() {
        "admin" | "administrator" => Ok(MemberKind::Admin),
        "staff" | "member" => Ok(MemberKind::Staff),
        _ => Err(format!("{text:?} is not a kind: write Admin or Staff")),
    }
}

impl MemberRow {
    async fn send(&self, session: &Session) -> Result<Outcome, Error> {
        match self.create(session).await {
            Ok(true) => Ok(Outcome::Created),
            Ok(false) => Ok(Outcome::Unchanged),
            Err(error) if error.is_already_exists() => Ok(if self.update(session).await? {
                Outcome::Changed
            } else {
                Outcome::Unchanged
            }),
            Err(error) => Err(error),
        }
    }

    fn member(&self) -> Member {
        Member {
            display_name: self.display_name.clone(),
            email: self.email.clone(),
            kind: self.kind.unwrap_or(MemberKind::Unspecified).into(),
            ..Member::default()
        }
    }

    async fn create(&self, session: &Session) -> Result<bool, Error> {
        let request_id = uuid_of(&["create", &self.identity.to_string()]).to_string();
        let request = v1::CreateMemberRequest {
            member_id: self.id.clone(),
            member: Some(self.member()),
            request_id: request_id.clone(),
        };
        let answer = session
            .command(&request_id, request, async |service, request| {
                MemberCommandServiceClient::new(service)
                    .create_member(request)
                    .await
            })
            .await?;
        Ok(changed(answer.receipt))
    }

    async fn update(&self, session: &Session) -> Result<bool, Error> {
        let mut paths = vec!["display_name".to_owned()];
        if !self.email.is_empty() {
            paths.push("email".to_owned());
        }
        if self.kind.is_some() {
            paths.push("kind".to_owned());
        }
        let member = Member {
            name: format!("members/{}", self.id),
            ..self.member()
        };
        let request_id = uuid_of(&["update", &self.identity.to_string()]).to_string();
        let request = v1::UpdateMemberRequest {
            member: Some(member),
            update_mask: Some(FieldMask { paths }),
            request_id: request_id.clone(),
            ..Default::default()
        };
        let answer = session
            .command(&request_id, request, async |service, request| {
                MemberCommandServiceClient::new(service)
                    .update_member(request)
                    .await
            })
            .await?;
        Ok(changed(answer.receipt))
    }
}
