//! The event catalogue in the docs is what the code writes.
//!
//! `UPDATE_DOCS=1 cargo test -p handoff-domain --test catalogue` writes it anew.

#![allow(clippy::unwrap_used, reason = "a test has no better answer")]

use std::fmt::Write;

use chrono::{DateTime, TimeDelta, Utc};
use handoff_domain::{
    Change, Event, Holding, HoldingKind, Revision, account, activity,
    checklist::{Content, DeadlineHours, Place, Tier, Updated, Visibility},
    document, member,
    names::{Actor, ContactName, Kind, MemberName, OperationName, TaskName},
    operation::{self, Outcome, OwnershipChange},
    order, service,
    settings::{self, DigestMinutes, DocumentBytes, NumberFormat, OwnershipPolicy, TimeZone},
    task,
    terms::Role,
    text::{Email, Html, Line, Phone, SlaHours},
};

const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/events.md");

const HEAD: &str = "\
# Event catalogue

Generated from the code; a test fails when the two differ. Each event has a type, a version of that
type's format, and a payload: a JSON object whose `type` repeats the last word of the event's type.
Times are RFC 3339 in UTC with microseconds, `at` is when it happened by the server's clock, `by` who
did it. A field that is `null` or missing was not given. Who called, on whose behalf and why is in the metadata
that every event has beside its payload: `actor`, `on_behalf_of`, `request`, `request_hash`,
`correlation_id`, `causation_id`.

Stored events never change. A new version of a format is read beside the old ones.
";

/// One of each, and what it means.
fn samples() -> Vec<(Kind, Event, &'static str)> {
    let mut samples = account_samples();
    samples.extend(contact_samples());
    samples.extend(generation_samples());
    samples.extend(task_samples());
    samples.extend(member_samples());
    samples.extend(settings_samples());
    samples.extend(operation_samples());
    samples.extend(document_samples());
    samples.extend(activity_samples());
    samples.extend(service_samples());
    samples.extend(order_samples());
    samples.extend(order_life_samples());
    samples
}

fn at() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).unwrap()
}

fn by() -> Actor {
    "members/ana".parse().unwrap()
}

fn member(id: &str) -> MemberName {
    MemberName::from_id(id).unwrap()
}

fn line(text: &str) -> Line {
    Line::new(text).unwrap()
}

fn html(text: &str) -> Html {
    Html::new(text).unwrap()
}

fn sla() -> SlaHours {
    SlaHours::new(48).unwrap()
}

fn task_name() -> TaskName {
    "tasks/0198c0de-0000-7000-8000-000000000001"
        .parse()
        .unwrap()
}

fn operation_name() -> OperationName {
    OperationName::of_command(uuid::Uuid::nil())
}

fn event_id() -> uuid::Uuid {
    uuid::Uuid::from_u128(0x0198_c0de_0000_7000_8000_0000_0000_0042)
}

fn account_samples() -> Vec<(Kind, Event, &'static str)> {
    let (by, at) = (by(), at());
    let events = vec![
        (
            account::Event::Created {
                display_name: line("Acme GmbH"),
                kind: account::Kind::Customer,
                status: account::Status::Active,
                assignee: member("ana"),
                sla_hours: Some(sla()),
                origin: account::Origin::Manual,
                by: by.clone(),
                at,
            },
            "An account began: by hand (`manual`), or with the first action that named it (`auto`).",
        ),
        (
            account::Event::DetailsChanged {
                display_name: Some(Change {
                    from: line("Acme GmbH"),
                    to: line("Acme AG"),
                }),
                sla_hours: Some(Change {
                    from: Some(sla()),
                    to: None,
                }),
                by: by.clone(),
                at,
            },
            "The account has another name or other SLA hours. What is `null` was not changed; SLA hours that \
             change to `null` are those of the settings again.",
        ),
        (
            account::Event::LeadConverted { by: by.clone(), at },
            "A lead became a customer.",
        ),
        (
            account::Event::StatusChanged {
                previous: account::Status::Active,
                status: account::Status::Paused,
                by: by.clone(),
                at,
            },
            "The account was activated, paused or deactivated.",
        ),
        (
            account::Event::RoleAssigned {
                role: Role::assignee(),
                previous: Some(member("ana")),
                holder: member("ben"),
                source: account::RoleSource::Api,
                policy: OwnershipPolicy::OpenExceptManual,
                policy_version: Revision(7),
                operation: Some(operation_name()),
                moves_work: false,
                by: by.clone(),
                at,
            },
            "A role of the account is `holder`'s from now on; `previous` held it before. `source` is the path that \
             the change took: `api`, `bulk`, `disabling`, `transfer` or `undo`. `policy` is the ownership policy that \
             holds for this change, `policy_version` the number of changes of settings at which it came to be that. \
             `operation` is the ownership change that it is part of. With `moves_work` that moves the open work \
             itself, and no policy acts; nor does one where `source` is `undo`.",
        ),
        (
            account::Event::RoleVacated {
                role: "success-manager".parse().unwrap(),
                previous: member("ben"),
                source: account::RoleSource::Api,
                operation: Some(operation_name()),
                by: by.clone(),
                at,
            },
            "Nobody holds the role any more. Never the role `assignee`.",
        ),
        (
            account::Event::NotesUpdated {
                notes: html("<p>Call <b>before</b> noon</p>"),
                notes_revision: 4,
                by: by.clone(),
                at,
            },
            "The account's notes were saved for the `notes_revision`th time. For the team only.",
        ),
        (
            account::Event::InteractionLogged {
                kind: account::InteractionKind::PhoneCall,
                details: Some(html("Wants a quote by Friday")),
                happened_at: at - TimeDelta::hours(2),
                by: by.clone(),
                at,
            },
            "The team was in touch with the client: `video_call`, `email` or `phone_call`. Does not change the \
             account's etag.",
        ),
        (
            account::Event::QuestionRecorded {
                contact: Some("accounts/acme/contacts/zoe".parse().unwrap()),
                question: html("When does the campaign start?"),
                asked_at: at - TimeDelta::hours(1),
                assignee: member("ana"),
                by: by.clone(),
                at,
            },
            "A contact asked a question; `contact` is `null` where it is not known who. `assignee` is the account's at \
             this moment, who is notified. Does not change the account's etag.",
        ),
        (
            account::Event::MonthlyReportSet {
                on: false,
                by: by.clone(),
                at,
            },
            "The monthly report was turned on or off.",
        ),
        (
            account::Event::TaskTypesSelected {
                previous: None,
                task_types: Some(vec!["review-response".parse().unwrap()]),
                by: by.clone(),
                at,
            },
            "These types of tasks are generated from now on. `null` is all, also those that the settings will add.",
        ),
        (
            account::Event::SupportTeamSet {
                previous: vec![],
                members: vec![member("ana"), member("ben")],
                by,
                at,
            },
            "Exactly these members are the support team, who get the account's new tasks.",
        ),
    ];
    let of_account = |(event, meaning)| (Kind::Account, Event::Account(event), meaning);
    events.into_iter().map(of_account).collect()
}

