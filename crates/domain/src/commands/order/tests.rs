use chrono::{DateTime, TimeDelta, Utc};

use super::*;
use crate::{
    Command,
    checklist::{Changes, DeadlineHours, Draft, Visibility},
    commands::{
        AddTemplateTask, RemoveTemplateTask, UpdateTemplateTask,
        memory::Memory,
        order::samples::{
            add, add_template, check, client, details, draft, edit, give, members, name, o1, place,
            portal, seo, tasks, team, template, types, with_order, with_service,
        },
        task::samples::{ZOE, fields, reason},
    },
    limits,
    order::{Copied, OrderTask},
    rejection::Reason,
    task::{Origin, Visibility as NoteVisibility},
    text::{Html, Line},
    version::Revision,
};

fn titled(title: &str) -> Changes {
    Changes {
        title: Some(Line::new(title).unwrap()),
        ..Changes::default()
    }
}

fn task(memory: &Memory, id: &str) -> OrderTask {
    details(memory).task(&name(id)).unwrap().clone()
}

fn copied(memory: &Memory) -> Vec<Vec<Copied>> {
    let events = samples::events(memory, 0).into_iter();
    events
        .filter_map(|event| match event {
            Event::Placed(placed) => Some(placed.tasks),
            Event::ChecklistCopied { tasks, .. } => Some(tasks),
            _ => None,
        })
        .collect()
}

#[test]
fn an_order_has_the_services_title_tasks_and_version() {
    let memory = with_order(&[team("a", 1, &["ana"]), client("b", 2)]);
    let order = details(&memory);
    assert_eq!(order.title.as_str(), "Search engine optimisation");
    assert_eq!(order.service, seo());
    assert_eq!(order.service_version, Revision(3));
    assert_eq!(order.start, order.created_at);
    assert_eq!(tasks(&memory), ["a", "b"]);
    let task = task(&memory, "b");
    assert_eq!(task.template, Some(template("b")));
    assert_eq!(task.origin, Origin::Template);
    assert_eq!(task.content.visibility, Visibility::ClientAssigned);
}

#[test]
fn editing_a_service_leaves_the_orders_that_there_are_as_they_were() {
    let mut memory = with_order(&[team("a", 1, &["ana"]), team("b", 2, &[])]);
    let before = details(&memory);
    let update = UpdateTemplateTask {
        name: template("a"),
        changes: titled("Another"),
        assignees: Some(members(&["ben"])),
    };
    memory.accept("members/admin", &update);
    memory.accept(
        "members/admin",
        &RemoveTemplateTask {
            name: template("b"),
        },
    );
    memory.accept("members/admin", &add_template(portal("c", 1)));
    assert_eq!(details(&memory), before);
    memory.accept("members/ana", &place("o2"));
    let order = memory.order("o2").details().unwrap().clone();
    let titles: Vec<_> = order
        .tasks
        .iter()
        .map(|task| task.content.title.as_str())
        .collect();
    assert_eq!(titles, ["Another", "c"]);
}

#[test]
fn the_first_order_creates_the_account_and_a_refused_one_does_not() {
    let mut memory = with_service(&[team("a", 1, &["ben"])]);
    let bolt = |id: &str| PlaceOrder {
        account: "accounts/bolt".parse().unwrap(),
        ..place(id)
    };
    let unknown = PlaceOrder {
        service: "services/none".parse().unwrap(),
        ..bolt("o1")
    };
    let rejection = memory.reject("members/ana", &unknown);
    assert!(matches!(rejection, Rejection::NotFound { .. }));
    assert!(memory.find_account("bolt").is_none());
    memory.accept("members/ana", &bolt("o1"));
    let account = memory.account("bolt");
    assert_eq!(account.origin, crate::account::Origin::Auto);
    assert_eq!(account.assignee.id(), "ana");
    let rejection = memory.reject("members/ana", &bolt("o1"));
    assert!(matches!(rejection, Rejection::AlreadyExists { .. }));
}

#[test]
fn a_program_places_orders_and_works_on_them() {
    let mut memory = with_service(&[team("a", 1, &["ben"])]);
    memory.accept("service-accounts/shop", &place("o1"));
    memory.accept("service-accounts/shop", &check("a"));
    let checked = task(&memory, "a").checked.unwrap();
    assert_eq!(checked.by.as_str(), "service-accounts/shop");
}

