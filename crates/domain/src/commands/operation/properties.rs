//! Properties of ownership changes over random teams, accounts and work.

use proptest::prelude::*;

use super::{
    runner::Runner,
    tests::{account, assign_role, create_task, disable, member, role, runner, task, transfer},
};
use crate::{
    Command, State,
    commands::{
        AssignRole, CompleteTask, CreateAccount, NewId, SetSupportTeam, UndoOperation,
        UpdateSettings,
    },
    holding::{Holding, HoldingKind},
    member::Standing,
    names::{MemberName, Subject, TaskName},
    operation::{Outcome, Status},
    policy::{self, Candidate, Decision, RoleChange, Roles, Work},
    settings::{Changes, OwnershipPolicy},
    task::Origin,
    text::Line,
};

const STAFF: [&str; 4] = ["ana", "ben", "cleo", "dora"];
const ACCOUNTS: [&str; 2] = ["acme", "bolt"];
const ROLES: [&str; 3] = ["assignee", "success-manager", "sales-manager"];

#[derive(Debug, Clone)]
struct World {
    policy: OwnershipPolicy,
    tasks: Vec<Piece>,
    /// Account, role, holder.
    roles: Vec<(usize, usize, usize)>,
    teams: Vec<Vec<usize>>,
    default_assignee: usize,
}

#[derive(Debug, Clone)]
struct Piece {
    /// Two are accounts, the others members.
    subject: usize,
    assignees: Vec<usize>,
    origin: Origin,
    role: Option<usize>,
    complete: bool,
}

fn someone() -> impl Strategy<Value = usize> {
    0..STAFF.len()
}

fn piece() -> impl Strategy<Value = Piece> {
    let origin = prop_oneof![
        Just(Origin::Manual),
        Just(Origin::Template),
        Just(Origin::Automation)
    ];
    let assignees = prop::collection::vec(someone(), 1..4);
    let role = prop::option::weighted(0.3, 0..ROLES.len());
    (
        0..3_usize,
        assignees,
        origin,
        role,
        prop::bool::weighted(0.15),
    )
        .prop_map(|(subject, assignees, origin, role, complete)| Piece {
            subject,
            assignees,
            origin,
            role: role.filter(|_| subject < ACCOUNTS.len()),
            complete,
        })
}

fn world() -> impl Strategy<Value = World> {
    let policy = prop_oneof![
        Just(OwnershipPolicy::None),
        Just(OwnershipPolicy::OpenExceptManual),
        Just(OwnershipPolicy::AllOpen)
    ];
    let roles = prop::collection::vec((0..ACCOUNTS.len(), 0..ROLES.len(), someone()), 0..6);
    let teams = prop::collection::vec(prop::collection::vec(someone(), 0..3), ACCOUNTS.len());
    let tasks = prop::collection::vec(piece(), 0..10);
    (policy, tasks, roles, teams, someone()).prop_map(
        |(policy, tasks, roles, teams, default_assignee)| World {
            policy,
            tasks,
            roles,
            teams,
            default_assignee,
        },
    )
}

fn give(at: usize, which: usize, to: usize) -> AssignRole {
    AssignRole {
        account: account(ACCOUNTS[at]),
        role: role(ROLES[which]),
        holder: member(STAFF[to]),
    }
}

/// Makes the world; the policy has nothing left to do in it.
fn make(world: &World) -> Runner {
    let mut runner = runner(OwnershipPolicy::None);
    let bolt = CreateAccount {
        id: NewId::Given(account("bolt")),
        display_name: Line::new("Bolt").unwrap(),
        kind: crate::account::Kind::Lead,
        assignee: Some(member("ben")),
        sla_hours: None,
    };
    runner.memory.accept("members/ben", &bolt);
    for (at, which, to) in &world.roles {
        runner.memory.accept("members/ana", &give(*at, *which, *to));
    }
    for (at, team) in world.teams.iter().enumerate() {
        let command = SetSupportTeam {
            account: account(ACCOUNTS[at]),
            members: team.iter().map(|n| member(STAFF[*n])).collect(),
        };
        runner.memory.accept("members/ana", &command);
    }
    for (n, piece) in world.tasks.iter().enumerate() {
        let subject = match ACCOUNTS.get(piece.subject) {
            Some(id) => Subject::Account(account(id)),
            None => Subject::Member(member("cleo")),
        };
        let assignees: Vec<_> = piece.assignees.iter().map(|n| STAFF[*n]).collect();
        let mut create = create_task(&format!("t{n}"), subject, &assignees, piece.origin);
        create.draft.responsible_role = piece.role.map(|n| role(ROLES[n]));
        runner.memory.accept("members/ana", &create);
        if piece.complete {
            let name = task(&format!("t{n}"));
            runner.memory.accept("members/ana", &CompleteTask { name });
        }
    }
    let changes = Changes {
        ownership_policy: Some(world.policy),
        default_assignee: Some(member(STAFF[world.default_assignee])),
        ..Changes::default()
    };
    runner
        .memory
        .accept("members/admin", &UpdateSettings { changes });
    runner.follow_all();
    runner
}