fn contact_samples() -> Vec<(Kind, Event, &'static str)> {
    let (by, at) = (by(), at());
    let zoe: ContactName = "accounts/acme/contacts/zoe".parse().unwrap();
    let phone = Phone::new("+49 30 123456").unwrap();
    let events = vec![
        (
            account::Event::ContactCreated {
                contact: zoe.clone(),
                display_name: line("Zoe Brandt"),
                email: Some(Email::new("zoe@example.com").unwrap()),
                phone: Some(phone.clone()),
                kind: account::ContactKind::Client,
                portal_access: false,
                by: by.clone(),
                at,
            },
            "Somebody at the account: a `client` or a `collaborator`. With `portal_access` they may sign in.",
        ),
        (
            account::Event::ContactUpdated {
                contact: zoe.clone(),
                display_name: None,
                email: None,
                phone: Some(Change {
                    from: Some(phone),
                    to: None,
                }),
                kind: Some(Change {
                    from: account::ContactKind::Client,
                    to: account::ContactKind::Collaborator,
                }),
                portal_access: Some(Change {
                    from: false,
                    to: true,
                }),
                by: by.clone(),
                at,
            },
            "What is known of a contact changed. What is `null` was not changed.",
        ),
        (
            account::Event::ContactDeleted {
                contact: zoe,
                by,
                at,
            },
            "The contact is gone. The name is not given again.",
        ),
    ];
    let of_account = |(event, meaning)| (Kind::Account, Event::Account(event), meaning);
    events.into_iter().map(of_account).collect()
}

fn generation_samples() -> Vec<(Kind, Event, &'static str)> {
    vec![
        (
            Kind::Account,
            Event::Account(account::Event::TaskNumbered {
                task: task_name(),
                n: 12,
            }),
            "A task of the account got the account's number `n`, in the append that created it. \
             Does not change the account's etag.",
        ),
        (
            Kind::Account,
            Event::Account(account::Event::TaskGenerationSkipped {
                task_type: "review-response".parse().unwrap(),
                work_key: line("review-8812"),
                reason: account::SkipReason::AccountPaused,
                by: "service-accounts/reviews".parse().unwrap(),
                at: at(),
            }),
            "Relevant work was reported and gave no task: `account_paused`, `account_deactivated`, \
             `type_not_selected` or `type_retired`. The same key can give one later. Does not change the \
             account's etag.",
        ),
    ]
}