#[test]
fn a_big_checklist_is_copied_over_several_events_that_each_fit() {
    let mut memory = with_service(&[]);
    // Each of these is twice as long as JSON.
    let text = "\"".repeat(limits::TEXT_BYTES - 1);
    for n in 0..16 {
        let command = AddTemplateTask {
            name: template(&format!("t{n}")),
            draft: Draft {
                description: Some(Html::new(&text).unwrap()),
                ..draft(team("t", 1, &["ana"]))
            },
        };
        memory.accept("members/admin", &command);
    }
    memory.accept("members/ana", &place("o1"));
    let slices = copied(&memory);
    assert!(slices.len() > 4, "{} slices", slices.len());
    assert_eq!(slices.iter().map(Vec::len).sum::<usize>(), 16);
    for new in &memory.log {
        assert!(new.payload.len() <= limits::EVENT_BYTES);
    }
    assert_eq!(details(&memory).tasks.len(), 16);
    assert_eq!(samples::assignees(&memory), ["ana"]);
    let types = types(&memory, 0);
    assert_eq!(
        types
            .iter()
            .filter(|kind| **kind == "assignees_rotated")
            .count(),
        1
    );
}

#[test]
fn nothing_follows_an_order_whose_checklist_is_not_copied_to_the_end() {
    let memory = with_order(&[team("a", 1, &["ana"])]);
    let at: DateTime<Utc> = memory.now;
    let Some(Event::Placed(mut placed)) = samples::events(&memory, 0).into_iter().next() else {
        panic!("no order")
    };
    let order = Order::default()
        .evolve(&Event::Placed(placed.clone()))
        .unwrap();
    let by: crate::names::Actor = "members/ana".parse().unwrap();
    let more = Event::ChecklistCopied {
        tasks: placed.tasks.clone(),
        by: by.clone(),
        at,
    };
    assert!(order.evolve(&more).is_err());
    placed.task_count = 2;
    let order = Order::default().evolve(&Event::Placed(placed)).unwrap();
    let task = name("a");
    assert!(order.evolve(&Event::TaskChecked { task, by, at }).is_err());
}

#[test]
fn an_orders_checklist_is_bounded_like_a_template() {
    let mut memory = with_service(&[]);
    for n in 0..limits::CHECKLIST_TASKS {
        memory.accept(
            "members/admin",
            &add_template(team(&format!("t{n}"), 1, &[])),
        );
    }
    memory.accept("members/ana", &place("o1"));
    let rejection = memory.reject("members/ana", &add(team("more", 1, &[])));
    assert_eq!(reason(rejection), Reason::ChecklistFull);
    memory.accept("members/ana", &RemoveOrderTask { name: name("t0") });
    memory.accept("members/ana", &add(team("more", 1, &[])));
    let taken = memory.reject("members/ana", &add(team("t0", 1, &[])));
    assert!(matches!(taken, Rejection::AlreadyExists { .. }));
}

#[test]
fn one_save_of_a_task_is_one_event_with_old_and_new_and_the_same_again_none() {
    let mut memory = with_order(&[team("a", 1, &["ana"])]);
    let changes = Changes {
        title: Some(Line::new("Audit").unwrap()),
        description: Some(Some(Html::new("<p>All pages</p>").unwrap())),
        deadline_hours: Some(Some(DeadlineHours::new(24).unwrap())),
        responsible_role: Some(Some("success-manager".parse().unwrap())),
        ..Changes::default()
    };
    let log = memory.log.len();
    memory.accept("members/ana", &edit("a", changes.clone()));
    assert_eq!(types(&memory, log), ["task_updated"]);
    let order = details(&memory);
    let due = order.due(order.task(&name("a")).unwrap());
    assert_eq!(due, Some(order.start + TimeDelta::hours(24)));
    memory.accept("members/ana", &edit("a", changes));
    assert_eq!(memory.log.len(), log + 1);
    let unknown = Changes {
        responsible_role: Some(Some("juggler".parse().unwrap())),
        ..Changes::default()
    };
    let rejection = memory.reject("members/ana", &edit("a", unknown));
    assert_eq!(reason(rejection), Reason::UnknownRole);
}

#[test]
fn descriptions_keep_the_allowed_tags_and_nothing_else() {
    let mut memory = with_order(&[team("a", 1, &["ana"])]);
    let description = concat!(
        "<strong>s</strong><em>e</em><ul><li>l</li></ul><a href=\"https://example.com\">x</a>",
        "<a href=\"javascript:alert(1)\">y</a><script>z</script><p onclick=\"w()\">p</p><h1>h</h1>",
    );
    let changes = Changes {
        description: Some(Some(Html::new(description).unwrap())),
        ..Changes::default()
    };
    memory.accept("members/ana", &edit("a", changes));
    let description = task(&memory, "a").content.description.unwrap();
    assert_eq!(
        description.as_str(),
        concat!(
            "<strong>s</strong><em>e</em><ul><li>l</li></ul><a href=\"https://example.com\">x</a>",
            "<a>y</a><p>p</p>h",
        )
    );
}

