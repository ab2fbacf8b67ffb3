//! Who works on an order as its checklist goes on (S1).

use crate::{
    Command,
    checklist::{Arrangement, Changes, Tier},
    commands::{
        AddOrderTask, AssignOrderTask, HandOverOrder, HandOverOrderTask, NewOrderTask,
        RemoveOrderTask, RenewOrder, ReorderOrderTasks,
        order::samples::{
            add, assign, assignees, check, client, details, edit, events, give, name, o1, portal,
            tasks, team, template, types, uncheck, with_order,
        },
        task::samples::{fields, member, reason},
    },
    order::{Cycle, Event},
    rejection::{Reason, Rejection},
    task::{Assignment, AssignmentCause, AssignmentSource},
};

fn remove(id: &str) -> RemoveOrderTask {
    RemoveOrderTask { name: name(id) }
}

fn reorder(ids: &[&str]) -> ReorderOrderTasks {
    ReorderOrderTasks {
        name: o1(),
        arrangement: Arrangement {
            tasks: ids.iter().map(|id| name(id)).collect(),
            tiers: vec![],
        },
    }
}

fn to_tier(tier: i64) -> Changes {
    Changes {
        tier: Some(Tier::new(tier).unwrap()),
        ..Changes::default()
    }
}

#[test]
fn a_new_order_is_worked_on_by_those_of_its_first_tier() {
    let memory = with_order(&[team("a", 1, &["ana", "ben"]), team("b", 2, &["cleo"])]);
    assert_eq!(assignees(&memory), ["ana", "ben"]);
}

#[test]
fn checking_a_task_makes_way_for_those_of_the_next() {
    let mut memory = with_order(&[team("a", 1, &["ana"]), team("b", 2, &["ben"])]);
    let log = memory.log.len();
    memory.accept("members/ana", &check("a"));
    assert_eq!(assignees(&memory), ["ben"]);
    let Some(Event::AssigneesRotated { left, joined, .. }) = events(&memory, log).pop() else {
        panic!("{:?}", events(&memory, log))
    };
    assert_eq!((left, joined), (vec![member("ana")], vec![member("ben")]));
}

#[test]
fn a_member_in_two_tiers_stays() {
    let mut memory = with_order(&[
        team("a", 1, &["ana", "ben"]),
        team("b", 2, &["ana", "cleo"]),
    ]);
    memory.accept("members/ana", &check("a"));
    assert_eq!(assignees(&memory), ["ana", "cleo"]);
    let mut memory = with_order(&[team("a", 1, &["ana"]), team("b", 2, &["ana"])]);
    let log = memory.log.len();
    memory.accept("members/ana", &check("a"));
    assert_eq!(types(&memory, log), ["task_checked"]);
}

#[test]
fn who_is_added_by_hand_stays_until_removed_by_hand() {
    let mut memory = with_order(&[team("a", 1, &["ana"]), team("b", 2, &["ben"])]);
    memory.accept("members/ana", &assign(&["dan"], &[]));
    assert_eq!(assignees(&memory), ["ana", "dan"]);
    memory.accept("members/ana", &check("a"));
    assert_eq!(assignees(&memory), ["ben", "dan"]);
    memory.accept("members/ana", &check("b"));
    assert_eq!(assignees(&memory), ["dan"]);
    memory.accept("members/ana", &uncheck("b"));
    memory.accept("members/ana", &assign(&[], &["dan"]));
    assert_eq!(assignees(&memory), ["ben"]);
}

#[test]
fn who_is_removed_by_hand_stays_away_until_the_current_tier_changes() {
    let mut memory = with_order(&[
        team("a1", 1, &["ana", "ben"]),
        team("a2", 1, &["ana"]),
        team("b", 2, &["ana"]),
    ]);
    memory.accept("members/cleo", &assign(&[], &["ana"]));
    assert_eq!(assignees(&memory), ["ben"]);
    memory.accept("members/ben", &check("a1"));
    assert!(assignees(&memory).is_empty());
    memory.accept("members/ben", &check("a2"));
    assert_eq!(assignees(&memory), ["ana"]);
    assert!(details(&memory).removed.is_empty());
}

/// Takes ana off an order whose first tier is hers and ben's, and does something that makes another tier the
/// current one: then nobody is off it any more.
#[track_caller]
fn comes_back_after(commands: &[&dyn Command]) {
    let mut memory = with_order(&[
        team("a", 2, &["ana", "ben"]),
        team("b", 3, &["ana"]),
        team("done", 1, &["ana"]),
    ]);
    memory.accept("members/ben", &check("done"));
    memory.accept("members/ben", &assign(&[], &["ana"]));
    assert_eq!(assignees(&memory), ["ben"]);
    assert!(details(&memory).removed.contains(&member("ana")));
    for command in commands {
        memory.accept("members/ben", *command);
    }
    assert!(details(&memory).removed.is_empty());
    assert!(assignees(&memory).contains(&"ana".to_owned()));
}

