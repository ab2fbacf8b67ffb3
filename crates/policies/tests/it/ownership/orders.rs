//! Work on orders, activities and templates passes on as tasks do.

use handoff_domain::{
    HoldingKind, State,
    checklist::{Draft, Visibility},
    commands::{
        AddTemplateTask, AssignOrder, CheckOrderTask, CreateActivity, CreateService, NewId,
        PlaceOrder,
    },
    names::{ActivityName, OrderName, OrderTaskName, ServiceName, TemplateTaskName},
    settings::OwnershipPolicy::{self, AllOpen, None as Nothing, OpenExceptManual},
    task::Due,
    text::{Html, Line},
};

use super::scene::{Scene, member};

pub(super) fn service() -> ServiceName {
    ServiceName::from_id("seo").unwrap()
}

pub(super) fn order() -> OrderName {
    OrderName::from_id("o1").unwrap()
}

pub(super) fn order_task(id: &str) -> OrderTaskName {
    OrderTaskName::from_id(&order(), id).unwrap()
}

pub(super) fn activity() -> ActivityName {
    ActivityName::from_id("call").unwrap()
}

impl Scene {
    /// `acme` has an order with the tasks `audit` and `report` of `ana`, who is on it by hand too, and an
    /// activity of hers.
    pub(super) async fn with_order(policy: OwnershipPolicy) -> Self {
        let scene = Self::new(policy).await;
        let world = &scene.world;
        world
            .submit(CreateService {
                id: NewId::Given(service()),
                display_name: Line::new("Search engines").unwrap(),
                description: None,
            })
            .await;
        for id in ["audit", "report"] {
            world
                .submit(AddTemplateTask {
                    name: TemplateTaskName::from_id(&service(), id).unwrap(),
                    draft: Draft {
                        title: Line::new(id).unwrap(),
                        description: None,
                        deadline_hours: None,
                        assignees: vec![member("ana"), member("dan")],
                        responsible_role: None,
                        tier: None,
                        visibility: Visibility::Internal,
                    },
                })
                .await;
        }
        world
            .submit(PlaceOrder {
                name: order(),
                account: "accounts/acme".parse().unwrap(),
                service: service(),
                title: None,
                start: None,
            })
            .await;
        world
            .submit(AssignOrder {
                name: order(),
                add: vec![member("ana")],
                remove: Vec::new(),
            })
            .await;
        world
            .submit(CreateActivity {
                name: activity(),
                account: "accounts/acme".parse().unwrap(),
                note: Html::new("Call them").unwrap(),
                due: Some(Due::At("2027-01-15T08:00:00Z".parse().unwrap())),
                assignee: Some(member("ana")),
            })
            .await;
        scene
    }

    /// Who has the task of the order, who is on it by hand, and who has the activity, sorted.
    pub(super) async fn work(&self, task: &str) -> [Vec<String>; 3] {
        let ids = |members: Vec<&handoff_domain::names::MemberName>| -> Vec<String> {
            let ids = members.iter().map(|member| member.id().to_owned());
            let mut ids: Vec<_> = ids.collect();
            ids.sort();
            ids
        };
        let State::Order(state) = self.state(&order()).await else {
            panic!("no order")
        };
        let details = state.details().unwrap();
        let task = details.task(&order_task(task)).unwrap();
        let State::Activity(activity) = self.state(&activity()).await else {
            panic!("no activity")
        };
        [
            ids(task.content.assignees.iter().collect()),
            ids(details.added.iter().collect()),
            ids(activity.details().unwrap().assignee.iter().collect()),
        ]
    }
}

pub(super) fn of(members: [&[&str]; 3]) -> [Vec<String>; 3] {
    members.map(|ids| ids.iter().map(|id| (*id).to_owned()).collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn open_work_of_orders_follows_the_role_and_so_do_activities() {
    let scene = Scene::with_order(AllOpen).await;
    let _policy = scene.policy("one").await;
    let check = CheckOrderTask {
        name: order_task("report"),
    };
    scene.world.submit(check).await;
    let operation = scene.assign_role("assignee", "ben").await;
    // The role, the open task, the place by hand and the activity; what is done stays.
    assert_eq!(scene.counts(&operation).await, (4, 0, 0));
    assert_eq!(
        scene.work("audit").await,
        of([&["ben", "dan"], &["ben"], &["ben"]])
    );
    assert_eq!(scene.work("report").await[0], ["ana", "dan"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_made_by_hand_stays_under_the_policy_that_leaves_it() {
    let scene = Scene::with_order(OpenExceptManual).await;
    let _policy = scene.policy("one").await;
    let operation = scene.assign_role("assignee", "ben").await;
    // The role and both tasks of the template; the place by hand and the activity are kept.
    assert_eq!(scene.counts(&operation).await, (3, 2, 0));
    assert_eq!(
        scene.work("audit").await,
        of([&["ben", "dan"], &["ana"], &["ana"]])
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn orders_passed_on_twice_at_once_end_with_the_last_and_an_undo_gives_them_back() {
    let scene = Scene::with_order(AllOpen).await;
    let first = scene.assign_role("assignee", "ben").await;
    let second = scene.assign_role("assignee", "cleo").await;
    let _policy = scene.policy("one").await;
    scene.finished(&first).await;
    scene.finished(&second).await;
    assert_eq!(
        scene.work("audit").await,
        of([&["cleo", "dan"], &["cleo"], &["cleo"]])
    );
    let undo = scene.undo(&second).await;
    scene.finished(&undo).await;
    assert_eq!(
        scene.work("audit").await[1..],
        of([&[], &["ben"], &["ben"]])[1..]
    );
    assert!(scene.work("audit").await[0].contains(&"ben".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn disabling_passes_on_orders_activities_and_templates() {
    let scene = Scene::with_order(Nothing).await;
    let _policy = scene.policy("one").await;
    let operation = scene.disable("ana", "cleo").await;
    let planned = scene.finished(&operation).await.planned;
    for (kind, count) in [
        (HoldingKind::Role, 1),
        (HoldingKind::OpenOrderTask, 2),
        (HoldingKind::Order, 1),
        (HoldingKind::OpenActivity, 1),
        (HoldingKind::TemplateTask, 2),
    ] {
        assert_eq!(planned.get(&kind), Some(&count), "{kind:?} of {planned:?}");
    }
    assert_eq!(scene.counts(&operation).await, (7, 0, 0));
    assert_eq!(
        scene.work("audit").await,
        of([&["cleo", "dan"], &["cleo"], &["cleo"]])
    );
    let State::Service(service) = scene.state(&service()).await else {
        panic!("no service")
    };
    for task in &service.details().unwrap().tasks {
        assert!(task.content.assignees.contains(&member("cleo")), "{task:?}");
        assert!(!task.content.assignees.contains(&member("ana")), "{task:?}");
    }
}
