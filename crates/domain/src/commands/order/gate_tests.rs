//! What contacts see of an order and do in it, and when it is their turn (S1).

use crate::{
    Command,
    checklist::{Changes, Visibility},
    commands::{
        AddOrderNote, CancelOrder, CompleteOrder, CreateContact, NoteOn, RenewOrder, ReopenOrder,
        memory::Memory,
        order::samples::{
            activated, add, assign, check, client, details, edit, give, name, o1, place, portal,
            team, uncheck, with_order,
        },
        task::samples::{ZOE, fields, reason},
    },
    order::{Cycle, Event, Status},
    rejection::{Reason, Rejection},
    task,
    text::Html,
};

fn seen(memory: &Memory) -> Vec<String> {
    let order = details(memory);
    let seen = order.visible_to_contact();
    seen.map(|task| task.name.id().to_owned()).collect()
}

fn note(on: NoteOn, visibility: task::Visibility) -> AddOrderNote {
    AddOrderNote {
        on,
        note: Html::new("Soon, please").unwrap(),
        visibility,
    }
}

fn note_on_task(id: &str) -> AddOrderNote {
    note(NoteOn::Task(name(id)), task::Visibility::Portal)
}

#[test]
fn a_contact_sees_the_visible_tasks_up_to_the_current_tier() {
    let mut memory = with_order(&[
        portal("a", 1),
        team("b", 1, &["ana"]),
        client("c", 2),
        portal("d", 3),
    ]);
    assert_eq!(seen(&memory), ["a"]);
    // Done or not: a later task is not shown before its turn.
    memory.accept("members/ana", &check("d"));
    assert_eq!(seen(&memory), ["a"]);
    memory.accept("members/ana", &check("a"));
    memory.accept("members/ana", &check("b"));
    assert_eq!(seen(&memory), ["a", "c"]);
    memory.accept(ZOE, &check("c"));
    assert_eq!(details(&memory).status(), Status::Complete);
    assert_eq!(seen(&memory), ["a", "c", "d"]);
    memory.accept("members/ana", &uncheck("b"));
    assert_eq!(seen(&memory), ["a"]);
}

#[test]
fn a_contact_checks_only_an_open_client_task_of_the_current_tier() {
    let mut memory = with_order(&[
        client("mine", 1),
        portal("seen", 1),
        team("hidden", 1, &["ana"]),
        client("later", 2),
    ]);
    for (id, expected) in [
        ("hidden", false),
        ("later", false),
        ("unknown", false),
        ("seen", true),
    ] {
        let rejection = memory.reject(ZOE, &check(id));
        match rejection {
            Rejection::NotAllowed { .. } => assert!(expected, "{id}"),
            Rejection::NotFound { resource } => {
                assert!(!expected, "{id}");
                assert_eq!(resource, name(id).as_str());
            }
            other => panic!("{other}"),
        }
    }
    memory.accept(ZOE, &check("mine"));
    let log = memory.log.len();
    memory.accept(ZOE, &check("mine"));
    assert_eq!(memory.log.len(), log);
    let task = details(&memory).task(&name("mine")).unwrap().clone();
    assert_eq!(task.checked.unwrap().by.as_str(), ZOE);
}

#[test]
fn a_contact_checks_nothing_in_an_order_that_is_cancelled_or_complete() {
    for close in [
        &CancelOrder { name: o1() } as &dyn Command,
        &CompleteOrder { name: o1() },
    ] {
        let mut memory = with_order(&[client("mine", 1), team("b", 2, &["ana"])]);
        memory.accept("members/ana", close);
        let rejection = memory.reject(ZOE, &check("mine"));
        assert_eq!(reason(rejection), Reason::OrderClosed, "{close:?}");
        memory.accept("members/ana", &ReopenOrder { name: o1() });
        memory.accept(ZOE, &check("mine"));
    }
}

#[test]
fn a_contact_does_nothing_else_in_an_order() {
    let mut memory = with_order(&[client("mine", 1)]);
    for command in [
        &uncheck("mine") as &dyn Command,
        &add(portal("mine-too", 1)),
        &edit("mine", Changes::default()),
        &give("mine", &["ana"]),
        &assign(&["ana"], &[]),
        &CompleteOrder { name: o1() },
        &ReopenOrder { name: o1() },
        &place("o2"),
    ] {
        let rejection = memory.reject(ZOE, command);
        assert!(
            matches!(rejection, Rejection::NotAllowed { .. }),
            "{command:?}"
        );
    }
}

