use std::collections::BTreeSet;

use super::{runner::Runner, *};
use crate::{
    Command, Event, Expectation, Revision,
    account::{self, RoleSource},
    commands::{
        Accounts, AssignRole, AssignTask, CompleteTask, CreateAccount, CreateMember, CreateTask,
        DeleteTask, DisableMember, EnableMember, NewId, ReopenTask, SetSupportTeam, StartDisabling,
        UpdateMember, UpdateSettings, VacateRole, memory::Memory,
    },
    holding::{Holding, HoldingKind, Holdings},
    member,
    names::{AccountName, MemberName, Subject, TaskName},
    operation::{Counts, KeepReason, Outcome, SkipReason, Status},
    rejection::Reason,
    settings::{Changes, OwnershipPolicy},
    task::{self, Assignment, AssignmentCause, AssignmentSource, Draft, OpenStatus, Origin},
    terms::Role,
    text::Line,
};

pub(super) fn member(id: &str) -> MemberName {
    MemberName::from_id(id).unwrap()
}

pub(super) fn account(id: &str) -> AccountName {
    AccountName::from_id(id).unwrap()
}

pub(super) fn task(id: &str) -> TaskName {
    TaskName::from_id(id).unwrap()
}

pub(super) fn item(id: &str) -> Holding {
    Holding::OpenTask { task: task(id) }
}

fn members(ids: &[&str]) -> Vec<MemberName> {
    ids.iter().map(|id| member(id)).collect()
}

pub(super) fn role(id: &str) -> Role {
    id.parse().unwrap()
}

/// The team, the staff `cleo` and `dora` beside it, an account of `ana`'s, and a policy.
pub(super) fn runner(policy: OwnershipPolicy) -> Runner {
    let mut memory = Memory::with_account("acme");
    for id in ["cleo", "dora"] {
        let command = CreateMember {
            id: NewId::Given(member(id)),
            display_name: Line::new(id).unwrap(),
            email: None,
            kind: member::Kind::Staff,
        };
        memory.accept("system", &command);
    }
    memory.change_settings(Changes {
        ownership_policy: Some(policy),
        ..Changes::default()
    });
    Runner::new(memory)
}

pub(super) fn create_task(
    id: &str,
    subject: Subject,
    assignees: &[&str],
    origin: Origin,
) -> CreateTask {
    CreateTask {
        name: task(id),
        draft: Draft {
            subject: Some(subject),
            title: Some(Line::new(id).unwrap()),
            assignees: members(assignees),
            ..Draft::default()
        },
        origin,
    }
}

impl Runner {
    /// A task of acme's that no member made by hand.
    fn add_task(&mut self, id: &str, assignees: &[&str]) {
        let subject = Subject::Account(account("acme"));
        let command = create_task(id, subject, assignees, Origin::Automation);
        self.memory.accept("members/ana", &command);
    }

    fn assignees(&self, id: &str) -> Vec<String> {
        let known = self.memory.task(&task(id));
        let assignees = &known.known().unwrap().assignees;
        assignees
            .iter()
            .map(|member| member.id().to_owned())
            .collect()
    }

    fn outcome(&self, operation: &OperationName, of: &Holding) -> Outcome {
        let results = self.results(operation);
        let result = results.iter().find(|result| result.item == *of);
        result
            .unwrap_or_else(|| panic!("no result of {of}"))
            .outcome
            .clone()
    }

    fn has(&self, event: impl Fn(&Event) -> bool) -> bool {
        self.memory.log.iter().any(|new| event(&new.event))
    }

    fn assign(&mut self, id: &str, add: &[&str], remove: &[&str]) {
        self.memory.accept(
            "members/ana",
            &AssignTask {
                name: task(id),
                assignment: Assignment::Change {
                    add: members(add),
                    remove: members(remove),
                },
                cause: AssignmentCause::default(),
            },
        );
    }
}

pub(super) fn assign_role(to: &str) -> AssignRole {
    AssignRole {
        account: account("acme"),
        role: Role::assignee(),
        holder: member(to),
    }
}

