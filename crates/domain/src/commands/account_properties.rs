//! Properties of accounts, members and settings after any sequence of commands, accepted and rejected
//! mixed.

use std::collections::HashMap;

use proptest::prelude::*;

use crate::{
    Command, Event, Revision, State, Version,
    account::{self, ContactChanges, InteractionKind, RoleSource, Status},
    commands::{
        AssignRole, ConvertLead, CreateAccount, CreateContact, DeleteContact, DisableMember,
        EnableMember, GenerateTask, Holdings, LogInteraction, NewId, RecordQuestion,
        SelectTaskTypes, SetAccountStatus, SetMonthlyReport, SetSupportTeam, StartDisabling,
        UpdateAccount, UpdateContact, UpdateMember, UpdateNotes, UpdateSettings, VacateRole,
        memory::Memory,
    },
    member,
    names::{AccountName, MemberName},
    settings::{AccountRole, Changes, OwnershipPolicy},
    task::{Priority, Visibility},
    text::{Html, Line, SlaHours},
};

/// A member, perhaps one who does not exist.
fn member() -> impl Strategy<Value = MemberName> {
    prop_oneof![Just("admin"), Just("ana"), Just("ben"), Just("nobody")]
        .prop_map(|id| MemberName::from_id(id).unwrap())
}

fn members() -> impl Strategy<Value = Vec<MemberName>> {
    prop::collection::vec(member(), 0..3)
}

fn account() -> impl Strategy<Value = AccountName> {
    prop_oneof![3 => Just("acme"), 1 => Just("bolt")]
        .prop_map(|id| AccountName::from_id(id).unwrap())
}

fn line(text: &str) -> Line {
    Line::new(text).unwrap()
}

fn status() -> impl Strategy<Value = Status> {
    prop_oneof![
        Just(Status::Active),
        Just(Status::Paused),
        Just(Status::Deactivated)
    ]
}

fn roles() -> impl Strategy<Value = Vec<&'static str>> {
    let ids = vec!["success-manager", "sales-manager", "onboarding-lead"];
    prop::sample::subsequence(ids, 0..=3)
}

fn task_types() -> impl Strategy<Value = Option<Vec<&'static str>>> {
    let ids = vec!["review-response", "social-post", "photo-upload"];
    prop::option::of(prop::sample::subsequence(ids, 0..=3))
}

