//! The command of the service that reports relevant work (S0).

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::{
    account::{self, SkipReason},
    commands::{CreateTask, account::create_for_action},
    context::Context,
    names::{AccountName, MemberName, StreamName, Subject, TaskName},
    settings::Settings,
    task::{Draft, Due, Origin, Priority, Visibility},
    terms::TaskType,
    text::{Html, Line},
    unit::{Command, Stop, Unit},
};

/// The namespace of the ids of generated tasks. Fixed for ever: a repeat must come to the same id.
const GENERATED: Uuid = Uuid::from_u128(0x6f1d_0c5e_8a4b_5d27_9b36_21d4_7c80_e9a3);

/// Reports relevant work. If the account is active and wants tasks of this type, it gives a task of
/// origin `automation`, else the reason why not is recorded. The same account, type and key give the
/// same task, whatever became of it; a skip does not use up the key. An account that does not exist
/// yet is created in the same append.
///
/// The answer is about the task, or about the account where the work was skipped.
#[derive(Debug, Clone)]
pub struct GenerateTask {
    pub account: AccountName,
    pub task_type: TaskType,
    /// What tells this piece of work from others of its type: the id of a review, a post.
    pub work_key: Line,
    pub title: Line,
    pub description: Option<Html>,
    pub category: Option<Box<str>>,
    pub priority: Priority,
    pub visibility: Visibility,
    /// Empty: the account's support team, else its assignee.
    pub assignees: Vec<MemberName>,
    /// None: now.
    pub start: Option<DateTime<Utc>>,
    /// None: the start plus the hours of the SLA.
    pub due: Option<DateTime<Utc>>,
}

impl GenerateTask {
    /// The task that this work gives: UUIDv5 of account, type and key.
    pub fn task(&self) -> TaskName {
        // Neither a name nor a type has a line break, so no two kinds of work share a text.
        let work = format!("{}\n{}\n{}", self.account, self.task_type, self.work_key);
        let id = Uuid::new_v5(&GENERATED, work.as_bytes());
        TaskName::from_id(&id.to_string()).expect("a UUID in lower case is an id")
    }

    fn skips(&self, settings: &Settings, account: &account::Details) -> Option<SkipReason> {
        let retired = !settings
            .task_types
            .offers(|offered| *offered == self.task_type);
        account
            .skips(&self.task_type)
            .or(retired.then_some(SkipReason::TypeRetired))
    }

    fn creation(&self, name: TaskName) -> CreateTask {
        CreateTask {
            name,
            draft: Draft {
                subject: Some(Subject::Account(self.account.clone())),
                title: Some(self.title.clone()),
                description: self.description.clone(),
                category: self.category.clone(),
                priority: self.priority,
                visibility: self.visibility,
                assignees: self.assignees.clone(),
                start: self.start,
                due: self.due.map(Due::At),
                ..Draft::default()
            },
            origin: Origin::Automation,
        }
    }
}

