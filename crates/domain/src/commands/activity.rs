//! Commands about activities (S1). They are the team's: contacts see none.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::{
    activity::{Activity, Changes, Created, Event, Status},
    commands::{account::create_for_action, member::assignable, task::in_place_of},
    context::Context,
    names::{AccountName, ActivityName, MemberName, StreamName},
    rejection::{Rejection, Violations},
    settings::TimeZone,
    task::{AssignmentCause, AssignmentSource, Due, in_range},
    text::Html,
    unit::{Command, Stop, Unit},
};

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;

/// Creates an activity on an account. An account that does not exist yet is created in the same append.
#[derive(Debug, Clone)]
pub struct CreateActivity {
    pub name: ActivityName,
    pub account: AccountName,
    pub note: Html,
    /// None: an entry of the timeline, and nothing to do.
    pub due: Option<Due>,
    /// None: it is nobody's, and everybody in the team sees it.
    pub assignee: Option<MemberName>,
}

impl Command for CreateActivity {
    fn decide(&self, context: &Context, unit: &mut Unit<'_>) -> Result<StreamName, Stop> {
        let members = self.assignee.iter().chain(context.acting_member());
        let streams = [(&self.name).into(), (&self.account).into()];
        unit.need(
            members
                .map(StreamName::from)
                .chain(streams)
                .chain([StreamName::settings()]),
        )?;
        context.require_team(unit)?;
        let activity = unit.activity(&self.name)?;
        let zone = unit.settings()?.time_zone;
        let mut violations = Violations::new();
        check_note(&mut violations, Some(&self.note));
        let due = check_due(&mut violations, self.due, zone);
        violations.finish()?;
        let created = Created {
            account: self.account.clone(),
            note: self.note.clone(),
            due,
            assignee: self.assignee.clone(),
            by: context.by(),
            at: context.now,
        };
        let event = activity.create(&self.name, created)?;
        create_for_action(context, unit, &self.account)?;
        accept_new_work(unit, &self.account)?;
        if let Some(member) = &self.assignee {
            assignable(unit, "activity.assignee", member)?;
        }
        append(unit, &self.name, Some(event))
    }
}

/// Changes note and due time of an activity, as far as they are given. With its first due time an entry of
/// the timeline becomes something to do; if its assignee does not take work any more, the successor gets it,
/// in the same append (S4).
#[derive(Debug, Clone)]
pub struct UpdateActivity {
    pub name: ActivityName,
    pub note: Option<Html>,
    /// None within: no due time any more.
    pub due: Option<Option<Due>>,
}

impl Command for UpdateActivity {
    fn decide(&self, context: &Context, unit: &mut Unit<'_>) -> Result<StreamName, Stop> {
        let member = context.acting_member().map(StreamName::from);
        let streams = [(&self.name).into(), StreamName::settings()];
        unit.need(member.into_iter().chain(streams))?;
        let activity = editable(context, unit, &self.name)?;
        let zone = unit.settings()?.time_zone;
        let mut violations = Violations::new();
        check_note(&mut violations, self.note.as_ref());
        let due = self.due.map(|due| check_due(&mut violations, due, zone));
        violations.finish()?;
        let note = self.note.clone();
        let changes = Changes { note, due };
        let event = activity.update(&self.name, &changes, context.by(), context.now)?;
        append(unit, &self.name, event)?;
        let is_open = |activity: &Activity| {
            activity
                .details()
                .is_some_and(|details| details.status() == Status::Open)
        };
        if is_open(&*unit.activity(&self.name)?) && !is_open(&activity) {
            replace_disabled(context, unit, &self.name)?;
        }
        Ok((&self.name).into())
    }
}

/// Gives an activity to a member, who must take work, or to nobody. The member's stream is read, so that
/// the append fails where they cease to meanwhile.
#[derive(Debug, Clone)]
pub struct AssignActivity {
    pub name: ActivityName,
    /// None: nobody.
    pub assignee: Option<MemberName>,
    /// Which path the change takes.
    pub cause: AssignmentCause,
}

impl Command for AssignActivity {
    fn decide(&self, context: &Context, unit: &mut Unit<'_>) -> Result<StreamName, Stop> {
        let members = self.assignee.iter().chain(context.acting_member());
        unit.need(members.map(StreamName::from).chain([(&self.name).into()]))?;
        let activity = editable(context, unit, &self.name)?;
        let event = activity.assign(
            &self.name,
            self.assignee.as_ref(),
            self.cause.clone(),
            context.by(),
            context.now,
        )?;
        if let (Some(_), Some(member)) = (&event, &self.assignee) {
            assignable(unit, "assignee", member)?;
        }
        append(unit, &self.name, event)
    }
}