fn task_samples() -> Vec<(Kind, Event, &'static str)> {
    let (by, at) = (by(), at());
    let percent = task::Percent::new(40).unwrap();
    let note = || html("<p>They want it <b>before</b> noon</p>");
    let events = vec![
        (
            task::Event::Created(Box::new(created_task())),
            "A task began; every default is filled in. `sla_hours` stay as they were at this moment. What else is \
             missing was not given: nobody is notified, nothing is known of the requester, no tags.",
        ),
        (
            task::Event::Updated(Box::new(updated_task())),
            "One save. What is missing was not changed. A due time of the source `sla` moves with the start.",
        ),
        (
            task::Event::StatusChanged {
                previous: task::OpenStatus::NotStarted,
                status: task::OpenStatus::InProgress,
                by: by.clone(),
                at,
            },
            "The task went from one open status to another: `not_started`, `in_progress`, `waiting_on_customer`.",
        ),
        (
            task::Event::Completed {
                status: task::OpenStatus::InProgress,
                percent,
                by: by.clone(),
                at,
            },
            "The task is complete, at 100 %. `status` and `percent` are those before.",
        ),
        (
            task::Event::Cancelled {
                status: task::OpenStatus::InProgress,
                by: by.clone(),
                at,
            },
            "The task is closed without being done; its percentage stays. `status` is the one before.",
        ),
        (
            task::Event::Reopened {
                previous: task::Status::Complete,
                status: task::OpenStatus::NotStarted,
                percent,
                completed_at: Some(at - TimeDelta::days(1)),
                by: by.clone(),
                at,
            },
            "A closed task is open again, with the percentage that it had before. `previous` is `complete` or \
             `cancelled`, `completed_at` the date that was cleared; `null` where it was cancelled.",
        ),
        (
            task::Event::Deleted { by: by.clone(), at },
            "The task is hidden everywhere but in history.",
        ),
        (
            task::Event::Undeleted { by: by.clone(), at },
            "A deleted task is back as it was.",
        ),
        (
            task::Event::Assigned {
                left: vec![member("ana")],
                joined: vec![member("ben")],
                cause: task::AssignmentCause {
                    source: task::AssignmentSource::Role,
                    event: Some(event_id()),
                    operation: Some(operation_name()),
                },
                by: by.clone(),
                at,
            },
            "Some members left the task and others joined it; its other assignees stay. `source` is the path that \
             the change took: `api`, `successor` (the task came back, and somebody disabled was among its \
             assignees), `role`, `disabling`, `transfer` or `undo`. `event` is the id of the event that it follows \
             from, such as a role's; `null` where it follows from a command alone.",
        ),
        (
            task::Event::NotifySet {
                previous: task::Notify::default(),
                notify: notify(),
                by: by.clone(),
                at,
            },
            "Who is told about the task beside its assignees, and whether of every save and of its completion. A \
             recipient is a member, a contact or an e-mail address.",
        ),
        (
            task::Event::NoteAdded {
                note: note(),
                by: by.clone(),
                at,
            },
            "A note for everyone who sees the task. Does not change the task's etag.",
        ),
        (
            task::Event::InternalNoteAdded {
                note: note(),
                by: by.clone(),
                at,
            },
            "A note for admins: nobody else is shown what it says. Does not change the task's etag.",
        ),
        (
            task::Event::BilledSet {
                billed: true,
                by: by.clone(),
                at,
            },
            "The task was marked as billed, or as not billed after all.",
        ),
        (
            task::Event::Related {
                task: "tasks/0198c0de-0000-7000-8000-000000000002"
                    .parse()
                    .unwrap(),
                by: by.clone(),
                at,
            },
            "The task is related to another one, which says so in the same append: by this event, or by \
             `task.created` if it is new.",
        ),
        (
            task::Event::Unrelated {
                task: "tasks/0198c0de-0000-7000-8000-000000000002"
                    .parse()
                    .unwrap(),
                by: by.clone(),
                at,
            },
            "The task is not related to another one any more. The other has the same event, in the same append.",
        ),
        (
            task::Event::TrackerRequested { by, at },
            "The tracker integration is to get the new task, once. In the append that created it.",
        ),
    ];
    let of_task = |(event, meaning)| (Kind::Task, Event::Task(event), meaning);
    events.into_iter().map(of_task).collect()
}

fn notify() -> task::Notify {
    task::Notify {
        recipients: vec![
            "members/ben".parse().unwrap(),
            "accounts/acme/contacts/zoe".parse().unwrap(),
            "office@example.com".parse().unwrap(),
        ],
        on_change: false,
        on_complete: true,
    }
}

fn created_task() -> task::Created {
    let at = at();
    task::Created {
        number: "ACME-TASK-12".into(),
        subject: "accounts/acme".parse().unwrap(),
        title: line("Prepare the quarterly review"),
        description: Some(html("<p>With the figures of <b>May</b></p>")),
        category: Some("Project".into()),
        status: task::OpenStatus::NotStarted,
        percent: task::Percent::default(),
        priority: task::Priority::High,
        visibility: task::Visibility::Internal,
        assignees: vec![member("ana")],
        notify: notify(),
        start: at,
        due: at + sla().duration(),
        due_source: task::DueSource::Sla,
        sla_hours: sla(),
        estimated_hours: Some(task::Hours::new("6").unwrap()),
        actual_hours: Some(task::Hours::new("0.25").unwrap()),
        billable: true,
        requester: task::Requester {
            name: Some(line("Zoe Brandt")),
            email: Some(Email::new("zoe@example.com").unwrap()),
            phone: Some(Phone::new("+49 30 123456").unwrap()),
        },
        quantity: Some(task::Quantity::new("3").unwrap()),
        price: Some(task::Money::new("1249.90", "EUR").unwrap()),
        mileage: Some(task::Miles::new("12.5").unwrap()),
        expenses: Some(task::Money::new("38", "EUR").unwrap()),
        related: vec![
            "tasks/0198c0de-0000-7000-8000-000000000002"
                .parse()
                .unwrap(),
        ],
        tags: vec![task::Tag::new("figures").unwrap()],
        responsible_role: Some(Role::assignee()),
        origin: task::Origin::Manual,
        by: by(),
        at,
    }
}

fn changed_to<T>(from: T, to: T) -> Option<Change<T>> {
    Some(Change { from, to })
}

