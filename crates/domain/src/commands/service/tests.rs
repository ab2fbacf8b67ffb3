use super::*;
use crate::{
    checklist::{Arrangement, Changes, DeadlineHours, Draft, Tier, Visibility},
    commands::{
        memory::Memory,
        order::samples::{
            Step, add_template, client, draft, members, place, seo, team, template, with_service,
        },
        task::samples::{ZOE, fields, member, reason},
    },
    limits,
    rejection::{Reason, Rejection},
    service::Details,
    task::{AssignmentCause, AssignmentSource},
    version::Revision,
};

fn service(memory: &Memory) -> Details {
    memory.service("seo").details().unwrap().clone()
}

fn tasks(memory: &Memory) -> Vec<(String, u16)> {
    let tasks = service(memory).tasks;
    let place = |task: &Arc<crate::service::TemplateTask>| {
        (task.name.id().to_owned(), task.content.tier.number())
    };
    tasks.iter().map(place).collect()
}

fn update(id: &str, changes: Changes) -> UpdateTemplateTask {
    UpdateTemplateTask {
        name: template(id),
        changes,
        assignees: None,
    }
}

fn give(id: &str, ids: &[&str]) -> UpdateTemplateTask {
    UpdateTemplateTask {
        assignees: Some(members(ids)),
        ..update(id, Changes::default())
    }
}

fn retire() -> RetireService {
    RetireService { name: seo() }
}

fn remove(id: &str) -> RemoveTemplateTask {
    RemoveTemplateTask { name: template(id) }
}

fn long_text(bytes: usize) -> Html {
    Html::new(&"x".repeat(bytes)).unwrap()
}

#[test]
fn services_get_a_slug_and_only_admins_change_them() {
    let mut memory = with_service(&[team("a", 1, &["ana"])]);
    let create = CreateService {
        id: NewId::FromDisplayName,
        display_name: Line::new("SEO").unwrap(),
        description: Some(Html::new(" ").unwrap()),
    };
    assert_eq!(
        memory.accept("members/admin", &create).as_str(),
        "services/seo-2"
    );
    assert_eq!(memory.service("seo-2").details().unwrap().description, None);
    let reorder = ReorderTemplateTasks {
        name: seo(),
        arrangement: Arrangement {
            tasks: vec![template("a")],
            tiers: vec![],
        },
    };
    for actor in ["members/ana", "service-accounts/crm", ZOE] {
        for command in [
            &create as &dyn Command,
            &UpdateService {
                name: seo(),
                display_name: None,
                description: None,
            },
            &retire(),
            &add_template(team("b", 1, &[])),
            &give("a", &["ben"]),
            &remove("a"),
            &reorder,
        ] {
            let rejection = memory.reject(actor, command);
            assert!(
                matches!(rejection, Rejection::NotAllowed { .. }),
                "{actor} {command:?}"
            );
        }
    }
}

#[test]
fn an_update_records_what_changed_and_the_same_again_changes_nothing() {
    let mut memory = with_service(&[]);
    let command = UpdateService {
        name: seo(),
        display_name: Some(Line::new("Be found").unwrap()),
        description: Some(Some(Html::new("<b>Now</b>").unwrap())),
    };
    memory.accept("members/admin", &command);
    let log = memory.log.len();
    memory.accept("members/admin", &command);
    assert_eq!(memory.log.len(), log);
    assert_eq!(service(&memory).display_name.as_str(), "Be found");
    let stale = memory.decide_as_admin_at(Revision(1), &retire());
    assert!(matches!(stale, Err(Rejection::VersionMismatch { .. })));
}

#[test]
fn a_retired_service_takes_no_new_orders() {
    let mut memory = with_service(&[]);
    memory.accept("members/ana", &place("o1"));
    memory.accept("members/admin", &retire());
    let log = memory.log.len();
    memory.accept("members/admin", &retire());
    assert_eq!(memory.log.len(), log);
    let rejection = memory.reject("members/ana", &place("o2"));
    assert_eq!(reason(rejection), Reason::ServiceRetired);
}

