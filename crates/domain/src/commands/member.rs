//! Commands about members.

use std::sync::Arc;

use crate::{
    commands::{new_id::NewId, operation},
    context::Context,
    holding::{Holding, Holdings},
    limits,
    member::{self, Kind, Member, OtherAdmin, Standing},
    names::{MemberName, OperationName, StreamName},
    operation::OwnershipChange,
    rejection::{Held, Reason, Rejection},
    settings::Settings,
    text::{Email, Line},
    unit::{Command, Stop, Unit},
};

/// Adds a member to the team. Admins only.
#[derive(Debug, Clone)]
pub struct CreateMember {
    pub id: NewId<MemberName>,
    pub display_name: Line,
    pub email: Option<Email>,
    pub kind: Kind,
}

impl Command for CreateMember {
    fn decide(&self, context: &Context, unit: &mut Unit<'_>) -> Result<StreamName, Stop> {
        context.require_admin(unit)?;
        let name = self.id.choose(
            &self.display_name,
            "member_id",
            MemberName::from_id,
            |name| Ok(matches!(&*unit.member(name)?, Member::Absent)),
        )?;
        let event = unit.member(&name)?.create(
            &name,
            self.display_name.clone(),
            self.email.clone(),
            self.kind,
            context.by(),
            context.now,
        )?;
        unit.append_member(&name, event)?;
        Ok((&name).into())
    }
}

/// Changes what a member is called, their address, or what they may do. Admins only. The last enabled
/// admin stays one.
#[derive(Debug, Clone)]
pub struct UpdateMember {
    pub name: MemberName,
    /// None: as it is.
    pub display_name: Option<Line>,
    /// None: as it is; none within: no address.
    pub email: Option<Option<Email>>,
    /// None: as it is.
    pub kind: Option<Kind>,
    /// As for [`StartDisabling`].
    pub other_admins: Vec<MemberName>,
}

impl Command for UpdateMember {
    fn decide(&self, context: &Context, unit: &mut Unit<'_>) -> Result<StreamName, Stop> {
        let member = editable(context, unit, &self.name)?;
        let (by, at) = (context.by(), context.now);
        let changed = member.change(
            &self.name,
            self.display_name.as_ref(),
            self.email.as_ref(),
            by.clone(),
            at,
        )?;
        append(unit, &self.name, changed)?;
        if let Some(kind) = self.kind {
            let other = match kind {
                Kind::Admin => OtherAdmin::Unknown,
                Kind::Staff => other_admin(context, unit, &self.name, &self.other_admins)?,
            };
            let member = unit.member(&self.name)?;
            let changed = member.change_kind(&self.name, kind, other, by, at)?;
            append(unit, &self.name, changed)?;
        }
        Ok((&self.name).into())
    }
}

/// Begins to disable a member: from the position of its event nobody can assign them, for every
/// assignment asserts their stream. Admins only. The last enabled admin cannot be disabled. It is an
/// operation, which begins in the same append.
///
/// With a successor, Handoff plans what they hold, which is complete at or after that position, and moves
/// it; the disabling ends with the operation. Without one they must hold nothing, and [`DisableMember`]
/// ends it. [`EnableMember`] takes either back.
#[derive(Debug, Clone)]
pub struct StartDisabling {
    pub name: MemberName,
    /// Who takes over all that the member holds, and must take work. None: they hold nothing.
    pub successor: Option<MemberName>,
    /// Admins who may remain, at most 20, beside the one who acts; only needed where that is the
    /// member in question or no member. The first who is an enabled admin counts, and their stream is
    /// asserted, so that of two admins who disable each other at once only one succeeds.
    pub other_admins: Vec<MemberName>,
    /// What the member holds, as far as read models say by now: without a successor anything here refuses
    /// the command, so that nothing is begun in vain. It need not be complete.
    pub holdings: Holdings,
}

