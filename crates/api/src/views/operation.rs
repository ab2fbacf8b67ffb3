//! Ownership changes as callers see them: the same for everybody who may read.

use std::collections::BTreeMap;

use handoff_domain::{
    Holding, HoldingKind,
    names::{AccountName, MemberName},
    operation::{
        Counts, Details, ItemResult, KeepReason, Operation, Outcome, OwnershipChange, SkipReason,
        Status,
    },
    terms::Role,
};
use handoff_proto::v1;
use handoff_read_models::{operation_items::ItemEntry, operations::OperationEntry};

use crate::{
    time,
    views::{View, settings},
};

/// An operation as its events make it, if there is one.
pub(crate) fn of_state(view: View, name: &str, operation: &Operation) -> Option<v1::Operation> {
    let Operation::Existing(details) = operation else {
        return None;
    };
    match view {
        View::Admin | View::Team | View::Analyst => Some(shown(name, details)),
    }
}

/// An operation as a query finds it.
pub(crate) fn of_entry(view: View, entry: &OperationEntry) -> Option<v1::Operation> {
    of_state(view, entry.name.as_str(), &entry.row.state)
}

/// What was asked for, apart: which of these a kind of change has.
#[derive(Default)]
struct Asked<'a> {
    account: Option<&'a AccountName>,
    role: Option<&'a Role>,
    from: Option<&'a MemberName>,
    to: Option<&'a MemberName>,
}

fn shown(name: &str, details: &Details) -> v1::Operation {
    let member = |name: Option<&MemberName>| name.map(ToString::to_string).unwrap_or_default();
    let (mut kinds, mut picked, mut undoes) = (Vec::new(), String::new(), String::new());
    let mut policy = v1::OwnershipPolicy::Unspecified;
    let (kind, asked) = match &details.change {
        OwnershipChange::AssignRole {
            account,
            role,
            from,
            to,
            policy: stamped,
            policy_version: _,
        } => {
            policy = settings::policy(*stamped);
            let asked = Asked {
                account: Some(account),
                role: Some(role),
                from: from.as_ref(),
                to: Some(to),
            };
            (v1::OperationKind::AssignRole, asked)
        }
        OwnershipChange::VacateRole {
            account,
            role,
            from,
        } => {
            let asked = Asked {
                account: Some(account),
                role: Some(role),
                from: Some(from),
                to: None,
            };
            (v1::OperationKind::VacateRole, asked)
        }
        OwnershipChange::BatchAssignRole { role, to, filter } => {
            picked = filter.as_deref().unwrap_or_default().to_owned();
            let asked = Asked {
                role: Some(role),
                to: Some(to),
                ..Asked::default()
            };
            (v1::OperationKind::BatchAssignRole, asked)
        }
        OwnershipChange::DisableMember { member, successor } => {
            let asked = Asked {
                from: Some(member),
                to: successor.as_ref(),
                ..Asked::default()
            };
            (v1::OperationKind::DisableMember, asked)
        }
        OwnershipChange::TransferResources {
            from,
            to,
            kinds: named,
        } => {
            kinds = named
                .iter()
                .map(|kind| holding_kind(*kind).into())
                .collect();
            let asked = Asked {
                from: Some(from),
                to: Some(to),
                ..Asked::default()
            };
            (v1::OperationKind::TransferResources, asked)
        }
        OwnershipChange::Undo { operation } => {
            undoes = operation.to_string();
            (v1::OperationKind::Undo, Asked::default())
        }
    };
    v1::Operation {
        name: name.to_owned(),
        kind: kind.into(),
        status: status(details.status).into(),
        account: asked.account.map(ToString::to_string).unwrap_or_default(),
        role: asked.role.map(ToString::to_string).unwrap_or_default(),
        from: member(asked.from),
        to: member(asked.to),
        holding_kinds: kinds,
        filter: picked,
        undoes,
        undone_by: details
            .undo
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default(),
        planned: holding_counts(&details.planned),
        counts: Some(counts(details.counts)),
        cancelled: details.cancelled,
        ownership_policy: policy.into(),
        actor: details.by.as_str().to_owned(),
        start_time: Some(time::to_proto(details.started_at)),
        update_time: Some(time::to_proto(details.updated_at)),
        finish_time: details.finished_at.map(time::to_proto),
        etag: details.revision.to_string(),
        failure: details.failure.as_deref().unwrap_or_default().to_owned(),
    }
}

