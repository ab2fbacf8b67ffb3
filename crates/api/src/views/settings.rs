//! The settings as callers see them.

use handoff_domain::{
    names::StreamName,
    settings::{Choice, Choices, OwnershipPolicy, Settings},
    text::Line,
};
use handoff_proto::v1;

use crate::{
    time,
    views::{View, account},
};

/// The settings as their events make them.
pub(crate) fn of_state(view: View, settings: &Settings) -> v1::Settings {
    match view {
        View::Admin | View::Team | View::Analyst => team(settings),
    }
}

fn team(settings: &Settings) -> v1::Settings {
    v1::Settings {
        name: StreamName::settings().as_str().to_owned(),
        default_account_status: account::status(settings.default_account_status).into(),
        default_assignee: settings.default_assignee.as_str().to_owned(),
        account_roles: settings
            .account_roles
            .all()
            .iter()
            .map(|choice| v1::AccountRole {
                role: choice.value.role.as_str().to_owned(),
                display_name: choice.value.display_name.as_str().to_owned(),
                retired: choice.retired,
            })
            .collect(),
        task_categories: categories(&settings.task_categories),
        task_types: settings
            .task_types
            .all()
            .iter()
            .map(|choice| v1::TaskType {
                task_type: choice.value.as_str().to_owned(),
                retired: choice.retired,
            })
            .collect(),
        document_categories: categories(&settings.document_categories),
        task_number_format: settings.task_number_format.as_str().to_owned(),
        default_sla_hours: settings.default_sla_hours.hours().into(),
        ownership_policy: policy(settings.ownership_policy).into(),
        digest_minutes: settings.digest_minutes.minutes().into(),
        time_zone: settings.time_zone.to_string(),
        call_default_account: settings
            .call_default_account
            .as_ref()
            .map(|account| account.as_str().to_owned())
            .unwrap_or_default(),
        document_max_bytes: i64::try_from(settings.document_max_bytes.bytes()).unwrap_or(i64::MAX),
        etag: settings.revision.to_string(),
        update_time: settings.updated_at.map(time::to_proto),
    }
}

fn categories(choices: &Choices<Line>) -> Vec<v1::Category> {
    let category = |choice: &Choice<Line>| v1::Category {
        display_name: choice.value.as_str().to_owned(),
        retired: choice.retired,
    };
    choices.all().iter().map(category).collect()
}

/// What becomes of work when a role changes hands.
pub(crate) fn policy(policy: OwnershipPolicy) -> v1::OwnershipPolicy {
    match policy {
        OwnershipPolicy::None => v1::OwnershipPolicy::None,
        OwnershipPolicy::OpenExceptManual => v1::OwnershipPolicy::OpenExceptManual,
        OwnershipPolicy::AllOpen => v1::OwnershipPolicy::AllOpen,
    }
}
