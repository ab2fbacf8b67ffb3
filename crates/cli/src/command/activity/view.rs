//! An activity as people see it.

use handoff_proto::v1::{Activity, ActivityStatus};

use crate::{
    command::words,
    html,
    output::{Cell, Row, Show, Tone},
    time,
};

/// Most characters of a note in one line.
const NOTE: usize = 120;

/// The assignee without the collection, or `nobody`.
pub(super) fn assignee(activity: &Activity) -> &str {
    match activity.assignee.trim_start_matches("members/") {
        "" => "nobody",
        id => id,
    }
}

/// The status, such as `open`.
pub(super) fn status_words(activity: &Activity) -> String {
    words(activity.status().as_str_name(), "ACTIVITY_STATUS_")
}

fn status(activity: &Activity) -> Cell {
    let tone = match activity.status() {
        ActivityStatus::Complete => Tone::Good,
        ActivityStatus::Noted => Tone::Faint,
        ActivityStatus::Open | ActivityStatus::Unspecified => Tone::Plain,
    };
    Cell::new(status_words(activity), tone)
}

/// Past-due ones are flagged (S1).
fn due(activity: &Activity) -> Cell {
    let due = time::minutes(activity.due_time.as_ref());
    if activity.overdue {
        Cell::new(format!("{due} !"), Tone::Bad)
    } else {
        due.into()
    }
}

/// An activity in a few words: its id, its note, its status and whose it is.
pub(crate) fn sentence(activity: &Activity) -> String {
    format!(
        "{}  {}  ({}, {})",
        activity.name.trim_start_matches("activities/"),
        html::beginning(&activity.note, NOTE),
        status_words(activity),
        assignee(activity)
    )
}

impl Show for Activity {
    fn fields(&self) -> Vec<(&'static str, Cell)> {
        let minutes = |time| Cell::from(time::minutes(time));
        vec![
            ("Name", self.name.as_str().into()),
            ("Account", self.account.as_str().into()),
            ("", self.account_display_name.as_str().into()),
            ("Status", status(self)),
            ("Due", due(self)),
            ("Assigned to", assignee(self).into()),
            ("Completed", minutes(self.complete_time.as_ref())),
            ("Completed by", self.completed_by.as_str().into()),
            ("Created", minutes(self.create_time.as_ref())),
            ("Created by", self.creator.as_str().into()),
            ("Changed", minutes(self.update_time.as_ref())),
            ("Etag", Cell::new(self.etag.as_str(), Tone::Faint)),
            ("Note", html::text(&self.note).into()),
        ]
    }
}

impl Row for Activity {
    const HEADER: &'static [&'static str] = &[
        "ACTIVITY",
        "ACCOUNT",
        "NOTE",
        "ASSIGNED TO",
        "STATUS",
        "DUE",
    ];

    fn row(&self) -> Vec<Cell> {
        let account = match self.account_display_name.as_str() {
            "" => self.account.as_str(),
            display_name => display_name,
        };
        vec![
            self.name.trim_start_matches("activities/").into(),
            account.into(),
            html::beginning(&self.note, NOTE).into(),
            assignee(self).into(),
            status(self),
            due(self),
        ]
    }
}