/// Completes an activity that has a due time. Completing it again changes nothing.
#[derive(Debug, Clone)]
pub struct CompleteActivity {
    pub name: ActivityName,
}

impl Command for CompleteActivity {
    fn decide(&self, context: &Context, unit: &mut Unit<'_>) -> Result<StreamName, Stop> {
        let activity = editable(context, unit, &self.name)?;
        let event = activity.complete(&self.name, context.by(), context.now)?;
        append(unit, &self.name, event)
    }
}

/// Opens a complete activity again. The account must take new work. An assignee who does not take work any
/// more is replaced by the successor, in the same append (S4).
#[derive(Debug, Clone)]
pub struct ReopenActivity {
    pub name: ActivityName,
}

impl Command for ReopenActivity {
    fn decide(&self, context: &Context, unit: &mut Unit<'_>) -> Result<StreamName, Stop> {
        let activity = editable(context, unit, &self.name)?;
        let event = activity.reopen(&self.name, context.by(), context.now)?;
        if let Some(event) = event {
            accept_new_work(unit, &activity.existing(&self.name)?.account)?;
            unit.append_activity(&self.name, event)?;
            replace_disabled(context, unit, &self.name)?;
        }
        Ok((&self.name).into())
    }
}

/// Hides an activity everywhere but in history, for good. Deleting it again changes nothing.
#[derive(Debug, Clone)]
pub struct DeleteActivity {
    pub name: ActivityName,
}

impl Command for DeleteActivity {
    fn decide(&self, context: &Context, unit: &mut Unit<'_>) -> Result<StreamName, Stop> {
        let activity = known(context, unit, &self.name)?;
        let event = activity.delete(&self.name, context.by(), context.now)?;
        append(unit, &self.name, event)
    }
}

fn check_note(violations: &mut Violations, note: Option<&Html>) {
    if note.is_some_and(Html::is_blank) {
        violations.add("activity.note", "must not be empty");
    }
}

/// The instant that is meant; none also where a violation was noted.
fn check_due(
    violations: &mut Violations,
    due: Option<Due>,
    zone: TimeZone,
) -> Option<DateTime<Utc>> {
    let due = due?.instant(zone).and_then(in_range);
    violations.check("activity.due_time", due)
}

/// The activity, which exists, is at the revision that the caller read, and is the team's.
fn editable(
    context: &Context,
    unit: &mut Unit<'_>,
    name: &ActivityName,
) -> Result<Arc<Activity>, Stop> {
    let activity = known(context, unit, name)?;
    activity.existing(name)?;
    Ok(activity)
}

/// The same, deleted or not.
fn known(
    context: &Context,
    unit: &mut Unit<'_>,
    name: &ActivityName,
) -> Result<Arc<Activity>, Stop> {
    let member = context.acting_member().map(StreamName::from);
    unit.need(member.into_iter().chain([name.into()]))?;
    context.require_team(unit)?;
    let activity = unit.activity(name)?;
    let details = activity.known().ok_or_else(|| Rejection::NotFound {
        resource: name.to_string(),
    })?;
    context.check_revision(name.as_str(), details.revision)?;
    Ok(activity)
}

/// Refuses new work on a deactivated account (S0).
fn accept_new_work(unit: &mut Unit<'_>, account: &AccountName) -> Result<(), Stop> {
    unit.account(account)?.accept_new_work(account)?;
    Ok(())
}

/// Gives an activity that is open again to the successor of an assignee who does not take work any more,
/// along the chain; to nobody where it ends without one who does: then the whole team sees it.
fn replace_disabled(
    context: &Context,
    unit: &mut Unit<'_>,
    name: &ActivityName,
) -> Result<(), Stop> {
    let activity = unit.activity(name)?;
    let Some(assignee) = &activity.existing(name)?.assignee else {
        return Ok(());
    };
    let successor = in_place_of(unit, assignee)?;
    let cause = AssignmentCause {
        source: AssignmentSource::Successor,
        ..AssignmentCause::default()
    };
    let (by, at) = (context.by(), context.now);
    let event = activity.assign(name, successor.as_ref(), cause, by, at)?;
    event.map_or(Ok(()), |event| unit.append_activity(name, event))
}

fn append(
    unit: &mut Unit<'_>,
    name: &ActivityName,
    event: Option<Event>,
) -> Result<StreamName, Stop> {
    if let Some(event) = event {
        unit.append_activity(name, event)?;
    }
    Ok(name.into())
}