fn updated_task() -> task::Updated {
    let at = at();
    let hours = |hours| Some(task::Hours::new(hours).unwrap());
    let price = |amount| Some(task::Money::new(amount, "EUR").unwrap());
    task::Updated {
        title: changed_to(
            line("Prepare the review"),
            line("Prepare the quarterly review"),
        ),
        description: changed_to(None, Some(html("<p>With the figures of <b>May</b></p>"))),
        category: changed_to(Some("Meeting (In Office)".into()), Some("Project".into())),
        percent: changed_to(task::Percent::default(), task::Percent::new(40).unwrap()),
        priority: changed_to(task::Priority::Normal, task::Priority::High),
        visibility: changed_to(task::Visibility::Internal, task::Visibility::Portal),
        start: changed_to(at, at + TimeDelta::days(1)),
        due: changed_to(at + sla().duration(), at + TimeDelta::days(9)),
        due_source: changed_to(task::DueSource::Sla, task::DueSource::Manual),
        estimated_hours: changed_to(None, hours("6")),
        actual_hours: changed_to(hours("0.25"), hours("1.5")),
        billable: changed_to(false, true),
        requester_name: changed_to(None, Some(line("Zoe Brandt"))),
        requester_email: changed_to(None, Some(Email::new("zoe@example.com").unwrap())),
        requester_phone: changed_to(Some(Phone::new("+49 30 123456").unwrap()), None),
        quantity: changed_to(None, Some(task::Quantity::new("3").unwrap())),
        price: changed_to(price("1249.90"), price("1199")),
        mileage: changed_to(None, Some(task::Miles::new("12.5").unwrap())),
        expenses: changed_to(None, price("38")),
        tags: changed_to(vec![], vec![task::Tag::new("figures").unwrap()]),
        responsible_role: changed_to(None, Some(Role::assignee())),
        by: by(),
        at,
    }
}

fn member_samples() -> Vec<(Kind, Event, &'static str)> {
    let (by, at) = (by(), at());
    let events = vec![
        (
            member::Event::Created {
                display_name: line("Ana Lima"),
                email: Some(Email::new("ana@example.com").unwrap()),
                kind: member::Kind::Staff,
                by: "system".parse().unwrap(),
                at,
            },
            "Somebody joined the team. The first member is created by `system`.",
        ),
        (
            member::Event::Changed {
                display_name: None,
                email: Some(Change {
                    from: None,
                    to: Some(Email::new("ana@example.com").unwrap()),
                }),
                by: by.clone(),
                at,
            },
            "The member has another name or e-mail address. What is `null` was not changed.",
        ),
        (
            member::Event::KindChanged {
                previous: member::Kind::Staff,
                kind: member::Kind::Admin,
                by: by.clone(),
                at,
            },
            "The member became an admin or is one no more.",
        ),
        (
            member::Event::DisablingStarted {
                successor: None,
                operation: Some(operation_name()),
                by: by.clone(),
                at,
            },
            "Nothing can be given to the member from this position on. What they hold goes to `successor`, if one \
             is named; `operation` moves it.",
        ),
        (
            member::Event::DisablingCancelled { by: by.clone(), at },
            "The member holds something still, or was kept for another reason: work can be given to them again.",
        ),
        (
            member::Event::Disabled {
                successor: None,
                by: by.clone(),
                at,
            },
            "The member holds nothing any more and may not sign in. Work that comes back later goes to `successor`.",
        ),
        (
            member::Event::Enabled { by, at },
            "A disabled member may sign in and be given work again.",
        ),
        (
            member::Event::TaskNumbered {
                task: task_name(),
                n: 3,
            },
            "A task about the member got the member's number `n`.",
        ),
    ];
    let of_member = |(event, meaning)| (Kind::Member, Event::Member(event), meaning);
    events.into_iter().map(of_member).collect()
}

fn changed<T>(previous: T, value: T) -> settings::Changed<T> {
    settings::Changed {
        previous,
        value,
        by: by(),
        at: at(),
    }
}

fn listed<T>(value: T) -> settings::Listed<T> {
    settings::Listed {
        value,
        by: by(),
        at: at(),
    }
}

