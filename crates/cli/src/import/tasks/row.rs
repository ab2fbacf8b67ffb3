//! One row of a file as a task, or everything that is wrong with it.

use chrono::{DateTime, Utc};
use csv::StringRecord;
use handoff_proto::v1::{Task, TaskNotify, TaskPriority, TaskRequester, TaskStatus};
use uuid::Uuid;

use super::{field::TaskField as Field, values};
use crate::{
    date::{Calendar, Moment},
    import::{
        cells::{self, BadRow, Cells, Named, Row},
        columns::{Columns, Field as _},
        identity::Identities,
    },
    time,
};

/// A task to be imported.
#[derive(Debug, PartialEq)]
pub(super) struct TaskRow {
    /// Line of the file on which the row begins, from 1.
    pub(super) line: u64,
    /// What the task's id and its request ids are made from.
    pub(super) identity: Uuid,
    /// The account that it is about, which may have to be created; none if it is about a member.
    pub(super) customer: Option<Named>,
    /// Those who may have to be created.
    pub(super) assignees: Vec<Named>,
    /// All that CreateTask takes.
    pub(super) task: Task,
    /// By when it is due, if the file says so.
    pub(super) due: Option<DateTime<Utc>>,
    /// The status after import; one that is not open is reached by a command of its own.
    pub(super) status: TaskStatus,
    pub(super) billed: bool,
    /// Names of tasks.
    pub(super) related: Vec<String>,
    /// Notes, empty if there are none.
    pub(super) note: String,
    pub(super) internal_note: String,
}

impl Row for TaskRow {
    fn line(&self) -> u64 {
        self.line
    }
}

/// What rows are read with.
pub(super) struct Reader {
    pub(super) calendar: Calendar,
    /// Of amounts that name none.
    pub(super) currency: Option<String>,
}

impl Reader {
    /// Reads one row.
    pub(super) fn read(
        &self,
        columns: &Columns<Field>,
        record: Result<StringRecord, csv::Error>,
        identities: &mut Identities,
    ) -> Result<TaskRow, BadRow<Field>> {
        let (record, line) = cells::record(record)?;
        let mut cells = Cells::new(columns, &record);
        let title = cells.required(Field::Title);
        let regarding = cells.required(Field::Customer);
        let key = columns
            .title(Field::Key)
            .map(|_| cells.required(Field::Key));
        let mut task = Task {
            title: title.to_owned(),
            description: cells.text(Field::Description).to_owned(),
            category: cells.text(Field::Category).to_owned(),
            ..Task::default()
        };
        let priority = cells.parsed(Field::Priority, values::priority);
        task.set_priority(priority.unwrap_or(TaskPriority::Normal));
        let status = status(&mut cells);
        let (due, due_date) = self.due(&mut cells);
        task.due_time = due.filter(|_| due_date.is_empty()).map(time::timestamp);
        task.due_date = due_date;
        self.rest(&mut task, &mut cells);
        let billed = cells.parsed(Field::Billed, cells::parse_yes) == Some(true);
        if billed && !task.billable {
            cells.problem(
                Some(Field::Billed),
                "is Yes for a task that is not billable: write Yes in a column Billable too",
            );
        }
        let identity = identity(key, &cells, identities);
        let customer = if regarding.starts_with("members/") {
            task.subject = format!("members/{}", Named::member(regarding).id);
            None
        } else {
            let account = Named::account(regarding);
            task.subject = format!("accounts/{}", account.id);
            Some(account)
        };
        let assignees: Vec<_> = cells.list(Field::Assignees).map(Named::member).collect();
        task.assignees = assignees.iter().map(name).collect();
        let related = cells.list(Field::Related).map(related).collect();
        let (note, internal_note) = (cells.text(Field::Note), cells.text(Field::InternalNote));
        cells.finish(line)?;
        Ok(TaskRow {
            line,
            identity,
            customer,
            assignees,
            task,
            due,
            status,
            billed,
            related,
            note: note.to_owned(),
            internal_note: internal_note.to_owned(),
        })
    }

    /// By when it is due, and the day if no time is given.
    fn due(&self, cells: &mut Cells<'_, Field>) -> (Option<DateTime<Utc>>, String) {
        let calendar = self.calendar;
        let due = cells.parsed(Field::Due, |text| {
            let moment = calendar.absolute(text);
            let by = moment.and_then(|moment| Ok((moment, calendar.by(moment, text)?)));
            by.map_err(|error| error.to_string())
        });
        match due {
            None => (None, String::new()),
            Some((Moment::At(_), by)) => (Some(by), String::new()),
            Some((Moment::On(day), by)) => (Some(by), day.to_string()),
        }
    }

