//! Queries about accounts, members, timelines and workloads against a real Postgres.

#![allow(clippy::unwrap_used, reason = "a test has no better answer")]

mod support;

use std::collections::BTreeMap;

use chrono::TimeDelta;
use handoff_domain::{
    account::{Account, InteractionKind, Kind, Status},
    commands::{
        AssignRole, CompleteTask, CreateAccount, CreateTask, DeleteTask, DisableMember, Holding,
        LogInteraction, NewId, SetAccountStatus, SetSupportTeam, StartDisabling, UpdateMember,
        UpdateNotes, UpdateSettings, VacateRole,
    },
    names::{AccountName, TaskName},
    settings::{AccountRole, Changes},
    task::{Draft, Origin},
    terms::Role,
    text::{Email, Html, Line},
};
use handoff_read_models::{
    ListRequest, Viewer,
    timelines::{TaskCaption, TimelineEntry, What},
    workloads::WorkloadEntry,
};
use support::{STAFF, Story, member, scene::Scene};

const ACCOUNTS: usize = 90;
/// Five roles beside `assignee`: more than have an index of their own.
const ROLES: [&str; 5] = ["designer", "editor", "lawyer", "sales-manager", "writer"];

fn account(i: usize) -> AccountName {
    AccountName::from_id(&format!("a{i:02}")).unwrap()
}

fn viewer(story: &Story) -> Viewer {
    Viewer {
        now: story.now,
        me: Some(member("ana")),
    }
}

fn line(text: &str) -> Line {
    Line::new(text).unwrap()
}

fn create_task(id: &str, subject: &str, assignees: &[&str]) -> CreateTask {
    CreateTask {
        name: TaskName::from_id(id).unwrap(),
        draft: Draft {
            subject: Some(subject.parse().unwrap()),
            title: Some(line("Call back")),
            assignees: assignees.iter().map(|id| member(id)).collect(),
            ..Draft::default()
        },
        origin: Origin::Manual,
    }
}

/// Accounts of every status and kind, with up to five roles held by the staff in turn.
fn agency() -> Story {
    let mut story = Story::with_team();
    let offered = ROLES.map(|role| AccountRole {
        role: role.parse().unwrap(),
        display_name: line(role),
    });
    let changes = Changes {
        account_roles: Some(offered.into()),
        ..Changes::default()
    };
    story
        .tell("members/admin", &UpdateSettings { changes })
        .unwrap();
    for i in 0..ACCOUNTS {
        let create = CreateAccount {
            id: NewId::Given(account(i)),
            display_name: line(&format!(
                "{} {}",
                ["Acme", "Bäcker ÄRGER", "50%_off"][i % 3],
                ["Berlin", "Paris"][i % 2]
            )),
            kind: [Kind::Customer, Kind::Lead][i / 3 % 2],
            assignee: Some(member(STAFF[i % 4])),
            sla_hours: None,
        };
        story.tell("members/ana", &create).unwrap();
        for (n, role) in ROLES.iter().enumerate().take(i % 6) {
            let assign = AssignRole {
                account: account(i),
                role: role.parse().unwrap(),
                holder: member(STAFF[(i + n) % 5]),
            };
            story.tell("members/ana", &assign).unwrap();
        }
        let status = [Status::Active, Status::Paused, Status::Deactivated][i / 5 % 3];
        let name = account(i);
        story
            .tell("members/ana", &SetAccountStatus { name, status })
            .unwrap();
    }
    story
}

