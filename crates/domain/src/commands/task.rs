//! Commands about tasks (S2, S3).

use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::{
    commands::{account::create_for_action, member::assignable},
    context::Context,
    limits,
    names::{MemberName, StreamName, Subject, TaskName},
    rejection::{Reason, Rejection, Violations},
    settings::Settings,
    task::{self, Created, OpenStatus, Origin, Priority, Task, Visibility},
    text::{Html, Line, SlaHours},
    unit::{Command, Stop, Unit},
};

/// Creates a task about an account or a member, with the next number of that subject.
/// An account that does not exist yet is created in the same append.
#[derive(Debug, Clone)]
pub struct CreateTask {
    pub name: TaskName,
    pub subject: Subject,
    pub title: Line,
    pub description: Option<Html>,
    pub category: Option<Box<str>>,
    pub status: OpenStatus,
    pub priority: Priority,
    pub visibility: Visibility,
    /// Empty: the account's support team, else its assignee; or the member whom it is about.
    pub assignees: Vec<MemberName>,
    /// None: now.
    pub start: Option<DateTime<Utc>>,
    /// None: the start plus the hours of the SLA.
    pub due: Option<DateTime<Utc>>,
    pub origin: Origin,
}

impl Command for CreateTask {
    fn decide(&self, context: &Context, unit: &mut Unit<'_>) -> Result<StreamName, Stop> {
        unit.need(self.streams(context))?;
        context.require_team(unit)?;
        let settings = unit.settings()?;
        self.check(&settings)?;
        if unit.task(&self.name)?.details().is_some() {
            return Err(Rejection::AlreadyExists {
                resource: self.name.to_string(),
            }
            .into());
        }
        let Numbered {
            number,
            assignees,
            sla_hours,
        } = self.number(context, &settings, unit)?;
        let assignees = if self.assignees.is_empty() {
            assignees
        } else {
            distinct(&self.assignees)
        };
        for member in &assignees {
            assignable(unit, "task.assignees", member)?;
        }
        let sla_hours = sla_hours.unwrap_or(settings.default_sla_hours);
        let start = self.start.unwrap_or(context.now);
        let (due, due_source) = task::due(start, self.due, sla_hours)
            .map_err(|invalid| Rejection::invalid("task.due_time", invalid.to_string()))?;
        let created = Created {
            number,
            subject: self.subject.clone(),
            title: self.title.clone(),
            description: self.description.clone(),
            category: self.category.clone(),
            status: self.status,
            priority: self.priority,
            visibility: self.visibility,
            assignees,
            start,
            due,
            due_source,
            sla_hours,
            origin: self.origin,
            by: context.by(),
            at: context.now,
        };
        let event = unit.task(&self.name)?.create(&self.name, created)?;
        unit.append_task(&self.name, event)?;
        Ok((&self.name).into())
    }
}

/// What the subject gives a new task.
struct Numbered {
    number: Box<str>,
    /// Whose it is unless somebody is named.
    assignees: Vec<MemberName>,
    sla_hours: Option<SlaHours>,
}

impl CreateTask {
    /// Every stream that is known to be read before any state is: one round of loading.
    fn streams(&self, context: &Context) -> Vec<StreamName> {
        let subject = match &self.subject {
            Subject::Account(name) => name.into(),
            Subject::Member(name) => name.into(),
        };
        let members = self
            .assignees
            .iter()
            .chain(context.acting_member())
            .map(StreamName::from);
        [(&self.name).into(), subject, StreamName::settings()]
            .into_iter()
            .chain(members)
            .collect()
    }

    fn check(&self, settings: &Settings) -> Result<(), Rejection> {
        let mut violations = Violations::new();
        check_count(
            &mut violations,
            "task.assignees",
            &self.assignees,
            limits::ASSIGNEES,
        );
        violations.finish()?;
        match &self.category {
            Some(category)
                if !settings
                    .task_categories
                    .offers(|offered| offered.as_str() == &**category) =>
            {
                Err(Rejection::Precondition {
                    reason: Reason::UnknownCategory,
                    subject: "settings".to_owned(),
                    description: format!(
                        "task.category: {category:?} is not among the setting task_categories"
                    ),
                })
            }
            _ => Ok(()),
        }
    }