fn settings_samples() -> Vec<(Kind, Event, &'static str)> {
    use settings::Event as E;
    let (by, at) = (by(), at());
    let role: Role = "onboarding-lead".parse().unwrap();
    let task_type = || "photo-upload".parse().unwrap();
    let events = vec![
        (
            E::DefaultAccountStatusChanged(changed(
                account::Status::Active,
                account::Status::Paused,
            )),
            "The status that new accounts have at first.",
        ),
        (
            E::DefaultAssigneeChanged(changed(member("admin"), member("ana"))),
            "The assignee of accounts for which nobody else is named.",
        ),
        (
            E::AccountRoleAdded {
                role: role.clone(),
                display_name: line("Onboarding"),
                by: by.clone(),
                at,
            },
            "A role can be given from now on, perhaps again.",
        ),
        (
            E::AccountRoleRenamed {
                role: role.clone(),
                previous: line("Onboarding"),
                display_name: line("Onboarding lead"),
                by: by.clone(),
                at,
            },
            "People call a role otherwise from now on; its id stays.",
        ),
        (
            E::AccountRoleRetired { role, by, at },
            "A role cannot be given any more. Whoever holds it keeps it.",
        ),
        (
            E::TaskCategoryAdded(listed(line("Photo Shoot"))),
            "A category for tasks can be chosen from now on, perhaps again.",
        ),
        (
            E::TaskCategoryRetired(listed(line("Headshots"))),
            "A category for tasks cannot be chosen any more. Tasks that have it keep it.",
        ),
        (
            E::TaskTypeAdded(listed(task_type())),
            "Tasks of this type can be generated from now on, perhaps again.",
        ),
        (
            E::TaskTypeRetired(listed(task_type())),
            "Tasks of this type are not generated any more.",
        ),
        (
            E::DocumentCategoryAdded(listed(line("Contract"))),
            "A category for documents can be chosen from now on, perhaps again.",
        ),
        (
            E::DocumentCategoryRetired(listed(line("Contract"))),
            "A category for documents cannot be chosen any more. Documents that have it keep it.",
        ),
        (
            E::TaskNumberFormatChanged(changed(
                NumberFormat::default(),
                NumberFormat::new("{subject}/{n:05}").unwrap(),
            )),
            "How the numbers of new tasks are written.",
        ),
        (
            E::DefaultSlaHoursChanged(changed(SlaHours::DEFAULT, sla())),
            "The hours within which new tasks are due where their account says nothing else.",
        ),
        (
            E::OwnershipPolicyChanged(changed(OwnershipPolicy::None, OwnershipPolicy::AllOpen)),
            "What becomes of open work when a role changes hands from now on: `none`, `open_except_manual` or \
             `all_open` moves.",
        ),
        (
            E::DigestMinutesChanged(changed(
                DigestMinutes::default(),
                DigestMinutes::new(30).unwrap(),
            )),
            "For how many minutes a digest of notifications collects.",
        ),
        (
            E::TimeZoneChanged(changed(
                TimeZone::default(),
                TimeZone::new("Europe/Berlin").unwrap(),
            )),
            "The time zone in which a due date without a time ends.",
        ),
        (
            E::CallDefaultAccountChanged(changed(None, Some("accounts/acme".parse().unwrap()))),
            "The account of calls from numbers that no contact has; `null`: none.",
        ),
        (
            E::DocumentMaxBytesChanged(changed(
                DocumentBytes::default(),
                DocumentBytes::new(50 * 1024 * 1024).unwrap(),
            )),
            "The largest document, in bytes.",
        ),
    ];
    let of_settings = |(event, meaning)| (Kind::Settings, Event::Settings(event), meaning);
    events.into_iter().map(of_settings).collect()
}

fn operation_samples() -> Vec<(Kind, Event, &'static str)> {
    use operation::Event as E;
    let (by, at) = (by(), at());
    let role = || Holding::Role {
        account: "accounts/acme".parse().unwrap(),
        role: Role::assignee(),
    };
    let task = || Holding::OpenTask { task: task_name() };
    let counts = operation::Counts {
        moved: 1,
        kept: 1,
        skipped: 1,
    };
    let change = operation::Reassigned {
        from: Some(member("ana")),
        to: Some(member("ben")),
        shared: false,
        left_as: operation::left_as("", [&member("ben")]),
    };
    let results = [
        (role(), Outcome::Moved { change }),
        (
            task(),
            Outcome::Kept {
                reason: operation::KeepReason::MadeByHand,
            },
        ),
        (
            task(),
            Outcome::Skipped {
                reason: operation::SkipReason::Closed,
            },
        ),
    ];
    let results = results
        .into_iter()
        .map(|(item, outcome)| operation::ItemResult { item, outcome });
    let events = vec![
        (
            E::Started {
                change: OwnershipChange::TransferResources {
                    from: member("ana"),
                    to: member("ben"),
                    kinds: [HoldingKind::Role, HoldingKind::OpenTask].into(),
                },
                by: by.clone(),
                at,
            },
            "An ownership change began. `change` is what was asked for; its `kind` is `assign_role`, `vacate_role`, \
             `batch_assign_role`, `disable_member`, `transfer_resources` or `undo`.",
        ),
        (
            E::ItemsPlanned {
                page: 0,
                items: vec![role(), task()],
                by: by.clone(),
                at,
            },
            "The next of the items that it changes, in the order in which they are moved: at most 1,000. A single \
             role is not planned but recorded at once.",
        ),
        (
            E::PlanningFinished {
                items: 2,
                by: by.clone(),
                at,
            },
            "The plan is complete; items move from here on.",
        ),
        (
            E::ItemsRecorded {
                results: results.collect(),
                awaited: 1,
                policy: Some(operation::PolicyStep {
                    event: event_id(),
                    last: true,
                }),
                by: by.clone(),
                at,
            },
            "What became of some items: `moved`, with who lost and who got it; `kept`, because a rule says so; \
             `skipped`, because it could not be moved any more. They are the next ones of the plan, or, with `policy`, \
             what the ownership policy did after the role event that it names; `last`: nothing more follows from \
             that. `awaited` counts the role events in the same append that the policy has yet to follow. `left_as` \
             tells the item's holders and status afterwards from others.",
        ),
        (
            E::Finished {
                counts,
                cancelled: true,
                failure: Some("a command was refused for good".into()),
                by: by.clone(),
                at,
            },
            "Nothing more comes. `cancelled`: the member was enabled before all was moved, or it could not go on, and \
             `failure` says why; what was moved stays moved.",
        ),
        (
            E::UndoStarted {
                undo: operation_name(),
                by,
                at,
            },
            "Another operation began to take this one back.",
        ),
    ];
    let of_operation = |(event, meaning)| (Kind::Operation, Event::Operation(event), meaning);
    events.into_iter().map(of_operation).collect()
}

