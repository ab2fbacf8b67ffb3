//! The workspace's programs.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]

use std::process::Command;

use handoff_testkit::program;

#[test]
fn the_programs_are_built_where_they_are_looked_for() {
    for program in [program::handoffd(), program::handoff()] {
        let help = Command::new(&program).arg("--help").output().unwrap();
        assert!(help.status.success(), "{}", program.display());
    }
}
