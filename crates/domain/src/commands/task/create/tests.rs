use chrono::{NaiveDate, TimeDelta};

use super::*;
use crate::{
    commands::{
        AssignRole, CompleteTask, CreateContact, Holdings, SetSupportTeam, StartDisabling,
        memory::Memory,
        task::samples::{ZOE, create, details, draft, fields, name, reason, with_task},
    },
    names::AccountName,
    rejection::Violations,
    settings::{Changes, TimeZone},
    task::{DueSource, Hours, Miles, Money, Notify, OpenStatus, Percent, Priority, Quantity, Tag},
    text::{Email, Html, Phone},
};

/// Every field given.
fn full() -> Draft {
    Draft {
        description: Some(Html::new("With <b>figures</b>").unwrap()),
        category: Some("Project".into()),
        status: OpenStatus::InProgress,
        percent: Percent::new(10).unwrap(),
        priority: Priority::Urgent,
        visibility: Visibility::Portal,
        assignees: vec!["members/ben".parse().unwrap()],
        notify: Notify {
            recipients: ["members/ana", ZOE, "office@example.com"]
                .map(|recipient| recipient.parse().unwrap())
                .into(),
            on_change: true,
            on_complete: true,
        },
        start: DateTime::from_timestamp(1_800_003_600, 0),
        due: DateTime::from_timestamp(1_800_090_000, 0).map(Into::into),
        estimated_hours: Some(Hours::new("6").unwrap()),
        actual_hours: Some(Hours::new("0.25").unwrap()),
        billable: true,
        requester: Requester {
            name: Some(Line::new("Zoe Brandt").unwrap()),
            email: Some(Email::new("zoe@example.com").unwrap()),
            phone: Some(Phone::new("+49 30 123456").unwrap()),
        },
        quantity: Some(Quantity::new("3").unwrap()),
        price: Some(Money::new("1249.90", "EUR").unwrap()),
        mileage: Some(Miles::new("12.5").unwrap()),
        expenses: Some(Money::new("38", "EUR").unwrap()),
        related: vec![name("t1")],
        tags: ["figures", "may"].map(|tag| Tag::new(tag).unwrap()).into(),
        responsible_role: Some("success-manager".parse().unwrap()),
        tracker: true,
        ..draft("accounts/acme")
    }
}

fn count(ids: std::ops::Range<usize>, what: impl Fn(usize) -> String) -> Vec<String> {
    ids.map(what).collect()
}

#[test]
fn the_first_action_creates_the_account_in_the_same_append() {
    let mut memory = Memory::with_team();
    let before = memory.log.len();
    memory.accept("members/ana", &create("t1", draft("accounts/acme")));
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
    let bad = Draft {
        category: Some("Nonsense".into()),
        ..draft("accounts/acme")
    };
    memory.reject("members/ana", &create("t1", bad));
    assert_eq!(memory.log.len(), before);
}

#[test]
fn numbering_leaves_the_accounts_etag_alone() {
    let mut memory = Memory::with_team();
    memory.accept("members/ana", &create("t1", draft("accounts/acme")));
    let revision = memory.account("acme").revision;
    memory.accept("members/ana", &create("t2", draft("accounts/acme")));
    assert_eq!(memory.account("acme").revision, revision);
    assert_eq!(memory.account("acme").tasks_numbered, 2);
}

#[test]
fn events_of_a_task_share_the_partition_of_its_subject() {
    let mut memory = Memory::with_team();
    let before = memory.log.len();
    memory.accept("members/ana", &create("t1", draft("accounts/acme")));
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
    memory.accept("members/ana", &create("t1", draft("members/ben")));
    let task = memory.task(&name("t1"));
    let details = task.details().unwrap();
    assert_eq!(&*details.number, "MEMBER-BEN-TASK-1");
    assert_eq!(details.assignees, ["members/ben".parse().unwrap()]);
    assert!(matches!(
        memory.reject("members/ana", &create("t2", draft("members/nobody"))),
        Rejection::NotFound { .. }
    ));
}