pub(super) fn disable(id: &str, successor: Option<&str>) -> StartDisabling {
    StartDisabling {
        name: member(id),
        successor: successor.map(member),
        other_admins: vec![],
        holdings: Holdings::default(),
    }
}

pub(super) fn transfer(from: &str, to: &str, kinds: &[HoldingKind]) -> TransferResources {
    TransferResources {
        from: member(from),
        to: member(to),
        kinds: kinds.iter().copied().collect::<BTreeSet<_>>(),
    }
}

fn reason(rejection: Rejection) -> Reason {
    match rejection {
        Rejection::Precondition { reason, .. } => reason,
        other => panic!("{other}"),
    }
}

fn field(rejection: Rejection) -> String {
    match rejection {
        Rejection::Invalid(violations) => violations[0].field.clone(),
        other => panic!("{other}"),
    }
}

fn skipped(reason: SkipReason) -> Outcome {
    Outcome::Skipped { reason }
}

#[test]
fn a_role_whose_work_stays_is_an_operation_that_ends_in_the_same_append() {
    let mut runner = runner(OwnershipPolicy::None);
    let before = runner.memory.log.len();
    let name = runner.begin(&assign_role("ben"));
    let types: Vec<_> = runner.memory.log[before..]
        .iter()
        .map(|new| (new.event.name(), new.partition))
        .collect();
    let partition = types[0].1;
    let expected = [
        "operation.started",
        "operation.items_recorded",
        "operation.finished",
        "account.role_assigned",
    ];
    assert_eq!(types, expected.map(|name| (name, partition)));
    let details = runner.memory.operation(&name);
    assert_eq!(
        (details.status, details.counts.moved),
        (Status::Finished, 1)
    );
    // Nothing changes, so nothing began.
    let before = runner.memory.log.len();
    runner.begin(&assign_role("ben"));
    assert_eq!(runner.memory.log.len(), before);
}

#[test]
fn a_vacated_role_is_an_operation_that_moves_nobodys_work() {
    let mut runner = runner(OwnershipPolicy::AllOpen);
    let give = AssignRole {
        role: role("success-manager"),
        ..assign_role("ben")
    };
    runner.run(&give);
    runner.add_task("t1", &["ben"]);
    let vacate = VacateRole {
        account: account("acme"),
        role: role("success-manager"),
    };
    let details = runner.run(&vacate);
    assert_eq!(
        (details.status, details.counts.moved),
        (Status::Finished, 1)
    );
    assert_eq!(runner.assignees("t1"), ["ben"]);
}

#[test]
fn work_follows_the_role_and_names_the_role_event_as_its_cause() {
    let mut runner = runner(OwnershipPolicy::AllOpen);
    runner.add_task("t1", &["cleo", "ana"]);
    runner.add_task("t2", &["ana", "ben"]);
    runner.add_task("t3", &["cleo"]);
    let name = runner.begin_as("members/ana", &assign_role("ben"));
    assert_eq!(runner.memory.operation(&name).status, Status::Running);
    assert_eq!(runner.memory.operation(&name).awaited, 1);
    runner.follow_all();
    // Co-assignees stay, and who is on it already is on it once.
    assert_eq!(runner.assignees("t1"), ["cleo", "ben"]);
    assert_eq!(runner.assignees("t2"), ["ben"]);
    assert_eq!(runner.assignees("t3"), ["cleo"]);
    let details = runner.memory.operation(&name);
    assert_eq!(details.status, Status::Finished);
    assert_eq!(details.counts.moved, 3, "the role and two tasks");
    let caused = |event: &Event| match event {
        Event::Task(task::Event::Assigned { cause, by, .. }) => {
            cause.source == AssignmentSource::Role
                && cause.event.is_some()
                && cause.operation.as_ref() == Some(&name)
                && by.as_str() == "system"
        }
        _ => false,
    };
    assert_eq!(
        runner
            .memory
            .log
            .iter()
            .filter(|new| caused(&new.event))
            .count(),
        2
    );
}

