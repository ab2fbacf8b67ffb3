//! Activities as callers see them.

use chrono::{DateTime, Utc};
use handoff_domain::{
    activity::{Activity, Details, Status},
    names::MemberName,
};
use handoff_proto::v1;
use handoff_read_models::activities::ActivityEntry;

use crate::{time, views::View};

/// An activity as its events make it, if it exists. Whether it is overdue is as of `now`; names of other
/// resources are for queries. The team sees all of one, whoever's it is, as its account's timeline shows
/// it; lists are narrower (S1).
pub(crate) fn of_state(
    view: View,
    name: &str,
    activity: &Activity,
    now: DateTime<Utc>,
) -> Option<v1::Activity> {
    let details = activity.details()?;
    match view {
        View::Admin | View::Team | View::Analyst => Some(whole(name, details, now)),
    }
}

fn whole(name: &str, details: &Details, now: DateTime<Utc>) -> v1::Activity {
    let (complete_time, completed_by) = details.completed().unzip();
    let assignee = details.assignee.as_ref().map(MemberName::as_str);
    v1::Activity {
        name: name.to_owned(),
        account: details.account.as_str().to_owned(),
        account_display_name: String::new(),
        note: details.note.as_str().to_owned(),
        status: status(details.status()).into(),
        due_time: details.due().map(time::to_proto),
        due_date: String::new(),
        overdue: details.is_overdue(now),
        assignee: assignee.unwrap_or_default().to_owned(),
        complete_time: complete_time.map(time::to_proto),
        completed_by: completed_by
            .map(|by| by.as_str().to_owned())
            .unwrap_or_default(),
        creator: details.creator.as_str().to_owned(),
        create_time: Some(time::to_proto(details.created_at)),
        update_time: Some(time::to_proto(details.updated_at)),
        etag: details.revision.to_string(),
    }
}

fn status(status: Status) -> v1::ActivityStatus {
    match status {
        Status::Noted => v1::ActivityStatus::Noted,
        Status::Open => v1::ActivityStatus::Open,
        Status::Complete => v1::ActivityStatus::Complete,
    }
}

/// An activity as a query finds it: with the name of its account.
pub(crate) fn of_entry(
    view: View,
    entry: ActivityEntry,
    now: DateTime<Utc>,
) -> Option<v1::Activity> {
    Some(v1::Activity {
        account_display_name: entry.account_display_name.unwrap_or_default(),
        ..of_state(view, entry.name.as_str(), &entry.row.state, now)?
    })
}
