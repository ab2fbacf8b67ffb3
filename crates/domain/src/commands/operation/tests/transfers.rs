//! Transfers of what a member holds, and roles of many accounts.

use super::*;

#[test]
fn transfers_batches_and_undos_are_for_admins() {
    let mut runner = runner(OwnershipPolicy::None);
    let operation = runner.begin_as("members/ana", &assign_role("ben"));
    let commands: [&dyn Command; 4] = [
        &transfer("ana", "ben", &HoldingKind::ALL),
        &Runner::batch("assignee", "ben", &["acme"]),
        &UndoOperation { operation },
        &disable("ana", Some("ben")),
    ];
    for command in commands {
        let rejection = runner.memory.reject("members/ben", command);
        assert!(
            matches!(rejection, Rejection::NotAllowed { .. }),
            "{command:?}"
        );
    }
}

#[test]
fn a_transfer_of_roles_leaves_the_work_to_the_policy_and_one_of_tasks_takes_it_itself() {
    for (policy, kinds, expected) in [
        (OwnershipPolicy::None, &[HoldingKind::Role] as &[_], "ana"),
        (OwnershipPolicy::AllOpen, &[HoldingKind::Role], "ben"),
        (
            OwnershipPolicy::None,
            &[HoldingKind::Role, HoldingKind::OpenTask],
            "ben",
        ),
        (OwnershipPolicy::None, &[HoldingKind::OpenTask], "ben"),
        (OwnershipPolicy::AllOpen, &[HoldingKind::SupportTeam], "ana"),
    ] {
        let mut runner = runner(policy);
        runner.add_task("t1", &["ana"]);
        let details = runner.run(&transfer("ana", "ben", kinds));
        assert_eq!(details.status, Status::Finished);
        assert_eq!(runner.assignees("t1"), [expected], "{policy:?} {kinds:?}");
        let has_role = kinds.contains(&HoldingKind::Role);
        let assignee = if has_role { "ben" } else { "ana" };
        assert_eq!(runner.memory.account("acme").assignee, member(assignee));
    }
}

#[test]
fn a_transfer_names_two_members_and_some_kind_of_holding() {
    let mut runner = runner(OwnershipPolicy::None);
    let none = runner
        .memory
        .reject("members/admin", &transfer("ana", "ben", &[]));
    assert_eq!(field(none), "kinds");
    let same = runner
        .memory
        .reject("members/admin", &transfer("ana", "ana", &HoldingKind::ALL));
    assert_eq!(field(same), "to");
    let nobody = runner.memory.reject(
        "members/admin",
        &transfer("nobody", "ana", &HoldingKind::ALL),
    );
    assert!(matches!(nobody, Rejection::NotFound { .. }));
    runner.memory.disable("dora");
    let gone = runner
        .memory
        .reject("members/admin", &transfer("ana", "dora", &HoldingKind::ALL));
    assert_eq!(reason(gone), Reason::MemberDisabled);
}

#[test]
fn a_retired_role_is_passed_on_with_the_rest_but_given_to_nobody_new() {
    let mut runner = runner(OwnershipPolicy::None);
    let give = AssignRole {
        role: role("sales-manager"),
        ..assign_role("ana")
    };
    runner.run(&give);
    let command = UpdateSettings {
        changes: Changes {
            account_roles: Some(vec![]),
            ..Changes::default()
        },
    };
    runner.memory.accept("members/admin", &command);
    let batch = Runner::batch("sales-manager", "ben", &["acme"]);
    let rejection = runner.memory.reject("members/admin", &batch);
    assert_eq!(reason(rejection), Reason::UnknownRole);
    let details = runner.run(&transfer("ana", "ben", &[HoldingKind::Role]));
    assert_eq!(details.counts.moved, 2);
    assert_eq!(
        runner.memory.account("acme").roles[&role("sales-manager")],
        member("ben")
    );
}