fn document_samples() -> Vec<(Kind, Event, &'static str)> {
    let (by, at) = (by(), at());
    let events = vec![
        (
            document::Event::Uploaded(Box::new(document::Uploaded {
                parent: document::Parent::Task(task_name()),
                subject: "accounts/acme".parse().unwrap(),
                file: document::File {
                    name: document::FileName::new("offer.pdf").unwrap(),
                    media_type: document::MediaType::new("application/pdf").unwrap(),
                    size: 183_204,
                    sha256: document::Sha256::from_bytes([0xa5; 32]),
                    object: "0198c0de-0000-7000-8000-000000000002".parse().unwrap(),
                },
                about: document::Description {
                    category: Some(line("Contract")),
                    short_description: Some(line("The offer as signed")),
                    description: Some(html("<p>With both signatures.</p>")),
                    document_date: Some("2027-01-14".parse().unwrap()),
                    availability: document::Availability {
                        from: Some(at),
                        until: Some(at + TimeDelta::days(90)),
                    },
                },
                active: true,
                visibility: task::Visibility::Portal,
                by: by.clone(),
                at,
            })),
            "A file was attached to `parent`, which is about `subject`. Its content was checked and lay in the object \
             store, under `documents/{id}/{object}`, before this was recorded. `size` is in bytes. Each file of an \
             upload has such an event on a stream of its own.",
        ),
        (
            document::Event::Updated(Box::new(document::Updated {
                file_name: None,
                category: changed_to(Some(line("Contract")), None),
                active: changed_to(true, false),
                visibility: None,
                short_description: None,
                description: None,
                document_date: None,
                available_from: None,
                available_until: None,
                by: by.clone(),
                at,
            })),
            "One save of what is said about a document, with the fields that it changed.",
        ),
        (
            document::Event::Viewed { by, at },
            "A document was viewed, by a download; each request id counts once.",
        ),
    ];
    let of_document = |(event, meaning)| (Kind::Document, Event::Document(event), meaning);
    events.into_iter().map(of_document).collect()
}

fn activity_samples() -> Vec<(Kind, Event, &'static str)> {
    use activity::Event as E;
    let (by, at) = (by(), at());
    let later = at + TimeDelta::days(7);
    let events = vec![
        (
            E::Created(Box::new(activity::Created {
                account: "accounts/acme".parse().unwrap(),
                note: html("Circle back after the <strong>report</strong>"),
                due: Some(later),
                assignee: Some(member("ana")),
                by: by.clone(),
                at,
            })),
            "A follow-up on an account began. Without `due` it is an entry of the account's timeline and nothing to \
             do; without `assignee` it is nobody's.",
        ),
        (
            E::Updated(Box::new(activity::Updated {
                note: Some(Change {
                    from: html("Circle back after the <strong>report</strong>"),
                    to: html("Check in by phone"),
                }),
                due: Some(Change {
                    from: Some(later),
                    to: None,
                }),
                by: by.clone(),
                at,
            })),
            "One save, with the fields that it changed, before and after; the others are missing. A first `due` opens \
             the activity; one that goes to `null` leaves an entry of the timeline.",
        ),
        (
            E::Assigned {
                previous: Some(member("ana")),
                assignee: Some(member("ben")),
                cause: task::AssignmentCause::default(),
                by: by.clone(),
                at,
            },
            "The activity went from one member to another; `null` is nobody. `cause` says which path the change took, as \
             in `task.assigned`.",
        ),
        (
            E::Completed { by: by.clone(), at },
            "The activity, which had a due time, is done. It leaves the to-do list.",
        ),
        (
            E::Reopened {
                completed_at: at,
                by: by.clone(),
                at: later,
            },
            "The activity is open again; `completed_at` is the date that is cleared.",
        ),
        (
            E::Deleted { by, at },
            "The activity is hidden everywhere but in history, for good.",
        ),
    ];
    let of_activity = |(event, meaning)| (Kind::Activity, Event::Activity(event), meaning);
    events.into_iter().map(of_activity).collect()
}

fn content() -> Content {
    Content {
        title: line("Fill in the brief"),
        description: Some(html("<p>What should people <b>find</b>?</p>")),
        deadline_hours: Some(DeadlineHours::new(48).unwrap()),
        assignees: vec![member("ana")],
        responsible_role: Some("success-manager".parse().unwrap()),
        tier: Tier::new(2).unwrap(),
        visibility: Visibility::ClientAssigned,
    }
}

fn task_changes() -> Updated {
    let tier = |number| Tier::new(number).unwrap();
    Updated {
        title: changed_to(line("The brief"), line("Fill in the brief")),
        description: changed_to(None, Some(html("<p>What should people <b>find</b>?</p>"))),
        deadline_hours: changed_to(None, Some(DeadlineHours::new(48).unwrap())),
        responsible_role: changed_to(None, Some("success-manager".parse().unwrap())),
        tier: changed_to(tier(1), tier(2)),
        visibility: changed_to(Visibility::Internal, Visibility::ClientAssigned),
    }
}

