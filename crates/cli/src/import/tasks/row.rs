//! One row of a file as a task, or everything that is wrong with it.

use chrono::{DateTime, Utc};
use csv::StringRecord;
use handoff_proto::v1::{TaskPriority, TaskStatus};
use uuid::Uuid;

use super::TaskField as Field;
use crate::{
    date,
    import::{
        cells::{self, BadRow, Cells, Named, Row},
        columns::{Columns, Field as _},
        identity::Identities,
    },
};

/// A task to be imported.
#[derive(Debug, PartialEq)]
pub(super) struct TaskRow {
    /// Line of the file on which the row begins, from 1.
    pub(super) line: u64,
    /// What the task's id and its request ids are made from.
    pub(super) identity: Uuid,
    pub(super) customer: Named,
    pub(super) title: String,
    pub(super) description: String,
    pub(super) category: String,
    pub(super) assignees: Vec<Named>,
    pub(super) priority: TaskPriority,
    /// The status after import; one that is not open is reached by a command of its own.
    pub(super) status: TaskStatus,
    pub(super) due: Option<DateTime<Utc>>,
}

impl Row for TaskRow {
    fn line(&self) -> u64 {
        self.line
    }
}

/// Reads one row.
pub(super) fn read(
    columns: &Columns<Field>,
    record: Result<StringRecord, csv::Error>,
    identities: &mut Identities,
) -> Result<TaskRow, BadRow<Field>> {
    let (record, line) = cells::record(record)?;
    let mut cells = Cells::new(columns, &record);
    let title = cells.required(Field::Title);
    let customer = cells.required(Field::Customer);
    let key = columns
        .title(Field::Key)
        .map(|_| cells.required(Field::Key));
    let priority = cells.parsed(Field::Priority, parse_priority);
    let status = cells.parsed(Field::Status, parse_status);
    let due = cells.parsed(Field::Due, |text| {
        date::parse_absolute(text).map_err(|error| error.to_string())
    });
    // Counted also for rows that are bad, so that correcting one does not change what the others are.
    let identity = match key {
        Some(key) => Identities::of_key(key),
        None => {
            let texts: Vec<_> = Field::ALL.iter().map(|field| cells.text(*field)).collect();
            identities.of_content(&texts)
        }
    };
    let (description, category) = (cells.text(Field::Description), cells.text(Field::Category));
    let assignees = cells.list(Field::Assignees);
    cells.finish(line)?;
    Ok(TaskRow {
        line,
        identity,
        customer: Named::account(customer),
        title: title.to_owned(),
        description: description.to_owned(),
        category: category.to_owned(),
        assignees: assignees.map(Named::member).collect(),
        priority: priority.unwrap_or(TaskPriority::Normal),
        status: status.unwrap_or(TaskStatus::NotStarted),
        due,
    })
}

fn parse_priority(text: &str) -> Result<TaskPriority, String> {
    match text.to_lowercase().as_str() {
        "low" => Ok(TaskPriority::Low),
        "normal" | "medium" => Ok(TaskPriority::Normal),
        "high" => Ok(TaskPriority::High),
        "urgent" => Ok(TaskPriority::Urgent),
        _ => Err(format!(
            "{text:?} is not a priority: write Low, Medium, High or Urgent"
        )),
    }
}