impl Command for StartDisabling {
    fn decide(&self, context: &Context, unit: &mut Unit<'_>) -> Result<StreamName, Stop> {
        let member = editable(context, unit, &self.name)?;
        if self.successor.as_ref() == Some(&self.name) {
            let description = format!("is {}, who is to be disabled", self.name);
            return Err(Rejection::invalid("successor", description).into());
        }
        // Of whom it was begun, the second step says what they hold.
        if member.details().is_some_and(member::Details::takes_work) {
            match &self.successor {
                Some(successor) => assignable(unit, "successor", successor)?,
                None => refuse_held(&self.name, &*unit.settings()?, &self.holdings)?,
            }
        }
        let other = other_admin(context, unit, &self.name, &self.other_admins)?;
        let operation = OperationName::of_command(context.command_id);
        let (successor, by) = (self.successor.as_ref(), context.by());
        let event =
            member.start_disabling(&self.name, successor, &operation, other, by, context.now)?;
        if event.is_some() {
            context.check_plan(unit)?;
            let change = OwnershipChange::DisableMember {
                member: self.name.clone(),
                successor: self.successor.clone(),
            };
            operation::start(context, unit, change)?;
        }
        append(unit, &self.name, event)
    }
}

/// Disables a member for whom that was begun without a successor and who holds nothing. Admins only. With
/// a successor the operation ends it.
#[derive(Debug, Clone)]
pub struct DisableMember {
    pub name: MemberName,
    /// What the member holds, from read models that include the position of
    /// `member.disabling_started`. Anything here refuses the command. What the settings say is looked
    /// up by the command itself.
    pub holdings: Holdings,
}

impl Command for DisableMember {
    fn decide(&self, context: &Context, unit: &mut Unit<'_>) -> Result<StreamName, Stop> {
        let member = editable(context, unit, &self.name)?;
        let event = member.disable(&self.name, context.by(), context.now)?;
        if let Some(details) = member.details()
            && let Standing::Disabling {
                successor,
                operation,
            } = &details.standing
        {
            if let Some(successor) = successor {
                return Err(Rejection::Precondition {
                    reason: Reason::OperationRunning,
                    subject: self.name.to_string(),
                    description: format!(
                        "what {} holds is being moved to {successor}: wait for the end of that operation",
                        self.name
                    ),
                }
                .into());
            }
            refuse_held(&self.name, &*unit.settings()?, &self.holdings)?;
            end_operation(context, unit, operation.as_ref(), false)?;
        }
        append(unit, &self.name, event)
    }
}

/// Lets a disabled member sign in and be given work again, or takes back that they are being disabled:
/// the operation ends, and what it moved stays moved until it is undone. Admins only.
#[derive(Debug, Clone)]
pub struct EnableMember {
    pub name: MemberName,
}

impl Command for EnableMember {
    fn decide(&self, context: &Context, unit: &mut Unit<'_>) -> Result<StreamName, Stop> {
        let member = editable(context, unit, &self.name)?;
        let event = member.enable(&self.name, context.by(), context.now)?;
        if let Some(details) = member.details()
            && let Standing::Disabling { operation, .. } = &details.standing
        {
            end_operation(context, unit, operation.as_ref(), true)?;
        }
        append(unit, &self.name, event)
    }
}

/// Refuses to disable who holds something, and says what.
fn refuse_held(name: &MemberName, settings: &Settings, found: &Holdings) -> Result<(), Rejection> {
    let default = (settings.default_assignee == *name).then_some(&Holding::DefaultAssignee);
    let count = found.count + u64::from(default.is_some());
    if count == 0 {
        return Ok(());
    }
    let named = default
        .into_iter()
        .chain(&found.named)
        .take(limits::NAMED_HOLDINGS)
        .map(|holding| Held {
            subject: holding.subject().to_owned(),
            description: holding.to_string(),
        });
    Err(Rejection::MemberHoldsWork {
        member: name.to_string(),
        named: named.collect(),
        count,
    })
}

/// The member, who exists, is at the revision that the caller read, and is an admin's to change.
fn editable(
    context: &Context,
    unit: &mut Unit<'_>,
    name: &MemberName,
) -> Result<Arc<Member>, Stop> {
    let acting = context.acting_member().map(StreamName::from);
    unit.need(acting.into_iter().chain([name.into()]))?;
    context.require_admin(unit)?;
    let member = unit.member(name)?;
    context.check_revision(name.as_str(), member.existing(name)?.revision)?;
    Ok(member)
}