#[test]
fn numbering_leaves_a_members_etag_alone() {
    let mut memory = Memory::with_team();
    let revision = memory.member("ben").revision;
    memory.accept("members/ana", &create("t1", draft("members/ben")));
    let ben = memory.member("ben");
    assert_eq!((ben.revision, ben.tasks_numbered), (revision, 1));
}

#[test]
fn a_task_of_an_account_is_the_support_teams_where_there_is_one() {
    let mut memory = Memory::with_account("acme");
    memory.accept("members/ana", &create("t1", draft("accounts/acme")));
    let team: Vec<MemberName> = ["ben", "admin"]
        .map(|id| MemberName::from_id(id).unwrap())
        .into();
    let set = SetSupportTeam {
        account: AccountName::from_id("acme").unwrap(),
        members: team.clone(),
    };
    memory.accept("members/ana", &set);
    memory.accept("members/ana", &create("t2", draft("accounts/acme")));
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
    memory.accept("members/ana", &create("t1", draft("accounts/acme")));
    let task = memory.task(&name("t1"));
    let details = task.details().unwrap();
    assert_eq!(details.due, now + TimeDelta::hours(72));
    assert_eq!(details.due_source, DueSource::Sla);

    let before_start = Draft {
        due: Some((memory.now - TimeDelta::seconds(1)).into()),
        ..draft("accounts/acme")
    };
    let rejection = memory.reject("members/ana", &create("t2", before_start));
    assert_eq!(fields(rejection), ["task.due_time"]);
}

#[test]
fn what_a_service_account_does_for_a_member_is_the_members() {
    let mut memory = Memory::with_team();
    let context = Context {
        on_behalf_of: Some("members/ben".parse().unwrap()),
        ..memory.context("service-accounts/crm")
    };
    memory
        .decide(&context, &create("t1", draft("accounts/acme")))
        .unwrap();
    let task = memory.task(&name("t1"));
    assert_eq!(task.details().unwrap().creator.as_str(), "members/ben");
    assert_eq!(memory.account("acme").assignee.id(), "ben");
}

#[test]
fn every_field_of_the_form_has_its_place() {
    let mut memory = with_task();
    memory.accept("members/ana", &create("t2", full()));
    let (task, form) = (details(&memory, "t2"), full());
    assert_eq!(task.title, form.title.unwrap());
    assert_eq!(task.description, form.description);
    assert_eq!(task.category, form.category);
    assert_eq!(task.status(), form.status.into());
    assert_eq!(task.percent(), form.percent);
    assert_eq!(
        (task.priority, task.visibility),
        (form.priority, form.visibility)
    );
    assert_eq!((task.assignees, task.notify), (form.assignees, form.notify));
    assert_eq!(
        (Some(task.start), task.due_source),
        (form.start, DueSource::Manual)
    );
    assert_eq!(task.due.timestamp(), 1_800_090_000);
    assert_eq!(task.estimated_hours, form.estimated_hours);
    assert_eq!(task.actual_hours, form.actual_hours);
    assert_eq!((task.billable, task.billed), (true, false));
    assert_eq!(task.requester, form.requester);
    assert_eq!((task.quantity, task.mileage), (form.quantity, form.mileage));
    assert_eq!((task.price, task.expenses), (form.price, form.expenses));
    assert_eq!(task.related.into_iter().collect::<Vec<_>>(), form.related);
    assert_eq!(task.tags, form.tags);
    assert_eq!(task.responsible_role, form.responsible_role);
    assert!(task.tracker_requested);
    assert_eq!(task.creator.as_str(), "members/ana");
    assert_eq!(&*task.number, "ACME-TASK-2");
}

