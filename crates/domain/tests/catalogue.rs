//! The event catalogue in the docs is what the code writes.
//!
//! `UPDATE_DOCS=1 cargo test -p handoff-domain --test catalogue` writes it anew.

#![allow(clippy::unwrap_used, reason = "a test has no better answer")]

use std::fmt::Write;

use chrono::{DateTime, TimeDelta, Utc};
use handoff_domain::{
    Event, account, member,
    names::{Kind, MemberName},
    task,
    text::{Email, Html, Line, SlaHours},
};

const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/events.md");

const HEAD: &str = "\
# Event catalogue

Generated from the code; a test fails when the two differ. Each event has a type, a version of that
type's format, and a payload: a JSON object whose `type` repeats the last word of the event's type.
Times are RFC 3339 in UTC with microseconds, `at` is when it happened by the server's clock, `by` who
did it. A field that is `null` was not given. Who called, on whose behalf and why is in the metadata
that every event has beside its payload: `actor`, `on_behalf_of`, `request`, `request_hash`,
`correlation_id`, `causation_id`.

Stored events never change. A new version of a format is read beside the old ones.
";

/// One of each, and what it means.
fn samples() -> Vec<(Kind, Event, &'static str)> {
    let at: DateTime<Utc> = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
    let ana: MemberName = "members/ana".parse().unwrap();
    let by = || "members/ana".parse().unwrap();
    let line = |text| Line::new(text).unwrap();
    let task_name = || {
        "tasks/0198c0de-0000-7000-8000-000000000001"
            .parse()
            .unwrap()
    };
    let sla = SlaHours::new(48).unwrap();
    let percent = task::Percent::new(40).unwrap();
    vec![
        (
            Kind::Account,
            Event::Account(account::Event::Created {
                display_name: line("Acme GmbH"),
                kind: account::Kind::Customer,
                status: account::Status::Active,
                assignee: ana.clone(),
                sla_hours: Some(sla),
                origin: account::Origin::Manual,
                by: by(),
                at,
            }),
            "An account began: by hand (`manual`), or with the first action that named it (`auto`).",
        ),
        (
            Kind::Account,
            Event::Account(account::Event::TaskNumbered {
                task: task_name(),
                n: 12,
            }),
            "A task of the account got the account's number `n`, in the append that created it. \
             Does not change the account's etag.",
        ),
        (
            Kind::Task,
            Event::Task(task::Event::Created(Box::new(task::Created {
                number: "ACME-TASK-12".into(),
                subject: "accounts/acme".parse().unwrap(),
                title: line("Prepare the quarterly review"),
                description: Some(Html::new("<p>With the figures of <b>May</b></p>").unwrap()),
                category: Some("Project".into()),
                status: task::OpenStatus::NotStarted,
                priority: task::Priority::High,
                visibility: task::Visibility::Internal,
                assignees: vec![ana.clone()],
                start: at,
                due: at + sla.duration(),
                due_source: task::DueSource::Sla,
                sla_hours: sla,
                origin: task::Origin::Manual,
                by: by(),
                at,
            }))),
            "A task began; every default is filled in. `sla_hours` stay as they were at this moment.",
        ),
        (
            Kind::Task,
            Event::Task(task::Event::Assigned {
                previous: vec![ana.clone()],
                assignees: vec!["members/ben".parse().unwrap(), ana],
                by: by(),
                at,
            }),
            "The task belongs to exactly these members from now on.",
        ),
        (
            Kind::Task,
            Event::Task(task::Event::Completed {
                status: task::OpenStatus::InProgress,
                percent,
                by: by(),
                at,
            }),
            "The task is complete, at 100 %. `status` and `percent` are those before.",
        ),
        (
            Kind::Task,
            Event::Task(task::Event::Reopened {
                status: task::OpenStatus::NotStarted,
                percent,
                completed_at: at - TimeDelta::days(1),
                by: by(),
                at,
            }),
            "A complete task is open again, with the percentage that it had before. \
             `completed_at` is the date that was cleared.",
        ),
        (
            Kind::Member,
            Event::Member(member::Event::Created {
                display_name: line("Ana Lima"),
                email: Some(Email::new("ana@example.com").unwrap()),
                kind: member::Kind::Staff,
                by: "system".parse().unwrap(),
                at,
            }),
            "Somebody joined the team. The first member is created by `system`.",
        ),
        (
            Kind::Member,
            Event::Member(member::Event::TaskNumbered {
                task: task_name(),
                n: 3,
            }),
            "A task about the member got the member's number `n`.",
        ),
    ]
}

#[test]
fn the_catalogue_is_what_the_code_writes() {
    let mut catalogue = HEAD.to_owned();
    let samples = samples();
    let types: Vec<_> = samples.iter().map(|(_, event, _)| event.name()).collect();
    assert_eq!(
        types,
        Event::TYPES,
        "every type has a sample, in the order of the code"
    );
    for (kind, event, meaning) in &samples {
        let payload = event.encode();
        let version = event.type_version();
        let decoded = Event::decode(*kind, event.name(), version, &payload).unwrap();
        assert_eq!(&decoded, event);
        let json: serde_json::Value = serde_json::from_str(&payload).unwrap();
        assert!(event.name().ends_with(json["type"].as_str().unwrap()));
        let streams = match kind {
            Kind::Account => "accounts",
            Kind::Task => "tasks",
            Kind::Member => "members",
            Kind::Settings => "the settings",
        };
        write!(
            catalogue,
            "\n## {}\n\nVersion {version}, on the streams of {streams}. {meaning}\n\n```json\n{json:#}\n```\n",
            event.name(),
        )
        .unwrap();
    }
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(PATH, &catalogue).unwrap();
    }
    let docs = std::fs::read_to_string(PATH).unwrap_or_default();
    assert!(
        docs == catalogue,
        "docs/events.md is out of date: run this test with UPDATE_DOCS=1"
    );
}
