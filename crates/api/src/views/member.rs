//! Members as callers see them.

use handoff_domain::member::{Details, Kind, Member};
use handoff_proto::v1;
use handoff_read_models::{
    members::MemberEntry,
    workloads::{RoleWorkload, WorkloadEntry},
};

use crate::{time, views::View};

/// A member as the events make it, if there is one.
pub(crate) fn of_state(view: View, name: &str, member: &Member) -> Option<v1::Member> {
    let Member::Existing(details) = member else {
        return None;
    };
    match view {
        View::Admin | View::Team | View::Analyst => Some(team(name, details)),
    }
}

fn team(name: &str, details: &Details) -> v1::Member {
    v1::Member {
        name: name.to_owned(),
        display_name: details.display_name.as_str().to_owned(),
        email: details
            .email
            .as_ref()
            .map(|email| email.as_str().to_owned())
            .unwrap_or_default(),
        kind: kind(details.kind).into(),
        enabled: details.may_sign_in(),
        etag: details.revision.to_string(),
        create_time: Some(time::to_proto(details.created_at)),
        update_time: Some(time::to_proto(details.updated_at)),
    }
}

/// A member as a query finds it.
pub(crate) fn of_entry(view: View, entry: &MemberEntry) -> Option<v1::Member> {
    of_state(view, entry.name.as_str(), &entry.row.state)
}

/// How much a member has.
pub(crate) fn workload(view: View, entry: WorkloadEntry) -> v1::Workload {
    let role = |of: RoleWorkload| v1::RoleWorkload {
        role: of.role.as_str().to_owned(),
        active_account_count: of.active,
        paused_account_count: of.paused,
        deactivated_account_count: of.deactivated,
    };
    match view {
        View::Admin | View::Team | View::Analyst => v1::Workload {
            member: entry.member.as_str().to_owned(),
            member_display_name: entry.display_name,
            open_task_count: entry.open_tasks,
            roles: entry.roles.into_iter().map(role).collect(),
        },
    }
}

fn kind(kind: Kind) -> v1::MemberKind {
    match kind {
        Kind::Admin => v1::MemberKind::Admin,
        Kind::Staff => v1::MemberKind::Staff,
    }
}