#[test]
fn what_is_not_given_has_the_defaults_of_the_form() {
    let mut memory = with_task();
    let now = memory.now;
    memory.accept("members/ana", &create("t2", draft("accounts/acme")));
    let task = details(&memory, "t2");
    assert_eq!(task.status(), OpenStatus::NotStarted.into());
    assert_eq!(
        (task.percent().number(), task.priority),
        (0, Priority::Normal)
    );
    assert_eq!(task.visibility, Visibility::Internal);
    assert_eq!(task.start, now);
    assert!(!task.billable && !task.billed && !task.tracker_requested);
    assert!(task.notify.is_empty() && task.requester.is_unknown() && task.tags.is_empty());
    assert_eq!((task.category, task.responsible_role), (None, None));
}

#[test]
fn everything_that_is_missing_is_told_at_once() {
    let mut memory = Memory::with_team();
    let events = memory.log.len();
    let rejection = memory.reject("members/ana", &create("t1", Draft::default()));
    assert_eq!(fields(rejection), ["task.subject", "task.title"]);
    let worse = Draft {
        tags: (0..51).map(|n| Tag::new(&n.to_string()).unwrap()).collect(),
        due: Some((memory.now - TimeDelta::days(1)).into()),
        related: vec![name("t1")],
        ..Draft::default()
    };
    let rejection = memory.reject("members/ana", &create("t1", worse));
    assert_eq!(
        fields(rejection),
        [
            "task.subject",
            "task.title",
            "task.tags",
            "task.related_tasks",
            "task.due_time"
        ]
    );
    assert_eq!(memory.log.len(), events);
}

#[test]
fn an_assignee_is_required_after_the_defaults() {
    let mut memory = with_task();
    memory.disable("ben");
    let rejection = memory.reject("members/ana", &create("t2", draft("members/ben")));
    assert_eq!(fields(rejection), ["task.assignees"]);
}

#[test]
fn lists_of_a_new_task_are_bounded() {
    let mut memory = with_task();
    let many = Draft {
        assignees: vec!["members/ana".parse().unwrap(); limits::ASSIGNEES + 1],
        notify: Notify {
            recipients: count(0..limits::RECIPIENTS + 1, |n| format!("r{n}@example.com"))
                .into_iter()
                .map(|address| address.parse().unwrap())
                .collect(),
            ..Notify::default()
        },
        related: vec![name("t1"); limits::RELATED_TASKS + 1],
        ..draft("accounts/acme")
    };
    let rejection = memory.reject("members/ana", &create("t2", many));
    assert_eq!(
        fields(rejection),
        [
            "task.assignees",
            "task.notify.recipients",
            "task.related_tasks"
        ]
    );
}

#[test]
fn a_due_date_without_a_time_is_the_end_of_that_day_in_the_time_zone_of_the_settings() {
    let mut memory = with_task();
    memory.change_settings(Changes {
        time_zone: Some(TimeZone::new("America/New_York").unwrap()),
        ..Changes::default()
    });
    let day = NaiveDate::from_ymd_opt(2027, 2, 1).unwrap();
    let with_day = Draft {
        due: Some(task::Due::On(day)),
        ..draft("accounts/acme")
    };
    memory.accept("members/ana", &create("t2", with_day));
    let due = details(&memory, "t2").due;
    assert_eq!(due.to_rfc3339(), "2027-02-02T04:59:59+00:00");
}

#[test]
fn years_that_cannot_be_reckoned_with_are_refused() {
    let mut memory = with_task();
    for far in [DateTime::<Utc>::MAX_UTC, DateTime::<Utc>::MIN_UTC] {
        let wrong = Draft {
            start: Some(far),
            due: Some(far.into()),
            ..draft("accounts/acme")
        };
        let rejection = memory.reject("members/ana", &create("t2", wrong));
        assert_eq!(fields(rejection), ["task.start_time"]);
    }
}

