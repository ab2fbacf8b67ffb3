//! One row of a file as an account, or everything that is wrong with it.

use csv::StringRecord;
use handoff_proto::v1::{AccountKind, AccountStatus};
use uuid::Uuid;

use super::AccountField;
use crate::import::{
    cells::{self, BadRow, Cells, Named, Names, Row},
    columns::{Columns, Field},
};

/// An account to be imported.
#[derive(Debug)]
pub(super) struct AccountRow {
    pub(super) line: u64,
    /// What its request ids are made from.
    pub(super) identity: Uuid,
    pub(super) id: String,
    pub(super) display_name: String,
    pub(super) kind: Option<AccountKind>,
    pub(super) status: Option<AccountStatus>,
    /// Resource names of members, here and below.
    pub(super) assignee: Option<String>,
    pub(super) sla_hours: Option<i32>,
    pub(super) team: Vec<String>,
    pub(super) report: Option<bool>,
    pub(super) notes: String,
    /// Ids of roles, and who holds them.
    pub(super) roles: Vec<(String, String)>,
}

impl Row for AccountRow {
    fn line(&self) -> u64 {
        self.line
    }
}

/// Reads one row. `roles` are the ids of the roles that its columns are numbered by.
pub(super) fn read(
    columns: &Columns<AccountField>,
    record: Result<StringRecord, csv::Error>,
    roles: &[String],
    names: &mut Names,
) -> Result<AccountRow, BadRow<AccountField>> {
    let (record, line) = cells::record(record)?;
    let mut cells = Cells::new(columns, &record);
    let display_name = cells.required(AccountField::Name);
    let kind = cells.parsed(AccountField::Kind, parse_kind);
    let status = cells.parsed(AccountField::Status, parse_status);
    let sla_hours = cells.parsed(AccountField::SlaHours, parse_hours);
    let report = cells.parsed(AccountField::Report, cells::parse_yes);
    let id = match cells.text(AccountField::Id) {
        "" => Named::account(display_name).id,
        id => id.trim_start_matches("accounts/").to_owned(),
    };
    if !display_name.is_empty() {
        names.once(
            &format!("accounts/{id}"),
            line,
            AccountField::Name,
            &mut cells,
        );
    }
    let held: Vec<(String, &str)> = roles
        .iter()
        .enumerate()
        .map(|(number, role)| (role.clone(), cells.text(AccountField::Role(number))))
        .filter(|(_, holder)| !holder.is_empty())
        .collect();
    let texts = AccountField::ALL.iter().map(|field| cells.text(*field));
    // By their ids, since their numbers may be others the next time.
    let texts = texts.chain(
        held.iter()
            .flat_map(|(role, holder)| [role.as_str(), holder]),
    );
    let identity = cells::identity("account row", texts);
    let assignee = cells.text(AccountField::Assignee);
    let team = cells.list(AccountField::Team).map(member).collect();
    let notes = cells.text(AccountField::Notes);
    cells.finish(line)?;
    Ok(AccountRow {
        line,
        identity,
        id,
        display_name: display_name.to_owned(),
        kind,
        status,
        assignee: (!assignee.is_empty()).then(|| member(assignee)),
        sla_hours,
        team,
        report,
        notes: notes.to_owned(),
        roles: held
            .into_iter()
            .map(|(role, holder)| (role, member(holder)))
            .collect(),
    })
}

fn member(text: &str) -> String {
    format!("members/{}", Named::member(text).id)
}

fn parse_kind(text: &str) -> Result<AccountKind, String> {
    match text.to_lowercase().as_str() {
        "customer" | "client" => Ok(AccountKind::Customer),
        "lead" | "prospect" => Ok(AccountKind::Lead),
        _ => Err(format!("{text:?} is not a kind: write Customer or Lead")),
    }
}

fn parse_status(text: &str) -> Result<AccountStatus, String> {
    match text.to_lowercase().as_str() {
        "active" => Ok(AccountStatus::Active),
        "paused" => Ok(AccountStatus::Paused),
        "deactivated" | "inactive" => Ok(AccountStatus::Deactivated),
        _ => Err(format!(
            "{text:?} is not a status: write Active, Paused or Deactivated"
        )),
    }
}

fn parse_hours(text: &str) -> Result<i32, String> {
    text.parse()
        .map_err(|_| format!("{text:?} is not a whole number of hours"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(csv: &str) -> Vec<Result<AccountRow, BadRow<AccountField>>> {
        let mut reader = csv::ReaderBuilder::new()
            .flexible(true)
            .from_reader(csv.as_bytes());
        let mut columns = Columns::find(reader.headers().unwrap(), None).unwrap();
        columns
            .name_others(|title| (title == "success manager").then_some(AccountField::Role(0)))
            .unwrap();
        let (roles, mut names) = (["success-manager".to_owned()], Names::default());
        reader
            .into_records()
            .map(|record| read(&columns, record, &roles, &mut names))
            .collect()
    }

    #[test]
    fn a_row_becomes_an_account_with_its_people() {
        let rows = rows(
            "Account,Type,Assigned To,Support Team,SLA,Success Manager,Status\n\
             Acme & Co,Lead,Ana Lima,Bo; members/carla,24,Ana Lima,paused\n",
        );
        let row = rows[0].as_ref().unwrap();
        assert_eq!((row.line, row.id.as_str()), (2, "acme-co"));
        assert_eq!(row.display_name, "Acme & Co");
        assert_eq!(row.kind, Some(AccountKind::Lead));
        assert_eq!(row.status, Some(AccountStatus::Paused));
        assert_eq!(row.assignee.as_deref(), Some("members/ana-lima"));
        assert_eq!(row.team, ["members/bo", "members/carla"]);
        assert_eq!(row.sla_hours, Some(24));
        assert_eq!(
            row.roles,
            [("success-manager".to_owned(), "members/ana-lima".to_owned())]
        );
    }

    #[test]
    fn everything_wrong_with_a_row_is_told_at_once() {
        let rows = rows("name,kind,status,sla\n,Friend,Gone,soon\n");
        let fields: Vec<_> = rows[0]
            .as_ref()
            .unwrap_err()
            .problems
            .iter()
            .filter_map(|problem| problem.field)
            .collect();
        assert_eq!(
            fields,
            [
                AccountField::Name,
                AccountField::Kind,
                AccountField::Status,
                AccountField::SlaHours
            ]
        );
    }

    #[test]
    fn one_account_is_not_on_two_lines() {
        let rows = rows("name,id\nAcme,\nACME,\nAcme,acme-2\n");
        let error = rows[1].as_ref().unwrap_err();
        assert_eq!(
            error.problems[0].message,
            "is accounts/acme, as on line 2; give one of them another Id"
        );
        assert_eq!(rows[2].as_ref().unwrap().id, "acme-2");
    }

    #[test]
    fn a_row_that_says_something_else_is_another() {
        let identity = |csv: &str| rows(csv)[0].as_ref().unwrap().identity;
        let first = identity("name,success manager\nAcme,ana\n");
        assert_eq!(
            first,
            identity("colour,success manager,name\nred,ana,Acme\n")
        );
        assert_ne!(first, identity("name,success manager\nAcme,bo\n"));
    }
}
