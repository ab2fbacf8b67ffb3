//! `handoff import tasks`.

mod additions;
pub(super) mod field;
mod row;
mod send;
mod under_way;
mod values;

use clap::Args;

use super::{FileArgs, Opened, identity::Identities};
use crate::{error::Error, output::Printer, session::Session};
use row::Reader;
use send::Sender;

const AFTER_HELP: &str = "\
The first line names the columns, in any order: Task Title and Customer, and any of
  Assigned To, Priority, Task Status, Due Date, Description/Details, Category,
  Start Date, % Complete, Estimated Hours, Billable Hours, Billable, Billed, Price, Expenses, Quantity, Mileage,
  Notify, Send Notice to Client on Change, Send Notice to Client on Complete, Full Name, Email Address, Phone Number,
  Related Tasks, Tags, Work Notes, Work Notes (Internal Only), Visibility, Role, Save to Tracker, Task Complete and Key.
Columns that mean nothing here are ignored and named. A customer that is not an account yet becomes one; members/ana is a member of
the team instead. Several assignees, tags, related tasks and people to notify are separated by semicolons. Dates are as in 2026-12-01
or \"2026-12-01 17:00\", in the zone of the settings; a due date without a time is the end of that day. Amounts of money are as in
\"12.50 EUR\", or 12.50 with --currency EUR. A related task is named by its tasks/ID, or by the key of a row above. Only admins may
import what is billed and internal notes.

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
    /// Currency of amounts that name none, such as EUR
    #[arg(long, value_name = "CODE")]
    currency: Option<String>,
}

impl ImportTasks {
    pub(super) async fn run(self, session: &Session, printer: &Printer) -> Result<(), Error> {
        let opened = Opened::new(&self.file, self.key.as_deref(), printer)?;
        let reader = Reader {
            calendar: session.calendar().await?,
            currency: self.currency,
        };
        let sender = Sender::new(session, self.create_members);
        let mut identities = Identities::default();
        opened
            .import(
                printer,
                |columns, record| reader.read(columns, record, &mut identities),
                async |row| sender.send(row).await,
            )
            .await
    }
}

#[cfg(test)]
mod tests {
    use tonic::{Code, Status};
    use tonic_types::{ErrorDetails, StatusExt};

    use super::{field::TaskField, *};
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
    fn what_only_an_admin_may_do_is_told_of_its_column_and_stops_no_other_row() {
        let of = |status: Status| {
            let error = Error::status(status, "http://localhost");
            error.in_field("internal_note", "an admin can import it")
        };
        let denied = of(Status::permission_denied("is for admins"));
        assert!(!denied.is_of_all_requests());
        let problem = Problem {
            field: Some(TaskField::InternalNote),
            message: "is for admins; an admin can import it".to_owned(),
        };
        assert_eq!(problems(&denied), [problem]);
        for passing in [
            Status::unavailable("draining"),
            Status::unauthenticated("expired"),
        ] {
            assert!(of(passing).is_of_all_requests());
        }
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