#[test]
fn a_role_that_a_task_follows_is_offered_and_an_accounts() {
    let mut memory = with_task();
    let of = |subject: &str, role: &str| Draft {
        responsible_role: Some(role.parse().unwrap()),
        ..draft(subject)
    };
    memory.accept(
        "members/ana",
        &create("t2", of("accounts/acme", "assignee")),
    );
    let unknown = create("t3", of("accounts/acme", "jester"));
    assert_eq!(
        reason(memory.reject("members/ana", &unknown)),
        Reason::UnknownRole
    );
    let of_member = create("t3", of("members/ben", "assignee"));
    let rejection = memory.reject("members/ana", &of_member);
    assert_eq!(fields(rejection), ["task.responsible_role"]);
}

#[test]
fn recipients_are_of_the_team_or_the_account_or_addresses() {
    let mut memory = with_task();
    let to = |subject: &str, recipient: &str| Draft {
        notify: Notify {
            recipients: vec![recipient.parse().unwrap()],
            ..Notify::default()
        },
        ..draft(subject)
    };
    for (subject, recipient, expected) in [
        ("accounts/acme", "members/nobody", Reason::UnknownMember),
        (
            "accounts/acme",
            "accounts/acme/contacts/tom",
            Reason::UnknownContact,
        ),
        ("accounts/bolt", ZOE, Reason::UnknownContact),
        ("members/ben", ZOE, Reason::UnknownContact),
    ] {
        let rejection = memory.reject("members/ana", &create("t2", to(subject, recipient)));
        assert_eq!(reason(rejection), expected, "{subject} {recipient}");
    }
}

#[test]
fn a_new_task_relates_to_tasks_that_exist_and_they_to_it() {
    let mut memory = with_task();
    let to = |id: &str| Draft {
        related: vec![name(id), name(id)],
        ..draft("accounts/acme")
    };
    memory.accept("members/ana", &create("t2", to("t1")));
    assert!(details(&memory, "t1").related.contains(&name("t2")));
    assert!(details(&memory, "t2").related.contains(&name("t1")));
    let rejection = memory.reject("members/ana", &create("t3", to("t9")));
    assert_eq!(reason(rejection), Reason::UnknownTask);
}

#[test]
fn saving_to_the_tracker_is_an_event_of_its_own_in_the_same_append() {
    let mut memory = with_task();
    let before = memory.log.len();
    let tracked = Draft {
        tracker: true,
        ..draft("accounts/acme")
    };
    memory.accept("members/ana", &create("t2", tracked));
    let types: Vec<_> = memory.log[before..]
        .iter()
        .map(|new| new.event.name())
        .collect();
    assert_eq!(
        types,
        [
            "account.task_numbered",
            "task.created",
            "task.tracker_requested"
        ]
    );
}

#[test]
fn an_id_is_given_once_also_after_its_task_was_deleted() {
    let mut memory = with_task();
    let again = create("t1", draft("accounts/acme"));
    let taken = memory.reject("members/ana", &again);
    assert!(matches!(taken, Rejection::AlreadyExists { .. }));
    memory.accept(
        "members/ana",
        &crate::commands::DeleteTask { name: name("t1") },
    );
    let taken = memory.reject("members/ana", &again);
    assert!(matches!(taken, Rejection::AlreadyExists { .. }));
}

#[test]
fn nobody_who_is_leaving_is_given_a_task_by_default() {
    let mut memory = Memory::with_account("acme");
    let account: AccountName = "accounts/acme".parse().unwrap();
    let team = SetSupportTeam {
        account: account.clone(),
        members: vec!["members/ben".parse().unwrap()],
    };
    memory.accept("members/ana", &team);
    let leave = StartDisabling {
        name: "members/ben".parse().unwrap(),
        successor: None,
        other_admins: vec![],
        holdings: Holdings::default(),
    };
    memory.accept("members/admin", &leave);
    memory.accept("members/ana", &create("t1", draft("accounts/acme")));
    assert_eq!(
        details(&memory, "t1").assignees,
        ["members/ana".parse().unwrap()]
    );
    let named = Draft {
        assignees: vec!["members/ben".parse().unwrap()],
        ..draft("accounts/acme")
    };
    let rejection = memory.reject("members/ana", &create("t2", named));
    assert_eq!(reason(rejection), Reason::MemberDisabled);
    let role = AssignRole {
        account,
        role: crate::terms::Role::assignee(),
        holder: "members/ben".parse().unwrap(),
    };
    assert_eq!(
        reason(memory.reject("members/ana", &role)),
        Reason::MemberDisabled
    );
}

