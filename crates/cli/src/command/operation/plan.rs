//! What an ownership change would do, for people and programs.

use clap::Args;
use handoff_proto::v1::OwnershipPlan;

use super::view;
use crate::{error::Error, json, output::Printer};

/// What every command that changes ownership takes.
#[derive(Debug, Args)]
pub(crate) struct PlanArgs {
    /// Only show what would happen to each item, and do nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Refuse if what the dry run of this position showed has changed since
    #[arg(long, value_name = "POSITION", default_value_t = 0, hide_default_value = true, conflicts_with = "dry_run", value_parser = clap::value_parser!(i64).range(0..))]
    pub(crate) expected_position: i64,
}

/// Shows a plan: its items, how many there are of each outcome, and how to do exactly that.
pub(crate) fn show_plan(plan: &OwnershipPlan, printer: &Printer) -> Result<(), Error> {
    if printer.is_json() {
        return Ok(printer.line(&json::line(plan))?);
    }
    if !plan.items.is_empty() {
        let rows: Vec<_> = plan.items.iter().map(view::row).collect();
        printer.table(view::HEADER, rows)?;
        printer.line("")?;
    }
    printer.line(&summary(plan))?;
    if plan.executable {
        printer.note(&format!(
            "Nothing was done. To do exactly this, replace --dry-run by --expected-position {}.",
            plan.position
        ));
    } else {
        printer.note(
            "Nothing was done. It is too much to be done exactly so: without --dry-run it is done as things are then.",
        );
    }
    Ok(())
}

fn summary(plan: &OwnershipPlan) -> String {
    let counts = plan.counts.unwrap_or_default();
    let total = counts.moved + counts.kept + counts.skipped;
    let listed = i64::try_from(plan.items.len()).unwrap_or(i64::MAX);
    let more = match (plan.more, total > listed) {
        (true, _) => " There are more, which were not looked at.",
        (false, true) => " Only the first of them are listed.",
        (false, false) => "",
    };
    format!(
        "Would move {}, leave {}, skip {}.{more}",
        counts.moved, counts.kept, counts.skipped
    )
}

#[cfg(test)]
mod tests {
    use handoff_proto::v1::{ItemResult, OutcomeCounts};

    use super::*;

    #[test]
    fn a_summary_says_what_is_not_listed() {
        let counts = OutcomeCounts {
            moved: 2,
            kept: 1,
            skipped: 0,
        };
        let mut plan = OwnershipPlan {
            items: vec![ItemResult::default(); 3],
            counts: Some(counts),
            ..Default::default()
        };
        assert_eq!(summary(&plan), "Would move 2, leave 1, skip 0.");
        plan.items.clear();
        assert_eq!(
            summary(&plan),
            "Would move 2, leave 1, skip 0. Only the first of them are listed."
        );
        plan.more = true;
        assert!(summary(&plan).ends_with("which were not looked at."));
    }
}
