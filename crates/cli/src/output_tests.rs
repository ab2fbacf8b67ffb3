//! What people and programs read.

use handoff_proto::v1;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};

use super::*;

fn refusal(code: Code, message: &str, details: ErrorDetails) -> Error {
    Error::status(
        Status::with_error_details(code, message, details),
        "http://127.0.0.1:7400",
    )
}

fn reason(reason: &str) -> ErrorDetails {
    ErrorDetails::with_error_info(reason, "handoff", [])
}

#[test]
fn every_field_at_fault_is_named() {
    let mut details = reason("INVALID_REQUEST");
    details.add_bad_request_violation("task.title", "is empty; it must be 1 to 200 characters");
    details.add_bad_request_violation("task.due_time", "is before the start");
    let error = refusal(
        Code::InvalidArgument,
        "the request is not valid: task.title: is empty; task.due_time: is before",
        details,
    );
    insta::assert_snapshot!(error_text(&error, false), @r"
    error: the request is not valid [INVALID_REQUEST]
      task.title: is empty; it must be 1 to 200 characters
      task.due_time: is before the start
      → Correct what is named above.
    ");
    insta::assert_snapshot!(error_json(&error), @r#"{"error":{"code":"INVALID_ARGUMENT","fields":[{"description":"is empty; it must be 1 to 200 characters","field":"task.title"},{"description":"is before the start","field":"task.due_time"}],"hint":"Correct what is named above.","message":"the request is not valid","reason":"INVALID_REQUEST"}}"#);
}

#[test]
fn a_version_that_moved_says_to_read_again() {
    let error = refusal(
        Code::Aborted,
        "tasks/1 is at etag \"3\", not \"2\"",
        reason("VERSION_MISMATCH"),
    );
    insta::assert_snapshot!(error_text(&error, false), @r#"
    error: tasks/1 is at etag "3", not "2" [VERSION_MISMATCH]
      → Read it again, and repeat the command with the new --etag if it still fits.
    "#);
}

#[test]
fn a_command_whose_outcome_is_unknown_can_be_repeated_under_its_id() {
    let error = refusal(
        Code::DeadlineExceeded,
        "no answer within 30s",
        ErrorDetails::new(),
    )
    .of_command("0198");
    insta::assert_snapshot!(error_text(&error, false), @r"
    error: no answer within 30s
      → It may have been done: repeat it with --request-id 0198, which cannot do it twice.
    ");
}

#[test]
fn a_busy_server_says_how_long_to_wait() {
    let details = ErrorDetails::with_retry_info(Some(Duration::from_secs(2)));
    let error = refusal(
        Code::ResourceExhausted,
        "the queue of commands is full",
        details,
    );
    insta::assert_snapshot!(error_text(&error, false), @r"
    error: the queue of commands is full
      → The server is busy: try again in 2s.
    ");
}

#[test]
fn the_exit_code_tells_misunderstood_from_refused() {
    assert_eq!(Error::usage("", "").exit_code(), 2);
    assert_eq!(
        refusal(Code::InvalidArgument, "", ErrorDetails::new()).exit_code(),
        1
    );
}

fn printer(format: Format) -> Printer {
    Printer {
        format,
        terminal: false,
        colour: false,
    }
}

#[test]
fn text_for_programs_is_aligned_and_not_wrapped() {
    let mut table = printer(Format::Table).empty_table();
    table.set_header(["NUMBER", "TITLE"]);
    table.add_row(["ACME-TASK-1", &"long ".repeat(60)]);
    table.add_row(["A-TASK-22", "short"]);
    let lines: Vec<_> = table
        .lines()
        .map(|line| line.trim_end().to_owned())
        .collect();
    assert_eq!(lines.len(), 3);
    assert_eq!(lines[0].find("TITLE"), lines[2].find("short"));
}

#[test]
fn every_row_has_a_cell_for_each_column() {
    fn check<R: Row + Default>() {
        assert_eq!(R::default().row().len(), R::HEADER.len());
    }
    check::<v1::Account>();
    check::<v1::Contact>();
    check::<v1::TimelineEntry>();
    check::<v1::Workload>();
    check::<v1::Member>();
    check::<v1::Task>();
    check::<v1::HistoryEntry>();
    check::<v1::Projection>();
}

#[test]
fn what_is_overdue_is_red_in_every_list_of_todo() {
    let printer = Printer {
        format: Format::Table,
        terminal: false,
        colour: true,
    };
    let line = |row: Vec<Cell>| {
        let mut table = printer.empty_table();
        table.add_row(row.into_iter().map(|cell| printer.cell(cell)));
        table.to_string()
    };
    let due_time = Some("2026-12-01T17:00:00Z".parse().unwrap());
    for overdue in [true, false] {
        let task = v1::Task {
            due_time,
            overdue,
            ..Default::default()
        };
        let activity = v1::Activity {
            due_time,
            overdue,
            ..Default::default()
        };
        let (_, of_orders) = crate::command::task::OF_ORDERS;
        for row in [of_orders(&task), task.row(), activity.row()] {
            let line = line(row);
            let red = line.split_once("\u{1b}[38;5;9m");
            let text = red.map(|(_, text)| text.trim_start());
            let is_red = text.is_some_and(|text| text.starts_with("2026-12-01 17:00 !"));
            assert_eq!(is_red, overdue, "{line:?}");
        }
    }
}