impl Command for GenerateTask {
    fn decide(&self, context: &Context, unit: &mut Unit<'_>) -> Result<StreamName, Stop> {
        let name = self.task();
        let member = context.acting_member().map(StreamName::from);
        let streams = [
            (&name).into(),
            (&self.account).into(),
            StreamName::settings(),
        ];
        unit.need(member.into_iter().chain(streams))?;
        context.require_team(unit)?;
        if unit.task(&name)?.known().is_some() {
            return Ok((&name).into());
        }
        let settings = unit.settings()?;
        if settings
            .task_types
            .find(|known| *known == self.task_type)
            .is_none()
        {
            return Err(account::unknown_task_type(&self.task_type).into());
        }
        create_for_action(context, unit, &self.account)?;
        let account = unit.account(&self.account)?;
        let details = account.existing(&self.account)?;
        match self.skips(&settings, details) {
            None => self.creation(name).decide(context, unit),
            Some(reason) => {
                let event = account::Event::TaskGenerationSkipped {
                    task_type: self.task_type.clone(),
                    work_key: self.work_key.clone(),
                    reason,
                    by: context.by(),
                    at: context.now,
                };
                unit.append_account(&self.account, event)?;
                Ok((&self.account).into())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Event,
        account::Status,
        commands::{CompleteTask, SelectTaskTypes, SetAccountStatus, memory::Memory},
        rejection::{Reason, Rejection},
        settings::Changes,
    };

    const REVIEWS: &str = "service-accounts/reviews";

    fn generate(work_key: &str) -> GenerateTask {
        GenerateTask {
            account: "accounts/acme".parse().unwrap(),
            task_type: "review-response".parse().unwrap(),
            work_key: Line::new(work_key).unwrap(),
            title: Line::new("Answer the review").unwrap(),
            description: None,
            category: None,
            priority: Priority::Normal,
            visibility: Visibility::Internal,
            assignees: vec![],
            start: None,
            due: None,
        }
    }

    fn set_status(memory: &mut Memory, status: Status) {
        let name = "accounts/acme".parse().unwrap();
        memory.accept("members/ana", &SetAccountStatus { name, status });
    }

    fn skipped(memory: &Memory) -> SkipReason {
        match &memory.log.last().unwrap().event {
            Event::Account(account::Event::TaskGenerationSkipped { reason, .. }) => *reason,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn relevant_work_of_an_active_account_gives_a_numbered_task_of_automation() {
        let mut memory = Memory::with_account("acme");
        memory.accept(REVIEWS, &generate("r1"));
        let task = memory.task(&generate("r1").task());
        let details = task.details().unwrap();
        assert_eq!(details.origin, Origin::Automation);
        assert_eq!(&*details.number, "ACME-TASK-1");
        assert_eq!(details.assignees, ["members/ana".parse().unwrap()]);
    }

    #[test]
    fn a_repeat_gives_the_same_task_whatever_its_state() {
        let mut memory = Memory::with_account("acme");
        let stream = memory.accept(REVIEWS, &generate("r1"));
        let name = generate("r1").task();
        memory.accept("members/ana", &CompleteTask { name: name.clone() });
        set_status(&mut memory, Status::Deactivated);
        let events = memory.log.len();
        assert_eq!(memory.accept(REVIEWS, &generate("r1")), stream);
        assert_eq!(memory.log.len(), events);
        assert!(memory.task(&name).details().unwrap().completed().is_some());
    }

    #[test]
    fn account_type_and_key_make_the_id() {
        let one = generate("r1");
        assert_eq!(one.task(), generate("r1").task());
        assert_eq!(
            one.task().as_str(),
            "tasks/92ddbf9c-173c-562d-b75e-002d72bda4fd",
            "stored ids may never change"
        );
        let others = [
            generate("r2"),
            GenerateTask {
                task_type: "social-post".parse().unwrap(),
                ..generate("r1")
            },
            GenerateTask {
                account: "accounts/bolt".parse().unwrap(),
                ..generate("r1")
            },
        ];
        for other in others {
            assert_ne!(other.task(), one.task());
        }
    }

    #[test]
    fn a_skip_is_recorded_with_its_reason_and_does_not_use_up_the_key() {
        let mut memory = Memory::with_account("acme");
        for (status, reason) in [
            (Status::Paused, SkipReason::AccountPaused),
            (Status::Deactivated, SkipReason::AccountDeactivated),
        ] {
            set_status(&mut memory, status);
            let stream = memory.accept(REVIEWS, &generate("r1"));
            assert_eq!(stream.as_str(), "accounts/acme");
            assert_eq!(skipped(&memory), reason);
        }
        set_status(&mut memory, Status::Active);
        let stream = memory.accept(REVIEWS, &generate("r1"));
        assert_eq!(stream.as_str(), generate("r1").task().as_str());
    }

    #[test]
    fn only_selected_types_that_the_settings_offer_are_generated() {
        let mut memory = Memory::with_account("acme");
        let select = SelectTaskTypes {
            account: "accounts/acme".parse().unwrap(),
            task_types: Some(vec!["social-post".parse().unwrap()]),
        };
        memory.accept("members/ana", &select);
        memory.accept(REVIEWS, &generate("r1"));
        assert_eq!(skipped(&memory), SkipReason::TypeNotSelected);

        memory.change_settings(Changes {
            task_types: Some(vec!["website-edit".parse().unwrap()]),
            ..Changes::default()
        });
        let retired = GenerateTask {
            task_type: "social-post".parse().unwrap(),
            ..generate("r1")
        };
        memory.accept(REVIEWS, &retired);
        assert_eq!(skipped(&memory), SkipReason::TypeRetired);
        let unknown = GenerateTask {
            task_type: "juggling".parse().unwrap(),
            ..generate("r1")
        };
        assert!(matches!(
            memory.reject(REVIEWS, &unknown),
            Rejection::Precondition {
                reason: Reason::UnknownTaskType,
                ..
            }
        ));
    }

    #[test]
    fn generating_is_a_first_action_and_a_rejected_one_creates_nothing() {
        let mut memory = Memory::with_team();
        let events = memory.log.len();
        let bad = GenerateTask {
            category: Some("Nonsense".into()),
            ..generate("r1")
        };
        memory.reject(REVIEWS, &bad);
        assert_eq!(memory.log.len(), events);

        memory.accept(REVIEWS, &generate("r1"));
        let account = memory.account("acme");
        assert_eq!(account.origin, account::Origin::Auto);
        assert_eq!(account.assignee.id(), "admin");
    }

    #[test]
    fn a_first_action_can_create_a_paused_account_and_skip() {
        let mut memory = Memory::with_team();
        memory.change_settings(Changes {
            default_account_status: Some(Status::Paused),
            ..Changes::default()
        });
        memory.accept(REVIEWS, &generate("r1"));
        assert_eq!(skipped(&memory), SkipReason::AccountPaused);
        assert_eq!(memory.account("acme").status, Status::Paused);
    }

    #[test]
    fn the_accounts_etag_ignores_numbering_and_generation() {
        let mut memory = Memory::with_account("acme");
        set_status(&mut memory, Status::Active);
        let revision = memory.account("acme").revision;
        memory.accept(REVIEWS, &generate("r1"));
        assert_eq!(memory.account("acme").revision, revision);
        set_status(&mut memory, Status::Paused);
        let revision = memory.account("acme").revision;
        memory.accept(REVIEWS, &generate("r2"));
        assert_eq!(memory.account("acme").revision, revision);
    }
}