#[test]
fn what_stays_is_recorded_with_the_reason() {
    let mut runner = runner(OwnershipPolicy::OpenExceptManual);
    let subject = || Subject::Account(account("acme"));
    for (id, origin, follows) in [
        ("by-hand", Origin::Manual, None),
        ("by-hand-for-role", Origin::Manual, Some(Role::assignee())),
        ("other", Origin::Template, Some(role("sales-manager"))),
        ("moves", Origin::Template, None),
    ] {
        let mut create = create_task(id, subject(), &["ana"], origin);
        create.draft.responsible_role = follows;
        runner.memory.accept("members/ana", &create);
    }
    runner.add_task("closed", &["ana"]);
    runner.memory.accept(
        "members/ana",
        &CompleteTask {
            name: task("closed"),
        },
    );
    let about = create_task(
        "about",
        Subject::Member(member("ana")),
        &["ana"],
        Origin::Automation,
    );
    runner.memory.accept("members/ana", &about);
    let name = runner.begin(&assign_role("ben"));
    runner.follow_all();
    for (id, reason) in [
        ("by-hand", KeepReason::MadeByHand),
        ("by-hand-for-role", KeepReason::MadeByHand),
        ("other", KeepReason::OtherRole),
    ] {
        assert_eq!(
            runner.outcome(&name, &item(id)),
            Outcome::Kept { reason },
            "{id}"
        );
    }
    assert_eq!(runner.assignees("moves"), ["ben"]);
    assert_eq!(runner.assignees("closed"), ["ana"]);
    assert_eq!(runner.assignees("about"), ["ana"]);
    let counts = Counts {
        moved: 2,
        kept: 3,
        skipped: 0,
    };
    assert_eq!(runner.memory.operation(&name).counts, counts);
}

#[test]
fn who_holds_another_role_keeps_what_follows_none_and_loses_what_follows_the_role() {
    let mut runner = runner(OwnershipPolicy::AllOpen);
    let manager = AssignRole {
        role: role("success-manager"),
        ..assign_role("ana")
    };
    runner.run(&manager);
    runner.add_task("none", &["ana"]);
    let mut create = create_task(
        "follows",
        Subject::Account(account("acme")),
        &["ana"],
        Origin::Template,
    );
    create.draft.responsible_role = Some(Role::assignee());
    runner.memory.accept("members/ana", &create);
    runner.run(&assign_role("ben"));
    assert_eq!(runner.assignees("none"), ["ana"]);
    assert_eq!(runner.assignees("follows"), ["ben"]);
    // With the last role goes the rest.
    let last = AssignRole {
        role: role("success-manager"),
        ..assign_role("cleo")
    };
    runner.run(&last);
    assert_eq!(runner.assignees("none"), ["cleo"]);
}

#[test]
fn an_item_that_changed_meanwhile_is_skipped_with_the_reason_and_stops_nothing() {
    let mut runner = runner(OwnershipPolicy::AllOpen);
    for id in ["complete", "deleted", "reassigned", "untouched"] {
        runner.add_task(id, &["ana"]);
    }
    let name = runner.begin(&assign_role("ben"));
    runner.policy_reads();
    runner.memory.accept(
        "members/ana",
        &CompleteTask {
            name: task("complete"),
        },
    );
    runner.memory.accept(
        "members/ana",
        &DeleteTask {
            name: task("deleted"),
        },
    );
    runner.assign("reassigned", &["cleo"], &["ana"]);
    runner.follow_all();
    for (id, reason) in [
        ("complete", SkipReason::Closed),
        ("deleted", SkipReason::NotFound),
        ("reassigned", SkipReason::Reassigned),
    ] {
        assert_eq!(runner.outcome(&name, &item(id)), skipped(reason), "{id}");
    }
    assert_eq!(runner.assignees("untouched"), ["ben"]);
    assert_eq!(runner.assignees("reassigned"), ["cleo"]);
    assert_eq!(runner.memory.operation(&name).status, Status::Finished);
}

