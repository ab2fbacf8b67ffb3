//! How big an order may be, and that whatever happens to it fits into an event.

use crate::{
    checklist::{Changes, Place, Tier},
    commands::{
        AddOrderTask, CreateMember, NewId, NewOrderTask, RenewOrder,
        memory::Memory,
        order::samples::{
            add, add_template, details, draft, edit, give, name, o1, place, team, template,
            with_order, with_service,
        },
        task::samples::member,
    },
    limits,
    member::Kind,
    names::{Actor, MemberName, OrderName, OrderTaskName},
    order::{Addition, Cycle, Event, Order, Reassigned, Renewed, StandIns},
    rejection::{Reason, Rejection},
    service::Service,
    text::{Html, Line},
};

/// Tasks of 199 members each, and one of fifteen: as many assignees as there may be.
fn with_all_assignees() -> (Memory, Vec<String>) {
    let mut memory = with_service(&[]);
    let ids: Vec<String> = (0..limits::ASSIGNEES).map(|n| format!("m{n}")).collect();
    for id in &ids {
        let create = CreateMember {
            id: NewId::Given(member(id)),
            display_name: Line::new(id).unwrap(),
            email: None,
            kind: Kind::Staff,
        };
        memory.accept("system", &create);
    }
    let those: Vec<&str> = ids.iter().map(String::as_str).collect();
    for n in 0..15 {
        let id = format!("t{n}");
        memory.accept("members/admin", &add_template(team(&id, 1, &those[1..])));
    }
    let last = add_template(team("last", 2, &those[..15]));
    memory.accept("members/admin", &last);
    memory.accept("members/ana", &place("o1"));
    (memory, ids)
}

#[track_caller]
fn assert_full(rejection: Rejection, what: &str) {
    let Rejection::Precondition {
        reason,
        subject,
        description,
    } = rejection
    else {
        panic!("{rejection}")
    };
    assert_eq!(reason, Reason::ChecklistFull);
    assert_eq!(subject, "orders/o1");
    let expected = format!("the checklist of orders/o1 would have {what} are allowed");
    assert_eq!(description, expected);
}

#[test]
fn an_order_has_at_most_3000_assignees_however_they_come() {
    let (mut memory, ids) = with_all_assignees();
    let those: Vec<&str> = ids.iter().map(String::as_str).collect();
    let too_many = "3001 assignees of its tasks together; at most 3000";
    let rejection = memory.reject("members/ana", &give("last", &those[..16]));
    assert_full(rejection, too_many);
    let rejection = memory.reject("members/ana", &add(team("more", 1, &["ana"])));
    assert_full(rejection, too_many);
    // What was freed is taken by a task of the order's own; the template would give it back.
    memory.accept("members/ana", &give("last", &[]));
    memory.accept("members/ana", &add(team("own", 1, &those[..15])));
    let renew = RenewOrder {
        name: o1(),
        cycle: Cycle::new("2027-02").unwrap(),
        start: None,
    };
    let rejection = memory.reject("members/ana", &renew);
    assert_full(
        rejection,
        "3015 assignees of its tasks together; at most 3000",
    );
    memory.accept("members/ana", &give("own", &[]));
    memory.accept("members/ana", &renew);
}

#[test]
fn an_order_has_at_most_1_mib_of_text_however_it_comes() {
    let mut memory = with_service(&[]);
    let text = |bytes: usize| Html::new(&"x".repeat(bytes)).unwrap();
    for n in 0..16 {
        let mut step = add_template(team(&format!("t{n:02}"), 1, &[]));
        step.draft.description = Some(text(limits::TEXT_BYTES - 3));
        memory.accept("members/admin", &step);
    }
    memory.accept("members/ana", &place("o1"));
    let longer = Changes {
        description: Some(Some(text(limits::TEXT_BYTES - 2))),
        ..Changes::default()
    };
    let too_much = "1048577 bytes of titles and descriptions; at most 1048576";
    let rejection = memory.reject("members/ana", &edit("t00", longer));
    assert_full(rejection, too_much);
    let titled = Changes {
        title: Some(Line::new("t-00").unwrap()),
        ..Changes::default()
    };
    let rejection = memory.reject("members/ana", &edit("t00", titled));
    assert_full(rejection, too_much);
    let more = AddOrderTask {
        name: name("x"),
        task: NewOrderTask::Scratch(draft(team("x", 1, &[]))),
    };
    assert_full(memory.reject("members/ana", &more), too_much);
}

/// The longest id there may be, which ends like this.
fn long(n: usize) -> String {
    format!("{n:0>width$}", width = limits::ID_CHARACTERS)
}

fn long_members(from: usize, count: usize) -> Vec<MemberName> {
    let ids = (from..from + count).map(long);
    ids.map(|id| MemberName::from_id(&id).unwrap()).collect()
}