    /// Allocates the number on the subject, in the same append, so that no race gives one twice.
    fn number(
        &self,
        context: &Context,
        settings: &Settings,
        unit: &mut Unit<'_>,
    ) -> Result<Numbered, Stop> {
        let format = |part: &str, n| settings.task_number_format.number(part, n).into();
        match &self.subject {
            Subject::Account(name) => {
                create_for_action(context, unit, name)?;
                let account = unit.account(name)?;
                let (n, event) = account.number_task(name, self.name.clone())?;
                unit.append_account(name, event)?;
                let details = account.accept_new_work(name)?;
                Ok(Numbered {
                    number: format(name.id(), n),
                    assignees: match &details.support_team[..] {
                        [] => vec![details.assignee.clone()],
                        team => team.to_vec(),
                    },
                    sla_hours: details.sla_hours,
                })
            }
            Subject::Member(name) => {
                let (n, event) = unit.member(name)?.number_task(name, self.name.clone())?;
                unit.append_member(name, event)?;
                let number = format(&format!("member-{}", name.id()), n);
                Ok(Numbered {
                    number,
                    assignees: vec![name.clone()],
                    sla_hours: None,
                })
            }
        }
    }
}

/// Gives a task to exactly these members.
#[derive(Debug, Clone)]
pub struct AssignTask {
    pub name: TaskName,
    /// Empty: nobody has it any more.
    pub assignees: Vec<MemberName>,
}

impl Command for AssignTask {
    fn decide(&self, context: &Context, unit: &mut Unit<'_>) -> Result<StreamName, Stop> {
        let members = self
            .assignees
            .iter()
            .chain(context.acting_member())
            .map(StreamName::from);
        unit.need(members.chain([StreamName::from(&self.name)]))?;
        let task = editable(context, unit, &self.name)?;
        let mut violations = Violations::new();
        check_count(
            &mut violations,
            "assignees",
            &self.assignees,
            limits::ASSIGNEES,
        );
        violations.finish()?;
        for member in &self.assignees {
            assignable(unit, "assignees", member)?;
        }
        let event = task.assign(
            &self.name,
            &distinct(&self.assignees),
            context.by(),
            context.now,
        )?;
        append(unit, &self.name, event)
    }
}

/// Completes a task.
#[derive(Debug, Clone)]
pub struct CompleteTask {
    pub name: TaskName,
}

impl Command for CompleteTask {
    fn decide(&self, context: &Context, unit: &mut Unit<'_>) -> Result<StreamName, Stop> {
        let member = context.acting_member().map(StreamName::from);
        unit.need(member.into_iter().chain([StreamName::from(&self.name)]))?;
        let event =
            editable(context, unit, &self.name)?.complete(&self.name, context.by(), context.now)?;
        append(unit, &self.name, event)
    }
}

/// Opens a closed task again. The account must take new work.
#[derive(Debug, Clone)]
pub struct ReopenTask {
    pub name: TaskName,
    pub status: OpenStatus,
}

impl Command for ReopenTask {
    fn decide(&self, context: &Context, unit: &mut Unit<'_>) -> Result<StreamName, Stop> {
        let member = context.acting_member().map(StreamName::from);
        unit.need(member.into_iter().chain([StreamName::from(&self.name)]))?;
        let task = editable(context, unit, &self.name)?;
        let event = task.reopen(&self.name, self.status, context.by(), context.now)?;
        if let (Some(_), Subject::Account(account)) = (&event, &task.existing(&self.name)?.subject)
        {
            unit.account(account)?.accept_new_work(account)?;
        }
        append(unit, &self.name, event)
    }
}

/// The task, which exists, is at the revision that the caller read, and is the caller's to change.
fn editable(context: &Context, unit: &mut Unit<'_>, name: &TaskName) -> Result<Arc<Task>, Stop> {
    context.require_team(unit)?;
    let task = unit.task(name)?;
    context.check_revision(name.as_str(), task.existing(name)?.revision)?;
    Ok(task)
}

fn append(
    unit: &mut Unit<'_>,
    name: &TaskName,
    event: Option<task::Event>,
) -> Result<StreamName, Stop> {
    if let Some(event) = event {
        unit.append_task(name, event)?;
    }
    Ok(name.into())
}

pub(super) fn check_count(
    violations: &mut Violations,
    field: &str,
    members: &[MemberName],
    most: usize,
) {
    if members.len() > most {
        violations.add(
            field,
            format!("has {} members; at most {most} are allowed", members.len()),
        );
    }
}