async fn accounts(scene: &Scene, story: &Story, filter: &str, order_by: &str) -> Vec<AccountName> {
    let (mut names, mut token) = (Vec::new(), String::new());
    loop {
        let request = ListRequest {
            page_size: 7,
            page_token: &token,
            filter,
            order_by,
        };
        let answer = scene
            .queries
            .list_accounts(&request, &viewer(story), scene.all())
            .await
            .unwrap();
        assert_eq!(answer.position, scene.head);
        names.extend(answer.value.items.into_iter().map(|entry| entry.name));
        token = answer.value.next_page_token;
        if token.is_empty() {
            return names;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts_are_found_by_holder_status_kind_and_words() {
    let story = agency();
    let scene = Scene::of(&story).await;
    let known: BTreeMap<_, _> = story
        .accounts()
        .into_iter()
        .map(|(name, account)| match account {
            Account::Existing(details) => (name, *details),
            Account::Absent => panic!("{name} is absent"),
        })
        .collect();
    type Of = handoff_domain::account::Details;
    let holds = |of: &Of, role: &str, id: &str| {
        of.holder(&role.parse::<Role>().unwrap()) == Some(&member(id))
    };
    let active = |of: &Of| of.status == Status::Active;
    let lead = |of: &Of| of.kind == Kind::Lead;
    let called = |of: &Of, word: &str| of.display_name.as_str().contains(word);
    #[expect(clippy::type_complexity, reason = "a table of cases")]
    let filters: Vec<(&str, Box<dyn Fn(&Of) -> bool>)> = vec![
        ("", Box::new(active)),
        (
            "status = PAUSED",
            Box::new(|of| of.status == Status::Paused),
        ),
        (
            "status != PAUSED",
            Box::new(|of| of.status != Status::Paused),
        ),
        ("kind = LEAD", Box::new(move |of| active(of) && lead(of))),
        (
            "assignee = me",
            Box::new(move |of| active(of) && holds(of, "assignee", "ana")),
        ),
        (
            "assignee = members/ben AND kind = LEAD AND status = DEACTIVATED",
            Box::new(move |of| {
                holds(of, "assignee", "ben") && lead(of) && of.status == Status::Deactivated
            }),
        ),
        (
            "roles.designer = me",
            Box::new(move |of| active(of) && holds(of, "designer", "ana")),
        ),
        (
            "roles.lawyer = members/cleo AND assignee = me AND NOT status = ACTIVE",
            Box::new(move |of| {
                holds(of, "lawyer", "cleo") && holds(of, "assignee", "ana") && !active(of)
            }),
        ),
        (
            "roles.writer = members/dan",
            Box::new(move |of| active(of) && holds(of, "writer", "dan")),
        ),
        (
            "roles.writer:* AND (status = ACTIVE OR status = PAUSED)",
            Box::new(|of| {
                of.status != Status::Deactivated
                    && of.roles.contains_key(&"writer".parse::<Role>().unwrap())
            }),
        ),
        (
            "roles.editor != members/ben",
            Box::new(move |of| active(of) && !holds(of, "editor", "ben")),
        ),
        (
            "(roles.editor = members/ben OR assignee = members/dan) AND kind = CUSTOMER",
            Box::new(move |of| {
                active(of)
                    && !lead(of)
                    && (holds(of, "editor", "ben") || holds(of, "assignee", "dan"))
            }),
        ),
        (
            "text:acme",
            Box::new(move |of| active(of) && called(of, "Acme")),
        ),
        (
            "text:\"paris ACME\"",
            Box::new(move |of| active(of) && called(of, "Acme") && called(of, "Paris")),
        ),
        (
            "text:ärger AND roles.designer = members/ben",
            Box::new(move |of| active(of) && called(of, "ÄRGER") && holds(of, "designer", "ben")),
        ),
        (
            "text:\"50%_\"",
            Box::new(move |of| active(of) && called(of, "50%_")),
        ),
        ("text:c_m", Box::new(|_| false)),
        ("text:accounts", Box::new(|_| false)),
        (
            "NOT text:acme AND status = PAUSED",
            Box::new(move |of| of.status == Status::Paused && !called(of, "Acme")),
        ),
    ];
    for (filter, shown) in &filters {
        let mut expected: Vec<_> = known
            .iter()
            .filter(|(_, of)| shown(of))
            .map(|(name, _)| name.clone())
            .collect();
        assert_eq!(
            accounts(&scene, &story, filter, "").await,
            expected,
            "{filter}"
        );
        expected.reverse();
        let found = accounts(&scene, &story, filter, "name desc").await;
        assert_eq!(found, expected, "{filter} by name desc");
        let mut found = accounts(&scene, &story, filter, "display_name").await;
        found.sort_by(|a, b| b.cmp(a));
        assert_eq!(found, expected, "{filter} by display_name");
    }
    // A name given directly is always found, and a status that is asked for.
    let (paused, id) = (account(5), "name = accounts/a05");
    assert_eq!(
        accounts(&scene, &story, id, "").await,
        std::slice::from_ref(&paused)
    );
    assert_eq!(
        accounts(&scene, &story, "text:a05 AND status = PAUSED", "").await,
        [paused]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn workloads_count_accounts_by_role_and_open_tasks() {
    let mut story = agency();
    for (id, subject, assignees) in [
        ("t1", "accounts/a00", &["ana", "ben", "cleo", "dan"][..]),
        ("t2", "accounts/a01", &["dan"]),
        ("t3", "members/ana", &["ben", "dan"]),
        ("t4", "accounts/a02", &["dan"]),
    ] {
        story
            .tell("members/ana", &create_task(id, subject, assignees))
            .unwrap();
    }
    let name = "tasks/t4".parse().unwrap();
    story.tell("members/ana", &CompleteTask { name }).unwrap();
    let scene = Scene::of(&story).await;
    let list = async |filter: &str, page_size: i32| -> Vec<WorkloadEntry> {
        let (mut entries, mut token) = (Vec::new(), String::new());
        loop {
            let request = ListRequest {
                page_size,
                page_token: &token,
                filter,
                order_by: "",
            };
            let answer = scene
                .queries
                .list_workloads(&request, &viewer(&story), scene.all())
                .await
                .unwrap();
            entries.extend(answer.value.items);
            token = answer.value.next_page_token;
            if token.is_empty() {
                return entries;
            }
        }
    };
    let entries = list("", 3).await;
    let names: Vec<_> = entries.iter().map(|entry| entry.member.id()).collect();
    assert_eq!(names, ["admin", "ana", "ben", "cleo", "dan", "eva", "finn"]);
    let open: Vec<_> = entries.iter().map(|entry| entry.open_tasks).collect();
    assert_eq!(open, [0, 1, 2, 1, 3, 0, 0]);

    let mut counted: BTreeMap<(String, String), [i64; 3]> = BTreeMap::new();
    for account in story.accounts().into_values() {
        let Account::Existing(details) = account else {
            panic!("an account that is absent")
        };
        let assignee = (Role::assignee(), details.assignee.clone());
        for (role, holder) in details.roles.clone().into_iter().chain([assignee]) {
            let key = (holder.to_string(), role.to_string());
            counted.entry(key).or_default()[details.status as usize] += 1;
        }
    }
    let found: BTreeMap<_, _> = entries
        .iter()
        .flat_map(|entry| {
            entry.roles.iter().map(|of| {
                let key = (entry.member.to_string(), of.role.to_string());
                (key, [of.active, of.paused, of.deactivated])
            })
        })
        .collect();
    assert_eq!(found, counted);
    assert!(found.keys().any(|(_, role)| role == "writer"));
    let mine = list("name = me", 50).await;
    assert_eq!(mine, std::slice::from_ref(&entries[1]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_timeline_shows_what_happened_the_newest_first() {
    let mut story = Story::with_team();
    let acme: AccountName = "accounts/acme".parse().unwrap();
    let task = create_task("t1", "accounts/acme", &[]);
    story.tell("members/ana", &task).unwrap();
    story
        .tell("members/ana", &create_task("t2", "members/ana", &[]))
        .unwrap();
    for name in ["tasks/t1", "tasks/t2"] {
        let name = name.parse().unwrap();
        story.tell("members/ben", &CompleteTask { name }).unwrap();
    }
    // Hidden everywhere but in the history.
    let mistaken = create_task("t3", "accounts/acme", &[]);
    story.tell("members/ana", &mistaken).unwrap();
    let delete = DeleteTask {
        name: mistaken.name,
    };
    story.tell("members/ana", &delete).unwrap();
    let notes = Html::new("<b>call</b> before nine").unwrap();
    let update = UpdateNotes {
        account: acme.clone(),
        notes: notes.clone(),
        notes_revision: 0,
    };
    story.tell("members/ben", &update).unwrap();
    let role: Role = "sales-manager".parse().unwrap();
    let assign = AssignRole {
        account: acme.clone(),
        role: role.clone(),
        holder: member("cleo"),
    };
    story.tell("members/ana", &assign).unwrap();
    let vacate = VacateRole {
        account: acme.clone(),
        role: role.clone(),
    };
    story.tell("members/ana", &vacate).unwrap();
    let long_ago = story.now - TimeDelta::days(30);
    let log = LogInteraction {
        account: acme.clone(),
        kind: InteractionKind::Email,
        details: None,
        happened_at: Some(long_ago),
    };
    story.tell("members/ana", &log).unwrap();
    let pause = SetAccountStatus {
        name: acme.clone(),
        status: Status::Paused,
    };
    story.tell("members/ana", &pause).unwrap();
    let empty = CreateAccount {
        id: NewId::Given("accounts/empty".parse().unwrap()),
        display_name: line("Empty"),
        kind: Kind::Customer,
        assignee: None,
        sla_hours: None,
    };
    story.tell("members/ana", &empty).unwrap();

    let scene = Scene::of(&story).await;
    let list = async |account: &str, filter: &str, order_by: &str| {
        let (mut entries, mut token) = (Vec::new(), String::new());
        loop {
            let request = ListRequest {
                page_size: 2,
                page_token: &token,
                filter,
                order_by,
            };
            let account = account.parse().unwrap();
            let answer = scene
                .queries
                .list_timeline(&account, &request, &viewer(&story), scene.all())
                .await
                .unwrap();
            let page = answer.value?;
            entries.extend(page.items);
            token = page.next_page_token;
            if token.is_empty() {
                return Some(entries);
            }
        }
    };
    let entries: Vec<TimelineEntry> = list("accounts/acme", "", "").await.unwrap();
    let what: Vec<_> = entries.iter().map(|entry| entry.row.what.clone()).collect();
    let cleo = Some(member("cleo"));
    let expected = [
        What::Status {
            previous: Status::Active,
            status: Status::Paused,
        },
        What::Role {
            role: role.clone(),
            previous: cleo.clone(),
            holder: None,
        },
        What::Role {
            role,
            previous: None,
            holder: cleo,
        },
        What::Notes { notes_revision: 1 },
        What::TaskCompleted,
        What::TaskCreated,
        What::Interaction {
            interaction: InteractionKind::Email,
            details: None,
        },
    ];
    assert_eq!(what, expected);
    let caption = TaskCaption {
        number: "ACME-TASK-1".to_owned(),
        title: "Call back".to_owned(),
    };
    assert_eq!(
        (&entries[4].task, entries[4].row.actor.as_str()),
        (&Some(caption), "members/ben")
    );
    let interaction = &entries[6].row;
    assert_eq!(interaction.happened_at, long_ago);
    assert!(interaction.recorded_at > long_ago);

    let mut oldest_first = list("accounts/acme", "", "happen_time").await.unwrap();
    oldest_first.reverse();
    assert_eq!(oldest_first, entries);
    for (filter, shown) in [
        ("kind = INTERACTION OR kind = NOTES", &[3, 6][..]),
        ("actor = members/ben AND NOT kind = NOTES", &[4]),
        ("kind = ROLE AND kind = NOTES", &[]),
    ] {
        let expected: Vec<_> = shown.iter().map(|i| entries[*i].clone()).collect();
        let found = list("accounts/acme", filter, "").await.unwrap();
        assert_eq!(found, expected, "{filter}");
    }
    assert_eq!(list("accounts/empty", "", "").await, Some(Vec::new()));
    assert_eq!(list("accounts/nobody", "", "").await, None);

    let name: TaskName = "tasks/t1".parse().unwrap();
    let answer = scene.queries.get_task(&name, scene.all()).await.unwrap();
    assert_eq!(answer.value.unwrap().account_notes, Some(notes));
}

#[tokio::test(flavor = "multi_thread")]
async fn members_are_found_by_kind_and_words() {
    let mut story = Story::with_team();
    let update = UpdateMember {
        name: member("ben"),
        display_name: Some(line("Benno Ohnsorg")),
        email: Some(Some(Email::new("Ben@Example.com").unwrap())),
        kind: None,
        other_admins: Vec::new(),
    };
    story.tell("members/admin", &update).unwrap();
    let scene = Scene::of(&story).await;
    let list = async |filter: &str, order_by: &str| {
        let (mut names, mut token) = (Vec::new(), String::new());
        loop {
            let request = ListRequest {
                page_size: 2,
                page_token: &token,
                filter,
                order_by,
            };
            let answer = scene
                .queries
                .list_members(&request, &viewer(&story), scene.all())
                .await
                .unwrap();
            assert_eq!(answer.position, scene.head);
            for entry in answer.value.items {
                assert_eq!(entry.row.state, story.members()[&entry.name]);
                names.push(entry.name.id().to_owned());
            }
            token = answer.value.next_page_token;
            if token.is_empty() {
                return names;
            }
        }
    };
    let all = ["admin", "ana", "ben", "cleo", "dan", "eva", "finn"];
    assert_eq!(list("", "").await, all);
    assert_eq!(list("enabled", "name").await, all);
    assert!(list("NOT enabled", "").await.is_empty());
    assert_eq!(list("", "display_name").await[0], "ben");
    for (filter, names) in [
        ("kind = ADMIN", &["admin"][..]),
        ("text:\"OHN example\"", &["ben"]),
        ("text:ben@", &["ben"]),
        ("text:members", &[]),
        ("email:*", &["ben"]),
        ("name = me", &["ana"]),
    ] {
        assert_eq!(list(filter, "").await, names, "{filter}");
    }
    let get = async |id: &str| {
        let answer = scene.queries.get_member(&member(id), scene.all()).await;
        answer.unwrap().value.map(|entry| entry.row.state)
    };
    assert_eq!(
        get("ben").await,
        Some(story.members()[&member("ben")].clone())
    );
    assert_eq!(get("nobody").await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_member_holds_is_found_whole_and_named_as_far_as_it_fits() {
    let mut story = agency();
    let team = SetSupportTeam {
        account: account(7),
        members: vec![member("eva"), member("finn")],
    };
    story.tell("members/ana", &team).unwrap();
    // `finn` is at every place that an assignee may have, and has one task that is not open any more.
    for (id, before) in [("t0", 0), ("t1", 1), ("t2", 2), ("t3", 3), ("t4", 0)] {
        let mut assignees = STAFF[..before].to_vec();
        assignees.push("finn");
        let create = create_task(id, "accounts/a01", &assignees);
        story.tell("members/ana", &create).unwrap();
    }
    let complete = CompleteTask {
        name: TaskName::from_id("t4").unwrap(),
    };
    story.tell("members/ana", &complete).unwrap();
    let scene = Scene::of(&story).await;

    let finn = scene.queries.holdings(&member("finn"), scene.all()).await;
    let finn = finn.unwrap();
    let task = |id| Holding::OpenTask {
        task: TaskName::from_id(id).unwrap(),
    };
    let held = [
        Holding::SupportTeam {
            account: account(7),
        },
        task("t0"),
        task("t1"),
        task("t2"),
        task("t3"),
    ];
    assert_eq!((finn.value.named, finn.value.count), (held.into(), 5));
    assert_eq!(finn.position, scene.head);

    for id in &STAFF[..5] {
        let mut roles: Vec<_> = story
            .accounts()
            .into_iter()
            .flat_map(|(account, state)| {
                let Account::Existing(details) = state else {
                    panic!("{account} is absent")
                };
                let mut roles: Vec<_> = details.roles.into_iter().collect();
                roles.push((Role::assignee(), details.assignee));
                roles.into_iter().filter_map(move |(role, holder)| {
                    let account = account.clone();
                    (holder == member(id)).then_some((account, role))
                })
            })
            .collect();
        roles.sort();
        let teams = u64::from(*id == "eva");
        let tasks = match *id {
            "ana" => 3,
            "ben" => 2,
            "cleo" => 1,
            _ => 0,
        };
        let found = scene.queries.holdings(&member(id), scene.all()).await;
        let found = found.unwrap().value;
        assert_eq!(found.count, roles.len() as u64 + teams + tasks, "{id}");
        assert!(roles.len() > 20, "{id} holds more than is named");
        let named = roles.into_iter().take(20);
        let named: Vec<_> = named
            .map(|(account, role)| Holding::Role { account, role })
            .collect();
        assert_eq!(found.named, named, "{id}");
    }
    let nobody = scene.queries.holdings(&member("nobody"), scene.all()).await;
    assert_eq!(nobody.unwrap().value, Default::default());
}

#[tokio::test(flavor = "multi_thread")]
async fn other_admins_are_those_who_may_sign_in() {
    let mut story = Story::with_team();
    for id in ["ana", "ben", "cleo"] {
        let promote = UpdateMember {
            name: member(id),
            display_name: None,
            email: None,
            kind: Some(handoff_domain::member::Kind::Admin),
            other_admins: Vec::new(),
        };
        story.tell("members/admin", &promote).unwrap();
    }
    let start = StartDisabling {
        successor: None,
        name: member("ben"),
        other_admins: Vec::new(),
        holdings: Default::default(),
    };
    story.tell("members/admin", &start).unwrap();
    let disable = DisableMember {
        name: member("ben"),
        holdings: Default::default(),
    };
    story.tell("members/admin", &disable).unwrap();
    let scene = Scene::of(&story).await;
    let others = scene
        .queries
        .other_admins(&member("ana"), scene.all())
        .await;
    assert_eq!(others.unwrap().value, [member("admin"), member("cleo")]);
}