type Step = (Box<dyn Command>, &'static str, Option<u32>);

fn boxed(command: impl Command + 'static) -> Box<dyn Command> {
    Box::new(command)
}

fn of_accounts() -> impl Strategy<Value = Box<dyn Command>> {
    let role = || {
        prop_oneof![
            Just("assignee"),
            Just("success-manager"),
            Just("sales-manager"),
            Just("jester")
        ]
        .prop_map(|id| id.parse().unwrap())
    };
    prop_oneof![
        account().prop_map(|name| boxed(CreateAccount {
            id: NewId::Given(name),
            display_name: line("An account"),
            kind: account::Kind::Lead,
            assignee: None,
            sla_hours: None,
        })),
        (account(), any::<bool>()).prop_map(|(name, named)| boxed(UpdateAccount {
            name,
            display_name: named.then(|| line("Another name")),
            sla_hours: Some((!named).then_some(SlaHours::DEFAULT)),
        })),
        account().prop_map(|name| boxed(ConvertLead { name })),
        (account(), status()).prop_map(|(name, status)| boxed(SetAccountStatus { name, status })),
        (account(), role(), member()).prop_map(|(account, role, holder)| boxed(AssignRole {
            account,
            role,
            holder,
            source: RoleSource::Api,
        })),
        (account(), role()).prop_map(|(account, role)| boxed(VacateRole {
            account,
            role,
            source: RoleSource::Api,
        })),
        (account(), 0..3_u32, "[a-c]?").prop_map(|(account, notes_revision, text)| boxed(
            UpdateNotes {
                account,
                notes: Html::new(&text).unwrap(),
                notes_revision,
            }
        )),
        account().prop_map(|account| boxed(LogInteraction {
            account,
            kind: InteractionKind::Email,
            details: None,
            happened_at: None,
        })),
        account().prop_map(|account| boxed(RecordQuestion {
            account,
            contact: None,
            question: Html::new("When?").unwrap(),
            asked_at: None,
        })),
        (account(), any::<bool>())
            .prop_map(|(account, on)| boxed(SetMonthlyReport { account, on })),
        (account(), task_types()).prop_map(|(account, task_types)| boxed(SelectTaskTypes {
            account,
            task_types: task_types.map(|ids| ids.iter().map(|id| id.parse().unwrap()).collect()),
        })),
        (account(), members())
            .prop_map(|(account, members)| boxed(SetSupportTeam { account, members })),
        (account(), 0..3_u8).prop_map(|(account, key)| boxed(GenerateTask {
            account,
            task_type: "review-response".parse().unwrap(),
            work_key: line(&format!("r{key}")),
            title: line("Answer the review"),
            description: None,
            category: None,
            priority: Priority::Normal,
            visibility: Visibility::Internal,
            assignees: vec![],
            start: None,
            due: None,
        })),
    ]
}

fn of_contacts() -> impl Strategy<Value = Box<dyn Command>> {
    (0..3_u8, 0..3_u8, any::<bool>()).prop_map(|(which, id, portal_access)| {
        let sample = CreateContact::sample(&format!("c{id}"));
        let (account, name) = (sample.account.clone(), sample.name.clone());
        match which {
            0 => boxed(sample),
            1 => boxed(DeleteContact { account, name }),
            _ => boxed(UpdateContact {
                account,
                name,
                changes: ContactChanges {
                    portal_access: Some(portal_access),
                    phone: Some(None),
                    ..ContactChanges::default()
                },
            }),
        }
    })
}

fn of_members() -> impl Strategy<Value = Box<dyn Command>> {
    let kind = prop_oneof![Just(member::Kind::Admin), Just(member::Kind::Staff)];
    prop_oneof![
        (member(), kind, members()).prop_map(|(name, kind, other_admins)| boxed(UpdateMember {
            name,
            display_name: None,
            email: Some(None),
            kind: Some(kind),
            other_admins,
        })),
        (member(), members()).prop_map(|(name, other_admins)| boxed(StartDisabling {
            name,
            other_admins,
            holdings: Holdings::default(),
        })),
        member().prop_map(|name| boxed(DisableMember {
            name,
            holdings: Holdings::default(),
        })),
        member().prop_map(|name| boxed(EnableMember { name })),
    ]
}

fn of_settings() -> impl Strategy<Value = Box<dyn Command>> {
    let policy = prop_oneof![Just(OwnershipPolicy::None), Just(OwnershipPolicy::AllOpen)];
    (
        roles(),
        task_types(),
        member(),
        status(),
        policy,
        any::<bool>(),
    )
        .prop_map(|(roles, task_types, assignee, status, policy, renamed)| {
            let roles = roles.into_iter().map(|id| AccountRole {
                role: id.parse().unwrap(),
                display_name: line(if renamed { "Another name" } else { id }),
            });
            boxed(UpdateSettings {
                changes: Changes {
                    account_roles: Some(roles.collect()),
                    task_types: task_types
                        .map(|ids| ids.iter().map(|id| id.parse().unwrap()).collect()),
                    default_assignee: renamed.then_some(assignee),
                    default_account_status: (status != Status::Deactivated).then_some(status),
                    ownership_policy: Some(policy),
                    ..Changes::default()
                },
            })
        })
}

fn step() -> impl Strategy<Value = Step> {
    let command = prop_oneof![
        6 => of_accounts(),
        2 => of_contacts(),
        3 => of_members(),
        2 => of_settings(),
    ];
    let actor = prop_oneof![
        4 => Just("members/admin"),
        2 => Just("members/ana"),
        1 => Just("members/ben"),
        1 => Just("system"),
        1 => Just("service-accounts/crm"),
    ];
    (command, actor, prop::option::weighted(0.1, 0..3_u32))
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    prop::collection::vec(step(), 0..60)
}

/// Whether it is accepted is not the point here.
fn run(memory: &mut Memory, (command, actor, expected): &Step) {
    let mut context = memory.context(actor);
    context.expected = expected.map(Revision);
    let _ = memory.decide(&context, &**command);
}

fn accounts(memory: &Memory) -> Vec<account::Details> {
    ["acme", "bolt"]
        .into_iter()
        .filter_map(|id| memory.find_account(id))
        .collect()
}

proptest! {
    #[test]
    fn whatever_was_accepted_folds_from_what_is_stored(steps in steps()) {
        let mut memory = Memory::with_team();
        steps.iter().for_each(|step| run(&mut memory, step));
        let mut folded: HashMap<String, (Version, State)> = HashMap::new();
        for new in &memory.log {
            let kind = new.stream.kind();
            let event = &new.event;
            let decoded =
                Event::decode(kind, event.name(), event.type_version(), &new.payload).unwrap();
            prop_assert_eq!(&decoded, event);
            let (version, state) = folded
                .remove(new.stream.as_str())
                .unwrap_or((Version::default(), State::absent(kind)));
            prop_assert_eq!(new.version, version.next());
            let state = state.evolve(&decoded).unwrap();
            let json = serde_json::to_string(&state).unwrap();
            prop_assert_eq!(&serde_json::from_str::<State>(&json).unwrap(), &state);
            folded.insert(new.stream.as_str().to_owned(), (new.version, state));
        }
    }

    #[test]
    fn every_account_always_has_an_assignee_who_exists(steps in steps()) {
        let mut memory = Memory::with_team();
        for step in &steps {
            run(&mut memory, step);
            for account in accounts(&memory) {
                prop_assert!(account.assignee.id() != "nobody");
                prop_assert!(account.roles.keys().all(|role| !role.is_assignee()));
                let mut held = account.roles.values().chain(&account.support_team);
                prop_assert!(held.all(|member| member.id() != "nobody"));
            }
        }
    }

    #[test]
    fn an_enabled_admin_always_remains(steps in steps()) {
        let mut memory = Memory::with_team();
        for step in &steps {
            run(&mut memory, step);
            let admins = ["admin", "ana", "ben"].map(|id| memory.member(id).is_enabled_admin());
            prop_assert!(admins.contains(&true));
        }
    }

    #[test]
    fn the_default_assignee_always_takes_work(steps in steps()) {
        let mut memory = Memory::with_team();
        for step in &steps {
            run(&mut memory, step);
            let assignee = memory.settings().default_assignee;
            prop_assert!(memory.member(assignee.id()).takes_work());
        }
    }

    #[test]
    fn nothing_is_given_to_who_is_disabled_or_about_to_be(steps in steps()) {
        let mut memory = Memory::with_team();
        for step in &steps {
            let before = memory.log.len();
            run(&mut memory, step);
            for new in &memory.log[before..] {
                let given: Vec<&MemberName> = match &new.event {
                    Event::Account(account::Event::Created { assignee, .. }) => vec![assignee],
                    Event::Account(account::Event::RoleAssigned { holder, .. }) => vec![holder],
                    Event::Account(account::Event::SupportTeamSet { members, .. }) => {
                        members.iter().collect()
                    }
                    Event::Task(_)
                    | Event::Account(_)
                    | Event::Member(_)
                    | Event::Settings(_)
                    | Event::Service(_)
                    | Event::Order(_) => vec![],
                };
                for member in given {
                    prop_assert!(memory.member(member.id()).takes_work());
                }
            }
        }
    }

    #[test]
    fn an_accounts_etag_ignores_numbering_and_generation(steps in steps()) {
        let mut memory = Memory::with_team();
        let mut revisions: HashMap<String, u32> = HashMap::new();
        steps.iter().for_each(|step| run(&mut memory, step));
        for new in &memory.log {
            if let Event::Account(event) = &new.event {
                let counts = !matches!(
                    event,
                    account::Event::TaskNumbered { .. }
                        | account::Event::TaskGenerationSkipped { .. }
                        | account::Event::InteractionLogged { .. }
                        | account::Event::QuestionRecorded { .. }
                );
                *revisions.entry(new.stream.as_str().to_owned()).or_default() += u32::from(counts);
            }
        }
        for id in ["acme", "bolt"] {
            if let Some(account) = memory.find_account(id) {
                prop_assert_eq!(account.revision.0, revisions[&format!("accounts/{id}")]);
            }
        }
    }
}