#[test]
fn a_template_is_in_the_order_of_its_tiers() {
    let mut memory = with_service(&[team("b", 2, &[]), team("c", 3, &[]), team("a", 1, &[])]);
    memory.accept("members/admin", &add_template(team("b2", 2, &[])));
    let at_the_end = AddTemplateTask {
        name: template("d"),
        draft: Draft {
            tier: None,
            ..draft(team("d", 1, &[]))
        },
    };
    memory.accept("members/admin", &at_the_end);
    let place = |id: &str, tier| (id.to_owned(), tier);
    let expected = [
        place("a", 1),
        place("b", 2),
        place("b2", 2),
        place("c", 3),
        place("d", 4),
    ];
    assert_eq!(tasks(&memory), expected);

    let to_first = Changes {
        tier: Some(Tier::FIRST),
        ..Changes::default()
    };
    memory.accept("members/admin", &update("c", to_first));
    let reorder = ReorderTemplateTasks {
        name: seo(),
        arrangement: Arrangement {
            tasks: ["d", "a", "c", "b", "b2"].map(template).to_vec(),
            tiers: [1, 1, 2, 2, 7]
                .map(|tier| Tier::new(tier).unwrap())
                .to_vec(),
        },
    };
    memory.accept("members/admin", &reorder);
    let expected = [
        place("d", 1),
        place("a", 1),
        place("c", 2),
        place("b", 2),
        place("b2", 7),
    ];
    assert_eq!(tasks(&memory), expected);
    let log = memory.log.len();
    memory.accept("members/admin", &reorder);
    assert_eq!(memory.log.len(), log);
}

#[test]
fn the_id_of_a_removed_task_is_not_given_again() {
    let mut memory = with_service(&[team("a", 1, &["ana"])]);
    let again = add_template(team("a", 1, &[]));
    assert!(matches!(
        memory.reject("members/admin", &again),
        Rejection::AlreadyExists { .. }
    ));
    memory.accept("members/admin", &remove("a"));
    let log = memory.log.len();
    memory.accept("members/admin", &remove("a"));
    assert_eq!(memory.log.len(), log);
    assert!(matches!(
        memory.reject("members/admin", &again),
        Rejection::AlreadyExists { .. }
    ));
    for missing in [&give("a", &[]) as &dyn Command, &remove("x")] {
        assert!(matches!(
            memory.reject("members/admin", missing),
            Rejection::NotFound { .. }
        ));
    }
}

#[test]
fn template_tasks_are_given_to_who_takes_work_each_once() {
    let mut memory = with_service(&[team("a", 1, &["ana", "ben", "ana"])]);
    assert_eq!(
        service(&memory).tasks[0].content.assignees,
        members(&["ana", "ben"])
    );
    memory.accept("members/admin", &give("a", &["cleo"]));
    memory.disable("ben");
    for (id, expected) in [
        ("ben", Reason::MemberDisabled),
        ("nobody", Reason::UnknownMember),
    ] {
        let rejection = memory.reject("members/admin", &give("a", &[id]));
        assert_eq!(reason(rejection), expected);
        let rejection = memory.reject("members/admin", &add_template(team("b", 1, &[id])));
        assert_eq!(reason(rejection), expected);
    }
    let cleo = member("cleo");
    let service = service(&memory);
    let held: Vec<_> = service.held_by(&cleo).collect();
    assert_eq!(held, [&template("a")]);
}

#[test]
fn handing_over_a_template_task_swaps_one_assignee() {
    let mut memory = with_service(&[team("a", 1, &["ana", "ben"])]);
    let hand_over = |from: &str, to: &str| HandOverTemplateTask {
        name: template("a"),
        from: member(from),
        to: member(to),
        cause: AssignmentCause {
            source: AssignmentSource::Transfer,
            event: None,
        },
    };
    memory.accept("members/admin", &hand_over("ana", "cleo"));
    memory.accept("members/admin", &hand_over("ben", "cleo"));
    assert_eq!(
        service(&memory).tasks[0].content.assignees,
        members(&["cleo"])
    );
    let log = memory.log.len();
    memory.accept("members/admin", &hand_over("ana", "dan"));
    assert_eq!(memory.log.len(), log);
}

#[test]
fn a_responsible_role_is_one_of_the_settings() {
    let mut memory = with_service(&[team("a", 1, &[])]);
    let role = |id: &str| Changes {
        responsible_role: Some(Some(id.parse().unwrap())),
        ..Changes::default()
    };
    memory.accept("members/admin", &update("a", role("success-manager")));
    memory.accept("members/admin", &update("a", role("assignee")));
    let rejection = memory.reject("members/admin", &update("a", role("juggler")));
    assert_eq!(reason(rejection), Reason::UnknownRole);
    let unknown = AddTemplateTask {
        name: template("b"),
        draft: Draft {
            responsible_role: Some("juggler".parse().unwrap()),
            ..draft(team("b", 1, &[]))
        },
    };
    assert_eq!(
        reason(memory.reject("members/admin", &unknown)),
        Reason::UnknownRole
    );
}

