//! Which tasks: the flags that lists, counts and watches have in common.

use chrono::{DateTime, SecondsFormat, Utc};
use clap::Args;

use super::words::{Priority, Status};
use crate::{date, error::Error, filter::Filter, name};

#[derive(Debug, Default, Args)]
pub(crate) struct Which {
    /// Only tasks about this account or member
    #[arg(long, visible_alias = "account")]
    subject: Option<String>,
    /// Only tasks of this member, or of me, or of nobody
    #[arg(long, value_name = "MEMBER")]
    assignee: Option<String>,
    /// Only tasks of nobody
    #[arg(long, conflicts_with = "assignee")]
    unassigned: bool,
    /// Only tasks with this status; may be given several times, for any of them
    #[arg(long, value_enum)]
    status: Vec<Status>,
    /// Only tasks that are not started, in progress or waiting
    #[arg(long, conflicts_with = "status")]
    open: bool,
    /// Only tasks that should have been done by now
    #[arg(long)]
    overdue: bool,
    /// Only tasks that should be done by then: 2026-12-01, "2026-12-01 17:00", today, friday, +3d; in UTC
    #[arg(long, value_name = "DATE")]
    due_before: Option<String>,
    /// Only tasks that should be done after that, written as for --due-before
    #[arg(long, value_name = "DATE")]
    due_after: Option<String>,
    /// Only tasks of this priority; may be given several times, for any of them
    #[arg(long, value_enum)]
    priority: Vec<Priority>,
    /// Only tasks of this category
    #[arg(long)]
    category: Option<String>,
    /// Only tasks with this tag; may be given several times, for all of them
    #[arg(long)]
    tag: Vec<String>,
    /// Only tasks with all of these words in number, title, description or tags
    #[arg(long, value_name = "WORDS")]
    text: Option<String>,
    /// Only tasks that the customer pays for
    #[arg(long)]
    billable: bool,
}

impl Which {
    /// The filter for these tasks, of those that `written` leaves.
    pub(super) fn filter(
        &self,
        written: Option<&str>,
        now: DateTime<Utc>,
    ) -> Result<String, Error> {
        let mut filter = Filter::new(written);
        if let Some(subject) = &self.subject {
            filter = filter.equals("subject", &name::subject(subject)?);
        }
        if let Some(assignee) = &self.assignee {
            filter = filter.has_member("assignees", assignee)?;
        }
        let statuses = self.status.iter().map(|status| status.value());
        filter = filter.equals_any("status", statuses);
        let priorities = self.priority.iter().map(|priority| priority.value());
        filter = filter.equals_any("priority", priorities);
        for (wanted, flag) in [
            (self.unassigned, "unassigned"),
            (self.open, "open"),
            (self.overdue, "overdue"),
            (self.billable, "billable"),
        ] {
            if wanted {
                filter = filter.and(flag.to_owned());
            }
        }
        for (option, bound, sign) in [
            ("--due-before", &self.due_before, "<="),
            ("--due-after", &self.due_after, ">"),
        ] {
            if let Some(bound) = bound {
                let moment = date::parse(bound, now).map_err(|error| {
                    Error::usage(error.to_string(), format!("Correct {option}."))
                })?;
                let moment = moment.to_rfc3339_opts(SecondsFormat::AutoSi, true);
                filter = filter.and(format!("due_time {sign} {moment}"));
            }
        }
        if let Some(category) = &self.category {
            filter = filter.equals("category", category);
        }
        for tag in &self.tag {
            filter = filter.has("tags", tag);
        }
        if let Some(text) = &self.text {
            filter = filter.has("text", text);
        }
        Ok(filter.finish())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filter(which: &Which) -> String {
        let now = "2026-11-25T10:30:00Z".parse().unwrap();
        which.filter(None, now).unwrap()
    }

    #[test]
    fn each_flag_is_a_condition_and_all_must_hold() {
        let which = Which {
            assignee: Some("me".to_owned()),
            status: vec![Status::NotStarted, Status::InProgress],
            priority: vec![Priority::Urgent],
            overdue: true,
            due_before: Some("friday 17:00".to_owned()),
            due_after: Some("2026-11-01".to_owned()),
            tag: vec!["red".to_owned(), "dark \"blue\"".to_owned()],
            text: Some("call berlin".to_owned()),
            ..Which::default()
        };
        assert_eq!(
            filter(&which),
            "assignees:me AND (status = \"not_started\" OR status = \"in_progress\") AND priority = \"urgent\" \
             AND overdue AND due_time <= 2026-11-27T17:00:00Z AND due_time > 2026-11-01T23:59:59Z \
             AND tags:\"red\" AND tags:\"dark \\\"blue\\\"\" AND text:\"call berlin\""
        );
        let which = Which {
            unassigned: true,
            subject: Some("acme".to_owned()),
            ..Which::default()
        };
        assert_eq!(filter(&which), "subject = \"accounts/acme\" AND unassigned");
        assert_eq!(filter(&Which::default()), "");
    }

    #[test]
    fn a_date_that_is_none_is_named_with_its_flag() {
        let which = Which {
            due_after: Some("soon".to_owned()),
            ..Which::default()
        };
        let error = which.filter(None, DateTime::UNIX_EPOCH).unwrap_err();
        assert_eq!(error.hint().as_deref(), Some("Correct --due-after."));
    }
}