#[test]
fn changes_that_follow_at_once_end_with_the_last_holder() {
    let mut runner = runner(OwnershipPolicy::AllOpen);
    runner.add_task("t1", &["ana"]);
    for to in ["ben", "cleo", "dora"] {
        runner.begin(&assign_role(to));
    }
    runner.follow_all();
    assert_eq!(runner.assignees("t1"), ["dora"]);
}

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

#[test]
fn enabling_a_member_ends_their_disabling_and_what_was_moved_can_be_undone() {
    let mut runner = runner(OwnershipPolicy::None);
    for n in 0..3 {
        runner.add_task(&format!("t{n}"), &["ana"]);
    }
    let before = runner.snapshot();
    let name = runner.begin(&disable("ana", Some("ben")));
    runner.plan(&name);
    assert!(runner.execute(&name));
    runner.memory.accept(
        "members/admin",
        &EnableMember {
            name: member("ana"),
        },
    );
    let details = runner.memory.operation(&name);
    assert_eq!(
        (details.status, details.cancelled),
        (Status::Finished, true)
    );
    assert!(!runner.execute(&name), "nothing more moves");
    assert_eq!(runner.memory.account("acme").assignee, member("ben"));
    runner.undo(&name);
    assert_eq!(runner.snapshot(), before);
}

#[test]
fn a_plan_that_is_executed_twice_changes_nothing_twice() {
    let mut runner = runner(OwnershipPolicy::None);
    runner.add_task("t1", &["ana"]);
    let name = runner.begin(&transfer("ana", "ben", &HoldingKind::ALL));
    runner.plan(&name);
    let command = MoveItems {
        operation: name.clone(),
        first: 0,
        items: runner.planned(&name),
        cause: None,
    };
    runner.memory.accept("system", &command);
    let events = runner.memory.log.len();
    runner.memory.accept("system", &command);
    assert_eq!(runner.memory.log.len(), events);
    let end = FinishPlanning { operation: name };
    runner.memory.accept("system", &end);
    assert_eq!(runner.memory.log.len(), events);
}

#[test]
fn only_handoff_goes_on_with_an_operation() {
    let mut runner = runner(OwnershipPolicy::None);
    let operation = runner.begin(&transfer("ana", "ben", &HoldingKind::ALL));
    let event = uuid::Uuid::nil();
    let commands: [&dyn Command; 5] = [
        &PlanItems {
            operation: operation.clone(),
            page: 0,
            items: vec![item("t1")],
        },
        &FinishPlanning {
            operation: operation.clone(),
        },
        &MoveItems {
            operation: operation.clone(),
            first: 0,
            items: vec![item("t1")],
            cause: None,
        },
        &UndoItems {
            operation: operation.clone(),
            first: 0,
            items: vec![],
            cause: None,
        },
        &FollowRole {
            account: account("acme"),
            operation: Some(operation.clone()),
            event,
            from: member("ana"),
            to: member("ben"),
            items: vec![],
            last: true,
        },
    ];
    for command in commands {
        for actor in ["members/admin", "service-accounts/crm"] {
            let rejection = runner.memory.reject(actor, command);
            assert!(
                matches!(rejection, Rejection::NotAllowed { .. }),
                "{command:?}"
            );
        }
    }
}

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
fn an_undo_restores_what_nobody_touched_since_and_reports_the_rest() {
    let mut runner = runner(OwnershipPolicy::AllOpen);
    for id in ["restored", "shared", "reassigned", "complete", "reopened"] {
        let with: &[&str] = if id == "shared" {
            &["ana", "ben"]
        } else {
            &["ana"]
        };
        runner.add_task(id, with);
    }
    let first = runner.begin(&assign_role("ben"));
    runner.follow_all();
    runner.assign("reassigned", &["cleo"], &["ben"]);
    for id in ["complete", "reopened"] {
        runner
            .memory
            .accept("members/ana", &CompleteTask { name: task(id) });
    }
    let reopen = ReopenTask {
        name: task("reopened"),
        status: OpenStatus::NotStarted,
    };
    runner.memory.accept("members/ana", &reopen);
    let undo = runner.begin(&UndoOperation {
        operation: first.clone(),
    });
    runner.drain(&undo);
    assert_eq!(runner.memory.account("acme").assignee, member("ana"));
    assert_eq!(runner.assignees("restored"), ["ana"]);
    let mut both = runner.assignees("shared");
    both.sort();
    assert_eq!(both, ["ana", "ben"]);
    assert_eq!(runner.assignees("reassigned"), ["cleo"]);
    assert_eq!(
        runner.outcome(&undo, &item("reassigned")),
        skipped(SkipReason::Changed)
    );
    assert_eq!(
        runner.outcome(&undo, &item("complete")),
        skipped(SkipReason::Changed)
    );
    assert_eq!(
        runner.assignees("reopened"),
        ["ana"],
        "it is as it was left"
    );
    // No policy acts on what an undo gives back.
    let details = runner.memory.operation(&undo);
    assert_eq!((details.status, details.awaited), (Status::Finished, 0));
    assert_eq!((details.counts.moved, details.counts.skipped), (4, 2));
    assert_eq!(runner.memory.operation(&first).undo, Some(undo));
}