/// What became of an item, as a query finds it.
pub(crate) fn item(view: View, entry: &ItemEntry) -> v1::OperationItem {
    match view {
        View::Admin | View::Team | View::Analyst => v1::OperationItem {
            result: Some(result(&entry.row.result)),
            policy_event_id: entry
                .row
                .policy_event
                .map(|id| id.to_string())
                .unwrap_or_default(),
            record_time: Some(time::to_proto(entry.row.recorded_at)),
            position: entry.key.position.0,
        },
    }
}

/// What becomes of an item.
pub(crate) fn result(result: &ItemResult) -> v1::ItemResult {
    let (outcome, reason, change) = match &result.outcome {
        Outcome::Moved { change } => (
            v1::ItemOutcome::Moved,
            v1::ItemReason::Unspecified,
            Some(change),
        ),
        Outcome::Kept { reason } => (v1::ItemOutcome::Kept, kept(*reason), None),
        Outcome::Skipped { reason } => (v1::ItemOutcome::Skipped, skipped(*reason), None),
    };
    let member = |name: Option<&MemberName>| name.map(ToString::to_string).unwrap_or_default();
    v1::ItemResult {
        holding: Some(holding(&result.item)),
        outcome: outcome.into(),
        reason: reason.into(),
        from: member(change.and_then(|change| change.from.as_ref())),
        to: member(change.and_then(|change| change.to.as_ref())),
        shared: change.is_some_and(|change| change.shared),
    }
}

/// Something that a member holds.
pub(crate) fn holding(holding: &Holding) -> v1::Holding {
    let role = match holding {
        Holding::Role { role, .. } => role.to_string(),
        _ => String::new(),
    };
    v1::Holding {
        kind: holding_kind(holding.kind()).into(),
        resource: holding.subject().to_owned(),
        role,
    }
}

/// How many holdings of each kind there are; nothing of those of which there is none.
pub(crate) fn holding_counts(counts: &BTreeMap<HoldingKind, u64>) -> Vec<v1::HoldingCount> {
    let present = counts.iter().filter(|(_, count)| **count > 0);
    present
        .map(|(kind, count)| v1::HoldingCount {
            kind: holding_kind(*kind).into(),
            count: whole(*count),
        })
        .collect()
}

/// How many items have which outcome.
pub(crate) fn counts(counts: Counts) -> v1::OutcomeCounts {
    v1::OutcomeCounts {
        moved: whole(counts.moved),
        kept: whole(counts.kept),
        skipped: whole(counts.skipped),
    }
}

fn whole(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn status(status: Status) -> v1::OperationStatus {
    match status {
        Status::Planning => v1::OperationStatus::Planning,
        Status::Running => v1::OperationStatus::Running,
        Status::Finished => v1::OperationStatus::Finished,
    }
}

fn holding_kind(kind: HoldingKind) -> v1::HoldingKind {
    match kind {
        HoldingKind::Role => v1::HoldingKind::Role,
        HoldingKind::SupportTeam => v1::HoldingKind::SupportTeam,
        HoldingKind::OpenTask => v1::HoldingKind::OpenTask,
        HoldingKind::OpenOrderTask => v1::HoldingKind::OpenOrderTask,
        HoldingKind::Order => v1::HoldingKind::Order,
        HoldingKind::OpenActivity => v1::HoldingKind::OpenActivity,
        HoldingKind::TemplateTask => v1::HoldingKind::TemplateTask,
        HoldingKind::DefaultAssignee => v1::HoldingKind::DefaultAssignee,
    }
}

fn kept(reason: KeepReason) -> v1::ItemReason {
    match reason {
        KeepReason::PolicyNone => v1::ItemReason::PolicyNone,
        KeepReason::MadeByHand => v1::ItemReason::MadeByHand,
        KeepReason::OtherRole => v1::ItemReason::OtherRole,
        KeepReason::HoldsAnotherRole => v1::ItemReason::HoldsAnotherRole,
        KeepReason::AboutMember => v1::ItemReason::AboutMember,
        KeepReason::AlreadyTheirs => v1::ItemReason::AlreadyTheirs,
    }
}

fn skipped(reason: SkipReason) -> v1::ItemReason {
    match reason {
        SkipReason::NotFound => v1::ItemReason::NotFound,
        SkipReason::Closed => v1::ItemReason::Closed,
        SkipReason::Reassigned => v1::ItemReason::Reassigned,
        SkipReason::Changed => v1::ItemReason::Changed,
        SkipReason::MemberDisabled => v1::ItemReason::MemberDisabled,
        SkipReason::RoleRetired => v1::ItemReason::RoleRetired,
    }
}