fn long_task(n: usize) -> OrderTaskName {
    let order = OrderName::from_id(&long(0)).unwrap();
    OrderTaskName::from_id(&order, &long(n)).unwrap()
}

#[test]
fn the_largest_events_of_an_order_fit() {
    let by = Actor::Member(MemberName::from_id(&long(0)).unwrap());
    let at = Memory::with_account("acme").now;
    let most = limits::CHECKLIST_ASSIGNEES + limits::ASSIGNEES;
    // Renewed with all others: everybody leaves, and as many join.
    let rotated = Event::AssigneesRotated {
        left: long_members(0, most),
        joined: long_members(most, most),
        by: by.clone(),
        at,
    };
    let each = limits::CHECKLIST_ASSIGNEES / limits::CHECKLIST_TASKS;
    let reassigned = (0..limits::CHECKLIST_TASKS).map(|n| Reassigned {
        task: long_task(n),
        assignees: long_members(n * each, each),
    });
    let renewed = Event::Renewed(Box::new(Renewed {
        cycle: Cycle::new(&"c".repeat(limits::CYCLE_CHARACTERS)).unwrap(),
        previous_start: at,
        start: at,
        tasks: reassigned.collect(),
        by: by.clone(),
        at,
    }));
    let places = (0..limits::CHECKLIST_TASKS).map(|n| Place {
        task: long_task(n),
        tier: Tier::new(1_000).unwrap(),
    });
    let reordered = Event::TasksReordered {
        tasks: places.collect(),
        by,
        at,
    };
    for event in [rotated, renewed, reordered] {
        let bytes = serde_json::to_vec(&event).unwrap().len();
        assert!(bytes <= limits::EVENT_BYTES, "{bytes}");
        // These are no small events: the bound is one that could be met.
        assert!(bytes > 64 * 1024, "{bytes}");
    }
}

#[test]
fn the_largest_edit_of_a_task_fits() {
    let mut memory = with_order(&[team("a", 1, &["ana"])]);
    // Each of these is twice as long as JSON, and the event has the text before and the text after.
    for c in ["\"", "\\"] {
        let changes = Changes {
            description: Some(Some(Html::new(&c.repeat(limits::TEXT_BYTES)).unwrap())),
            title: Some(Line::new(&c.repeat(limits::LINE_CHARACTERS)).unwrap()),
            ..Changes::default()
        };
        memory.accept("members/ana", &edit("a", changes));
    }
    let payload = &memory.log.last().unwrap().payload;
    assert!(payload.len() > 4 * limits::TEXT_BYTES, "{}", payload.len());
    assert!(payload.len() <= limits::EVENT_BYTES, "{}", payload.len());
}

/// What is said of one task more where 9,999 ids were given, one of them to a task that is there, and where 10,000
/// were.
#[track_caller]
fn assert_bounded(owner: &str, ids: [Result<(), Rejection>; 2]) {
    let [last, more] = ids;
    last.unwrap();
    let Err(Rejection::Precondition {
        reason,
        subject,
        description,
    }) = more
    else {
        panic!("{more:?}")
    };
    assert_eq!((reason, &*subject), (Reason::ChecklistFull, owner));
    assert_eq!(
        description,
        format!(
            "the checklist of {owner} has had 10000 tasks, 9999 of which were removed; with these at most 10000 are \
             allowed"
        )
    );
}

#[test]
fn the_tasks_of_an_order_have_at_most_10000_ids_those_of_removed_ones_too() {
    let memory = with_order(&[team("a", 1, &["ana"])]);
    let with_removed = |count: usize| {
        let mut order = details(&memory);
        let removed = (0..count).map(|n| name(&format!("r{n}")));
        order.removed_tasks.extend(removed);
        let addition = Addition::Scratch(draft(team("more", 1, &[])));
        let order = Order::Existing(order.into());
        let (name, by) = (name("more"), "system".parse().unwrap());
        let added = order.add_task(&name, &addition, &StandIns::default(), by, memory.now);
        added.map(|_| ())
    };
    let ids = [with_removed(9_998), with_removed(9_999)];
    assert_bounded("orders/o1", ids);
}

#[test]
fn the_tasks_of_a_template_have_at_most_10000_ids_those_of_removed_ones_too() {
    let memory = with_service(&[team("a", 1, &["ana"])]);
    let with_removed = |count: usize| {
        let mut service = memory.service("seo").details().unwrap().clone();
        let removed = (0..count).map(|n| template(&format!("r{n}")));
        service.removed_tasks.extend(removed);
        let service = Service::Existing(service.into());
        let by = "system".parse().unwrap();
        let added = service.add_task(
            &template("more"),
            &draft(team("more", 1, &[])),
            by,
            memory.now,
        );
        added.map(|_| ())
    };
    let ids = [with_removed(9_998), with_removed(9_999)];
    assert_bounded("services/seo", ids);
}
