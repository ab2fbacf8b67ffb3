//! Disabling members with and without a successor.

use super::*;

#[test]
fn work_under_way_to_who_is_disabled_goes_to_their_successor() {
    let mut runner = runner(OwnershipPolicy::AllOpen);
    runner.add_task("t1", &["ana"]);
    runner.begin(&assign_role("ben"));
    runner.policy_reads();
    let name = runner.begin(&disable("ben", Some("dora")));
    runner.plan(&name);
    while runner.execute(&name) {}
    assert!(!runner.memory.member("ben").may_sign_in());
    runner.follow_all();
    assert_eq!(runner.assignees("t1"), ["dora"]);
    assert_eq!(runner.memory.account("acme").assignee, member("dora"));
}

#[test]
fn work_that_went_to_a_successor_follows_the_role_that_was_passed_on_before() {
    let mut runner = runner(OwnershipPolicy::AllOpen);
    runner.add_task("t1", &["ana"]);
    for to in ["ben", "cleo"] {
        runner.begin(&assign_role(to));
    }
    runner.policy_reads();
    let name = runner.begin(&disable("ben", Some("dora")));
    runner.drain(&name);
    assert_eq!(runner.assignees("t1"), ["cleo"]);
}

#[test]
fn disabling_passes_everything_on_whatever_the_policy_and_ends_with_the_member_disabled() {
    let mut runner = runner(OwnershipPolicy::None);
    runner.memory.change_settings(Changes {
        default_assignee: Some(member("ana")),
        ..Changes::default()
    });
    let team = SetSupportTeam {
        account: account("acme"),
        members: members(&["ben", "ana"]),
    };
    runner.memory.accept("members/ana", &team);
    for n in 0..5 {
        runner.add_task(&format!("t{n}"), &["ana", "ben"]);
    }
    let about = create_task(
        "about",
        Subject::Member(member("ana")),
        &["ana"],
        Origin::Manual,
    );
    runner.memory.accept("members/ana", &about);
    let name = runner.begin(&disable("ana", Some("cleo")));
    assert!(runner.memory.member("ana").may_sign_in());
    // Nothing can be given to her from here on.
    let give = runner.memory.reject("members/ben", &assign_role("ana"));
    assert_eq!(reason(give), Reason::MemberDisabled);
    runner.drain(&name);
    assert_eq!(runner.holdings(&member("ana")), []);
    assert!(!runner.memory.member("ana").may_sign_in());
    let account = runner.memory.account("acme");
    assert_eq!(account.assignee, member("cleo"));
    assert_eq!(account.support_team, members(&["ben", "cleo"]));
    assert_eq!(runner.memory.settings().default_assignee, member("cleo"));
    assert_eq!(runner.assignees("t0"), ["ben", "cleo"]);
    assert_eq!(runner.assignees("about"), ["cleo"]);
    let details = runner.memory.operation(&name);
    assert_eq!(
        (details.status, details.counts.moved),
        (Status::Finished, 9)
    );
    let [.., disabled, end] = &runner.memory.log[..] else {
        panic!("nothing")
    };
    assert_eq!(disabled.event.name(), "member.disabled");
    assert_eq!(end.event.name(), "operation.finished");
    // The policy has nothing to do with it.
    assert!(!runner.has(|event| matches!(
        event,
        Event::Account(account::Event::RoleAssigned {
            moves_work: false,
            source: RoleSource::Disabling,
            ..
        })
    )));
}

#[test]
fn who_holds_nothing_is_disabled_as_the_plan_ends() {
    let mut runner = runner(OwnershipPolicy::AllOpen);
    let details = runner.run(&disable("dora", Some("cleo")));
    assert_eq!(
        (details.status, details.planned_items()),
        (Status::Finished, 0)
    );
    assert!(!runner.memory.member("dora").may_sign_in());
    // Without a successor it is as it was: two commands, and the second ends the operation.
    let name = runner.begin(&disable("cleo", None));
    runner.plan(&name);
    assert_eq!(runner.memory.operation(&name).status, Status::Planning);
    let end = DisableMember {
        name: member("cleo"),
        holdings: Holdings::default(),
    };
    runner.memory.accept("members/admin", &end);
    assert_eq!(runner.memory.operation(&name).status, Status::Finished);
    assert!(!runner.memory.member("cleo").may_sign_in());
}

#[test]
fn a_successor_takes_work_and_is_somebody_else() {
    let mut runner = runner(OwnershipPolicy::None);
    let itself = runner
        .memory
        .reject("members/admin", &disable("ana", Some("ana")));
    assert_eq!(field(itself), "successor");
    let unknown = runner
        .memory
        .reject("members/admin", &disable("ana", Some("nobody")));
    assert_eq!(reason(unknown), Reason::UnknownMember);
    runner.begin(&disable("ben", Some("cleo")));
    let leaving = runner
        .memory
        .reject("members/admin", &disable("ana", Some("ben")));
    assert_eq!(reason(leaving), Reason::MemberDisabled);
    runner.memory.disable("dora");
    let gone = runner
        .memory
        .reject("members/admin", &disable("ana", Some("dora")));
    assert_eq!(reason(gone), Reason::MemberDisabled);
}

