//! What was changed is taken back.

use handoff_domain::{
    HoldingKind,
    checklist::Changes,
    commands::{
        Accounts, AssignOrder, AssignOrderTask, CompleteActivity, SetSupportTeam,
        UpdateTemplateTask, VacateRole,
    },
    member::Standing,
    names::TemplateTaskName,
    operation::SkipReason,
    settings::OwnershipPolicy::AllOpen,
    task::{Assignment, Origin},
};
use handoff_policies::Ownership;

use super::{
    orders::{activity, order, order_task, service},
    scene::{Scene, member},
};

#[tokio::test(flavor = "multi_thread")]
async fn an_undo_at_once_gives_back_every_role_and_every_task() {
    let scene = Scene::new(AllOpen).await;
    let _policy = scene.policy("one").await;
    scene.tasks("acme", "ana", 230).await;
    scene
        .task("shared", &["dan", "ana"], None, Origin::Portal)
        .await;
    scene
        .task("both", &["ana", "ben"], None, Origin::Portal)
        .await;
    let before = scene.snapshot().await;
    let operation = scene.assign_role("assignee", "ben").await;
    assert_eq!(scene.counts(&operation).await, (233, 0, 0));
    assert_eq!(scene.assignees("both").await, ["ben"]);
    let undo = scene.undo(&operation).await;
    assert_eq!(scene.counts(&undo).await, (233, 0, 0));
    scene.world.settled::<Ownership>().await;
    assert_eq!(scene.holder("acme", "assignee").await.unwrap(), "ana");
    for n in 0..230 {
        assert_eq!(scene.assignees(&format!("acme-{n}")).await, ["ana"], "{n}");
    }
    assert_eq!(scene.assignees("shared").await, ["dan", "ana"]);
    assert_eq!(scene.assignees("both").await, ["ben", "ana"]);
    assert_eq!(scene.snapshot().await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_undo_leaves_what_was_touched_and_says_so() {
    let scene = Scene::new(AllOpen).await;
    let _policy = scene.policy("one").await;
    scene.tasks("acme", "ana", 6).await;
    let operation = scene.assign_role("assignee", "ben").await;
    scene.finished(&operation).await;
    scene.complete("acme-1").await;
    scene.reassign("acme-2", "ben", "dan").await;
    let undo = scene.undo(&operation).await;
    assert_eq!(scene.counts(&undo).await, (5, 0, 2));
    let skipped = ["acme-1", "acme-2"].map(|id| (id.to_owned(), SkipReason::Changed));
    assert_eq!(scene.skipped(&undo).await, skipped.into());
    assert_eq!(scene.assignees("acme-1").await, ["ben"]);
    assert_eq!(scene.assignees("acme-2").await, ["dan"]);
    assert_eq!(scene.assignees("acme-3").await, ["ana"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_undo_of_a_disabling_enables_the_member_and_gives_everything_back() {
    let scene = Scene::new(AllOpen).await;
    let policy = scene.policy("one").await;
    scene.tasks("acme", "ben", 140).await;
    scene.assign_role("assignee", "ben").await;
    let before = scene.snapshot().await;
    let operation = scene.disable("ben", "cleo").await;
    assert_eq!(scene.counts(&operation).await, (141, 0, 0));
    let undo = scene.undo(&operation).await;
    // Whoever does it may die.
    policy.kill().await;
    let _policy = scene.policy("two").await;
    assert_eq!(scene.counts(&undo).await, (141, 0, 0));
    assert_eq!(scene.standing("ben").await, Standing::Enabled);
    assert_eq!(scene.holder("acme", "assignee").await.unwrap(), "ben");
    for n in 0..140 {
        assert_eq!(scene.assignees(&format!("acme-{n}")).await, ["ben"], "{n}");
    }
    assert_eq!(scene.snapshot().await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_undo_of_a_vacated_role_gives_it_back_and_nothing_else() {
    let scene = Scene::new(AllOpen).await;
    let _policy = scene.policy("one").await;
    scene
        .task("sold", &["ben"], Some("sales-manager"), Origin::Portal)
        .await;
    scene.assign_role("sales-manager", "ben").await;
    let before = scene.snapshot().await;
    let operation = scene
        .begin(VacateRole {
            account: "accounts/acme".parse().unwrap(),
            role: "sales-manager".parse().unwrap(),
        })
        .await;
    assert_eq!(scene.counts(&operation).await, (1, 0, 0));
    assert_eq!(scene.holder("acme", "sales-manager").await, None);
    let undo = scene.undo(&operation).await;
    assert_eq!(scene.counts(&undo).await, (1, 0, 0));
    scene.world.settled::<Ownership>().await;
    assert_eq!(scene.snapshot().await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_undo_of_a_vacated_role_leaves_it_where_somebody_has_it_by_now() {
    let scene = Scene::new(AllOpen).await;
    let _policy = scene.policy("one").await;
    scene.assign_role("sales-manager", "ben").await;
    let operation = scene
        .begin(VacateRole {
            account: "accounts/acme".parse().unwrap(),
            role: "sales-manager".parse().unwrap(),
        })
        .await;
    scene.finished(&operation).await;
    scene.assign_role("sales-manager", "dan").await;
    let before = scene.snapshot().await;
    let undo = scene.undo(&operation).await;
    assert_eq!(scene.counts(&undo).await, (0, 0, 1));
    let changed = ("accounts/acme".to_owned(), SkipReason::Changed);
    assert_eq!(scene.skipped(&undo).await, [changed].into());
    assert_eq!(scene.snapshot().await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_undo_of_a_batch_gives_back_the_roles_and_the_work_of_every_account() {
    let scene = Scene::with_order(AllOpen).await;
    let _policy = scene.policy("one").await;
    let accounts = ["acme", "blue", "cyan"];
    for account in accounts {
        scene.tasks(account, "ana", 110).await;
        // Those that a task began are whose the setting says.
        let operation = scene.assign_role_of(account, "assignee", "ana").await;
        scene.world.settled::<Ownership>().await;
        if account != "acme" {
            scene.finished(&operation).await;
        }
    }
    let before = scene.snapshot().await;
    let names = accounts.map(|id| format!("accounts/{id}").parse().unwrap());
    let operation = scene.batch("ben", Accounts::Listed(names.into())).await;
    // Each role and each task; of the order its tasks, the place on it, and the activity.
    assert_eq!(scene.counts(&operation).await, (3 + 330 + 4, 0, 0));
    assert_ne!(scene.snapshot().await, before);
    let undo = scene.undo(&operation).await;
    assert_eq!(scene.counts(&undo).await, (3 + 330 + 4, 0, 0));
    scene.world.settled::<Ownership>().await;
    assert_eq!(scene.snapshot().await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_undo_of_a_transfer_gives_back_everything_of_every_kind() {
    let scene = Scene::with_order(AllOpen).await;
    let _policy = scene.policy("one").await;
    scene.tasks("acme", "ana", 110).await;
    scene
        .task("shared", &["ben", "dan", "ana"], None, Origin::Portal)
        .await;
    let team = SetSupportTeam {
        account: "accounts/acme".parse().unwrap(),
        members: vec![member("dan"), member("ana")],
    };
    scene.world.submit(team).await;
    let before = scene.snapshot().await;
    let operation = scene.transfer("ana", "ben", HoldingKind::ALL).await;
    let moved = scene.counts(&operation).await;
    // The role, the team, the tasks; two order tasks, the order, the activity, two template tasks.
    assert_eq!(moved, (2 + 111 + 6, 0, 0));
    assert_ne!(scene.snapshot().await, before);
    let undo = scene.undo(&operation).await;
    assert_eq!(scene.counts(&undo).await, moved);
    scene.world.settled::<Ownership>().await;
    assert_eq!(scene.snapshot().await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_undo_leaves_orders_activities_and_templates_that_were_touched_and_says_so() {
    let scene = Scene::with_order(AllOpen).await;
    let _policy = scene.policy("one").await;
    let before = scene.snapshot().await;
    let operation = scene.transfer("ana", "ben", HoldingKind::ALL).await;
    assert_eq!(scene.counts(&operation).await, (7, 0, 0));
    let audit = TemplateTaskName::from_id(&service(), "audit").unwrap();
    let world = &scene.world;
    world
        .submit(AssignOrderTask {
            name: order_task("audit"),
            assignment: Assignment::Set(vec![member("cleo")]),
        })
        .await;
    world
        .submit(AssignOrder {
            name: order(),
            add: vec![member("cleo")],
            remove: vec![member("ben")],
        })
        .await;
    world.submit(CompleteActivity { name: activity() }).await;
    world
        .submit(UpdateTemplateTask {
            name: audit.clone(),
            changes: Changes::default(),
            assignees: Some(vec![member("cleo")]),
        })
        .await;
    let touched = scene.snapshot().await;
    let undo = scene.undo(&operation).await;
    assert_eq!(scene.counts(&undo).await, (3, 0, 4));
    let left = [
        order_task("audit").to_string(),
        order().to_string(),
        activity().to_string(),
        audit.to_string(),
    ];
    let left = left.map(|name| (name.replace("tasks/", ""), SkipReason::Changed));
    assert_eq!(scene.skipped(&undo).await, left.into());
    scene.world.settled::<Ownership>().await;
    let after = scene.snapshot().await;
    // What nobody touched is as before: the role, and the other tasks of order and template.
    assert_eq!(after["accounts/acme"], before["accounts/acme"]);
    let order_is = scene.work("report").await;
    assert_eq!(order_is[0], ["ana", "dan"]);
    assert_eq!(scene.work("audit").await[0], ["cleo"]);
    assert_eq!(order_is[1], ["cleo"]);
    assert_eq!(after["activities/call"], touched["activities/call"]);
    let template = &after["services/seo"];
    assert!(
        template.contains("audit") && template.matches("members/ana").count() == 1,
        "{template}"
    );
}