/// Ends the operation that disables a member; none: that began before there were operations.
fn end_operation(
    context: &Context,
    unit: &mut Unit<'_>,
    name: Option<&OperationName>,
    cancelled: bool,
) -> Result<(), Stop> {
    let Some(name) = name else { return Ok(()) };
    let operation = unit.operation(name)?;
    if let Some(event) = operation.end(cancelled, context.by(), context.now) {
        unit.append_operation(name, event)?;
    }
    Ok(())
}

fn append(
    unit: &mut Unit<'_>,
    name: &MemberName,
    event: Option<member::Event>,
) -> Result<StreamName, Stop> {
    if let Some(event) = event {
        unit.append_member(name, event)?;
    }
    Ok(name.into())
}

/// Looks for an enabled admin who remains without `leaving`: the acting member, then the candidates.
/// Reading the stream makes the append fail where they cease to be one meanwhile.
fn other_admin(
    context: &Context,
    unit: &mut Unit<'_>,
    leaving: &MemberName,
    candidates: &[MemberName],
) -> Result<OtherAdmin, Stop> {
    let candidates = candidates.iter().take(limits::OTHER_ADMINS);
    for candidate in context.acting_member().into_iter().chain(candidates) {
        if candidate != leaving
            && unit
                .member(candidate)?
                .details()
                .is_some_and(member::Details::is_enabled_admin)
        {
            return Ok(OtherAdmin::Remains);
        }
    }
    Ok(OtherAdmin::Unknown)
}

/// Whether work can be given to `member`. Reading the stream makes the append fail where that changes
/// meanwhile.
pub(super) fn takes_work(unit: &mut Unit<'_>, member: &MemberName) -> Result<bool, Stop> {
    let state = unit.member(member)?;
    Ok(state.details().is_some_and(member::Details::takes_work))
}

/// Requires that work can be given to `member`. Reading the stream makes the append fail where that
/// changes meanwhile.
pub(super) fn assignable(
    unit: &mut Unit<'_>,
    field: &str,
    member: &MemberName,
) -> Result<(), Stop> {
    match &*unit.member(member)? {
        Member::Existing(details) if details.takes_work() => Ok(()),
        Member::Existing(_) => Err(Rejection::Precondition {
            reason: Reason::MemberDisabled,
            subject: member.to_string(),
            description: format!("{field}: {member} is disabled and cannot be given anything"),
        }
        .into()),
        Member::Absent => Err(Rejection::Precondition {
            reason: Reason::UnknownMember,
            subject: member.to_string(),
            description: format!("{field}: {member} is not a member of the team"),
        }
        .into()),
    }
}

