//! Properties of orders after any sequence of commands on any checklist, accepted and rejected mixed.

use std::collections::{BTreeSet, HashMap};

use chrono::TimeDelta;
use proptest::prelude::*;

use crate::{
    Command, Event, State,
    checklist::{Arrangement, Changes, Tier, Visibility},
    commands::{
        AddOrderTask, CancelOrder, CompleteOrder, DisableMember, EnableMember, HandOverOrder,
        HandOverOrderTask, Holdings, NewOrderTask, RemoveOrderTask, RenewOrder, ReopenOrder,
        ReorderOrderTasks, StartDisabling, UpdateTemplateTask,
        memory::Memory,
        order::by_hand::{ByHand, Hand, first_open_tier},
        order::samples::{
            add, assign, check, details, edit, give, members, name, o1, place, template, uncheck,
            with_service,
        },
        task::samples::{ZOE, member},
    },
    names::{MemberName, OrderTaskName},
    order::{self, Cycle, Details, Order, Status},
    task::AssignmentCause,
    text::Line,
};

use super::samples::Step;

const MEMBERS: [&str; 5] = ["admin", "ana", "ben", "cleo", "dan"];
/// Those of the template, then those that are added by chance.
const TASKS: [&str; 8] = ["a", "b", "c", "d", "e", "x", "y", "z"];

type Turn = (Told, &'static str);

/// A command, and what it says of who is on the order by hand.
#[derive(Debug)]
struct Told {
    command: Box<dyn Command>,
    hand: Hand,
}

fn boxed(command: impl Command + 'static) -> Told {
    by_hand(command, Hand::Off)
}

fn by_hand(command: impl Command + 'static, hand: Hand) -> Told {
    Told {
        command: Box::new(command),
        hand,
    }
}

fn id() -> impl Strategy<Value = &'static str> {
    prop::sample::select(&TASKS[..])
}

fn who() -> impl Strategy<Value = &'static str> {
    prop::sample::select(&MEMBERS[..])
}

fn some() -> impl Strategy<Value = Vec<&'static str>> {
    prop::collection::vec(who(), 0..3)
}

fn tier() -> impl Strategy<Value = i64> {
    1..5_i64
}

fn visibility() -> impl Strategy<Value = Visibility> {
    prop_oneof![
        Just(Visibility::Internal),
        Just(Visibility::Portal),
        Just(Visibility::ClientAssigned)
    ]
}

/// A template: at most five tasks, each with its tier, assignees and visibility.
fn checklist() -> impl Strategy<Value = Vec<(i64, Vec<&'static str>, Visibility)>> {
    prop::collection::vec((tier(), some(), visibility()), 0..=5)
}

fn changes() -> impl Strategy<Value = Changes> {
    (
        prop::option::of(tier()),
        prop::option::of(visibility()),
        prop::option::of("[a-b]"),
    )
        .prop_map(|(tier, visibility, title)| Changes {
            tier: tier.map(|tier| Tier::new(tier).unwrap()),
            visibility,
            title: title.map(|title| Line::new(&title).unwrap()),
            ..Changes::default()
        })
}

fn of_tasks() -> impl Strategy<Value = Told> {
    prop_oneof![
        6 => id().prop_map(|id| boxed(check(id))),
        3 => id().prop_map(|id| boxed(uncheck(id))),
        2 => (id(), tier(), some(), visibility())
            .prop_map(|(id, tier, who, seen)| boxed(add(Step(id, tier, &who, seen)))),
        1 => (id(), id()).prop_map(|(id, of)| boxed(AddOrderTask {
            name: name(id),
            task: NewOrderTask::Template { task: template(of), tier: None },
        })),
        2 => (id(), changes()).prop_map(|(id, changes)| boxed(edit(id, changes))),
        1 => id().prop_map(|id| boxed(RemoveOrderTask { name: name(id) })),
        2 => (id(), some()).prop_map(|(id, who)| boxed(give(id, &who))),
        1 => (id(), who(), who()).prop_map(|(id, from, to)| boxed(HandOverOrderTask {
            name: name(id),
            from: member(from),
            to: member(to),
            cause: AssignmentCause::default(),
        })),
    ]
}

fn of_the_order() -> impl Strategy<Value = Told> {
    prop_oneof![
        3 => (some(), some()).prop_map(|(add, remove)| {
            by_hand(assign(&add, &remove), Hand::Assign { add, remove })
        }),
        1 => (who(), who()).prop_map(|(from, to)| by_hand(HandOverOrder {
            name: o1(),
            from: member(from),
            to: member(to),
            cause: AssignmentCause::default(),
        }, Hand::Replace { from, to })),
        1 => Just(()).prop_map(|()| boxed(CompleteOrder { name: o1() })),
        1 => Just(()).prop_map(|()| boxed(CancelOrder { name: o1() })),
        3 => Just(()).prop_map(|()| boxed(ReopenOrder { name: o1() })),
        1 => (0..4_u8).prop_map(|n| by_hand(RenewOrder {
            name: o1(),
            cycle: Cycle::new(&format!("c{n}")).unwrap(),
            start: None,
        }, Hand::Renew(n))),
    ]
}