    /// The fields beside those of every list.
    fn rest(&self, task: &mut Task, cells: &mut Cells<'_, Field>) {
        let calendar = self.calendar;
        let start = cells.parsed(Field::Start, |text| {
            let moment = calendar.absolute(text);
            let from = moment.and_then(|moment| calendar.from(moment, text));
            from.map_err(|error| error.to_string())
        });
        task.start_time = start.map(time::timestamp);
        let percent = cells.parsed(Field::Percent, values::percent);
        task.percent_complete = percent.unwrap_or_default();
        let mut decimal = |field| cells.parsed(field, values::decimal).unwrap_or_default();
        task.estimated_hours = decimal(Field::EstimatedHours);
        task.actual_hours = decimal(Field::ActualHours);
        task.quantity = decimal(Field::Quantity);
        task.mileage = decimal(Field::Mileage);
        let currency = self.currency.as_deref();
        let mut amount = |field| cells.parsed(field, |text| values::amount(text, currency));
        task.price = amount(Field::Price);
        task.expenses = amount(Field::Expenses);
        let mut yes = |field| cells.parsed(field, cells::parse_yes).unwrap_or_default();
        task.billable = yes(Field::Billable);
        task.save_to_tracker = yes(Field::Tracker);
        let notify = TaskNotify {
            on_change: yes(Field::OnChange),
            on_complete: yes(Field::OnComplete),
            recipients: cells.list(Field::Notify).map(recipient).collect(),
        };
        task.notify = (notify != TaskNotify::default()).then_some(notify);
        let requester = TaskRequester {
            display_name: cells.text(Field::RequesterName).to_owned(),
            email: cells.text(Field::RequesterEmail).to_owned(),
            phone: cells.text(Field::RequesterPhone).to_owned(),
        };
        task.requester = (requester != TaskRequester::default()).then_some(requester);
        task.tags = cells.list(Field::Tags).map(str::to_owned).collect();
        task.responsible_role = cells.text(Field::Role).to_owned();
        if let Some(visibility) = cells.parsed(Field::Visibility, values::visibility) {
            task.set_visibility(visibility);
        }
    }
}

/// The status in its own column, or by the box that says that the task is complete (S2).
fn status(cells: &mut Cells<'_, Field>) -> TaskStatus {
    let status = cells.parsed(Field::Status, values::status);
    let is_complete = cells.parsed(Field::Complete, cells::parse_yes);
    match (status, is_complete) {
        (Some(TaskStatus::Cancelled), Some(true)) => {
            let message = "is Yes for a task that is cancelled: it can be one of both";
            cells.problem(Some(Field::Complete), message);
            TaskStatus::Cancelled
        }
        (_, Some(true)) => TaskStatus::Complete,
        (status, _) => status.unwrap_or(TaskStatus::NotStarted),
    }
}

/// What tells the row from others. Counted also for rows that are bad, so that correcting one does not change what the others are.
fn identity(key: Option<&str>, cells: &Cells<'_, Field>, identities: &mut Identities) -> Uuid {
    if let Some(key) = key {
        return Identities::of_key(key);
    }
    let (first, later) = Field::ALL.split_at(Field::FIRST);
    let mut texts: Vec<_> = first.iter().map(|field| cells.text(*field)).collect();
    for field in later {
        if let (false, [title, ..]) = (cells.text(*field).is_empty(), field.titles()) {
            texts.extend([*title, cells.text(*field)]);
        }
    }
    identities.of_content(&texts)
}

fn name(member: &Named) -> String {
    format!("members/{}", member.id)
}

/// A member, a contact or an e-mail address.
fn recipient(text: &str) -> String {
    if text.contains('@') || text.starts_with("accounts/") {
        text.to_owned()
    } else {
        name(&Named::member(text))
    }
}