/// Requires that `member` is or was one of the team, enabled or not.
pub(super) fn known(unit: &mut Unit<'_>, field: &str, member: &MemberName) -> Result<(), Stop> {
    match &*unit.member(member)? {
        Member::Existing(_) => Ok(()),
        Member::Absent => Err(Rejection::Precondition {
            reason: Reason::UnknownMember,
            subject: member.to_string(),
            description: format!("{field}: {member} is not a member of the team"),
        }
        .into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        account::InteractionKind,
        commands::{AssignRole, LogInteraction, memory::Memory},
        settings::Changes,
        terms::Role,
    };

    fn create(display_name: &str) -> CreateMember {
        CreateMember {
            id: NewId::FromDisplayName,
            display_name: Line::new(display_name).unwrap(),
            email: None,
            kind: Kind::Staff,
        }
    }

    #[test]
    fn only_admins_and_the_first_start_add_members() {
        let mut memory = Memory::with_team();
        assert!(matches!(
            memory.reject("members/ana", &create("Zoe")),
            Rejection::NotAllowed { .. }
        ));
        assert!(matches!(
            memory.reject("service-accounts/crm", &create("Zoe")),
            Rejection::NotAllowed { .. }
        ));
        assert_eq!(
            memory.accept("members/admin", &create("Zoe")).as_str(),
            "members/zoe"
        );
        assert_eq!(
            memory.accept("system", &create("Zoe")).as_str(),
            "members/zoe-2"
        );
    }

    fn name(id: &str) -> MemberName {
        MemberName::from_id(id).unwrap()
    }

    fn start(id: &str, other_admins: &[&str]) -> StartDisabling {
        StartDisabling {
            name: name(id),
            successor: None,
            other_admins: other_admins.iter().map(|id| name(id)).collect(),
            holdings: Holdings::default(),
        }
    }

    fn disable(id: &str) -> DisableMember {
        DisableMember {
            name: name(id),
            holdings: Holdings::default(),
        }
    }

    fn set_kind(id: &str, kind: Kind) -> UpdateMember {
        UpdateMember {
            name: name(id),
            display_name: None,
            email: None,
            kind: Some(kind),
            other_admins: vec![],
        }
    }

    fn reason(rejection: Rejection) -> Reason {
        match rejection {
            Rejection::Precondition { reason, .. } => reason,
            Rejection::MemberHoldsWork { .. } => Reason::MemberHoldsWork,
            other => panic!("{other}"),
        }
    }

    /// `ben` is the default assignee, so that nothing but being the last admin protects `admin`.
    fn without_default_assignee() -> Memory {
        let mut memory = Memory::with_team();
        memory.change_settings(Changes {
            default_assignee: Some(name("ben")),
            ..Changes::default()
        });
        memory
    }

    #[test]
    fn only_admins_change_members() {
        let mut memory = Memory::with_team();
        for command in [
            &set_kind("ben", Kind::Admin) as &dyn Command,
            &start("ben", &[]),
            &disable("ben"),
            &EnableMember { name: name("ben") },
        ] {
            for actor in ["members/ana", "service-accounts/crm"] {
                assert!(matches!(
                    memory.reject(actor, command),
                    Rejection::NotAllowed { .. }
                ));
            }
        }
    }

    #[test]
    fn a_change_of_a_member_is_recorded_once() {
        let mut memory = Memory::with_team();
        let update = UpdateMember {
            display_name: Some(Line::new("Ana Lima").unwrap()),
            email: Some(Some(Email::new("ana@example.com").unwrap())),
            ..set_kind("ana", Kind::Admin)
        };
        let events = memory.log.len();
        memory.accept("members/admin", &update);
        assert_eq!(memory.log.len(), events + 2);
        let ana = memory.member("ana");
        assert_eq!(ana.display_name.as_str(), "Ana Lima");
        assert_eq!(ana.kind, Kind::Admin);
        memory.accept("members/admin", &update);
        assert_eq!(memory.log.len(), events + 2);
        let nobody = memory.reject("members/admin", &set_kind("nobody", Kind::Staff));
        assert!(matches!(nobody, Rejection::NotFound { .. }));
    }

    #[test]
    fn a_member_is_disabled_in_two_steps_and_enabled_in_one() {
        let mut memory = Memory::with_team();
        let rejection = memory.reject("members/admin", &disable("ben"));
        assert_eq!(reason(rejection), Reason::DisablingNotStarted);
        memory.accept("members/admin", &start("ben", &[]));
        assert!(memory.member("ben").may_sign_in() && !memory.member("ben").takes_work());
        memory.accept("members/admin", &disable("ben"));
        assert!(!memory.member("ben").may_sign_in());
        let events = memory.log.len();
        memory.accept("members/admin", &start("ben", &[]));
        memory.accept("members/admin", &disable("ben"));
        assert_eq!(memory.log.len(), events);
        memory.accept("members/admin", &EnableMember { name: name("ben") });
        assert!(memory.member("ben").takes_work());
        memory.accept("members/admin", &EnableMember { name: name("ben") });
        assert_eq!(memory.log.len(), events + 1);
    }

    #[test]
    fn nothing_is_given_to_a_member_who_is_being_disabled_until_that_is_taken_back() {
        let mut memory = Memory::with_account("acme");
        memory.accept("members/admin", &start("ben", &[]));
        let assign = AssignRole {
            account: "accounts/acme".parse().unwrap(),
            role: Role::assignee(),
            holder: name("ben"),
        };
        let rejection = memory.reject("members/ana", &assign);
        assert_eq!(reason(rejection), Reason::MemberDisabled);
        memory.accept("members/admin", &EnableMember { name: name("ben") });
        memory.accept("members/ana", &assign);
    }

    #[test]
    fn an_account_that_somebody_who_is_being_disabled_begins_is_not_theirs() {
        let mut memory = Memory::with_team();
        memory.accept("members/admin", &start("ben", &[]));
        let interaction = LogInteraction {
            account: "accounts/acme".parse().unwrap(),
            kind: InteractionKind::Email,
            details: None,
            happened_at: None,
        };
        memory.accept("members/ben", &interaction);
        assert_eq!(memory.account("acme").assignee, name("admin"));
    }

    fn thirty_tasks() -> Holdings {
        let named = (0..30).map(|n| Holding::OpenTask {
            task: format!("tasks/t{n}").parse().unwrap(),
        });
        Holdings {
            named: named.collect(),
            count: 30,
        }
    }

    #[test]
    fn who_holds_something_is_not_disabled_and_the_error_lists_it() {
        let mut memory = Memory::with_team();
        memory.accept("members/admin", &start("ben", &[]));
        let held = DisableMember {
            name: name("ben"),
            holdings: thirty_tasks(),
        };
        let rejection = memory.reject("members/admin", &held);
        assert!(
            rejection.to_string().contains("tasks/t19 and 10 more"),
            "{rejection}"
        );
        let Rejection::MemberHoldsWork { named, count, .. } = rejection else {
            panic!("{rejection}")
        };
        assert_eq!((named.len(), count), (20, 30));
        assert_eq!(named[19].subject, "tasks/t19");
    }

    #[test]
    fn disabling_is_not_begun_for_who_is_known_to_hold_something() {
        let mut memory = Memory::with_team();
        let events = memory.log.len();
        let held = StartDisabling {
            holdings: thirty_tasks(),
            ..start("ben", &[])
        };
        let rejection = memory.reject("members/admin", &held);
        assert_eq!(reason(rejection), Reason::MemberHoldsWork);
        assert_eq!(memory.log.len(), events);
        // What was read before it was begun does not stop it from going on.
        memory.accept("members/admin", &start("ben", &[]));
        memory.accept("members/admin", &held);
    }

    #[test]
    fn the_default_assignee_is_not_disabled() {
        let mut memory = without_default_assignee();
        let rejection = memory.reject("members/admin", &start("ben", &[]));
        assert_eq!(reason(rejection), Reason::MemberHoldsWork);
    }

    #[test]
    fn the_last_enabled_admin_is_neither_disabled_nor_demoted() {
        let mut memory = without_default_assignee();
        for command in [
            &start("admin", &["ana", "ben", "admin", "nobody"]) as &dyn Command,
            &set_kind("admin", Kind::Staff),
        ] {
            for actor in ["members/admin", "system"] {
                let rejection = memory.reject(actor, command);
                assert_eq!(reason(rejection), Reason::LastAdmin);
            }
        }
        memory.accept("members/admin", &set_kind("ana", Kind::Admin));
        let leave = start("admin", &["ben", "ana"]);
        memory.accept("members/admin", &leave);
        let rejection = memory.reject("members/ana", &set_kind("ana", Kind::Staff));
        assert_eq!(
            reason(rejection),
            Reason::LastAdmin,
            "who is being disabled does not count"
        );
        memory.accept("members/ana", &disable("admin"));
        assert!(matches!(
            memory.reject("members/admin", &set_kind("ben", Kind::Admin)),
            Rejection::UnknownActor { .. }
        ));
    }

    #[test]
    fn of_two_admins_who_disable_each_other_one_remains() {
        let mut memory = without_default_assignee();
        memory.accept("members/admin", &set_kind("ana", Kind::Admin));
        memory.accept("members/admin", &start("ana", &[]));
        // Deciding read `admin` as the one who remains, so this is decided after it or not at all.
        let rejection = memory.reject("members/ana", &start("admin", &["ben"]));
        assert_eq!(reason(rejection), Reason::LastAdmin);
    }
}