#[test]
fn an_operation_is_undone_once_when_it_is_finished_and_an_undo_is_not_undone() {
    let mut runner = runner(OwnershipPolicy::AllOpen);
    runner.add_task("t1", &["ana"]);
    let first = runner.begin(&assign_role("ben"));
    let undo = UndoOperation {
        operation: first.clone(),
    };
    let rejection = runner.memory.reject("members/admin", &undo);
    assert_eq!(reason(rejection), Reason::OperationRunning);
    runner.follow_all();
    let second = runner.begin(&undo);
    let rejection = runner.memory.reject("members/admin", &undo);
    assert_eq!(reason(rejection), Reason::OperationUndone);
    runner.drain(&second);
    let rejection = runner
        .memory
        .reject("members/admin", &UndoOperation { operation: second });
    assert_eq!(reason(rejection), Reason::UndoIsFinal);
    let unknown = UndoOperation {
        operation: "operations/none".parse().unwrap(),
    };
    let rejection = runner.memory.reject("members/admin", &unknown);
    assert!(matches!(rejection, Rejection::NotFound { .. }));
}

#[test]
fn undoing_a_disabling_enables_the_member_first_and_gives_everything_back() {
    let mut runner = runner(OwnershipPolicy::AllOpen);
    runner.memory.change_settings(Changes {
        default_assignee: Some(member("ana")),
        ..Changes::default()
    });
    for n in 0..4 {
        runner.add_task(&format!("t{n}"), &["ana"]);
    }
    let before = runner.snapshot();
    let name = runner.begin(&disable("ana", Some("ben")));
    runner.drain(&name);
    assert_ne!(runner.snapshot(), before);
    let undo = runner.begin(&UndoOperation { operation: name });
    assert!(runner.memory.member("ana").takes_work());
    runner.drain(&undo);
    assert_eq!(runner.snapshot(), before);
}

#[test]
fn an_undo_gives_nothing_back_to_who_takes_no_work() {
    let mut runner = runner(OwnershipPolicy::None);
    runner.add_task("t1", &["dora"]);
    let name = runner.begin(&transfer("dora", "ben", &[HoldingKind::OpenTask]));
    runner.drain(&name);
    runner.memory.disable("dora");
    let undo = runner.begin(&UndoOperation { operation: name });
    runner.drain(&undo);
    assert_eq!(
        runner.outcome(&undo, &item("t1")),
        skipped(SkipReason::MemberDisabled)
    );
    assert_eq!(runner.assignees("t1"), ["ben"]);
}