fn around_it() -> impl Strategy<Value = Told> {
    prop_oneof![
        2 => (id(), some()).prop_map(|(id, who)| boxed(UpdateTemplateTask {
            name: template(id),
            changes: Changes::default(),
            assignees: Some(members(&who)),
        })),
        1 => who().prop_map(|id| boxed(StartDisabling {
            name: member(id), successor: None,
            other_admins: vec![],
            holdings: Holdings::default(),
        })),
        1 => who().prop_map(|id| boxed(DisableMember {
            name: member(id),
            holdings: Holdings::default(),
        })),
        1 => who().prop_map(|id| boxed(EnableMember { name: member(id) })),
    ]
}

fn turn() -> impl Strategy<Value = Turn> {
    let actor = prop::sample::select(&["members/admin", "members/ana", "system", ZOE][..]);
    (
        prop_oneof![6 => of_tasks(), 3 => of_the_order(), 1 => around_it()],
        actor,
    )
}

/// Reordering takes the tasks that there are: they are turned round by `n`.
fn turned(memory: &Memory, n: usize) -> ReorderOrderTasks {
    let tasks = details(memory).tasks;
    let mut names: Vec<OrderTaskName> = tasks.iter().map(|task| task.name.clone()).collect();
    let count = names.len().max(1);
    names.rotate_left(n % count);
    ReorderOrderTasks {
        name: o1(),
        arrangement: Arrangement {
            tasks: names,
            tiers: vec![],
        },
    }
}