fn by_role() -> task::AssignmentCause {
    task::AssignmentCause {
        source: task::AssignmentSource::Role,
        event: Some(uuid::Uuid::from_u128(
            0x0198_c0de_0000_7000_8000_0000_0000_0042,
        )),
        operation: None,
    }
}

fn service_samples() -> Vec<(Kind, Event, &'static str)> {
    use service::Event as E;
    let (by, at) = (by(), at());
    let name = |id: &str| format!("services/seo/tasks/{id}").parse().unwrap();
    let place = |id: &str, tier| Place {
        task: name(id),
        tier: Tier::new(tier).unwrap(),
    };
    let events = vec![
        (
            E::Created {
                display_name: line("Search engine optimisation"),
                description: Some(html("<p>Be found</p>")),
                by: by.clone(),
                at,
            },
            "Something is sold from now on. Its template has no tasks yet.",
        ),
        (
            E::Updated {
                display_name: changed_to(line("SEO"), line("Search engine optimisation")),
                description: None,
                by: by.clone(),
                at,
            },
            "The service has another name or description. What is `null` was not changed.",
        ),
        (
            E::Retired { by: by.clone(), at },
            "The service takes no new orders. Those that there are go on.",
        ),
        (
            E::TaskAdded(Box::new(service::TaskAdded {
                task: name("brief"),
                content: content(),
                by: by.clone(),
                at,
            })),
            "A task was added to the template, at the end of its tier. `deadline_hours` count from an order's start. \
             `visibility` is `internal`, `portal` (contacts see it and whether it is done) or `client_assigned` (one \
             of them completes it).",
        ),
        (
            E::TaskUpdated(Box::new(service::TaskUpdated {
                task: name("brief"),
                changes: task_changes(),
                by: by.clone(),
                at,
            })),
            "One save of a task of the template. What is missing was not changed. One that gets another tier moves to \
             the end of it.",
        ),
        (
            E::TaskAssigned {
                task: name("brief"),
                left: vec![member("ana")],
                joined: vec![member("ben")],
                cause: task::AssignmentCause::default(),
                by: by.clone(),
                at,
            },
            "Some members left a task of the template and others joined it; its other assignees stay. `cause` is as in \
             `task.assigned`.",
        ),
        (
            E::TaskRemoved {
                task: name("brief"),
                by: by.clone(),
                at,
            },
            "A task is not in the template any more. Its name is not given again.",
        ),
        (
            E::TasksReordered {
                tasks: vec![place("audit", 1), place("brief", 2)],
                by,
                at,
            },
            "All tasks of the template in their new order, each with its tier.",
        ),
    ];
    let of_service = |(event, meaning)| (Kind::Service, Event::Service(event), meaning);
    events.into_iter().map(of_service).collect()
}

fn order_task(id: &str) -> handoff_domain::names::OrderTaskName {
    format!("orders/0198c0de-0000-7000-8000-000000000003/tasks/{id}")
        .parse()
        .unwrap()
}

fn copied() -> order::Copied {
    order::Copied {
        task: order_task("brief"),
        template: "services/seo/tasks/brief".parse().unwrap(),
        content: content(),
    }
}

fn order_samples() -> Vec<(Kind, Event, &'static str)> {
    use order::Event as E;
    let (by, at) = (by(), at());
    let brief = || order_task("brief");
    let place = |id: &str, tier| Place {
        task: order_task(id),
        tier: Tier::new(tier).unwrap(),
    };
    let events = vec![
        (
            E::Placed(Box::new(order::Placed {
                account: "accounts/acme".parse().unwrap(),
                service: "services/seo".parse().unwrap(),
                service_version: Revision(7),
                title: line("Search engine optimisation"),
                start: at,
                task_count: 2,
                tasks: vec![copied()],
                by: by.clone(),
                at,
            })),
            "An order began, with a copy of the service's template as it was at the revision `service_version`. Tasks \
             of `task_count` that are not in `tasks` follow in the same append. Assignees who did not take work any \
             more are replaced already.",
        ),
        (
            E::ChecklistCopied {
                tasks: vec![copied()],
                by: by.clone(),
                at,
            },
            "The next tasks of a checklist that is too big for one event. In the append that placed the order.",
        ),
        (
            E::Updated {
                title: None,
                start: changed_to(at, at + TimeDelta::days(1)),
                by: by.clone(),
                at,
            },
            "The order has another title or start, with which the due times of its tasks move. What is `null` was not \
             changed.",
        ),
        (
            E::TaskAdded(Box::new(order::TaskAdded {
                task: brief(),
                template: Some("services/seo/tasks/brief".parse().unwrap()),
                origin: task::Origin::Template,
                content: content(),
                by: by.clone(),
                at,
            })),
            "A task was added to the checklist, at the end of its tier: `manual`, from scratch, or `template`, a copy \
             of the service's task `template` as it was then.",
        ),
        (
            E::TaskUpdated(Box::new(order::TaskUpdated {
                task: brief(),
                changes: task_changes(),
                by: by.clone(),
                at,
            })),
            "One save of a task of the checklist. What is missing was not changed. One that gets another tier moves to \
             the end of it.",
        ),
        (
            E::TaskRemoved {
                task: brief(),
                by: by.clone(),
                at,
            },
            "A task is not in the checklist any more. Its name is not given again.",
        ),
        (
            E::TasksReordered {
                tasks: vec![place("audit", 1), place("brief", 2)],
                by: by.clone(),
                at,
            },
            "All tasks of the checklist in their new order, each with its tier.",
        ),
        (
            E::TaskChecked {
                task: brief(),
                by: by.clone(),
                at,
            },
            "A task is done.",
        ),
        (
            E::TaskUnchecked {
                task: brief(),
                by: by.clone(),
                at,
            },
            "A task is not done after all.",
        ),
        (
            E::TaskAssigned {
                task: brief(),
                left: vec![member("ana")],
                joined: vec![member("ben")],
                cause: by_role(),
                by,
                at,
            },
            "Some members left a task of the checklist and others joined it; its other assignees stay. `cause` is as \
             in `task.assigned`; `successor`: the task came back, and somebody disabled was among its assignees.",
        ),
    ];
    let of_order = |(event, meaning)| (Kind::Order, Event::Order(event), meaning);
    events.into_iter().map(of_order).collect()
}

