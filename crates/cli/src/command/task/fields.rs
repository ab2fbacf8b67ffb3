//! The fields of a task that are given when it is created and later.

use clap::Args;
use handoff_proto::v1::{Task, TaskPriority, TaskVisibility};

use super::{
    money,
    words::{Priority, Visibility},
};
use crate::{date::DateError, error::Error, session::Session};

#[derive(Debug, Default, Args)]
pub(crate) struct FieldArgs {
    /// The work in detail
    #[arg(long, value_name = "HTML")]
    description: Option<String>,
    /// One of the categories in the settings
    #[arg(long)]
    category: Option<String>,
    /// How much is done, 0 to 100
    #[arg(long, value_name = "PERCENT")]
    percent: Option<i32>,
    /// How urgent it is; a new one is normal unless given
    #[arg(long, value_enum)]
    priority: Option<Priority>,
    /// Who may see it besides the team; a new one is internal unless given
    #[arg(long, value_enum)]
    visibility: Option<Visibility>,
    /// When it may begin, written as for --due, the begin of a day without a time; a new one now unless given
    #[arg(long, value_name = "DATE")]
    start: Option<String>,
    /// When it should be done: 2026-12-01, "2026-12-01 17:00", today, friday, "friday 17:00", "in 3 days"; in the zone of the settings, the end of a day without a time; by the account's SLA unless given
    #[arg(long, value_name = "DATE")]
    due: Option<String>,
    /// Hours that it should take: 12.5
    #[arg(long, value_name = "HOURS")]
    estimated_hours: Option<String>,
    /// Hours that it took: 12.5
    #[arg(long, value_name = "HOURS")]
    actual_hours: Option<String>,
    /// The customer pays for it
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    billable: Option<bool>,
    /// Full name of who asked for it
    #[arg(long, value_name = "NAME")]
    requester: Option<String>,
    /// E-mail address of who asked for it
    #[arg(long, value_name = "ADDRESS")]
    requester_email: Option<String>,
    /// Phone number of who asked for it
    #[arg(long, value_name = "NUMBER")]
    requester_phone: Option<String>,
    /// How many pieces it is about
    #[arg(long, value_name = "NUMBER")]
    quantity: Option<String>,
    /// What the customer pays: "12.50 EUR"
    #[arg(long, value_name = "MONEY")]
    price: Option<String>,
    /// Miles driven for it: 17.4
    #[arg(long, value_name = "MILES")]
    mileage: Option<String>,
    /// What it cost besides work: "12.50 EUR"
    #[arg(long, value_name = "MONEY")]
    expenses: Option<String>,
    /// A word to find it by; may be given several times, and replaces those that it has
    #[arg(long)]
    tag: Vec<String>,
    /// The account's role whose holder it follows
    #[arg(long)]
    role: Option<String>,
}

impl FieldArgs {
    /// Gives the task the fields that are there, and answers their paths.
    pub(super) async fn give(
        self,
        task: &mut Task,
        session: &Session,
    ) -> Result<Vec<&'static str>, Error> {
        let mut paths = Vec::new();
        let texts = [
            ("description", self.description, &mut task.description),
            ("category", self.category, &mut task.category),
            (
                "estimated_hours",
                self.estimated_hours,
                &mut task.estimated_hours,
            ),
            ("actual_hours", self.actual_hours, &mut task.actual_hours),
            ("quantity", self.quantity, &mut task.quantity),
            ("mileage", self.mileage, &mut task.mileage),
            ("responsible_role", self.role, &mut task.responsible_role),
        ];
        for (path, given, text) in texts {
            if let Some(given) = given {
                *text = given;
                paths.push(path);
            }
        }
        if let Some(percent) = self.percent {
            task.percent_complete = percent;
            paths.push("percent_complete");
        }
        if let Some(priority) = self.priority {
            task.set_priority(TaskPriority::from(priority));
            paths.push("priority");
        }
        if let Some(visibility) = self.visibility {
            task.set_visibility(TaskVisibility::from(visibility));
            paths.push("visibility");
        }
        if let Some(start) = session.start(self.start.as_deref()).await? {
            task.start_time = Some(start);
            paths.push("start_time");
        }
        if let Some(due) = session.due(self.due.as_deref()).await? {
            (task.due_time, task.due_date) = due.due();
            paths.push(task.due_time.map_or("due_date", |_| "due_time"));
        }
        if let Some(billable) = self.billable {
            task.billable = billable;
            paths.push("billable");
        }
        let requester = [
            ("requester.display_name", self.requester),
            ("requester.email", self.requester_email),
            ("requester.phone", self.requester_phone),
        ];
        for (path, given) in requester {
            if let Some(given) = given {
                let requester = task.requester.get_or_insert_default();
                match path {
                    "requester.email" => requester.email = given,
                    "requester.phone" => requester.phone = given,
                    _ => requester.display_name = given,
                }
                paths.push(path);
            }
        }
        if let Some(price) = self.price {
            task.price = Some(money::parse(&price)?);
            paths.push("price");
        }
        if let Some(expenses) = self.expenses {
            task.expenses = Some(money::parse(&expenses)?);
            paths.push("expenses");
        }
        if !self.tag.is_empty() {
            task.tags = self.tag;
            paths.push("tags");
        }
        Ok(paths)
    }
}

pub(super) fn wrong(flag: &str, error: &DateError) -> Error {
    Error::usage(error.to_string(), format!("Correct {flag}."))
}