#[test]
fn a_batch_gives_a_role_of_each_account_and_the_policy_follows_each() {
    let mut runner = runner(OwnershipPolicy::AllOpen);
    for id in ["bolt", "core"] {
        let command = CreateAccount {
            id: NewId::Given(account(id)),
            display_name: Line::new(id).unwrap(),
            kind: account::Kind::Customer,
            assignee: Some(member(if id == "bolt" { "ben" } else { "ana" })),
            sla_hours: None,
        };
        runner.memory.accept("members/ana", &command);
        let subject = Subject::Account(account(id));
        let create = create_task(id, subject, &["ana"], Origin::Automation);
        runner.memory.accept("members/ana", &create);
    }
    runner.add_task("acme", &["ana"]);
    let name = runner.begin(&Runner::batch(
        "assignee",
        "ben",
        &["acme", "nowhere", "bolt", "core", "acme"],
    ));
    assert_eq!(runner.memory.operation(&name).planned_items(), 4);
    while runner.execute(&name) {}
    assert_eq!(runner.memory.operation(&name).awaited, 2);
    assert_eq!(runner.memory.operation(&name).status, Status::Running);
    runner.follow_all();
    let details = runner.memory.operation(&name);
    assert_eq!(details.status, Status::Finished);
    let counts = Counts {
        moved: 4,
        kept: 1,
        skipped: 1,
    };
    assert_eq!(details.counts, counts);
    assert_eq!(runner.assignees("acme"), ["ben"]);
    assert_eq!(runner.assignees("core"), ["ben"]);
    assert_eq!(runner.assignees("bolt"), ["ana"], "bolt was ben's before");
    let of = |id: &str| Holding::Role {
        account: account(id),
        role: Role::assignee(),
    };
    assert_eq!(
        runner.outcome(&name, &of("nowhere")),
        skipped(SkipReason::NotFound)
    );
    let theirs = Outcome::Kept {
        reason: KeepReason::AlreadyTheirs,
    };
    assert_eq!(runner.outcome(&name, &of("bolt")), theirs);
    let sources = |event: &Event| {
        matches!(
            event,
            Event::Account(account::Event::RoleAssigned {
                source: RoleSource::Bulk,
                ..
            })
        )
    };
    assert_eq!(
        runner
            .memory
            .log
            .iter()
            .filter(|new| sources(&new.event))
            .count(),
        2
    );
}

#[test]
fn a_batch_is_bounded_and_stamps_the_policy_of_the_moment() {
    let mut runner = runner(OwnershipPolicy::None);
    let batch = |accounts| BatchAssignRole {
        role: Role::assignee(),
        holder: member("ben"),
        accounts,
    };
    let many = (0..=limits::PLANNED_ITEMS)
        .map(|n| account(&format!("a{n}")))
        .collect();
    for (accounts, expected) in [
        (Accounts::Listed(vec![]), "accounts"),
        (Accounts::Listed(many), "accounts"),
        (Accounts::Filter("".into()), "filter"),
        (
            Accounts::Filter("x".repeat(limits::FILTER_CHARACTERS + 1).into()),
            "filter",
        ),
    ] {
        let rejection = runner.memory.reject("members/admin", &batch(accounts));
        assert_eq!(field(rejection), expected);
    }
    let name = runner.begin(&batch(Accounts::Filter("kind = lead".into())));
    assert_eq!(runner.memory.operation(&name).status, Status::Planning);
    // The policy changes before the items move.
    runner.memory.change_settings(Changes {
        ownership_policy: Some(OwnershipPolicy::AllOpen),
        ..Changes::default()
    });
    let items = vec![Holding::Role {
        account: account("acme"),
        role: Role::assignee(),
    }];
    let plan = PlanItems {
        operation: name.clone(),
        page: 0,
        items,
    };
    runner.memory.accept("system", &plan);
    runner.drain(&name);
    assert!(runner.has(|event| matches!(
        event,
        Event::Account(account::Event::RoleAssigned {
            policy: OwnershipPolicy::AllOpen,
            policy_version: Revision(1),
            ..
        })
    )));
    assert_eq!(runner.memory.operation(&name).status, Status::Finished);
}

#[test]
fn where_nobody_takes_work_in_somebodys_place_the_default_assignee_does() {
    let mut runner = runner(OwnershipPolicy::None);
    runner.add_task("t1", &["ana"]);
    let name = runner.begin(&transfer("ana", "dora", &[HoldingKind::OpenTask]));
    runner.plan(&name);
    runner.memory.disable("dora");
    while runner.execute(&name) {}
    assert_eq!(runner.assignees("t1"), ["admin"]);
}

#[test]
fn a_retired_role_of_a_batch_is_skipped_where_it_was_retired_meanwhile() {
    let mut runner = runner(OwnershipPolicy::None);
    let name = runner.begin(&Runner::batch("sales-manager", "ben", &["acme"]));
    runner.memory.change_settings(Changes {
        account_roles: Some(vec![]),
        ..Changes::default()
    });
    runner.drain(&name);
    let of = Holding::Role {
        account: account("acme"),
        role: role("sales-manager"),
    };
    assert_eq!(runner.outcome(&name, &of), skipped(SkipReason::RoleRetired));
}