#[test]
fn a_disabling_under_way_keeps_its_successor_and_is_not_ended_by_hand() {
    let mut runner = runner(OwnershipPolicy::None);
    let name = runner.begin(&disable("ana", Some("ben")));
    let before = runner.memory.log.len();
    runner.begin(&disable("ana", Some("ben")));
    assert_eq!(runner.memory.log.len(), before);
    for other in [Some("cleo"), None] {
        let rejection = runner
            .memory
            .reject("members/admin", &disable("ana", other));
        assert_eq!(reason(rejection), Reason::DisablingUnderWay);
    }
    let end = DisableMember {
        name: member("ana"),
        holdings: Holdings::default(),
    };
    let rejection = runner.memory.reject("members/admin", &end);
    assert_eq!(reason(rejection), Reason::OperationRunning);
    runner.drain(&name);
    assert!(!runner.memory.member("ana").may_sign_in());
}

#[test]
fn the_last_enabled_admin_is_not_disabled_with_a_successor_either() {
    let mut runner = runner(OwnershipPolicy::None);
    let rejection = runner
        .memory
        .reject("members/admin", &disable("admin", Some("ana")));
    assert_eq!(reason(rejection), Reason::LastAdmin);
    let staff = UpdateMember {
        name: member("admin"),
        display_name: None,
        email: None,
        kind: Some(member::Kind::Staff),
        other_admins: vec![],
    };
    let rejection = runner.memory.reject("members/admin", &staff);
    assert_eq!(reason(rejection), Reason::LastAdmin);
}

/// Notes which streams a decision reads.
struct Watched<'a> {
    memory: &'a Memory,
    read: std::cell::RefCell<Vec<StreamName>>,
}

impl crate::Source for Watched<'_> {
    fn get(&self, stream: &StreamName) -> Option<crate::Versioned> {
        self.read.borrow_mut().push(stream.clone());
        self.memory.get(stream)
    }
}

#[test]
fn whatever_gives_something_to_a_member_asserts_that_they_take_work() {
    let mut runner = runner(OwnershipPolicy::AllOpen);
    runner.add_task("t1", &["ana"]);
    let moved = runner.begin(&transfer("ana", "cleo", &[HoldingKind::OpenTask]));
    runner.drain(&moved);
    let changes = runner.results(&moved);
    let Outcome::Moved { change } = &changes[0].outcome else {
        panic!("{changes:?}")
    };
    let undone = runner.begin(&UndoOperation { operation: moved });
    runner.plan(&undone);
    let transfer = runner.begin(&transfer("cleo", "ben", &HoldingKind::ALL));
    runner.plan(&transfer);
    let follow = runner.begin(&assign_role("dora"));
    let planned = crate::policy::Planned {
        item: item("t1"),
        decision: crate::policy::Decision::Move,
        pending: false,
    };
    let acme = account("acme");
    let commands: Vec<(&str, &str, Box<dyn Command>)> = vec![
        ("admin", "ben", Box::new(assign_role("ben"))),
        (
            "admin",
            "ben",
            Box::new(Runner::batch("assignee", "ben", &["acme"])),
        ),
        (
            "admin",
            "ben",
            Box::new(super::transfer("ana", "ben", &HoldingKind::ALL)),
        ),
        ("admin", "ben", Box::new(disable("ana", Some("ben")))),
        (
            "admin",
            "ben",
            Box::new(SetSupportTeam {
                account: acme.clone(),
                members: members(&["ben"]),
            }),
        ),
        (
            "admin",
            "ben",
            Box::new(UpdateSettings {
                changes: Changes {
                    default_assignee: Some(member("ben")),
                    ..Changes::default()
                },
            }),
        ),
        (
            "",
            "ben",
            Box::new(MoveItems {
                operation: transfer,
                first: 0,
                items: vec![item("t1")],
                cause: None,
            }),
        ),
        (
            "",
            "ana",
            Box::new(UndoItems {
                operation: undone,
                first: 0,
                items: vec![(item("t1"), change.clone())],
                cause: None,
            }),
        ),
        (
            "",
            "dora",
            Box::new(FollowRole {
                account: acme,
                operation: Some(follow),
                event: uuid::Uuid::nil(),
                from: member("cleo"),
                to: member("dora"),
                items: vec![planned],
                last: true,
            }),
        ),
    ];
    for (actor, receiver, command) in commands {
        let actor = match actor {
            "" => "system".to_owned(),
            id => format!("members/{id}"),
        };
        let watched = Watched {
            memory: &runner.memory,
            read: Default::default(),
        };
        let mut unit = Unit::new(&watched);
        command
            .decide(&runner.memory.context(&actor), &mut unit)
            .unwrap();
        assert!(!unit.into_effects().events.is_empty(), "{command:?}");
        let receiver = StreamName::from(&member(receiver));
        assert!(watched.read.borrow().contains(&receiver), "{command:?}");
    }
}
