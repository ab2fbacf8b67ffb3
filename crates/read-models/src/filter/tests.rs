//! Filters as callers write them, well and badly meant.

use proptest::prelude::*;

use super::*;
use crate::{accounts, history, tasks};

fn viewer() -> Viewer {
    Viewer {
        now: DateTime::from_timestamp(1_800_000_000, 0).unwrap(),
        me: Some("members/ana".parse().unwrap()),
    }
}

fn tasks(text: &str) -> Result<String, InvalidFilter> {
    parse(text, tasks::LISTING.fields, &viewer())
        .map(|condition| condition.sql(&mut Parameters::default()))
}

fn accounts(text: &str) -> Result<String, InvalidFilter> {
    parse(text, accounts::LISTING.fields, &viewer())
        .map(|condition| condition.sql(&mut Parameters::default()))
}

fn history(text: &str) -> Result<String, InvalidFilter> {
    parse(text, history::LISTING.fields, &viewer())
        .map(|condition| condition.sql(&mut Parameters::default()))
}

#[test]
fn a_comparison_is_sql_with_a_parameter() {
    for (filter, sql) in [
        ("", "true"),
        ("  ", "true"),
        ("title = \"Call \\\"Ana\\\"\"", "(k.title = $1)"),
        ("title:call", "(position(lower($1) in lower(k.title)) > 0)"),
        ("category != Video", "(k.category is distinct from $1)"),
        ("category = Video", "coalesce(k.category = $1, false)"),
        ("category:*", "(k.category is not null)"),
        ("NOT category:*", "(not (k.category is not null))"),
        ("assignees:*", "(cardinality(k.assignees) > 0)"),
        ("due_time < 2026-01-01T00:00:00Z", "(k.due < $1)"),
        (
            "due_time>=\"2026-01-01T00:00:00+02:00\"",
            "((k.due >= $1) and (k.due < 'infinity'))",
        ),
        ("status = IN_PROGRESS", "k.status = $1"),
        ("status != complete", "k.status = any($1)"),
        ("priority >= HIGH", "k.priority = any($1)"),
        ("priority > URGENT", "false"),
        ("name:tasks/a", "(k.task = $1)"),
        ("overdue", "(k.status = any($1) and (k.due < $2))"),
        (
            "overdue = false",
            "(k.status = any($1) or (not (k.due < $2)))",
        ),
        ("-open", "k.status = any($1)"),
    ] {
        assert_eq!(tasks(filter).as_deref(), Ok(sql), "{filter}");
    }
}

#[test]
fn a_role_is_asked_about_by_its_id() {
    let held = "(k.role_1 = $1 or k.role_2 = $1 or k.role_3 = $1 \
        or cardinality(k.more_roles) > 0 and k.more_roles @> array[$1])";
    for filter in [
        "roles.sales-manager = members/ana",
        "roles.sales-manager:me",
        "roles.sales-manager=\"members/ana\"",
    ] {
        assert_eq!(accounts(filter).as_deref(), Ok(held), "{filter}");
    }
    let anybody = accounts("roles.sales-manager:*").unwrap();
    assert!(anybody.contains("like $1"), "{anybody}");
    for filter in ["roles.sales-manager != me", "NOT roles.sales-manager = me"] {
        assert_eq!(
            accounts(filter).as_deref(),
            Ok(&*format!("({held} is not true)")),
            "{filter}"
        );
    }
    for (filter, field, part) in [
        ("roles = me", "roles", "one role by its id"),
        ("roles.Sales = me", "roles.Sales", "one role by its id"),
        ("roles. = me", "roles.", "one role by its id"),
        (
            "roles.assignee = me",
            "roles.assignee",
            "the field assignee",
        ),
        ("roles.a < me", "roles.a", "no order"),
        ("roles.a = ana", "roles.a", "is a resource name"),
        ("assignee.a = me", "assignee.a", "is not a field"),
    ] {
        let error = accounts(filter).unwrap_err();
        assert_eq!(error.field.as_deref(), Some(field), "{filter}");
        assert!(error.description.contains(part), "{error}");
    }
}

#[test]
fn a_search_finds_each_of_its_words() {
    let text = "(k.search || ' ' || substr(k.account, 10))";
    assert_eq!(
        accounts("text:\"Acme Berlin\"").unwrap(),
        format!("(({text} like $1) and ({text} like $2))")
    );
    assert_eq!(
        accounts("-text:acme").unwrap(),
        format!("(not ({text} like $1))")
    );
    assert_eq!(accounts("text:*").unwrap(), "true");
    for filter in [
        "text = acme",
        "text:\" \"",
        "text:\"a b c d e f g h i j k\"",
    ] {
        let error = accounts(filter).unwrap_err();
        assert_eq!(error.field.as_deref(), Some("text"), "{filter}");
    }
}

