//! A history of three commands, and each rule seen to fail when something in it is not as it should be.

use handoff_proto::v1::Event;
use uuid::Uuid;

use super::{Check, History, LogFold, Report, Rule};
use crate::record::{Ended, Try};

const TASK: &str = "tasks/t1";

fn id(n: u128) -> Uuid {
    Uuid::from_u128(n)
}

fn told(request: u128, position: i64, events: i32, version: i32) -> Try {
    Try {
        request_id: id(request),
        attempt: 1,
        rpc: "CompleteTask".to_owned(),
        resource: TASK.to_owned(),
        sent_us: 0,
        answered_us: 0,
        outcome: Ended::Ok,
        code: "OK".to_owned(),
        position: Some(position),
        epoch: Some(1),
        etag: Some(version.to_string()),
        events_appended: Some(events),
        replayed: Some(false),
    }
}

fn replayed(first: Try) -> Try {
    Try {
        attempt: first.attempt + 1,
        replayed: Some(true),
        ..first
    }
}

fn failed(request: u128, outcome: Ended, code: &str) -> Try {
    Try {
        outcome,
        code: code.to_owned(),
        position: None,
        epoch: None,
        etag: None,
        events_appended: None,
        replayed: None,
        ..told(request, 0, 0, 0)
    }
}

fn event(position: i64, stream: &str, version: i32, request: u128, index: i32) -> Event {
    Event {
        position,
        stream: stream.to_owned(),
        version,
        command_id: id(request).to_string(),
        command_index: index,
        ..Event::default()
    }
}

/// Command 1 numbers and creates the task, command 2 completes it at the second try, command 3 reopens it.
fn record() -> Vec<Try> {
    vec![
        told(1, 3, 2, 1),
        failed(2, Ended::Unknown, "UNAVAILABLE"),
        replayed(told(2, 4, 1, 2)),
        told(3, 5, 1, 3),
    ]
}

/// Position 1 is somebody else's.
fn log() -> Vec<Event> {
    vec![
        event(1, "members/admin", 1, 99, 0),
        event(2, "accounts/acme", 1, 1, 0),
        event(3, TASK, 1, 1, 1),
        event(4, TASK, 2, 2, 0),
        event(5, TASK, 3, 3, 0),
    ]
}

fn check(record: &[Try], log: &[Event]) -> Report {
    let mut report = Report::new();
    let mut history = History::default();
    for one in record {
        history.add(one, &mut report);
    }
    let expected = Check::default().expected.into_iter().collect();
    history.check_codes(&expected, &mut report);
    let mut fold = LogFold::default();
    for event in log {
        fold.event(event, &mut history, &mut report);
    }
    fold.end(&history, &mut report);
    report
}

/// The rules that are broken.
fn broken(record: &[Try], log: &[Event]) -> Vec<Rule> {
    let report = check(record, log);
    [Rule::Acknowledged, Rule::Unknown, Rule::Log, Rule::Codes]
        .into_iter()
        .filter(|rule| report.is_red(*rule))
        .collect()
}

#[test]
fn a_history_without_fault_is_green() {
    let report = check(&record(), &log());
    assert!(report.is_green(), "{report}");
}

#[test]
fn a_lost_tail_breaks_what_was_acknowledged() {
    let log = log();
    assert_eq!(broken(&record(), &log[..4]), [Rule::Acknowledged]);
}

#[test]
fn a_lost_event_leaves_a_gap_too() {
    let mut log = log();
    log.remove(3);
    assert_eq!(broken(&record(), &log), [Rule::Acknowledged, Rule::Log]);
}

#[test]
fn a_doubled_event_is_found() {
    let mut log = log();
    log.push(event(6, TASK, 4, 2, 0));
    assert_eq!(broken(&record(), &log), [Rule::Acknowledged]);
}

#[test]
fn a_command_that_is_doubled_under_the_next_index_is_found() {
    let mut log = log();
    log.push(event(6, TASK, 4, 3, 1));
    assert_eq!(broken(&record(), &log), [Rule::Acknowledged]);
}

#[test]
fn an_event_at_another_position_or_version_than_answered_is_found() {
    let mut record = record();
    record[3].position = Some(6);
    assert_eq!(broken(&record, &log()), [Rule::Acknowledged]);
    record[3] = told(3, 5, 1, 4);
    assert_eq!(broken(&record, &log()), [Rule::Acknowledged]);
}

#[test]
fn events_of_one_command_that_lie_apart_are_found() {
    let log = [
        event(1, "accounts/acme", 1, 1, 0),
        event(2, "members/admin", 1, 99, 0),
        event(3, TASK, 1, 1, 1),
    ];
    assert_eq!(broken(&record()[..1], &log), [Rule::Acknowledged]);
}