fn order_life_samples() -> Vec<(Kind, Event, &'static str)> {
    use order::Event as E;
    let (by, at) = (by(), at());
    let brief = || order_task("brief");
    let events = vec![
        (
            E::Assigned {
                added: vec![member("ben")],
                withdrawn: vec![],
                removed: vec![member("ana")],
                restored: vec![],
                cause: task::AssignmentCause::default(),
                by: by.clone(),
                at,
            },
            "Members were put on the order, or taken off it, by hand: `added` stay until they are `withdrawn`, \
             `removed` stay off it until they are `restored` or the current tier changes.",
        ),
        (
            E::AssigneesRotated {
                left: vec![member("ana")],
                joined: vec![member("ben")],
                by: by.clone(),
                at,
            },
            "Others work on the order, because of what came before in the same append: its assignees are those added \
             by hand, and those of the open tasks of the current tier who were not removed by hand.",
        ),
        (
            E::ClientTaskActivated {
                task: brief(),
                by: by.clone(),
                at,
            },
            "It is the contacts' turn to do this task, because of what came before in the same append. Client and \
             collaborators are notified. Does not change the order's etag.",
        ),
        (
            E::NoteAdded {
                task: Some(brief()),
                note: html("<p>They want it <b>before</b> noon</p>"),
                visibility: task::Visibility::Portal,
                by: by.clone(),
                at,
            },
            "A note on one of the order's tasks, or on the order itself where `task` is `null`: for contacts too \
             (`portal`) or for the team (`internal`). Does not change the order's etag.",
        ),
        (
            E::Completed {
                by_hand: false,
                by: by.clone(),
                at,
            },
            "The order is complete: by hand, or because its last open task was done or removed. One that was \
             completed by hand takes no changes of its checklist.",
        ),
        (
            E::Cancelled { by: by.clone(), at },
            "The order is closed without being done. Its checklist takes no changes.",
        ),
        (
            E::Reopened {
                previous: order::Status::Complete,
                by_hand: false,
                by: by.clone(),
                at,
            },
            "The order is open again: by hand, or because it has an open task again. `previous` is the status before.",
        ),
        (
            E::Renewed(Box::new(order::Renewed {
                cycle: order::Cycle::new("2027-02").unwrap(),
                previous_start: at - TimeDelta::days(31),
                start: at,
                tasks: vec![order::Reassigned {
                    task: brief(),
                    assignees: vec![member("ben")],
                }],
                by,
                at,
            })),
            "The next round of an order that recurs: it is open, every task is incomplete, nobody is on it or off it \
             by hand. `tasks` are those that have other assignees from now on: those of the service's template.",
        ),
    ];
    let of_order = |(event, meaning)| (Kind::Order, Event::Order(event), meaning);
    events.into_iter().map(of_order).collect()
}

#[test]
fn the_catalogue_is_what_the_code_writes() {
    let mut catalogue = HEAD.to_owned();
    let samples = samples();
    let types: Vec<_> = samples.iter().map(|(_, event, _)| event.name()).collect();
    assert_eq!(
        types,
        Event::TYPES,
        "every type has a sample, in the order of the code"
    );
    for (kind, event, meaning) in &samples {
        let payload = event.encode();
        let version = event.type_version();
        let decoded = Event::decode(*kind, event.name(), version, &payload).unwrap();
        assert_eq!(&decoded, event);
        let json: serde_json::Value = serde_json::from_str(&payload).unwrap();
        assert!(event.name().ends_with(json["type"].as_str().unwrap()));
        let streams = match kind {
            Kind::Account => "accounts",
            Kind::Task => "tasks",
            Kind::Member => "members",
            Kind::Settings => "the settings",
            Kind::Operation => "operations",
            Kind::Document => "documents",
            Kind::Activity => "activities",
            Kind::Service => "services",
            Kind::Order => "orders",
        };
        write!(
            catalogue,
            "\n## {}\n\nVersion {version}, on the streams of {streams}. {meaning}\n\n```json\n{json:#}\n```\n",
            event.name(),
        )
        .unwrap();
    }
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(PATH, &catalogue).unwrap();
    }
    let docs = std::fs::read_to_string(PATH).unwrap_or_default();
    assert!(
        docs == catalogue,
        "docs/events.md is out of date: run this test with UPDATE_DOCS=1"
    );
}
