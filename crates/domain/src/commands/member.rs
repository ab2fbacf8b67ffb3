//! Commands about members.

use crate::{
    commands::new_id::NewId,
    context::Context,
    member::{Kind, Member},
    names::{MemberName, StreamName},
    rejection::{Reason, Rejection},
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::memory::Memory;

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
}