#[test]
fn a_disabling_is_not_undone_while_another_is_under_way() {
    let mut runner = runner(OwnershipPolicy::None);
    let first = runner.begin(&disable("dora", Some("ben")));
    runner.drain(&first);
    runner.memory.accept(
        "members/admin",
        &EnableMember {
            name: member("dora"),
        },
    );
    runner.begin(&disable("dora", Some("cleo")));
    let rejection = runner
        .memory
        .reject("members/admin", &UndoOperation { operation: first });
    assert_eq!(reason(rejection), Reason::DisablingUnderWay);
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
fn a_plan_that_changed_is_refused() {
    let mut runner = runner(OwnershipPolicy::None);
    runner.add_task("t1", &["ana"]);
    let expectations = |runner: &Runner| {
        let streams = [(&account("acme")).into(), (&task("t1")).into()];
        let streams = streams.map(|name: StreamName| Expectation::Stream {
            version: runner.memory.version(&name),
            name,
        });
        let version = runner.memory.settings().ownership_policy_version;
        let policy = Expectation::Policy { version };
        streams.into_iter().chain([policy]).collect::<Vec<_>>()
    };
    let plan = expectations(&runner);
    let decide = |runner: &mut Runner, plan: &[Expectation], command: &dyn Command| {
        let context = Context {
            plan: plan.to_vec(),
            ..runner.memory.context("members/admin")
        };
        runner.memory.decide(&context, command)
    };
    let changed = |result: Result<StreamName, Rejection>| match result.unwrap_err() {
        Rejection::PlanChanged { resource, .. } => resource,
        other => panic!("{other}"),
    };
    let commands: [&dyn Command; 4] = [
        &assign_role("ben"),
        &transfer("ana", "ben", &HoldingKind::ALL),
        &Runner::batch("assignee", "ben", &["acme"]),
        &disable("ana", Some("ben")),
    ];
    // A listed item, then the policy.
    runner.assign("t1", &["cleo"], &[]);
    for command in commands {
        assert_eq!(changed(decide(&mut runner, &plan, command)), "tasks/t1");
    }
    let plan = expectations(&runner);
    runner.memory.change_settings(Changes {
        ownership_policy: Some(OwnershipPolicy::AllOpen),
        ..Changes::default()
    });
    assert_eq!(
        changed(decide(&mut runner, &plan, &assign_role("ben"))),
        "settings"
    );
    // Another setting makes no difference.
    let plan = expectations(&runner);
    runner.memory.change_settings(Changes {
        task_types: Some(vec![]),
        ..Changes::default()
    });
    decide(&mut runner, &plan, &assign_role("ben")).unwrap();
    let name = runner.begin(&assign_role("cleo"));
    runner.follow_all();
    let undo = UndoOperation { operation: name };
    assert_eq!(changed(decide(&mut runner, &plan, &undo)), "accounts/acme");
    let many = vec![plan[2].clone(); limits::EXPECTATIONS + 1];
    let rejection = decide(&mut runner, &many, &assign_role("ana")).unwrap_err();
    assert_eq!(field(rejection), "expected_position");
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

#[test]
fn more_items_than_fit_are_refused() {
    let mut runner = runner(OwnershipPolicy::None);
    let operation = runner.begin(&transfer("ana", "ben", &HoldingKind::ALL));
    for items in [vec![], vec![item("t1"); limits::MOVED_ITEMS + 1]] {
        let command = MoveItems {
            operation: operation.clone(),
            first: 0,
            items,
            cause: None,
        };
        assert_eq!(field(runner.memory.reject("system", &command)), "items");
    }
}

#[test]
fn a_role_event_from_before_there_were_operations_is_followed_without_one() {
    let mut runner = runner(OwnershipPolicy::AllOpen);
    runner.add_task("t1", &["ana"]);
    let planned = crate::policy::Planned {
        item: item("t1"),
        decision: crate::policy::Decision::Move,
        pending: false,
    };
    let command = FollowRole {
        account: account("acme"),
        operation: None,
        event: uuid::Uuid::nil(),
        from: member("ana"),
        to: member("ben"),
        items: vec![planned],
        last: true,
    };
    assert_eq!(
        runner.memory.accept("system", &command).as_str(),
        "tasks/t1"
    );
    assert_eq!(runner.assignees("t1"), ["ben"]);
    assert_eq!(
        runner.memory.accept("system", &command).as_str(),
        "accounts/acme"
    );
}