/// The members in the order given, each once.
pub(super) fn distinct(members: &[MemberName]) -> Vec<MemberName> {
    let mut seen = Vec::with_capacity(members.len());
    for member in members {
        if !seen.contains(member) {
            seen.push(member.clone());
        }
    }
    seen
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::{
        Revision, account,
        commands::{SetSupportTeam, memory::Memory},
        names::AccountName,
        task::DueSource,
    };

    fn name(id: &str) -> TaskName {
        TaskName::from_id(id).unwrap()
    }

    fn create(id: &str, subject: &str) -> CreateTask {
        CreateTask {
            name: name(id),
            subject: subject.parse().unwrap(),
            title: Line::new("Prepare the quarterly review").unwrap(),
            description: None,
            category: None,
            status: OpenStatus::NotStarted,
            priority: Priority::Normal,
            visibility: Visibility::Internal,
            assignees: vec![],
            start: None,
            due: None,
            origin: Origin::Manual,
        }
    }

    #[test]
    fn the_first_action_creates_the_account_in_the_same_append() {
        let mut memory = Memory::with_team();
        let before = memory.log.len();
        memory.accept("members/ana", &create("t1", "accounts/acme"));
        let types: Vec<_> = memory.log[before..]
            .iter()
            .map(|new| new.event.name())
            .collect();
        assert_eq!(
            types,
            ["account.created", "account.task_numbered", "task.created"]
        );
        let account = memory.account("acme");
        assert_eq!(account.origin, account::Origin::Auto);
        assert_eq!(account.kind, account::Kind::Customer);
        assert_eq!(account.display_name.as_str(), "acme");
        assert_eq!(account.assignee.id(), "ana");
    }

    #[test]
    fn a_rejected_first_action_creates_nothing() {
        let mut memory = Memory::with_team();
        let before = memory.log.len();
        let bad = CreateTask {
            category: Some("Nonsense".into()),
            ..create("t1", "accounts/acme")
        };
        memory.reject("members/ana", &bad);
        assert_eq!(memory.log.len(), before);
    }

    #[test]
    fn numbering_leaves_the_accounts_etag_alone() {
        let mut memory = Memory::with_team();
        memory.accept("members/ana", &create("t1", "accounts/acme"));
        let revision = memory.account("acme").revision;
        memory.accept("members/ana", &create("t2", "accounts/acme"));
        assert_eq!(memory.account("acme").revision, revision);
        assert_eq!(memory.account("acme").tasks_numbered, 2);
    }

    #[test]
    fn events_of_a_task_share_the_partition_of_its_subject() {
        let mut memory = Memory::with_team();
        let before = memory.log.len();
        memory.accept("members/ana", &create("t1", "accounts/acme"));
        memory.accept("members/ana", &CompleteTask { name: name("t1") });
        let partition = crate::Partition::of("accounts/acme");
        assert!(
            memory.log[before..]
                .iter()
                .all(|new| new.partition == partition)
        );
    }

    #[test]
    fn a_task_about_a_member_is_theirs_and_has_their_number() {
        let mut memory = Memory::with_team();
        memory.accept("members/ana", &create("t1", "members/ben"));
        let task = memory.task(&name("t1"));
        let details = task.details().unwrap();
        assert_eq!(&*details.number, "MEMBER-BEN-TASK-1");
        assert_eq!(details.assignees, ["members/ben".parse().unwrap()]);
        assert!(matches!(
            memory.reject("members/ana", &create("t2", "members/nobody")),
            Rejection::NotFound { .. }
        ));
    }

    #[test]
    fn numbering_leaves_a_members_etag_alone() {
        let mut memory = Memory::with_team();
        let revision = memory.member("ben").revision;
        memory.accept("members/ana", &create("t1", "members/ben"));
        let ben = memory.member("ben");
        assert_eq!((ben.revision, ben.tasks_numbered), (revision, 1));
    }

    #[test]
    fn a_task_of_an_account_is_the_support_teams_where_there_is_one() {
        let mut memory = Memory::with_account("acme");
        memory.accept("members/ana", &create("t1", "accounts/acme"));
        let team: Vec<MemberName> = ["ben", "admin"]
            .map(|id| MemberName::from_id(id).unwrap())
            .into();
        let set = SetSupportTeam {
            account: AccountName::from_id("acme").unwrap(),
            members: team.clone(),
        };
        memory.accept("members/ana", &set);
        memory.accept("members/ana", &create("t2", "accounts/acme"));
        let assignees = |task: &str| {
            memory
                .task(&name(task))
                .details()
                .unwrap()
                .assignees
                .clone()
        };
        assert_eq!(assignees("t1"), ["members/ana".parse().unwrap()]);
        assert_eq!(assignees("t2"), team);
    }

    #[test]
    fn due_is_the_start_plus_the_sla_unless_it_is_given() {
        let mut memory = Memory::with_team();
        let now = memory.now;
        memory.accept("members/ana", &create("t1", "accounts/acme"));
        let task = memory.task(&name("t1"));
        let details = task.details().unwrap();
        assert_eq!(details.due, now + TimeDelta::hours(72));
        assert_eq!(details.due_source, DueSource::Sla);

        let before_start = CreateTask {
            due: Some(memory.now - TimeDelta::seconds(1)),
            ..create("t2", "accounts/acme")
        };
        let Rejection::Invalid(violations) = memory.reject("members/ana", &before_start) else {
            panic!("not a violation")
        };
        assert_eq!(violations[0].field, "task.due_time");
    }

    #[test]
    fn completing_twice_is_completing_once() {
        let mut memory = Memory::with_team();
        memory.accept("members/ana", &create("t1", "accounts/acme"));
        memory.accept("members/ana", &CompleteTask { name: name("t1") });
        let events = memory.log.len();
        memory.accept("members/ben", &CompleteTask { name: name("t1") });
        assert_eq!(memory.log.len(), events);
        let Task::Complete { by, .. } = memory.task(&name("t1")) else {
            panic!("not complete")
        };
        assert_eq!(by.as_str(), "members/ana");
    }

    #[test]
    fn a_stale_etag_changes_nothing() {
        let mut memory = Memory::with_team();
        memory.accept("members/ana", &create("t1", "accounts/acme"));
        memory.accept(
            "members/ana",
            &AssignTask {
                name: name("t1"),
                assignees: vec![],
            },
        );
        let stale = memory.decide_at(Revision(1), &CompleteTask { name: name("t1") });
        assert!(matches!(stale, Err(Rejection::VersionMismatch { .. })));
        assert!(
            memory
                .decide_at(Revision(2), &CompleteTask { name: name("t1") })
                .is_ok()
        );
    }

    #[test]
    fn what_a_service_account_does_for_a_member_is_the_members() {
        let mut memory = Memory::with_team();
        let context = Context {
            on_behalf_of: Some("members/ben".parse().unwrap()),
            ..memory.context("service-accounts/crm")
        };
        memory
            .decide(&context, &create("t1", "accounts/acme"))
            .unwrap();
        let task = memory.task(&name("t1"));
        assert_eq!(task.details().unwrap().creator.as_str(), "members/ben");
        assert_eq!(memory.account("acme").assignee.id(), "ben");
    }

    #[test]
    fn a_deactivated_account_takes_no_new_work_but_lets_work_be_finished() {
        let mut memory = Memory::with_team();
        let acme = AccountName::from_id("acme").unwrap();
        memory.accept("members/ana", &create("t1", "accounts/acme"));
        memory.deactivate(&acme);
        memory.accept("members/ana", &CompleteTask { name: name("t1") });
        for refused in [
            &create("t2", "accounts/acme") as &dyn Command,
            &ReopenTask {
                name: name("t1"),
                status: OpenStatus::NotStarted,
            },
        ] {
            let rejection = memory.reject("members/ana", refused);
            assert!(matches!(
                rejection,
                Rejection::Precondition {
                    reason: Reason::AccountDeactivated,
                    ..
                }
            ));
        }
    }

    #[test]
    fn at_most_two_hundred_assignees() {
        let mut memory = Memory::with_team();
        memory.accept("members/ana", &create("t1", "accounts/acme"));
        let many = vec!["members/ana".parse().unwrap(); limits::ASSIGNEES + 1];
        let rejection = memory.reject(
            "members/ana",
            &AssignTask {
                name: name("t1"),
                assignees: many,
            },
        );
        assert!(matches!(rejection, Rejection::Invalid(_)));
    }
}