#[test]
fn orders_of_another_account_are_not_there_for_a_contact() {
    let mut memory = with_order(&[client("mine", 1)]);
    let stranger = "accounts/bolt/contacts/tom";
    memory.accept(
        "members/ana",
        &crate::commands::PlaceOrder {
            account: "accounts/bolt".parse().unwrap(),
            ..place("o2")
        },
    );
    let tom = CreateContact {
        name: stranger.parse().unwrap(),
        portal_access: true,
        account: "accounts/bolt".parse().unwrap(),
        ..CreateContact::sample("tom")
    };
    memory.accept("members/ana", &tom);
    for command in [
        &check("mine") as &dyn Command,
        &note_on_task("mine"),
        &note(NoteOn::Order(o1()), task::Visibility::Portal),
    ] {
        let Rejection::NotFound { resource } = memory.reject(stranger, command) else {
            panic!("{command:?}")
        };
        assert_eq!(resource, "orders/o1");
    }
    let without_access = "accounts/acme/contacts/nobody";
    assert!(matches!(
        memory.reject(without_access, &check("mine")),
        Rejection::UnknownActor { .. }
    ));
}

#[test]
fn a_deactivated_account_refuses_its_contacts_and_not_the_team() {
    let mut memory = with_order(&[client("mine", 1), client("next", 2)]);
    memory.deactivate(&"accounts/acme".parse().unwrap());
    for command in [&check("mine") as &dyn Command, &note_on_task("mine")] {
        let rejection = memory.reject(ZOE, command);
        assert_eq!(reason(rejection), Reason::AccountDeactivated);
        memory.accept("members/ana", command);
    }
}

#[test]
fn notes_are_events_and_a_contacts_are_for_contacts() {
    let mut memory = with_order(&[portal("seen", 1), team("hidden", 1, &[])]);
    let before = details(&memory);
    memory.accept(
        "members/ana",
        &note(NoteOn::Task(name("hidden")), task::Visibility::Internal),
    );
    memory.accept(ZOE, &note(NoteOn::Order(o1()), task::Visibility::Internal));
    let Some(crate::Event::Order(Event::NoteAdded {
        visibility,
        task,
        by,
        ..
    })) = memory.log.last().map(|new| new.event.clone())
    else {
        panic!("{:?}", memory.log.last())
    };
    assert_eq!(
        (visibility, task, by.as_str()),
        (task::Visibility::Portal, None, ZOE)
    );
    memory.accept(ZOE, &note_on_task("seen"));
    assert_eq!(details(&memory), before);
    for (actor, id) in [
        (ZOE, "hidden"),
        (ZOE, "unknown"),
        ("members/ana", "unknown"),
    ] {
        let rejection = memory.reject(actor, &note_on_task(id));
        assert!(
            matches!(rejection, Rejection::NotFound { .. }),
            "{actor} {id}"
        );
    }
    let empty = AddOrderNote {
        note: Html::new("<script></script>").unwrap(),
        ..note_on_task("seen")
    };
    assert_eq!(fields(memory.reject("members/ana", &empty)), ["note"]);
}

#[test]
fn a_client_task_is_activated_when_its_turn_comes_by_whatever_command() {
    let mut memory = with_order(&[client("a", 1), team("b", 2, &["ana"]), client("c", 3)]);
    assert_eq!(activated(&memory, 0), ["a"]);
    let log = memory.log.len();
    memory.accept(ZOE, &check("a"));
    assert!(activated(&memory, log).is_empty());
    memory.accept("members/ana", &check("b"));
    assert_eq!(activated(&memory, log), ["c"]);

    // Leaving and coming back is a new activation.
    let log = memory.log.len();
    memory.accept("members/ana", &uncheck("b"));
    assert!(activated(&memory, log).is_empty());
    memory.accept("members/ana", &check("b"));
    assert_eq!(activated(&memory, log), ["c"]);

    // Added, or made the clients', in the current tier.
    let log = memory.log.len();
    memory.accept("members/ana", &add(client("d", 3)));
    memory.accept("members/ana", &add(portal("e", 3)));
    let theirs = Changes {
        visibility: Some(Visibility::ClientAssigned),
        ..Changes::default()
    };
    memory.accept("members/ana", &edit("e", theirs));
    assert_eq!(activated(&memory, log), ["d", "e"]);

    // A closed order has no current task; its client tasks come back with it.
    let log = memory.log.len();
    memory.accept("members/ana", &CompleteOrder { name: o1() });
    memory.accept("members/ana", &ReopenOrder { name: o1() });
    assert_eq!(activated(&memory, log), ["c", "d", "e"]);
}

#[test]
fn a_renewal_activates_anew() {
    let mut memory = with_order(&[client("a", 1), client("b", 2)]);
    let log = memory.log.len();
    let renew = RenewOrder {
        name: o1(),
        cycle: Cycle::new("2027-02").unwrap(),
        start: None,
    };
    memory.accept("members/ana", &renew);
    assert_eq!(activated(&memory, log), ["a"]);
    memory.accept("members/ana", &renew);
    assert_eq!(activated(&memory, log), ["a"]);
}