#[test]
fn who_is_removed_comes_back_when_an_earlier_task_is_added() {
    comes_back_after(&[&add(team("new", 1, &["ana"]))]);
}

#[test]
fn who_is_removed_comes_back_when_the_current_task_is_removed() {
    comes_back_after(&[&remove("a")]);
}

#[test]
fn who_is_removed_comes_back_when_the_tasks_are_reordered() {
    comes_back_after(&[&reorder(&["b", "done", "a"])]);
}

#[test]
fn who_is_removed_comes_back_when_an_earlier_task_is_unchecked() {
    comes_back_after(&[&uncheck("done")]);
}

#[test]
fn who_is_removed_comes_back_when_the_current_task_gets_another_tier() {
    comes_back_after(&[&edit("a", to_tier(5))]);
}

#[test]
fn who_is_removed_comes_back_when_the_order_is_renewed_in_the_same_tier() {
    // The first tier is the current one before and after: it is the renewal that counts.
    let renew = RenewOrder {
        name: o1(),
        cycle: Cycle::new("2027-02").unwrap(),
        start: None,
    };
    comes_back_after(&[&renew]);
    let mut memory = with_order(&[team("a", 1, &["ana", "ben"])]);
    memory.accept("members/ben", &assign(&["dan"], &["ana"]));
    assert_eq!(assignees(&memory), ["ben", "dan"]);
    memory.accept("members/ben", &renew);
    assert_eq!(assignees(&memory), ["ana", "ben"]);
    let order = details(&memory);
    assert!(order.removed.is_empty() && order.added.is_empty());
}

#[test]
fn who_is_added_comes_back_and_who_is_added_and_removed_goes() {
    let mut memory = with_order(&[team("a", 1, &["ana"]), team("b", 2, &["ana"])]);
    memory.accept("members/ben", &assign(&[], &["ana"]));
    memory.accept("members/ben", &assign(&["ana"], &[]));
    assert_eq!(assignees(&memory), ["ana"]);
    memory.accept("members/ben", &assign(&[], &["ana"]));
    assert!(assignees(&memory).is_empty());
    let log = memory.log.len();
    memory.accept("members/ben", &assign(&[], &["ana"]));
    assert_eq!(memory.log.len(), log);
    let both = memory.reject("members/ben", &assign(&["ana"], &["ana"]));
    assert_eq!(fields(both), ["remove"]);
}

#[test]
fn adding_who_works_on_it_anyway_keeps_them_on_later() {
    let mut memory = with_order(&[team("a", 1, &["ana"]), team("b", 2, &["ben"])]);
    let log = memory.log.len();
    memory.accept("members/ben", &assign(&["ana"], &[]));
    assert_eq!(types(&memory, log), ["assigned"]);
    memory.accept("members/ben", &check("a"));
    assert_eq!(assignees(&memory), ["ana", "ben"]);
}

#[test]
fn only_who_takes_work_is_put_on_an_order() {
    let mut memory = with_order(&[team("a", 1, &["ana"])]);
    memory.disable("ben");
    for (id, expected) in [
        ("ben", Reason::MemberDisabled),
        ("nobody", Reason::UnknownMember),
    ] {
        let rejection = memory.reject("members/ana", &assign(&[id], &[]));
        assert_eq!(reason(rejection), expected);
        let rejection = memory.reject("members/ana", &give("a", &[id]));
        assert_eq!(reason(rejection), expected);
        let rejection = memory.reject("members/ana", &add(team("b", 1, &[id])));
        assert_eq!(reason(rejection), expected);
    }
}

#[test]
fn only_who_is_a_member_is_taken_off_an_order() {
    let mut memory = with_order(&[team("a", 1, &["ana"])]);
    let rejection = memory.reject("members/ana", &assign(&[], &["ana", "nobody"]));
    let Rejection::Precondition {
        reason,
        subject,
        description,
    } = rejection
    else {
        panic!("{rejection}")
    };
    assert_eq!(reason, Reason::UnknownMember);
    assert_eq!(subject, "members/nobody");
    assert!(description.starts_with("remove: "), "{description}");
    // Who is disabled may be taken off, also from those who were added by hand.
    memory.accept("members/ana", &assign(&["ben"], &[]));
    memory.disable("ben");
    memory.disable("cleo");
    memory.accept("members/ana", &assign(&[], &["ben", "cleo"]));
    assert_eq!(assignees(&memory), ["ana"]);
}

