use super::*;
use crate::{account::RoleSource, version::Revision};

const POLICIES: [OwnershipPolicy; 3] = [
    OwnershipPolicy::None,
    OwnershipPolicy::OpenExceptManual,
    OwnershipPolicy::AllOpen,
];
const ORIGINS: [Origin; 6] = [
    Origin::Manual,
    Origin::Portal,
    Origin::Template,
    Origin::Automation,
    Origin::Integration,
    Origin::Call,
];

fn member(id: &str) -> MemberName {
    MemberName::from_id(id).unwrap()
}

fn members(ids: &[&str]) -> Vec<MemberName> {
    ids.iter().map(|id| member(id)).collect()
}

fn manager() -> Role {
    "success-manager".parse().unwrap()
}

fn change(policy: OwnershipPolicy) -> RoleChange {
    RoleChange {
        role: manager(),
        previous: member("ana"),
        holder: member("ben"),
        policy,
        operation: None,
    }
}

fn work(assignees: &[&str], origin: Origin, role: Option<Role>) -> Work {
    Work {
        assignees: members(assignees),
        responsible_role: role,
        origin,
        about_member: false,
    }
}

fn event(source: RoleSource, moves_work: bool, previous: Option<&str>) -> account::Event {
    account::Event::RoleAssigned {
        role: manager(),
        previous: previous.map(member),
        holder: member("ben"),
        source,
        policy: OwnershipPolicy::AllOpen,
        policy_version: Revision(1),
        operation: None,
        moves_work,
        by: "system".parse().unwrap(),
        at: chrono::DateTime::from_timestamp(1_800_000_000, 0).unwrap(),
    }
}

/// The table, cell by cell, whoever else works on it.
#[test]
fn each_policy_moves_what_the_table_says() {
    use KeepReason as K;
    let (none, manual, all) = (
        OwnershipPolicy::None,
        OwnershipPolicy::OpenExceptManual,
        OwnershipPolicy::AllOpen,
    );
    let other: Role = "sales-manager".parse().unwrap();
    let roles = [None, Some(manager()), Some(other.clone())];
    let mut cells = 0;
    for policy in POLICIES {
        for origin in ORIGINS {
            for role in &roles {
                for holds_another in [false, true] {
                    for assignees in [
                        &["ana"] as &[&str],
                        &["zoe", "ana"],
                        &["ana", "ben"],
                        &["ben", "zoe", "ana"],
                        &["zoe", "ben"],
                        &[],
                    ] {
                        let by_hand = origin == Origin::Manual;
                        let expected = if !assignees.contains(&"ana") {
                            None
                        } else if policy == none {
                            Some(Decision::Keep(K::PolicyNone))
                        } else if *role == Some(other.clone()) {
                            Some(Decision::Keep(K::OtherRole))
                        } else if role.is_none() && holds_another {
                            Some(Decision::Keep(K::HoldsAnotherRole))
                        } else if policy == manual && by_hand {
                            Some(Decision::Keep(K::MadeByHand))
                        } else {
                            assert!(policy == all || !by_hand);
                            Some(Decision::Move)
                        };
                        let work = work(assignees, origin, role.clone());
                        let decided = decide(&change(policy), holds_another, &work);
                        assert_eq!(decided, expected, "{policy:?} {holds_another} {work:?}");
                        cells += 1;
                    }
                }
            }
        }
    }
    assert_eq!(cells, 3 * 6 * 3 * 2 * 6);
}

#[test]
fn a_few_cells_of_the_table_by_name() {
    let all = change(OwnershipPolicy::AllOpen);
    let manual = change(OwnershipPolicy::OpenExceptManual);
    let template = |role| work(&["ana"], Origin::Template, role);
    // It follows the role: whatever else ana holds.
    assert_eq!(
        decide(&all, true, &template(Some(manager()))),
        Some(Decision::Move)
    );
    // It follows none, and ana is responsible for the account still.
    assert_eq!(
        decide(&all, true, &template(None)),
        Some(Decision::Keep(KeepReason::HoldsAnotherRole))
    );
    assert_eq!(decide(&all, false, &template(None)), Some(Decision::Move));
    // Activities and places in orders are by hand.
    let by_hand = Work::by_hand(members(&["ana"]));
    assert_eq!(
        decide(&manual, false, &by_hand),
        Some(Decision::Keep(KeepReason::MadeByHand))
    );
    assert_eq!(decide(&all, false, &by_hand), Some(Decision::Move));
}

#[test]
fn a_task_about_a_member_never_moves_by_role() {
    for policy in POLICIES {
        for origin in ORIGINS {
            let about_ana = Work {
                about_member: true,
                ..work(&["ana"], origin, None)
            };
            assert_eq!(
                decide(&change(policy), false, &about_ana),
                Some(Decision::Keep(KeepReason::AboutMember))
            );
        }
    }
}

#[test]
fn the_policy_is_the_same_on_every_path_but_undo_and_where_the_operation_moves_the_work() {
    for (source, followed) in [
        (RoleSource::Api, true),
        (RoleSource::Bulk, true),
        (RoleSource::Disabling, true),
        (RoleSource::Transfer, true),
        (RoleSource::Undo, false),
    ] {
        assert_eq!(
            RoleChange::of(&event(source, false, Some("ana"))).is_some(),
            followed,
            "{source:?}"
        );
        assert_eq!(RoleChange::of(&event(source, true, Some("ana"))), None);
        assert_eq!(RoleChange::of(&event(source, false, None)), None);
    }
}