/// What the policy would do, from the states as they are.
fn candidates(runner: &Runner, of: &str) -> Vec<Candidate> {
    let mut found: Vec<_> = runner
        .memory
        .states()
        .filter_map(|(stream, state)| {
            let State::Task(task) = state else {
                return None;
            };
            let details = task.details()?;
            (details.subject == Subject::Account(account(of))).then_some(())?;
            let task: TaskName = stream.as_str().parse().unwrap();
            Some(Candidate {
                item: Holding::OpenTask { task },
                work: Work::of_task(details)?,
                pending: vec![],
            })
        })
        .collect();
    found.sort_by(|a, b| a.item.cmp(&b.item));
    found
}

/// An operation of some kind, of which it is not known whether it changes anything.
fn operation() -> impl Strategy<Value = (u8, usize, usize, usize)> {
    (0..4_u8, someone(), 1..STAFF.len(), 0..ROLES.len())
}

fn command((kind, from, offset, which): (u8, usize, usize, usize)) -> Box<dyn Command> {
    let (from, to) = (STAFF[from], STAFF[(from + offset) % STAFF.len()]);
    match kind {
        0 => Box::new(disable(from, Some(to))),
        1 => Box::new(transfer(from, to, &HoldingKind::ALL)),
        2 => Box::new(transfer(
            from,
            to,
            &[HoldingKind::Role, HoldingKind::SupportTeam],
        )),
        _ => Box::new(Runner::batch(ROLES[which], to, &ACCOUNTS)),
    }
}

#[derive(Debug, Clone)]
enum Step {
    Give { which: usize, to: usize },
    Disable { from: usize, offset: usize },
    PolicyReads,
    PolicyActs,
    Execute,
}

fn steps(disabling: u32) -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => (0..ROLES.len(), someone()).prop_map(|(which, to)| Step::Give { which, to }),
        disabling => (someone(), 1..STAFF.len()).prop_map(|(from, offset)| Step::Disable { from, offset }),
        2 => Just(Step::PolicyReads),
        2 => Just(Step::PolicyActs),
        2 => Just(Step::Execute),
    ];
    prop::collection::vec(step, 1..25)
}

fn working(runner: &Runner, id: &str) -> bool {
    runner.memory.member(id).standing == Standing::Enabled
}

