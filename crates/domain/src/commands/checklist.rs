//! What commands about the tasks of services and of orders have in common.

use crate::{
    checklist::Draft,
    commands::{
        member::assignable,
        task::{check_count, distinct},
    },
    limits,
    names::MemberName,
    rejection::{Reason, Rejection, Violations},
    settings::Settings,
    terms::Role,
    unit::{Stop, Unit},
};

/// The same draft with each assignee once. All of them take work; their streams are read, so that the
/// append fails where they cease to meanwhile.
pub(super) fn checked(unit: &mut Unit<'_>, draft: &Draft) -> Result<Draft, Stop> {
    let mut violations = Violations::new();
    let field = "task.assignees";
    check_count(&mut violations, field, &draft.assignees, limits::ASSIGNEES);
    violations.finish()?;
    let assignees = distinct(&draft.assignees);
    for member in &assignees {
        assignable(unit, field, member)?;
    }
    offered_role(&*unit.settings()?, draft.responsible_role.as_ref())?;
    Ok(Draft {
        assignees,
        ..draft.clone()
    })
}

/// The first members of a list, as many as it may have: those whose streams are worth loading.
pub(super) fn named(members: &[MemberName]) -> impl Iterator<Item = &MemberName> {
    members.iter().take(limits::ASSIGNEES)
}

/// Requires that a task can follow a role: one that accounts have.
pub(super) fn offered_role(settings: &Settings, role: Option<&Role>) -> Result<(), Rejection> {
    let Some(role) = role.filter(|role| !role.is_assignee()) else {
        return Ok(());
    };
    let offered = settings
        .account_role(role)
        .is_some_and(|choice| !choice.retired);
    if offered {
        return Ok(());
    }
    Err(Rejection::Precondition {
        reason: Reason::UnknownRole,
        subject: "settings".to_owned(),
        description: format!(
            "task.responsible_role: {role} is not offered by the setting account_roles"
        ),
    })
}