#[test]
fn a_vacated_role_moves_nothing() {
    let vacated = account::Event::RoleVacated {
        role: manager(),
        previous: member("ana"),
        source: RoleSource::Api,
        operation: None,
        by: "system".parse().unwrap(),
        at: chrono::DateTime::from_timestamp(1_800_000_000, 0).unwrap(),
    };
    assert_eq!(RoleChange::of(&vacated), None);
    let mut roles = Roles::default();
    roles.apply(&event(RoleSource::Api, false, None));
    assert!(roles.holds_any(&member("ben")));
    roles.apply(&vacated);
    assert!(!roles.holds_any(&member("ben")));
}

fn pending(event: u128, from: &str, to: &str) -> PendingMove {
    PendingMove {
        event: Uuid::from_u128(event),
        from: member(from),
        to: member(to),
    }
}

#[test]
fn moves_under_way_count_as_done_in_their_order() {
    for (assignees, moves, expected) in [
        (&["ana"] as &[&str], vec![], &["ana"] as &[&str]),
        (&["ana"], vec![pending(1, "ana", "ben")], &["ben"]),
        (
            &["ana", "zoe"],
            vec![pending(1, "ana", "ben"), pending(2, "ben", "cleo")],
            &["zoe", "cleo"],
        ),
        // Somebody gave it to zoe meanwhile: the moves come to nothing.
        (
            &["zoe"],
            vec![pending(1, "ana", "ben"), pending(2, "ben", "cleo")],
            &["zoe"],
        ),
        // Who is on it already stays once.
        (&["ana", "ben"], vec![pending(1, "ana", "ben")], &["ben"]),
        (
            &["ana"],
            vec![pending(1, "ana", "ben"), pending(2, "ben", "ana")],
            &["ana"],
        ),
    ] {
        assert_eq!(effective(&members(assignees), &moves), members(expected));
    }
}

#[test]
fn what_is_under_way_to_who_loses_the_role_next_moves_on() {
    let to_ana = pending(1, "zoe", "ana");
    let candidate = |id: &str, assignees: &[&str], pending: Vec<PendingMove>| Candidate {
        item: Holding::OpenTask {
            task: format!("tasks/{id}").parse().unwrap(),
        },
        work: work(assignees, Origin::Template, None),
        pending,
    };
    let planned = plan(
        &change(OwnershipPolicy::AllOpen),
        false,
        [
            candidate("a", &["ana"], vec![]),
            candidate("b", &["zoe"], vec![to_ana.clone()]),
            candidate("c", &["zoe"], vec![]),
            candidate("d", &["ana"], vec![pending(1, "ana", "zoe")]),
        ],
    );
    let planned: Vec<_> = planned
        .iter()
        .map(|planned| (planned.item.to_string(), planned.decision, planned.pending))
        .collect();
    assert_eq!(
        planned,
        [
            ("tasks/a".to_owned(), Decision::Move, false),
            ("tasks/b".to_owned(), Decision::Move, true),
        ]
    );
}

#[test]
fn a_plan_is_cut_into_bounded_chunks_with_ids_of_their_own_and_always_a_last_one() {
    let event = Uuid::from_u128(7);
    let planned: Vec<_> = (0..250)
        .map(|n| Planned {
            item: Holding::OpenTask {
                task: format!("tasks/t{n}").parse().unwrap(),
            },
            decision: Decision::Move,
            pending: false,
        })
        .collect();
    for (count, sizes) in [(0, vec![0]), (100, vec![100]), (250, vec![100, 100, 50])] {
        let chunks = chunks(event, &planned[..count]);
        let is: Vec<_> = chunks.iter().map(|chunk| chunk.items.len()).collect();
        assert_eq!(is, sizes);
        let last: Vec<_> = chunks.iter().map(|chunk| chunk.last).collect();
        assert_eq!(last.iter().filter(|last| **last).count(), 1);
        assert_eq!(last.last(), Some(&true));
        let again = super::chunks(event, &planned[..count]);
        assert_eq!(chunks, again);
    }
    let ids = chunks(event, &planned);
    assert_ne!(ids[0].command_id, ids[1].command_id);
    assert_ne!(
        ids[0].command_id,
        chunks(Uuid::from_u128(8), &planned)[0].command_id
    );
}

#[test]
fn what_went_to_a_successor_is_taken_from_there() {
    let mut moves = vec![
        pending(1, "ana", "ben"),
        pending(2, "ben", "cleo"),
        pending(3, "cleo", "eva"),
    ];
    settle(&mut moves, Uuid::from_u128(9), &members(&["zoe"]));
    assert_eq!(moves.len(), 3, "another event settles nothing");
    // ben was disabled when it was done, so dora got it.
    settle(&mut moves, Uuid::from_u128(1), &members(&["dora"]));
    assert_eq!(
        moves,
        [pending(2, "dora", "cleo"), pending(3, "cleo", "eva")]
    );
    assert_eq!(effective(&members(&["dora"]), &moves), members(&["eva"]));
    settle(&mut moves, Uuid::from_u128(2), &[]);
    assert_eq!(moves, [pending(3, "cleo", "eva")]);
}

#[test]
fn a_move_that_will_do_nothing_is_under_way_no_more() {
    let chain = || {
        vec![
            pending(1, "ana", "ben"),
            pending(2, "ben", "cleo"),
            pending(3, "eva", "dora"),
        ]
    };
    for (assignees, left) in [
        (&["ana"] as &[&str], 2),
        (&["ana", "eva"], 3),
        // Somebody gave it to others meanwhile.
        (&["zoe"], 0),
        (&["ben"], 1),
    ] {
        let mut moves = chain();
        prune(&members(assignees), &mut moves);
        assert_eq!(moves.len(), left, "{assignees:?}");
    }
}