proptest! {
    #[test]
    fn a_role_change_does_what_was_planned_where_nothing_else_runs(
        world in world(), at in 0..ACCOUNTS.len(), which in 0..ROLES.len(), to in someone(),
    ) {
        let mut runner = make(&world);
        let details = runner.memory.account(ACCOUNTS[at]);
        let command = give(at, which, to);
        let previous = details.holder(&command.role).cloned();
        let mut expected = Vec::new();
        if let Some(previous) = previous.clone().filter(|previous| *previous != command.holder) {
            let mut after = details;
            if command.role.is_assignee() {
                after.assignee = command.holder.clone();
            } else {
                after.roles.insert(command.role.clone(), command.holder.clone());
            }
            let change = RoleChange {
                role: command.role.clone(),
                previous: previous.clone(),
                holder: command.holder.clone(),
                policy: world.policy,
                operation: None,
            };
            let another = Roles::of(&after).holds_any(&previous);
            if change.is_followed() {
                expected = policy::plan(&change, another, candidates(&runner, ACCOUNTS[at]));
            }
        }
        let name = runner.begin(&command);
        if previous.as_ref() == Some(&command.holder) {
            return Ok(());
        }
        runner.follow_all();
        prop_assert_eq!(runner.memory.operation(&name).status, Status::Finished);
        let results = runner.results(&name);
        prop_assert_eq!(results.len(), expected.len() + 1);
        for (result, planned) in results[1..].iter().zip(&expected) {
            prop_assert_eq!(&result.item, &planned.item);
            match (&result.outcome, planned.decision) {
                (Outcome::Moved { change }, Decision::Move) => {
                    prop_assert_eq!(&change.to, &Some(command.holder.clone()));
                }
                (Outcome::Kept { reason }, Decision::Keep(expected)) => {
                    prop_assert_eq!(*reason, expected);
                }
                other => prop_assert!(false, "{other:?}"),
            }
        }
    }

    #[test]
    fn an_operation_moves_all_that_it_planned_where_nothing_else_runs(
        world in world(), (_, from, offset, _) in operation(), disabling in any::<bool>(),
    ) {
        let mut runner = make(&world);
        let from = member(STAFF[from]);
        let held = runner.holdings(&from);
        let name = runner.begin(&*command((u8::from(!disabling), STAFF.iter().position(|id| *id == from.id()).unwrap(), offset, 0)));
        runner.drain(&name);
        let details = runner.memory.operation(&name);
        prop_assert_eq!(details.status, Status::Finished);
        prop_assert_eq!(runner.planned(&name), held.clone());
        let results = runner.results(&name);
        let items: Vec<_> = results.iter().map(|result| result.item.clone()).collect();
        prop_assert_eq!(items, held);
        let moved = results.iter().all(|result| matches!(result.outcome, Outcome::Moved { .. }));
        prop_assert!(moved);
        prop_assert_eq!(details.counts.moved, results.len() as u64);
        prop_assert_eq!(runner.holdings(&from), vec![]);
        prop_assert_eq!(runner.memory.member(from.id()).may_sign_in(), !disabling);
    }

    #[test]
    fn an_undo_straight_after_restores_everything(world in world(), operation in operation()) {
        let mut runner = make(&world);
        let before = runner.snapshot();
        let name = runner.begin(&*command(operation));
        runner.drain(&name);
        let moved = runner.memory.operation(&name).counts.moved;
        let undo = runner.begin(&UndoOperation { operation: name });
        runner.drain(&undo);
        let details = runner.memory.operation(&undo);
        prop_assert_eq!(details.status, Status::Finished);
        prop_assert_eq!(details.counts.moved, moved);
        prop_assert_eq!(runner.snapshot(), before);
    }

    #[test]
    fn changes_that_overtake_the_policy_end_as_if_each_had_waited_for_it(
        world in world(), steps in steps(0),
    ) {
        let (mut late, mut prompt) = (make(&world), make(&world));
        for step in &steps {
            match step {
                Step::Give { which, to } => {
                    late.begin(&give(0, *which, *to));
                    prompt.begin(&give(0, *which, *to));
                    prompt.follow_all();
                }
                Step::PolicyReads => late.policy_reads(),
                Step::PolicyActs => drop(late.policy_acts()),
                Step::Disable { .. } | Step::Execute => {}
            }
        }
        late.follow_all();
        prop_assert_eq!(late.snapshot(), prompt.snapshot());
    }

    #[test]
    fn no_open_work_is_left_with_or_lost_by_who_is_disabled(
        world in world(), steps in steps(1),
    ) {
        let mut runner = make(&world);
        let (mut running, mut disabled) = (Vec::new(), Vec::new());
        for step in &steps {
            match step {
                Step::Give { which, to } => {
                    if working(&runner, STAFF[*to]) {
                        runner.begin(&give(0, *which, *to));
                    }
                }
                Step::Disable { from, offset } => {
                    let (from, to) = (STAFF[*from], STAFF[(from + offset) % STAFF.len()]);
                    if working(&runner, from) && working(&runner, to) {
                        let name = runner.begin(&disable(from, Some(to)));
                        runner.plan(&name);
                        running.push(name);
                        disabled.push(member(from));
                    }
                }
                Step::PolicyReads => runner.policy_reads(),
                Step::PolicyActs => drop(runner.policy_acts()),
                Step::Execute => {
                    if let Some(name) = running.last() {
                        runner.execute(name);
                    }
                }
            }
        }
        for name in &running {
            runner.drain(name);
            prop_assert_eq!(runner.memory.operation(name).status, Status::Finished);
        }
        runner.follow_all();
        for member in &disabled {
            prop_assert_eq!(runner.holdings(member), vec![]);
            prop_assert!(!runner.memory.member(member.id()).may_sign_in());
        }
        for (_, state) in runner.memory.states() {
            match state {
                State::Task(task) => {
                    let details = task.details().unwrap();
                    prop_assert!(!details.assignees.is_empty());
                    let gone = |assignee: &MemberName| details.is_open() && disabled.contains(assignee);
                    prop_assert!(!details.assignees.iter().any(gone));
                }
                State::Operation(operation) => {
                    prop_assert_eq!(operation.details().unwrap().status, Status::Finished);
                }
                State::Account(_) | State::Member(_) | State::Settings(_) | State::Document(_) | State::Activity(_) | State::Service(_) | State::Order(_) => {}
            }
        }
    }
}

#[test]
fn a_hundred_thousand_items_leave_the_state_as_small_as_three() {
    let mut runner = runner(OwnershipPolicy::None);
    let name = runner.begin(&transfer("ana", "ben", &[HoldingKind::OpenTask]));
    let size = |runner: &Runner| format!("{:?}", runner.memory.operation(&name)).len();
    let before = size(&runner);
    for page in 0..100_u32 {
        let items = (0..1_000_u32).map(|n| Holding::OpenTask {
            task: task(&format!("t{}", page * 1_000 + n)),
        });
        runner.memory.accept(
            "system",
            &crate::commands::PlanItems {
                operation: name.clone(),
                page,
                items: items.collect(),
            },
        );
    }
    assert_eq!(runner.memory.operation(&name).planned_items(), 100_000);
    assert!(
        size(&runner) < before + 100,
        "{} after {before}",
        size(&runner)
    );
    // A command that comes after them costs what it did before.
    runner.run(&assign_role("ben"));
}