#[test]
fn a_command_that_was_acknowledged_without_events_has_none() {
    let record = [told(3, 5, 0, 3)];
    assert_eq!(broken(&record, &log()), [Rule::Acknowledged]);
    assert_eq!(broken(&record, &log()[..4]), []);
}

#[test]
fn gaps_in_positions_and_versions_are_found() {
    let gap = [event(1, TASK, 1, 99, 0), event(3, TASK, 2, 98, 0)];
    assert_eq!(broken(&[], &gap), [Rule::Log]);
    let skipped = [event(1, TASK, 1, 99, 0), event(2, TASK, 3, 98, 0)];
    assert_eq!(broken(&[], &skipped), [Rule::Log]);
    let late = [event(2, TASK, 1, 99, 0)];
    assert_eq!(broken(&[], &late), [Rule::Log]);
}

#[test]
fn a_retry_with_another_answer_than_the_first_is_found() {
    let mut record = record();
    record.push(replayed(told(3, 6, 1, 4)));
    assert_eq!(broken(&record, &log()), [Rule::Unknown]);
}

#[test]
fn a_retry_that_appends_again_is_found() {
    let mut record = record();
    record.push(told(3, 5, 1, 3));
    assert_eq!(broken(&record, &log()), [Rule::Unknown]);
}

#[test]
fn tries_that_were_under_way_at_once_may_be_one_command() {
    let mut record = record();
    record[3].answered_us = 10;
    let at_once = Try {
        sent_us: 9,
        ..told(3, 5, 1, 3)
    };
    record.push(at_once);
    assert_eq!(broken(&record, &log()), []);
    record.push(Try {
        position: Some(6),
        sent_us: 9,
        ..told(3, 5, 1, 3)
    });
    assert_eq!(broken(&record, &log()), [Rule::Unknown]);
}

#[test]
fn an_outcome_that_nobody_learned_is_found_where_all_were_to_be_resolved() {
    let mut report = Report::new();
    let mut history = History::default();
    for one in record() {
        history.add(&one, &mut report);
    }
    history.check_resolved(&mut report);
    assert!(report.is_green(), "{report}");
    history.add(&failed(4, Ended::Unknown, "TRANSPORT"), &mut report);
    history.check_resolved(&mut report);
    assert!(report.is_red(Rule::Unknown), "{report}");
}

#[test]
fn a_retry_that_is_refused_after_an_acknowledgement_is_found() {
    let mut record = record();
    record.push(failed(3, Ended::Refused, "ABORTED"));
    assert_eq!(broken(&record, &log()), [Rule::Unknown, Rule::Codes]);
}

#[test]
fn an_unknown_outcome_may_be_once_or_not_at_all_but_not_twice() {
    let record = [failed(3, Ended::Unknown, "TRANSPORT")];
    let mut log = log();
    assert_eq!(broken(&record, &log), []);
    assert_eq!(broken(&record, &log[..4]), []);
    log.push(event(6, TASK, 4, 3, 0));
    assert_eq!(broken(&record, &log), [Rule::Unknown]);
}

#[test]
fn what_was_refused_is_not_in_the_log() {
    let record = [failed(3, Ended::Refused, "FAILED_PRECONDITION")];
    assert_eq!(broken(&record, &log()), [Rule::Unknown, Rule::Codes]);
}

#[test]
fn a_full_queue_says_nothing_about_the_try_before() {
    let record = [
        failed(3, Ended::Unknown, "UNAVAILABLE"),
        failed(3, Ended::Refused, "RESOURCE_EXHAUSTED"),
    ];
    assert_eq!(broken(&record, &log()), []);
}

#[test]
fn what_appended_nothing_may_be_decided_anew() {
    let record = [told(3, 4, 0, 2), told(3, 5, 1, 3)];
    assert_eq!(broken(&record, &log()), []);
}

#[test]
fn an_unexpected_code_is_found() {
    let record = [failed(7, Ended::Refused, "INTERNAL")];
    assert_eq!(broken(&record, &log()), [Rule::Codes]);
}

#[test]
fn the_report_shows_the_first_counterexamples_and_counts_the_others() {
    let record: Vec<_> = (10..20).map(|n| told(n, n as i64, 1, 1)).collect();
    let text = check(&record, &[]).to_string();
    assert!(text.contains("RED   1 acknowledged"), "{text}");
    assert!(text.contains("and 5 more"), "{text}");
    assert!(text.contains("green 3 positions"), "{text}");
}