#[test]
fn or_binds_closer_than_and_and_side_by_side_is_and() {
    let (open, number) = ("k.status = any($1)", |n| format!("(k.number = ${n})"));
    assert_eq!(
        tasks("open AND number=1 OR number=2").unwrap(),
        format!("({open} and ({} or {}))", number(2), number(3))
    );
    assert_eq!(
        tasks("open number=1 OR number=2").unwrap(),
        format!("({open} and ({} or {}))", number(2), number(3))
    );
    assert_eq!(
        tasks("(open AND number=1) OR number=2").unwrap(),
        format!("(({open} and {}) or {})", number(2), number(3))
    );
    assert_eq!(
        tasks("NOT (number=1 OR NOT number=2)").unwrap(),
        format!("((not {}) and {})", number(1), number(2))
    );
}

#[test]
fn a_time_of_recording_is_a_range_of_positions() {
    assert_eq!(
        history("record_time > 2026-01-01T00:00:00Z").unwrap(),
        "k.position > event_log.position_at($1)"
    );
    assert_eq!(
        history("record_time >= 2026-01-01T00:00:00Z").unwrap(),
        "k.position > event_log.position_at($2)"
    );
    assert_eq!(history("position <= 12").unwrap(), "(k.position <= $1)");
}

#[test]
fn me_is_the_caller_unless_it_is_quoted_or_nobody() {
    let assignee = |text, viewer: &Viewer| parse(text, accounts::LISTING.fields, viewer);
    assert_eq!(
        assignee("assignee = me", &viewer()),
        assignee("assignee = members/ana", &viewer())
    );
    assert_eq!(
        assignee("assignee = \"me\"", &viewer())
            .unwrap_err()
            .field
            .as_deref(),
        Some("assignee")
    );
    let nobody = Viewer {
        me: None,
        ..viewer()
    };
    assert!(
        assignee("assignee = me", &nobody)
            .unwrap_err()
            .description
            .contains("the caller is no member")
    );
    // An account is no member: `me` cannot be one.
    assert!(assignee("name = me", &viewer()).is_err());
}

#[test]
fn the_field_at_fault_is_named() {
    for (filter, field, says) in [
        (
            "colour = red",
            "colour",
            "\"colour\" is not a field of this list; it has name, kind, number",
        ),
        ("open AND subject.id = acme", "subject.id", "is not a field"),
        (
            "status = DONE",
            "status",
            "is one of NOT_STARTED, IN_PROGRESS",
        ),
        ("status < COMPLETE", "status", "by = or != only"),
        ("due_time < tomorrow", "due_time", "is a time such as"),
        (
            "due_time: 2026-01-01T00:00:00Z",
            "due_time",
            "holds one value",
        ),
        ("assignees = members/ana", "assignees", "is a list"),
        (
            "assignees:ana",
            "assignees",
            "is a resource name, not \"ana\"",
        ),
        ("subject > accounts/acme", "subject", "by = or != only"),
        ("overdue = maybe", "overdue", "is true or false"),
    ] {
        let error = tasks(filter).unwrap_err();
        assert_eq!(error.field.as_deref(), Some(field), "{filter}");
        assert!(
            error.description.starts_with(field)
                || error.description.starts_with(&format!("{field:?}"))
        );
        assert!(error.description.contains(says), "{filter}: {error}");
    }
    assert_eq!(
        history("position > far").unwrap_err().field.as_deref(),
        Some("position")
    );
}

#[test]
fn broken_syntax_says_where() {
    for (filter, says) in [
        (
            "status =",
            "no value to compare status with, quoted if need be, at character 9",
        ),
        ("title = \"open", "no value to compare title with"),
        ("(open", "no closing parenthesis at character 6"),
        ("open)", "unexpected ')' at character 5"),
        ("open AND", "no field at character 9"),
        ("\"text\"", "no field at character 1"),
        ("title", "no comparison after the field title"),
        ("title = a = b", "no field at character 11"),
        ("title = a\0b", "null character"),
    ] {
        let error = tasks(filter).unwrap_err();
        assert!(error.description.contains(says), "{filter}: {error}");
    }
}

