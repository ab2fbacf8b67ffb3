//! `handoff import tasks`.

mod row;
mod send;

use clap::Args;

use super::{FileArgs, Opened, columns::Field, identity::Identities};
use crate::{error::Error, output::Printer, session::Session};
use send::Sender;

const AFTER_HELP: &str = "\
The first line names the columns, in any order: Task Title and Customer, and any of Assigned To, Priority, Task Status,
Due Date, Description/Details, Category and Key. A customer that is not an account yet becomes one. Several assignees are
separated by semicolons. Dates are as in 2026-12-01 or \"2026-12-01 17:00\", in UTC.

A row is recognised by its key, or without one by all that it says: a row that was imported before is left as it is now.";

#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct ImportTasks {
    #[command(flatten)]
    file: FileArgs,
    /// The column that tells rows apart [default: Key or Id if there is one, else all columns]
    #[arg(long, value_name = "COLUMN")]
    key: Option<String>,
    /// Create members that do not exist yet
    #[arg(long)]
    create_members: bool,
}

impl ImportTasks {
    pub(super) async fn run(self, session: &Session, printer: &Printer) -> Result<(), Error> {
        let opened = Opened::new(&self.file, self.key.as_deref(), printer)?;
        let sender = Sender::new(session, self.create_members);
        let mut identities = Identities::default();
        opened
            .import(
                printer,
                |columns, record| row::read(columns, record, &mut identities),
                async |row| sender.send(row).await,
            )
            .await
    }
}

/// What a row says about its task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TaskField {
    Title,
    Customer,
    Assignees,
    Priority,
    Status,
    Due,
    Description,
    Category,
    /// What tells the row from all others.
    Key,
}

impl Field for TaskField {
    const ALL: &'static [Self] = &[
        Self::Title,
        Self::Customer,
        Self::Assignees,
        Self::Priority,
        Self::Status,
        Self::Due,
        Self::Description,
        Self::Category,
        Self::Key,
    ];
    const REQUIRED: &'static [(Self, &'static str)] =
        &[(Self::Title, "Task Title"), (Self::Customer, "Customer")];
    const KEY: Option<Self> = Some(Self::Key);

    fn titles(self) -> &'static [&'static str] {
        match self {
            Self::Title => &["task title", "title", "task", "subject", "summary"],
            Self::Customer => &[
                "customer",
                "account",
                "client",
                "customer name",
                "account name",
            ],
            Self::Assignees => &["assigned to", "assignee", "assignees", "owner"],
            Self::Priority => &["priority"],
            Self::Status => &["task status", "status"],
            Self::Due => &["due date", "due", "deadline"],
            Self::Description => &["description details", "description", "details"],
            Self::Category => &["category"],
            Self::Key => &["key", "id", "task id"],
        }
    }

    fn of_path(path: &str) -> Option<Self> {
        match path {
            "task.title" => Some(Self::Title),
            "task.subject" | "account_id" | "account.display_name" => Some(Self::Customer),
            "task.description" => Some(Self::Description),
            "task.category" => Some(Self::Category),
            "task.due_time" => Some(Self::Due),
            path if path.starts_with("task.assignees") || path.starts_with("member") => {
                Some(Self::Assignees)
            }
            _ => None,
        }
    }

    fn of_reason(reason: &str) -> (Option<Self>, Option<&'static str>) {
        match reason {
            "UNKNOWN_MEMBER" => (
                Some(Self::Assignees),
                Some("create the member, or import with --create-members"),
            ),
            "MEMBER_DISABLED" => (Some(Self::Assignees), Some("name another member")),
            "ACCOUNT_DEACTIVATED" => (Some(Self::Customer), None),
            "UNKNOWN_CATEGORY" => (
                Some(Self::Category),
                Some("`handoff settings show` lists the categories"),
            ),
            _ => (None, None),
        }
    }
}

#[cfg(test)]
mod tests {
    use tonic::{Code, Status};
    use tonic_types::{ErrorDetails, StatusExt};

    use super::*;
    use crate::import::cells::{Problem, problems};

    fn refused(details: ErrorDetails) -> Error {
        Error::status(
            Status::with_error_details(Code::InvalidArgument, "no", details),
            "http://localhost",
        )
    }

    #[test]
    fn a_refusal_is_told_by_the_columns_of_the_file() {
        let mut details = ErrorDetails::new();
        details.add_bad_request_violation("task.due_time", "is before the start");
        details.add_bad_request_violation("task.assignees[1]", "is too long");
        let fields: Vec<_> = problems(&refused(details))
            .into_iter()
            .map(|problem| problem.field)
            .collect();
        assert_eq!(fields, [Some(TaskField::Due), Some(TaskField::Assignees)]);
    }

    #[test]
    fn a_refusal_without_fields_is_of_the_whole_row() {
        let problem = Problem::<TaskField> {
            field: None,
            message: "no".to_owned(),
        };
        assert_eq!(problems(&refused(ErrorDetails::new())), [problem]);
    }

    #[test]
    fn a_rule_that_says_no_names_its_column_and_what_to_do() {
        let details = ErrorDetails::with_error_info("UNKNOWN_MEMBER", "handoff", []);
        let problem = Problem {
            field: Some(TaskField::Assignees),
            message: "no; create the member, or import with --create-members".to_owned(),
        };
        assert_eq!(problems(&refused(details)), [problem]);
    }
}