fn placed(checklist: &[(i64, Vec<&'static str>, Visibility)]) -> Memory {
    let tasks: Vec<_> = checklist
        .iter()
        .zip(TASKS)
        .map(|((tier, who, seen), id)| Step(id, *tier, who, *seen))
        .collect();
    let mut memory = with_service(&tasks);
    memory.accept("members/ana", &place("o1"));
    memory
}

/// Does one turn; now and then the checklist is reordered before. What was accepted is told with the order as it
/// was before.
fn take_and(
    memory: &mut Memory,
    turn: &Turn,
    n: usize,
    mut accepted: impl FnMut(&Hand, &Details, &Memory),
) {
    let (told, actor) = turn;
    let mut decide = |memory: &mut Memory, actor: &str, command: &dyn Command, hand: &Hand| {
        let before = details(memory);
        let context = memory.context(actor);
        // Whether it is accepted is not the point here.
        if memory.decide(&context, command).is_ok() {
            accepted(hand, &before, memory);
        }
    };
    if n % 7 == 6 {
        let reorder = turned(memory, n);
        decide(memory, "members/ana", &reorder, &Hand::Off);
    }
    decide(memory, actor, &*told.command, &told.hand);
}

fn take(memory: &mut Memory, turn: &Turn, n: usize) {
    take_and(memory, turn, n, |_, _, _| {});
}

/// The rule of rotation, said in other words than the code's.
fn expected(order: &Details, by_hand: &ByHand) -> BTreeSet<String> {
    let first = first_open_tier(order);
    let open = order.tasks.iter().filter(|task| task.checked.is_none());
    let mut assignees: BTreeSet<String> = open
        .filter(|task| Some(task.content.tier) == first)
        .flat_map(|task| task.content.assignees.iter())
        .map(|member| member.id().to_owned())
        .collect();
    for removed in &by_hand.removed {
        assignees.remove(removed);
    }
    assignees.extend(by_hand.added.iter().cloned());
    assignees
}

fn ids(members: &BTreeSet<MemberName>) -> BTreeSet<String> {
    members
        .iter()
        .map(|member| member.id().to_owned())
        .collect()
}

fn current_client_tasks(order: &Details) -> BTreeSet<OrderTaskName> {
    if order.status() != Status::Open {
        return BTreeSet::new();
    }
    let open = || order.tasks.iter().filter(|task| task.checked.is_none());
    let first = open().map(|task| task.content.tier).min();
    open()
        .filter(|task| Some(task.content.tier) == first)
        .filter(|task| task.content.visibility == Visibility::ClientAssigned)
        .map(|task| task.name.clone())
        .collect()
}

fn turns() -> impl Strategy<Value = Vec<Turn>> {
    prop::collection::vec(turn(), 0..40)
}

proptest! {
    #[test]
    fn the_assignees_of_an_open_order_follow_the_rule_of_rotation_after_every_command(
        checklist in checklist(), turns in turns()
    ) {
        let (mut memory, mut by_hand) = (placed(&checklist), ByHand::default());
        for (n, turn) in turns.iter().enumerate() {
            take_and(&mut memory, turn, n, |hand, before, memory| {
                by_hand.follow(hand, before, memory);
            });
            let order = details(&memory);
            prop_assert_eq!(ids(&order.added), by_hand.added.clone(), "after {:?}", turn);
            prop_assert_eq!(ids(&order.removed), by_hand.removed.clone(), "after {:?}", turn);
            if order.takes_changes() {
                prop_assert_eq!(ids(&order.assignees), expected(&order, &by_hand), "after {:?}", turn);
            }
            prop_assert!(order.tasks.is_sorted_by_key(|task| task.content.tier));
            prop_assert!(order.added.is_disjoint(&order.removed));
        }
    }

    #[test]
    fn a_contact_never_sees_a_task_of_a_tier_after_the_current_one(
        checklist in checklist(), turns in turns()
    ) {
        let mut memory = placed(&checklist);
        for (n, turn) in turns.iter().enumerate() {
            take(&mut memory, turn, n);
            let order = details(&memory);
            let open = order.tasks.iter().filter(|task| task.checked.is_none());
            let first = open.map(|task| task.content.tier).min();
            for task in order.visible_to_contact() {
                prop_assert!(task.content.visibility != Visibility::Internal);
                if let (Some(first), false) = (first, order.status() == Status::Complete) {
                    prop_assert!(task.content.tier <= first, "{:?} after {turn:?}", task.name);
                }
            }
        }
    }

    #[test]
    fn a_client_task_is_activated_as_often_as_it_became_current(
        checklist in checklist(), turns in turns()
    ) {
        let mut memory = placed(&checklist);
        let mut became: HashMap<OrderTaskName, usize> = HashMap::new();
        let mut before = BTreeSet::new();
        let count = |became: &mut HashMap<_, _>, before: &BTreeSet<_>, now: &BTreeSet<OrderTaskName>| {
            for task in now.difference(before) {
                *became.entry(task.clone()).or_default() += 1;
            }
        };
        let first = current_client_tasks(&details(&memory));
        count(&mut became, &before, &first);
        before = first;
        for (n, turn) in turns.iter().enumerate() {
            let mut log = memory.log.len();
            if n % 7 == 6 {
                let reorder = turned(&memory, n);
                let context = memory.context("members/ana");
                let _ = memory.decide(&context, &reorder);
                let now = current_client_tasks(&details(&memory));
                count(&mut became, &before, &now);
                before = now;
                log = memory.log.len();
            }
            let context = memory.context(turn.1);
            let _ = memory.decide(&context, &*turn.0.command);
            let renewed = memory.log[log..].iter().any(|new| new.event.name() == "order.renewed");
            if renewed {
                before.clear();
            }
            let now = current_client_tasks(&details(&memory));
            count(&mut became, &before, &now);
            before = now;
        }
        let mut activated: HashMap<OrderTaskName, usize> = HashMap::new();
        for new in &memory.log {
            if let Event::Order(order::Event::ClientTaskActivated { task, .. }) = &new.event {
                *activated.entry(task.clone()).or_default() += 1;
            }
        }
        prop_assert_eq!(activated, became);
    }

    #[test]
    fn what_was_accepted_folds_and_is_read_back_as_it_was_written(
        checklist in checklist(), turns in turns()
    ) {
        let mut memory = placed(&checklist);
        for (n, turn) in turns.iter().enumerate() {
            take(&mut memory, turn, n);
        }
        let mut order = Order::default();
        for new in &memory.log {
            let kind = new.stream.kind();
            let (name, version) = (new.event.name(), new.event.type_version());
            let stored = Event::decode(kind, name, version, &new.payload).unwrap();
            prop_assert_eq!(&stored, &new.event);
            if let Event::Order(event) = &stored {
                order = order.evolve(event).unwrap();
                let json = serde_json::to_string(&State::Order(order.clone().into())).unwrap();
                let State::Order(snapshot) = serde_json::from_str(&json).unwrap() else {
                    panic!("{json}")
                };
                prop_assert_eq!(&*snapshot, &order);
            }
        }
        prop_assert_eq!(order.details().unwrap(), &details(&memory));
    }

    #[test]
    fn an_order_is_complete_with_a_date_and_nobody_disabled_gets_work(
        checklist in checklist(), turns in turns()
    ) {
        let mut memory = placed(&checklist);
        for (n, turn) in turns.iter().enumerate() {
            let log = memory.log.len();
            take(&mut memory, turn, n);
            for new in &memory.log[log..] {
                let given = match &new.event {
                    Event::Order(order::Event::TaskAssigned { joined, .. }) => joined.clone(),
                    Event::Order(order::Event::Assigned { added, .. }) => added.clone(),
                    Event::Order(order::Event::TaskAdded(added)) => added.content.assignees.clone(),
                    Event::Order(order::Event::Renewed(renewed)) => {
                        renewed.tasks.iter().flat_map(|task| task.assignees.clone()).collect()
                    }
                    _ => vec![],
                };
                for member in given {
                    prop_assert!(memory.member(member.id()).takes_work(), "{:?}", new.event);
                }
            }
            let order = details(&memory);
            prop_assert_eq!(order.closed().is_some(), order.status() != Status::Open);
            prop_assert!(order.updated_at <= memory.now + TimeDelta::seconds(1));
        }
    }
}
