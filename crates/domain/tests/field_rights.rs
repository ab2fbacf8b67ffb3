//! The docs say who may give the fields of a task, as the table of the domain does.

#![allow(clippy::unwrap_used, reason = "a test has no better answer")]

use handoff_domain::task::{Field, Right};

const DOCUMENT: &str = include_str!("../../../docs/api.md");

fn words(right: Right) -> &'static str {
    match right {
        Right::Nobody => "nobody",
        Right::Admins => "admins",
        Right::TeamUnlessSubmitted => "the team; admins only if a contact submitted the task",
        Right::Team => "the team",
        Right::Everyone => "the team and contacts",
    }
}

#[test]
fn the_docs_have_the_table_of_rights() {
    let (_, after) = DOCUMENT
        .split_once("## Who may give the fields of a task\n")
        .unwrap();
    let (section, _) = after.split_once("\n## ").unwrap();
    let written: Vec<_> = section
        .lines()
        .filter(|line| line.starts_with("| `"))
        .collect();
    let table = Field::RIGHTS.map(|(field, create, change)| {
        format!(
            "| `{}` | {} | {} |",
            field.path(),
            words(create),
            words(change)
        )
    });
    assert_eq!(
        written, table,
        "write the rows on the right into docs/api.md"
    );
}
