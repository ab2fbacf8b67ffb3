//! Timelines as callers see them.

use handoff_domain::{
    account::InteractionKind,
    activity,
    names::{ContactName, MemberName},
    text::Html,
};
use handoff_proto::v1::{self, timeline_entry::Entry};
use handoff_read_models::timelines::{TimelineEntry, What};

use crate::{
    time,
    views::{View, account},
};

/// An entry of an account's timeline.
pub(crate) fn of_entry(view: View, entry: TimelineEntry) -> v1::TimelineEntry {
    match view {
        View::Admin | View::Team | View::Analyst => team(entry),
    }
}

fn team(entry: TimelineEntry) -> v1::TimelineEntry {
    let TimelineEntry {
        key,
        row,
        task,
        order_title,
    } = entry;
    let order = || v1::TimelineOrder {
        order: key.stream.as_str().to_owned(),
        title: order_title.unwrap_or_default(),
    };
    let member = |name: Option<MemberName>| name.map(String::from).unwrap_or_default();
    let task = || {
        let (number, title) = task.map(|task| (task.number, task.title)).unzip();
        v1::TimelineTask {
            task: key.stream.as_str().to_owned(),
            number: number.unwrap_or_default(),
            title: title.unwrap_or_default(),
        }
    };
    let what = match row.what {
        What::Interaction {
            interaction,
            details,
        } => Entry::Interaction(v1::TimelineInteraction {
            kind: interaction_kind(interaction).into(),
            details: details
                .as_ref()
                .map(Html::as_str)
                .unwrap_or_default()
                .to_owned(),
        }),
        What::Question {
            contact,
            question,
            assignee,
        } => Entry::Question(v1::TimelineQuestion {
            contact: contact
                .as_ref()
                .map(ContactName::as_str)
                .unwrap_or_default()
                .to_owned(),
            question: question.as_str().to_owned(),
            assignee: assignee.into(),
        }),
        What::Notes { notes_revision } => Entry::Notes(v1::TimelineNotes {
            notes_revision: i32::try_from(notes_revision).unwrap_or(i32::MAX),
        }),
        What::Status { previous, status } => Entry::Status(v1::TimelineStatus {
            previous: account::status(previous).into(),
            status: account::status(status).into(),
        }),
        What::Role {
            role,
            previous,
            holder,
        } => Entry::Role(v1::TimelineRole {
            role: role.as_str().to_owned(),
            previous: member(previous),
            holder: member(holder),
        }),
        What::TaskCreated => Entry::TaskCreated(task()),
        What::TaskCompleted => Entry::TaskCompleted(task()),
        What::Activity { activity } => {
            let of = match activity.status() {
                activity::Status::Noted => Entry::ActivityNoted,
                activity::Status::Open => Entry::ActivityOpen,
                activity::Status::Complete => Entry::ActivityCompleted,
            };
            of(v1::TimelineActivity {
                activity: key.stream.as_str().to_owned(),
                note: activity.note.as_str().to_owned(),
                due_time: activity.due().map(time::to_proto),
                assignee: member(activity.assignee),
            })
        }
        What::OrderPlaced => Entry::OrderPlaced(order()),
        What::OrderCompleted => Entry::OrderCompleted(order()),
    };
    v1::TimelineEntry {
        actor: row.actor.as_str().to_owned(),
        happen_time: Some(time::to_proto(row.happened_at)),
        record_time: Some(time::to_proto(row.recorded_at)),
        position: row.position.0,
        entry: Some(what),
    }
}

fn interaction_kind(kind: InteractionKind) -> v1::InteractionKind {
    match kind {
        InteractionKind::VideoCall => v1::InteractionKind::VideoCall,
        InteractionKind::Email => v1::InteractionKind::Email,
        InteractionKind::PhoneCall => v1::InteractionKind::PhoneCall,
    }
}