#[test]
fn an_order_has_another_title_and_start_and_its_due_dates_move() {
    let mut memory = with_order(&[team("a", 1, &["ana"])]);
    let start = memory.now + TimeDelta::days(3);
    let update = UpdateOrder {
        name: o1(),
        title: Some(Line::new("Spring campaign").unwrap()),
        start: Some(start),
    };
    let log = memory.log.len();
    memory.accept("members/ana", &update);
    memory.accept("members/ana", &update);
    assert_eq!(types(&memory, log), ["updated"]);
    assert_eq!(details(&memory).start, start);
    let too_far = UpdateOrder {
        start: Some(DateTime::<Utc>::MAX_UTC),
        ..update
    };
    assert_eq!(
        fields(memory.reject("members/ana", &too_far)),
        ["order.start_time"]
    );
    let too_far = PlaceOrder {
        start: Some(DateTime::<Utc>::MAX_UTC),
        ..place("o2")
    };
    assert_eq!(
        fields(memory.reject("members/ana", &too_far)),
        ["order.start_time"]
    );
}

#[test]
fn tasks_and_the_order_have_etags_of_their_own() {
    let mut memory = with_order(&[team("a", 1, &["ana"]), team("b", 2, &["ben"])]);
    memory.accept("members/ana", &edit("a", titled("Audit")));
    // Somebody else's edit of another task does not spoil this one.
    assert!(
        memory
            .decide_at(Revision(1), &edit("b", titled("Report")))
            .is_ok()
    );
    for stale in [
        &edit("a", titled("Again")) as &dyn Command,
        &check("a"),
        &give("a", &[]),
    ] {
        let rejection = memory.decide_at(Revision(1), stale);
        assert!(
            matches!(rejection, Err(Rejection::VersionMismatch { .. })),
            "{stale:?}"
        );
    }
    let revision = details(&memory).revision;
    let update = UpdateOrder {
        name: o1(),
        title: Some(Line::new("Spring campaign").unwrap()),
        start: None,
    };
    assert!(memory.decide_at(revision, &update).is_ok());
    assert!(
        memory
            .decide_at(revision, &CompleteOrder { name: o1() })
            .is_err()
    );
}

#[test]
fn a_task_of_another_services_template_is_not_added() {
    let mut memory = with_order(&[team("a", 1, &["ana"])]);
    let from = |task: &str| AddOrderTask {
        name: name("x"),
        task: NewOrderTask::Template {
            task: task.parse().unwrap(),
            tier: None,
        },
    };
    let rejection = memory.reject("members/ana", &from("services/ads/tasks/a"));
    assert_eq!(fields(rejection), ["template_task"]);
    let rejection = memory.reject("members/ana", &from("services/seo/tasks/none"));
    assert!(matches!(rejection, Rejection::NotFound { .. }));
}

#[test]
fn the_history_of_an_order_says_who_did_what_when() {
    let mut memory = with_order(&[team("a", 1, &["ana"]), client("b", 2)]);
    memory.accept("members/ben", &check("a"));
    memory.accept(ZOE, &check("b"));
    let events = samples::events(&memory, 0);
    let who: Vec<_> = events
        .iter()
        .filter_map(|event| match event {
            Event::TaskChecked { by, .. } | Event::Completed { by, .. } => Some(by.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(who, ["members/ben", ZOE, ZOE]);
    let order = details(&memory);
    assert_eq!(order.closed().unwrap().1.as_str(), ZOE);
}

#[test]
fn commands_about_orders_that_do_not_exist_are_not_found() {
    let mut memory = with_service(&[]);
    let note = AddOrderNote {
        on: NoteOn::Order(o1()),
        note: Html::new("Hello").unwrap(),
        visibility: NoteVisibility::Internal,
    };
    for command in [
        &check("a") as &dyn Command,
        &add(team("a", 1, &[])),
        &edit("a", titled("Audit")),
        &CompleteOrder { name: o1() },
        &ReopenOrder { name: o1() },
        &note,
    ] {
        let rejection = memory.reject("members/ana", command);
        assert!(
            matches!(rejection, Rejection::NotFound { .. }),
            "{command:?}"
        );
    }
}