#[test]
fn the_field_that_names_who_takes_no_work_is_told() {
    let mut memory = with_order(&[team("a", 1, &["ana"])]);
    let more = AssignOrderTask {
        name: name("a"),
        assignment: Assignment::Change {
            add: vec![member("nobody")],
            remove: vec![],
        },
    };
    for (command, field) in [
        (&more as &dyn Command, "add: "),
        (&give("a", &["nobody"]), "assignees: "),
        (&assign(&["nobody"], &[]), "add: "),
    ] {
        let Rejection::Precondition { description, .. } = memory.reject("members/ana", command)
        else {
            panic!("{command:?}")
        };
        assert!(description.starts_with(field), "{description}");
    }
}

#[test]
fn unchecking_brings_the_earlier_tier_back() {
    let mut memory = with_order(&[team("a", 1, &["ana"]), team("b", 2, &["ben"])]);
    memory.accept("members/ana", &check("a"));
    memory.accept("members/ana", &uncheck("a"));
    assert_eq!(assignees(&memory), ["ana"]);
}

#[test]
fn checking_outside_the_current_tier_moves_nobody() {
    let mut memory = with_order(&[
        team("a", 1, &["ana"]),
        team("b", 2, &["ben"]),
        team("c", 3, &["cleo"]),
    ]);
    let log = memory.log.len();
    memory.accept("members/ana", &check("b"));
    assert_eq!(types(&memory, log), ["task_checked"]);
    assert_eq!(assignees(&memory), ["ana"]);
    memory.accept("members/ana", &check("a"));
    assert_eq!(assignees(&memory), ["cleo"]);
}

#[test]
fn in_a_tier_of_three_each_leaves_with_their_own_task() {
    let mut memory = with_order(&[
        team("a", 1, &["ana"]),
        team("b", 1, &["ben"]),
        team("c", 1, &["cleo"]),
        team("d", 2, &["dan"]),
    ]);
    assert_eq!(assignees(&memory), ["ana", "ben", "cleo"]);
    memory.accept("members/ana", &check("a"));
    memory.accept("members/ana", &check("c"));
    assert_eq!(assignees(&memory), ["ben"]);
    memory.accept("members/ana", &check("b"));
    assert_eq!(assignees(&memory), ["dan"]);
}

#[test]
fn a_task_added_before_in_and_after_the_current_tier() {
    let mut memory = with_order(&[team("a", 2, &["ana"]), team("b", 4, &["ben"])]);
    memory.accept("members/ana", &check("a"));
    memory.accept("members/ana", &add(team("after", 5, &["dan"])));
    assert_eq!(assignees(&memory), ["ben"]);
    memory.accept("members/ana", &add(team("in", 4, &["cleo"])));
    assert_eq!(assignees(&memory), ["ben", "cleo"]);
    memory.accept("members/ana", &add(team("before", 1, &["ana"])));
    assert_eq!(assignees(&memory), ["ana"]);
    assert_eq!(tasks(&memory), ["before", "a", "b", "in", "after"]);
}

#[test]
fn removing_the_current_task_makes_way_for_the_next() {
    let mut memory = with_order(&[team("a", 1, &["ana"]), team("b", 2, &["ben"])]);
    memory.accept("members/ana", &remove("a"));
    assert_eq!(assignees(&memory), ["ben"]);
    let log = memory.log.len();
    memory.accept("members/ana", &remove("a"));
    assert_eq!(memory.log.len(), log);
}

#[test]
fn editing_the_assignees_of_a_current_task_changes_who_works_on_the_order() {
    let mut memory = with_order(&[team("a", 1, &["ana"]), team("b", 2, &["ben"])]);
    memory.accept("members/ana", &give("a", &["cleo", "dan"]));
    assert_eq!(assignees(&memory), ["cleo", "dan"]);
    let log = memory.log.len();
    memory.accept("members/ana", &give("b", &["ana"]));
    assert_eq!(types(&memory, log), ["task_assigned"]);
    assert_eq!(assignees(&memory), ["cleo", "dan"]);
}

#[test]
fn editing_the_tier_of_a_task_changes_who_works_on_the_order() {
    let mut memory = with_order(&[team("a", 1, &["ana"]), team("b", 2, &["ben"])]);
    memory.accept("members/ana", &edit("b", to_tier(1)));
    assert_eq!(assignees(&memory), ["ana", "ben"]);
    memory.accept("members/ana", &edit("a", to_tier(3)));
    assert_eq!(assignees(&memory), ["ben"]);
    assert_eq!(tasks(&memory), ["b", "a"]);
}

