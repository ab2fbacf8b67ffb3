//! Operations and what becomes of their items, as people see them.

use handoff_proto::v1::{
    Holding, HoldingKind, ItemOutcome, ItemResult, Operation, OperationItem, OperationKind,
    OperationStatus, OutcomeCounts, OwnershipPolicy,
};

use crate::{
    command::{account::view::id, words},
    output::{Cell, Row, Show, Tone},
    time,
};

/// The columns of [`row`].
pub(super) const HEADER: &[&str] = &["OUTCOME", "WHAT", "FROM", "TO", "WHY"];

fn kind(operation: &Operation) -> String {
    words(operation.kind().as_str_name(), "OPERATION_KIND_")
}

fn status(operation: &Operation) -> Cell {
    let text = words(operation.status().as_str_name(), "OPERATION_STATUS_");
    match operation.status() {
        OperationStatus::Finished if !operation.failure.is_empty() => {
            Cell::new("failed", Tone::Warning)
        }
        OperationStatus::Finished if operation.cancelled => Cell::new("cancelled", Tone::Warning),
        OperationStatus::Finished => Cell::new(text, Tone::Good),
        OperationStatus::Planning | OperationStatus::Running => Cell::new(text, Tone::Warning),
        OperationStatus::Unspecified => text.into(),
    }
}

/// What is asked for, in a few words.
fn what(operation: &Operation) -> String {
    let (from, to) = (id(&operation.from), id(&operation.to));
    let role = &operation.role;
    match operation.kind() {
        OperationKind::AssignRole => format!("{role} of {} to {to}", operation.account),
        OperationKind::VacateRole => format!("{role} of {} from {from}", operation.account),
        OperationKind::BatchAssignRole => match operation.filter.as_str() {
            "" => format!("{role} of listed accounts to {to}"),
            filter => format!("{role} to {to} where {filter}"),
        },
        OperationKind::DisableMember if to.is_empty() => from.to_owned(),
        OperationKind::DisableMember | OperationKind::TransferResources => {
            format!("{from} to {to}")
        }
        OperationKind::Undo => operation.undoes.clone(),
        OperationKind::Unspecified => String::new(),
    }
}

fn counts(counts: OutcomeCounts) -> String {
    format!(
        "{} moved, {} kept, {} skipped",
        counts.moved, counts.kept, counts.skipped
    )
}

fn planned(operation: &Operation) -> String {
    let each = operation.planned.iter().map(|count| {
        let kind = words(count.kind().as_str_name(), "HOLDING_KIND_");
        format!("{} {kind}", count.count)
    });
    each.collect::<Vec<_>>().join(", ")
}

impl Show for Operation {
    fn fields(&self) -> Vec<(&'static str, Cell)> {
        let policy = match self.ownership_policy() {
            OwnershipPolicy::Unspecified => String::new(),
            policy => words(policy.as_str_name(), "OWNERSHIP_POLICY_"),
        };
        vec![
            ("Name", self.name.as_str().into()),
            ("Kind", kind(self).into()),
            ("What", what(self).into()),
            ("Status", status(self)),
            ("Why", self.failure.as_str().into()),
            ("Planned", planned(self).into()),
            ("Results", counts(self.counts.unwrap_or_default()).into()),
            ("Policy", policy.into()),
            ("Undone by", self.undone_by.as_str().into()),
            ("By", self.actor.as_str().into()),
            ("Started", time::minutes(self.start_time.as_ref()).into()),
            ("Finished", time::minutes(self.finish_time.as_ref()).into()),
            ("Etag", Cell::new(self.etag.as_str(), Tone::Faint)),
        ]
    }
}

impl Row for Operation {
    const HEADER: &'static [&'static str] =
        &["NAME", "KIND", "WHAT", "STATUS", "RESULTS", "BY", "STARTED"];

    fn row(&self) -> Vec<Cell> {
        vec![
            self.name.as_str().into(),
            kind(self).into(),
            what(self).into(),
            status(self),
            counts(self.counts.unwrap_or_default()).into(),
            self.actor.as_str().into(),
            time::minutes(self.start_time.as_ref()).into(),
        ]
    }
}

/// One holding: `success-manager of accounts/acme`.
fn holding(holding: &Holding) -> String {
    match holding.kind() {
        HoldingKind::Role => format!("{} of {}", holding.role, holding.resource),
        HoldingKind::SupportTeam => format!("support team of {}", holding.resource),
        HoldingKind::DefaultAssignee => "the setting default_assignee".to_owned(),
        HoldingKind::Order => format!("assigned to {}", holding.resource),
        HoldingKind::OpenTask
        | HoldingKind::OpenOrderTask
        | HoldingKind::OpenActivity
        | HoldingKind::TemplateTask
        | HoldingKind::Unspecified => holding.resource.clone(),
    }
}

/// What becomes of an item, in the columns of [`HEADER`].
pub(super) fn row(result: &ItemResult) -> Vec<Cell> {
    let outcome = words(result.outcome().as_str_name(), "ITEM_OUTCOME_");
    let tone = match result.outcome() {
        ItemOutcome::Moved => Tone::Good,
        ItemOutcome::Skipped => Tone::Warning,
        ItemOutcome::Kept | ItemOutcome::Unspecified => Tone::Plain,
    };
    let why = match result.shared {
        true => "had a part already".to_owned(),
        false => words(result.reason().as_str_name(), "ITEM_REASON_"),
    };
    vec![
        Cell::new(outcome, tone),
        result
            .holding
            .as_ref()
            .map(holding)
            .unwrap_or_default()
            .into(),
        id(&result.from).into(),
        id(&result.to).into(),
        why.into(),
    ]
}

impl Row for OperationItem {
    const HEADER: &'static [&'static str] = HEADER;

    fn row(&self) -> Vec<Cell> {
        row(&self.result.clone().unwrap_or_default())
    }
}

impl Row for Holding {
    const HEADER: &'static [&'static str] = &["KIND", "WHAT"];

    fn row(&self) -> Vec<Cell> {
        vec![
            words(self.kind().as_str_name(), "HOLDING_KIND_").into(),
            holding(self).into(),
        ]
    }
}