#[test]
fn a_filter_is_bounded_in_length_depth_and_terms() {
    let long = format!("title = \"{}\"", "x".repeat(FILTER_BYTES - 10));
    assert_eq!(long.len(), FILTER_BYTES);
    assert!(tasks(&long).is_ok());
    assert!(tasks(&format!("{long} ")).is_err());
    let deep = |depth| format!("{}open{}", "(".repeat(depth), ")".repeat(depth));
    assert!(tasks(&deep(FILTER_DEPTH)).is_ok());
    assert!(tasks(&deep(FILTER_DEPTH + 1)).is_err());
    assert!(tasks(&deep(FILTER_BYTES / 2 - 4)).is_err());
    assert!(tasks(&format!("{} open", "NOT ".repeat(FILTER_DEPTH + 1))).is_err());
    assert!(tasks(&"-".repeat(FILTER_BYTES)).is_err());
    let many = |terms| vec!["open"; terms].join(" OR ");
    assert!(tasks(&many(FILTER_TERMS)).is_ok());
    assert!(tasks(&many(FILTER_TERMS + 1)).is_err());
}

#[test]
fn the_possible_statuses_are_known_from_the_filter() {
    let possible = |filter| {
        let condition = parse(filter, tasks::LISTING.fields, &viewer()).unwrap();
        let mut fields = tasks::LISTING.fields.iter();
        let status = fields.find(|field| field.name == "status").unwrap();
        let Kind::Label { sql, labels, .. } = status.kind else {
            panic!("status is no label")
        };
        condition.possible(sql, labels).join(" ")
    };
    let all = "not_started in_progress waiting_on_customer complete cancelled";
    let open = "not_started in_progress waiting_on_customer";
    assert_eq!(possible(""), all);
    assert_eq!(possible("overdue AND title:a"), open);
    assert_eq!(possible("NOT overdue"), all);
    assert_eq!(possible("NOT open"), "complete cancelled");
    assert_eq!(
        possible("status = COMPLETE OR status = CANCELLED"),
        "complete cancelled"
    );
    assert_eq!(possible("status = COMPLETE OR title:a"), all);
    assert_eq!(
        possible("open AND status != IN_PROGRESS"),
        "not_started waiting_on_customer"
    );
    assert_eq!(possible("open AND status = COMPLETE"), "");
}

#[test]
fn accounts_are_active_ones_unless_status_or_name_is_asked_for() {
    let sql = |filter| {
        let condition = parse(filter, accounts::LISTING.fields, &viewer()).unwrap();
        accounts::active_unless_asked(condition).sql(&mut Parameters::default())
    };
    assert_eq!(sql(""), "(k.status = $1 and true)");
    assert_eq!(sql("kind = LEAD"), "(k.status = $1 and k.kind = $2)");
    assert_eq!(sql("status = PAUSED"), "k.status = $1");
    assert_eq!(sql("name = accounts/acme"), "(k.account = $1)");
}

/// Filters made of the pieces that filters are made of, in no order.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        prop::sample::select(vec![
            "(",
            ")",
            "AND",
            "OR",
            "NOT",
            "-",
            "=",
            "!=",
            "<",
            "<=",
            ":",
            "*",
            "\"",
            "'",
            "\\",
            ",",
            ".",
            "me",
            "true",
            "status",
            "title",
            "assignees",
            "due_time",
            "overdue",
            "COMPLETE",
            "members/ana",
            "2026-01-01T00:00:00Z",
            "';--",
            "$1",
            "ä",
            "\u{202e}",
            "{}",
        ])
        .prop_map(str::to_owned),
        ".{0,6}",
    ];
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.join(" "))
}

proptest! {
    #[test]
    fn no_filter_makes_the_parser_panic(filter in prop_oneof![pieces(), ".{0,200}"]) {
        for fields in [tasks::LISTING.fields, accounts::LISTING.fields, history::LISTING.fields] {
            if let Err(error) = parse(&filter, fields, &viewer()) {
                prop_assert!(error.description.len() < 1_000);
                if let Some(field) = error.field {
                    prop_assert!(filter.contains(&field));
                }
            }
        }
    }

    #[test]
    fn what_is_written_never_becomes_sql(text in "[^\\\\\"\0]{1,40}") {
        let sql = tasks(&format!("title = \"{text}\" AND number:\"{text}\""));
        prop_assert_eq!(
            sql.as_deref(),
            Ok("((k.title = $1) and (position(lower($2) in lower(k.number)) > 0))")
        );
    }

    #[test]
    fn an_unknown_field_is_named(field in "[a-z_]{1,20}x9") {
        let error = tasks(&format!("open AND {field} = 1")).unwrap_err();
        prop_assert_eq!(error.field, Some(field));
    }

    #[test]
    fn negating_twice_changes_nothing(filter in pieces()) {
        if let Ok(condition) = parse(&filter, tasks::LISTING.fields, &viewer()) {
            prop_assert_eq!(condition.clone().negated().negated(), condition);
        }
    }
}