fn parse_status(text: &str) -> Result<TaskStatus, String> {
    match text.to_lowercase().replace(['_', '-'], " ").as_str() {
        "not started" | "new" | "open" => Ok(TaskStatus::NotStarted),
        "in progress" => Ok(TaskStatus::InProgress),
        "waiting on customer" | "waiting" => Ok(TaskStatus::WaitingOnCustomer),
        "completed" | "complete" | "done" => Ok(TaskStatus::Complete),
        _ => Err(format!(
            "{text:?} is not a status that can be imported: write Not Started, In Progress, Waiting on Customer or Completed"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(csv: &str) -> Vec<Result<TaskRow, BadRow<Field>>> {
        let mut reader = csv::ReaderBuilder::new()
            .flexible(true)
            .from_reader(csv.as_bytes());
        let columns = Columns::find(reader.headers().unwrap(), None).unwrap();
        let mut identities = Identities::default();
        reader
            .into_records()
            .map(|record| read(&columns, record, &mut identities))
            .collect()
    }

    #[test]
    fn a_row_becomes_a_task() {
        let rows = rows(
            "\u{feff}Task Title,Customer,Assigned To,Priority,Task Status,Due Date,Description/Details\n\
             Payment follow-up,\"Acme & Co, Ltd\",Ana Lima; bo,Medium,Waiting on Customer,2026-12-01,\"Call\nthem\"\n",
        );
        let row = rows[0].as_ref().unwrap();
        assert_eq!((row.line, row.title.as_str()), (2, "Payment follow-up"));
        assert_eq!(
            row.customer,
            Named {
                id: "acme-co-ltd".to_owned(),
                display_name: "Acme & Co, Ltd".to_owned()
            }
        );
        assert_eq!(
            row.assignees
                .iter()
                .map(|named| named.id.as_str())
                .collect::<Vec<_>>(),
            ["ana-lima", "bo"]
        );
        assert_eq!(
            (row.priority, row.status),
            (TaskPriority::Normal, TaskStatus::WaitingOnCustomer)
        );
        assert_eq!(row.due.unwrap().to_rfc3339(), "2026-12-01T23:59:59+00:00");
        assert_eq!(row.description, "Call\nthem");
    }

    #[test]
    fn everything_wrong_with_a_row_is_told_at_once() {
        let rows = rows("title,customer,priority,status,due\n,Acme,Huge,Cancelled,01/02/2026\n");
        let problems = &rows[0].as_ref().unwrap_err().problems;
        let fields: Vec<_> = problems
            .iter()
            .filter_map(|problem| problem.field)
            .collect();
        assert_eq!(
            fields,
            [Field::Title, Field::Priority, Field::Status, Field::Due]
        );
        assert_eq!(
            problems[1].message,
            "\"Huge\" is not a priority: write Low, Medium, High or Urgent"
        );
    }

    #[test]
    fn a_bad_row_does_not_end_the_file() {
        let mut csv = b"title,customer\nCall,Acme\n\xff\xfe,Acme\nshort\nMail,Acme,more\n".to_vec();
        csv.extend(b"Last,Acme\n");
        let mut reader = csv::ReaderBuilder::new()
            .flexible(true)
            .from_reader(csv.as_slice());
        let columns = Columns::find(reader.headers().unwrap(), None).unwrap();
        let mut identities = Identities::default();
        let rows: Vec<_> = reader
            .into_records()
            .map(|record| read(&columns, record, &mut identities))
            .collect();
        let lines: Vec<_> = rows
            .iter()
            .map(|row| row.as_ref().map(|row| row.line).map_err(|bad| bad.line))
            .collect();
        assert_eq!(lines, [Ok(2), Err(3), Err(4), Ok(5), Ok(6)]);
    }

    #[test]
    fn a_row_has_the_same_identity_wherever_its_columns_stand() {
        let one = rows("title,customer,due\nCall,Acme,2026-12-01\n");
        let two = rows("due,colour,customer,title\n2026-12-01,red,Acme,Call\n");
        assert_eq!(
            one[0].as_ref().unwrap().identity,
            two[0].as_ref().unwrap().identity
        );
    }

    #[test]
    fn a_row_with_a_key_is_known_by_it_alone() {
        let rows = rows("id,title,customer\n7,Call,Acme\n7,Mail,Acme\n,Mail,Acme\n");
        assert_eq!(
            rows[0].as_ref().unwrap().identity,
            rows[1].as_ref().unwrap().identity
        );
        assert_eq!(
            rows[2].as_ref().unwrap_err().problems[0].field,
            Some(Field::Key)
        );
    }

    #[test]
    fn an_account_does_not_look_like_a_member() {
        assert_eq!(Named::account("Member Ana").id, "account-member-ana");
    }
}