/// A task by its name, or by the key of its row.
fn related(text: &str) -> String {
    if text.starts_with("tasks/") {
        text.to_owned()
    } else {
        format!("tasks/{}", Identities::of_key(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn berlin() -> Reader {
        let now = "2026-11-25T10:30:00Z".parse().unwrap();
        Reader {
            calendar: Calendar::new(now, chrono_tz::Tz::Europe__Berlin),
            currency: Some("EUR".to_owned()),
        }
    }

    fn rows(csv: &str) -> Vec<Result<TaskRow, BadRow<Field>>> {
        let mut reader = csv::ReaderBuilder::new()
            .flexible(true)
            .from_reader(csv.as_bytes());
        let columns = Columns::find(reader.headers().unwrap(), None).unwrap();
        let mut identities = Identities::default();
        reader
            .into_records()
            .map(|record| berlin().read(&columns, record, &mut identities))
            .collect()
    }

    #[test]
    fn a_row_becomes_a_task() {
        let rows = rows(
            "\u{feff}Task Title,Customer,Assigned To,Priority,Task Status,Due Date,Description/Details\n\
             Payment follow-up,\"Acme & Co, Ltd\",Ana Lima; bo,Medium,Waiting on Customer,2026-12-01,\"Call\nthem\"\n",
        );
        let row = rows[0].as_ref().unwrap();
        assert_eq!(
            (row.line, row.task.title.as_str()),
            (2, "Payment follow-up")
        );
        assert_eq!(
            row.customer,
            Some(Named {
                id: "acme-co-ltd".to_owned(),
                display_name: "Acme & Co, Ltd".to_owned()
            })
        );
        assert_eq!(
            row.assignees
                .iter()
                .map(|named| named.id.as_str())
                .collect::<Vec<_>>(),
            ["ana-lima", "bo"]
        );
        assert_eq!(
            (row.task.priority(), row.status),
            (TaskPriority::Normal, TaskStatus::WaitingOnCustomer)
        );
        assert_eq!(row.due.unwrap().to_rfc3339(), "2026-12-01T22:59:59+00:00");
        assert_eq!(row.task.due_date, "2026-12-01");
        assert_eq!(row.task.due_time, None);
        assert_eq!(row.task.description, "Call\nthem");
    }

    #[test]
    fn everything_wrong_with_a_row_is_told_at_once() {
        let rows = rows("title,customer,priority,status,due\n,Acme,Huge,Gone,01/02/2026\n");
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
            .map(|record| berlin().read(&columns, record, &mut identities))
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
    fn a_row_of_the_long_form_has_every_field() {
        let rows = rows(
            "Regarding,Category,Description (Short),Status,Priority,Assigned To,Notify,Start Date,Due Date,% Complete,\
             Estimated Hours,Billable Hours,Send Notice to Client on Change,Send Notice to Client on Complete,Save to Tracker,\
             Billable,Billed,Task Complete,Description,Full Name,Email Address,Phone Number,Quantity,Price,Mileage,Expenses,\
             Related Task(s),Tags,Work Notes,Work Notes (Internal Only),Visibility,Role,Id\n\
             members/Ana,Video,Cut it,In Progress,High,bo,zoe@example.com; Ana Lima,2026-11-01,2026-11-05 17:00,50%,\
             2.5,3,Yes,No,x,Yes,Yes,Yes,<p>Long</p>,Zoe,z@example.com,+49 30 1,3,12.50,17.4,4 USD,\
             8; tasks/b,q4; renewal,Called,Pays late,Portal,sales-manager,7\n",
        );
        let row = rows[0].as_ref().unwrap();
        let money = |code: &str, units, nanos| {
            Some(handoff_proto::v1::Money {
                currency_code: code.to_owned(),
                units,
                nanos,
            })
        };
        let seconds = |at: &str| Some(time::timestamp(at.parse().unwrap()));
        let texts = |texts: &[&str]| texts.iter().map(ToString::to_string).collect::<Vec<_>>();
        let task = Task {
            subject: "members/ana".to_owned(),
            title: "Cut it".to_owned(),
            description: "<p>Long</p>".to_owned(),
            category: "Video".to_owned(),
            priority: TaskPriority::High.into(),
            visibility: handoff_proto::v1::TaskVisibility::Portal.into(),
            assignees: texts(&["members/bo"]),
            start_time: seconds("2026-10-31T23:00:00Z"),
            due_time: seconds("2026-11-05T16:00:00Z"),
            percent_complete: 50,
            estimated_hours: "2.5".to_owned(),
            actual_hours: "3".to_owned(),
            billable: true,
            save_to_tracker: true,
            notify: Some(TaskNotify {
                recipients: texts(&["zoe@example.com", "members/ana-lima"]),
                on_change: true,
                on_complete: false,
            }),
            requester: Some(TaskRequester {
                display_name: "Zoe".to_owned(),
                email: "z@example.com".to_owned(),
                phone: "+49 30 1".to_owned(),
            }),
            quantity: "3".to_owned(),
            price: money("EUR", 12, 500_000_000),
            mileage: "17.4".to_owned(),
            expenses: money("USD", 4, 0),
            tags: texts(&["q4", "renewal"]),
            responsible_role: "sales-manager".to_owned(),
            ..Task::default()
        };
        assert_eq!(row.task, task);
        assert_eq!(row.customer, None);
        assert_eq!((row.status, row.billed), (TaskStatus::Complete, true));
        assert_eq!(row.related[0], format!("tasks/{}", Identities::of_key("8")));
        assert_eq!(row.related[1], "tasks/b");
        assert_eq!(
            (row.note.as_str(), row.internal_note.as_str()),
            ("Called", "Pays late")
        );
    }

    #[test]
    fn what_cannot_be_both_is_told() {
        let rows = rows(
            "title,customer,status,task complete,billed,% complete,hours,price\n\
             Call,Acme,Cancelled,Yes,Yes,101,1h,much\n",
        );
        let problems = &rows[0].as_ref().unwrap_err().problems;
        let fields: Vec<_> = problems
            .iter()
            .filter_map(|problem| problem.field)
            .collect();
        assert_eq!(
            fields,
            [
                Field::Complete,
                Field::Percent,
                Field::ActualHours,
                Field::Price,
                Field::Billed
            ]
        );
    }

    #[test]
    fn a_column_that_says_nothing_does_not_make_another_row() {
        let one = rows("title,customer\nCall,Acme\n");
        let two = rows("title,customer,tags\nCall,Acme,\n");
        let three = rows("title,customer,tags\nCall,Acme,q4\n");
        let identity = |rows: &[Result<TaskRow, BadRow<Field>>]| rows[0].as_ref().unwrap().identity;
        assert_eq!(identity(&one), identity(&two));
        assert_ne!(identity(&one), identity(&three));
    }

    #[test]
    fn an_account_does_not_look_like_a_member() {
        assert_eq!(Named::account("Member Ana").id, "account-member-ana");
    }
}