#[test]
fn moving_a_task_to_the_front_makes_it_the_current_one() {
    let mut memory = with_order(&[
        team("a", 1, &["ana"]),
        team("b", 2, &["ben"]),
        team("c", 3, &["cleo"]),
    ]);
    memory.accept("members/ana", &reorder(&["c", "a", "b"]));
    assert_eq!(tasks(&memory), ["c", "a", "b"]);
    assert_eq!(assignees(&memory), ["cleo"]);
    let log = memory.log.len();
    memory.accept("members/ana", &reorder(&["c", "a", "b"]));
    assert_eq!(memory.log.len(), log);
    let rejection = memory.reject("members/ana", &reorder(&["c", "a"]));
    assert_eq!(fields(rejection), ["tasks"]);
}

#[test]
fn after_the_last_task_only_those_added_by_hand_remain() {
    let mut memory = with_order(&[team("a", 1, &["ana"])]);
    memory.accept("members/ana", &assign(&["dan"], &[]));
    let log = memory.log.len();
    memory.accept("members/ana", &check("a"));
    assert_eq!(assignees(&memory), ["dan"]);
    let expected = ["task_checked", "completed", "assignees_rotated"];
    assert_eq!(types(&memory, log), expected);
}

#[test]
fn in_a_tier_of_the_clients_nobody_of_the_team_works() {
    let mut memory = with_order(&[team("a", 1, &["ana"]), client("b", 2), portal("c", 3)]);
    memory.accept("members/ana", &check("a"));
    assert!(assignees(&memory).is_empty());
}

#[test]
fn a_task_from_the_library_is_the_template_as_it_is_now() {
    let mut memory = with_order(&[team("a", 1, &["ana"]), team("b", 2, &["ben"])]);
    let command = AddOrderTask {
        name: name("again"),
        task: NewOrderTask::Template {
            task: template("a"),
            tier: Some(Tier::new(2).unwrap()),
        },
    };
    memory.accept("members/ana", &command);
    memory.accept("members/ana", &check("a"));
    assert_eq!(assignees(&memory), ["ana", "ben"]);
    let order = details(&memory);
    let added = order.task(&name("again")).unwrap();
    assert_eq!(added.template, Some(template("a")));
    assert_eq!(added.origin, crate::task::Origin::Template);
}

#[test]
fn handing_over_a_task_swaps_one_assignee_and_rotates() {
    let mut memory = with_order(&[team("a", 1, &["ana", "ben"]), team("b", 2, &["ana"])]);
    let cause = AssignmentCause {
        source: AssignmentSource::Role,
        event: Some(uuid::Uuid::from_u128(7)),
        operation: None,
    };
    let hand_over = |task: &str, from: &str, to: &str| HandOverOrderTask {
        name: name(task),
        from: member(from),
        to: member(to),
        cause: cause.clone(),
    };
    let log = memory.log.len();
    memory.accept("system", &hand_over("a", "ana", "cleo"));
    assert_eq!(assignees(&memory), ["ben", "cleo"]);
    let Some(Event::TaskAssigned { cause: told, .. }) = events(&memory, log).into_iter().next()
    else {
        panic!("{:?}", events(&memory, log))
    };
    assert_eq!(told, cause);
    // Who has it already stays, and who has no part in it gives none.
    memory.accept("system", &hand_over("a", "ben", "cleo"));
    assert_eq!(assignees(&memory), ["cleo"]);
    let log = memory.log.len();
    memory.accept("system", &hand_over("a", "ben", "dan"));
    memory.accept("members/ana", &check("b"));
    memory.accept("system", &hand_over("b", "ana", "dan"));
    assert_eq!(types(&memory, log), ["task_checked"]);
    memory.disable("dan");
    let rejection = memory.reject("system", &hand_over("a", "cleo", "dan"));
    assert_eq!(reason(rejection), Reason::MemberDisabled);
}

#[test]
fn handing_over_a_place_by_hand_leaves_the_tasks_alone() {
    let mut memory = with_order(&[team("a", 1, &["ana"])]);
    memory.accept("members/ben", &assign(&["ana"], &["cleo"]));
    let hand_over = |from: &str, to: &str| HandOverOrder {
        name: o1(),
        from: member(from),
        to: member(to),
        cause: AssignmentCause::default(),
    };
    memory.accept("system", &hand_over("ana", "cleo"));
    assert_eq!(assignees(&memory), ["ana", "cleo"]);
    assert!(details(&memory).has_added(&member("cleo")));
    assert!(!details(&memory).has_added(&member("ana")));
    let log = memory.log.len();
    memory.accept("system", &hand_over("ana", "dan"));
    assert_eq!(memory.log.len(), log);
    let order = details(&memory);
    let ana = member("ana");
    let held: Vec<_> = order.open_tasks_of(&ana).collect();
    assert_eq!(held, [&name("a")]);
}