#[test]
fn a_contacts_own_task_is_for_the_portal_and_names_its_requester() {
    let mut memory = with_task();
    let own = Draft {
        subject: None,
        ..draft("accounts/acme")
    };
    memory.accept(ZOE, &create("p1", own));
    let task = details(&memory, "p1");
    assert_eq!(
        (task.origin, task.visibility),
        (Origin::Portal, Visibility::Portal)
    );
    assert_eq!(task.subject.as_str(), "accounts/acme");
    assert_eq!(task.creator.as_str(), ZOE);
    assert_eq!(task.requester.name.unwrap().as_str(), "Zoe Brandt");
    assert_eq!(task.assignees, ["members/ana".parse().unwrap()]);
}

#[test]
fn a_contact_creates_tasks_of_the_own_active_account_only_and_with_portal_access() {
    let mut memory = with_task();
    memory.accept("members/ana", &CreateContact::sample("tom"));
    let of = |subject: &str| create("p1", draft(subject));
    let rejection = memory.reject(ZOE, &of("accounts/bolt"));
    assert!(matches!(rejection, Rejection::NotFound { .. }));
    for stranger in ["accounts/acme/contacts/tom", "accounts/bolt/contacts/zoe"] {
        let rejection = memory.reject(stranger, &of("accounts/acme"));
        assert!(
            matches!(rejection, Rejection::UnknownActor { .. }),
            "{stranger}"
        );
    }
    memory.deactivate(&"accounts/acme".parse().unwrap());
    let rejection = memory.reject(ZOE, &of("accounts/acme"));
    assert_eq!(reason(rejection), Reason::AccountDeactivated);
}

#[test]
fn everything_that_is_wrong_is_told_at_once() {
    let mut memory = with_task();
    memory.disable("ben");
    let mut found = Violations::new();
    found.add("task.percent_complete", "is 101");
    found.add("task.start_time", "is no time");
    // What could not be read is neither missing nor compared with anything.
    let bad = Draft {
        subject: Some("members/ben".parse().unwrap()),
        due: Some((memory.now - TimeDelta::days(1)).into()),
        responsible_role: Some("success-manager".parse().unwrap()),
        found,
        ..Draft::default()
    };
    assert_eq!(
        fields(memory.reject("members/ana", &create("t2", bad.clone()))),
        [
            "task.percent_complete",
            "task.start_time",
            "task.title",
            "task.responsible_role",
            "task.assignees"
        ]
    );
    let mut found = Violations::new();
    found.add("task.title", "has 201 characters");
    found.add("task.assignees[0]", "is no name");
    let bad = Draft {
        responsible_role: None,
        found,
        ..bad
    };
    assert_eq!(
        fields(memory.reject("members/ana", &create("t2", bad))),
        ["task.title", "task.assignees[0]", "task.due_time"]
    );
}

#[test]
fn what_was_found_is_told_although_the_rest_is_right() {
    let mut memory = with_task();
    let mut found = Violations::new();
    found.add("task.mileage", "is no number");
    let bad = Draft {
        found,
        ..draft("accounts/new")
    };
    let events = memory.log.len();
    assert_eq!(
        fields(memory.reject("members/ana", &create("t2", bad))),
        ["task.mileage"]
    );
    assert_eq!(memory.log.len(), events);
}
