//! Faults, and the check that no promise was broken by them.
//!
//! Each test runs processes of its own under load, does them harm, lets it heal, and hands the record of
//! what callers were told to the checker. `docs/reliability.md` says which test shows what, and which
//! planted mistake each of them was seen to find.

#![allow(clippy::unwrap_used, reason = "a test has no better answer")]

mod disk_full;
mod duplicates;
mod freezes;
mod kills;
mod links;
mod nats;
mod overload;
mod poison;
mod postgres;
mod race;
mod restore;
mod scale_out;
mod seeded_bugs;
mod soak;
mod transfers;

/// The roles, as they are started.
/// All read models but the tasks.
const OTHERS: &[&str] = &[
    "project",
    "accounts",
    "members",
    "task_texts",
    "task_notes",
    "services",
    "orders",
    "order_notes",
    "portal",
    "portal_notes",
    "timelines",
    "history",
    "documents",
    "activities",
    "operations",
    "operation_items",
];
const UP: &[&str] = &["up"];
const API: &[&str] = &["api"];
const RELAY: &[&str] = &["relay"];
const POLICIES: &[&str] = &["policies"];
const PROJECT: &[&str] = &[
    "project",
    "accounts",
    "members",
    "tasks",
    "task_texts",
    "task_notes",
    "activities",
    "services",
    "orders",
    "order_notes",
    "portal",
    "portal_notes",
    "timelines",
    "history",
    "documents",
    "operations",
    "operation_items",
];

/// The seed of random choices: `SEED` where it is set. Printed, so that a run can be repeated.
fn seed() -> u64 {
    let seed = match std::env::var("SEED") {
        Ok(seed) => seed.parse().expect("SEED is a number"),
        Err(_) => fastrand::u64(..1_000_000),
    };
    println!("SEED={seed}");
    seed
}

/// A number that a variable may set.
fn number(variable: &str, default: u64) -> u64 {
    match std::env::var(variable) {
        Ok(value) => value
            .parse()
            .unwrap_or_else(|_| panic!("{variable} is a number")),
        Err(_) => default,
    }
}