#[test]
fn everything_a_task_says_can_be_changed_in_one_save() {
    let mut memory = with_service(&[team("a", 1, &["ana"])]);
    let command = UpdateTemplateTask {
        changes: Changes {
            title: Some(Line::new("Fill in the brief").unwrap()),
            description: Some(Some(Html::new("<em>All</em> of it").unwrap())),
            deadline_hours: Some(Some(DeadlineHours::new(24).unwrap())),
            visibility: Some(Visibility::ClientAssigned),
            ..Changes::default()
        },
        ..give("a", &["ben"])
    };
    let log = memory.log.len();
    memory.accept("members/admin", &command);
    assert_eq!(memory.log.len(), log + 2);
    let content = service(&memory).tasks[0].content.clone();
    assert_eq!(content.title.as_str(), "Fill in the brief");
    assert_eq!(content.assignees, members(&["ben"]));
    assert_eq!(content.visibility, Visibility::ClientAssigned);
    memory.accept("members/admin", &command);
    assert_eq!(memory.log.len(), log + 2);
}

#[test]
fn five_hundred_tasks_work_and_one_more_is_refused() {
    let mut memory = with_service(&[]);
    for n in 0..limits::CHECKLIST_TASKS {
        let id = format!("t{n}");
        memory.accept(
            "members/admin",
            &add_template(team(&id, 1 + n as i64 / 2, &["ana"])),
        );
    }
    let rejection = memory.reject("members/admin", &add_template(client("more", 1)));
    let text = rejection.to_string();
    assert_eq!(reason(rejection), Reason::ChecklistFull);
    assert!(text.contains("501 tasks; at most 500"), "{text}");
    memory.accept("members/ana", &place("o1"));
    let order = memory.order("o1").details().unwrap().clone();
    assert_eq!(order.tasks.len(), limits::CHECKLIST_TASKS);
    assert_eq!(order.assignees.len(), 1);
}

#[test]
fn a_template_has_a_bounded_amount_of_text() {
    let mut memory = with_service(&[]);
    let with_text = |id: &str, bytes| AddTemplateTask {
        name: template(id),
        draft: Draft {
            description: Some(long_text(bytes)),
            ..draft(team("t", 1, &[]))
        },
    };
    // Titles count too.
    let most = limits::TEXT_BYTES - 1;
    for n in 0..16 {
        memory.accept("members/admin", &with_text(&format!("t{n}"), most));
    }
    let rejection = memory.reject("members/admin", &add_template(team("more", 1, &[])));
    assert_eq!(reason(rejection), Reason::ChecklistFull);
    let longer = Changes {
        title: Some(Line::new("longer").unwrap()),
        ..Changes::default()
    };
    let rejection = memory.reject("members/admin", &update("t0", longer));
    assert_eq!(reason(rejection), Reason::ChecklistFull);
}

#[test]
fn a_template_has_a_bounded_number_of_assignees() {
    let mut memory = with_service(&[]);
    let too_many = Step(
        "t",
        1,
        &["ana"; limits::ASSIGNEES + 1],
        Visibility::Internal,
    );
    let rejection = memory.reject("members/admin", &add_template(too_many));
    assert_eq!(fields(rejection), ["task.assignees"]);
    let ids: Vec<_> = (0..limits::ASSIGNEES).map(|n| format!("m{n}")).collect();
    for id in &ids {
        let command = crate::commands::CreateMember {
            id: NewId::Given(member(id)),
            display_name: Line::new(id).unwrap(),
            email: None,
            kind: crate::member::Kind::Staff,
        };
        memory.accept("system", &command);
    }
    let ids: Vec<_> = ids.iter().map(String::as_str).collect();
    for n in 0..15 {
        memory.accept(
            "members/admin",
            &add_template(team(&format!("t{n}"), 1, &ids)),
        );
    }
    let rejection = memory.reject("members/admin", &add_template(team("more", 1, &["ana"])));
    assert_eq!(reason(rejection), Reason::ChecklistFull);
    memory.accept("members/ana", &place("o1"));
    let order = memory.order("o1").details().unwrap().clone();
    assert_eq!(order.assignees.len(), limits::ASSIGNEES);
}
