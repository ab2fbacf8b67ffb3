//! `handoff import accounts`.

mod row;
mod send;

use clap::Args;

use super::{
    FileArgs, Opened,
    cells::Names,
    columns::{Field, plain},
    header_error,
};
use crate::{command::settings, error::Error, output::Printer, session::Session};
use row::AccountRow;

const AFTER_HELP: &str = "\
The first line names the columns, in any order: Name, and any of Id, Kind (Customer or Lead), Status (Active, Paused or
Deactivated), Assigned To, SLA Hours, Support Team (members, separated by semicolons), Monthly Report (On or Off), Notes, and one
for each role of the settings, by its name or id, such as Success Manager. Members are named by name or id, and must exist.
Without an id it is made from the name: Blue Door is accounts/blue-door.

What a row created is left as it is now when the same row is imported again. Where something of that id was there before, it gets
what the row says, but notes are only given to an account that has none, and a customer does not become a lead; an empty cell
changes nothing.";

#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct ImportAccounts {
    #[command(flatten)]
    file: FileArgs,
}

impl ImportAccounts {
    pub(super) async fn run(self, session: &Session, printer: &Printer) -> Result<(), Error> {
        let mut opened = Opened::new(&self.file, None, printer)?;
        let settings = settings::get(session, 0).await?.settings;
        let offered = settings.unwrap_or_default().account_roles;
        // The place of a role in this list is its number in the columns.
        let roles: Vec<_> = offered.into_iter().filter(|role| !role.retired).collect();
        let with_title = |title: &str| {
            let mut places = roles.iter();
            places.position(|role| plain(&role.role) == title || plain(&role.display_name) == title)
        };
        opened
            .columns
            .name_others(|title| with_title(title).map(AccountField::Role))
            .map_err(header_error)?;
        let roles: Vec<String> = roles.into_iter().map(|role| role.role).collect();
        let mut names = Names::default();
        opened
            .import(
                printer,
                |columns, record| row::read(columns, record, &roles, &mut names),
                async |row: &AccountRow| send::send(row, session).await,
            )
            .await
    }
}

/// What a row says about its account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum AccountField {
    Name,
    Id,
    Kind,
    Status,
    Assignee,
    SlaHours,
    Team,
    Report,
    Notes,
    /// Who holds a role, by the role's number.
    Role(usize),
}

impl Field for AccountField {
    const ALL: &'static [Self] = &[
        Self::Name,
        Self::Id,
        Self::Kind,
        Self::Status,
        Self::Assignee,
        Self::SlaHours,
        Self::Team,
        Self::Report,
        Self::Notes,
    ];
    const REQUIRED: &'static [(Self, &'static str)] = &[(Self::Name, "Name")];
    const KEY: Option<Self> = None;

    fn titles(self) -> &'static [&'static str] {
        match self {
            Self::Name => &[
                "name",
                "account",
                "customer",
                "client",
                "company",
                "display name",
                "account name",
                "customer name",
            ],
            Self::Id => &["id", "account id", "key"],
            Self::Kind => &["kind", "type"],
            Self::Status => &["status", "account status"],
            Self::Assignee => &["assigned to", "assignee", "owner"],
            Self::SlaHours => &["sla hours", "sla"],
            Self::Team => &["support team", "team"],
            Self::Report => &["monthly report", "report"],
            Self::Notes => &["notes", "note"],
            // Named by the settings.
            Self::Role(_) => &[],
        }
    }

    fn of_path(path: &str) -> Option<Self> {
        match path {
            "account_id" | "account.name" | "name" => Some(Self::Id),
            "account.display_name" => Some(Self::Name),
            "account.kind" => Some(Self::Kind),
            "account.assignee" => Some(Self::Assignee),
            "account.sla_hours" => Some(Self::SlaHours),
            "notes" => Some(Self::Notes),
            path if path.starts_with("members") => Some(Self::Team),
            _ => None,
        }
    }

    fn of_reason(reason: &str) -> (Option<Self>, Option<&'static str>) {
        match reason {
            "UNKNOWN_MEMBER" => (
                None,
                Some("create the member first: handoff import members"),
            ),
            "MEMBER_DISABLED" => (None, Some("name another member")),
            "STALE_NOTES" => (
                Some(Self::Notes),
                Some(
                    "the account has notes already: add to them with `handoff account notes --edit`",
                ),
            ),
            _ => (None, None),
        }
    }
}
