//! The rules of the ownership policy, through the whole path.

use std::collections::BTreeMap;

use handoff_domain::{
    Event, Holding,
    account::{self, RoleSource},
    commands::{Accounts, MoveItems},
    operation::{KeepReason, Outcome, SkipReason},
    settings::OwnershipPolicy::{self, AllOpen, None as Nothing, OpenExceptManual},
    task::Origin,
};
use handoff_policies::Ownership;

use super::scene::Scene;

/// Which of the tasks moved when `ana` lost the role, and what was recorded of those that did not.
async fn moved(policy: OwnershipPolicy) -> (Vec<&'static str>, BTreeMap<String, KeepReason>) {
    let scene = Scene::new(policy).await;
    let _policy = scene.policy("one").await;
    let ids = [
        "by-hand",
        "generated",
        "portal",
        "other-role",
        "of-role",
        "closed",
        "not-theirs",
    ];
    scene.task("by-hand", &["ana"], None, Origin::Manual).await;
    scene
        .task("generated", &["ana"], None, Origin::Automation)
        .await;
    scene.task("portal", &["ana"], None, Origin::Portal).await;
    scene
        .task(
            "other-role",
            &["ana"],
            Some("sales-manager"),
            Origin::Portal,
        )
        .await;
    scene
        .task("of-role", &["ana"], Some("assignee"), Origin::Portal)
        .await;
    scene.task("closed", &["ana"], None, Origin::Portal).await;
    scene.complete("closed").await;
    scene
        .task("not-theirs", &["dan"], None, Origin::Portal)
        .await;
    let operation = scene.assign_role("assignee", "ben").await;
    scene.finished(&operation).await;
    scene.world.settled::<Ownership>().await;
    let mut moved = Vec::new();
    for id in ids {
        if scene.assignees(id).await == ["ben"] {
            moved.push(id);
        }
    }
    let kept = scene
        .results(&operation)
        .await
        .into_iter()
        .filter_map(|result| match (&result.item, result.outcome) {
            (Holding::OpenTask { task }, Outcome::Kept { reason }) => {
                Some((task.as_str().replace("tasks/", ""), reason))
            }
            _ => None,
        });
    (moved, kept.collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_policy_no_work_moves() {
    assert_eq!(moved(Nothing).await, (Vec::new(), BTreeMap::new()));
}

#[tokio::test(flavor = "multi_thread")]
async fn open_work_moves_but_not_what_was_made_by_hand() {
    let kept = [
        ("by-hand".to_owned(), KeepReason::MadeByHand),
        ("other-role".to_owned(), KeepReason::OtherRole),
    ];
    let moves = vec!["generated", "portal", "of-role"];
    assert_eq!(moved(OpenExceptManual).await, (moves, kept.into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn all_open_work_of_the_role_moves() {
    let kept = [("other-role".to_owned(), KeepReason::OtherRole)];
    let moves = vec!["by-hand", "generated", "portal", "of-role"];
    assert_eq!(moved(AllOpen).await, (moves, kept.into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn work_without_a_role_stays_with_who_holds_another_role_of_the_account() {
    let scene = Scene::new(AllOpen).await;
    let _policy = scene.policy("one").await;
    scene.task("general", &["ana"], None, Origin::Portal).await;
    scene
        .task("sales", &["ana"], Some("sales-manager"), Origin::Portal)
        .await;
    let first = scene.assign_role("sales-manager", "ana").await;
    scene.finished(&first).await;
    let second = scene.assign_role("sales-manager", "ben").await;
    // The role, and what follows it; the rest is kept.
    assert_eq!(scene.counts(&second).await, (2, 1, 0));
    assert_eq!(scene.assignees("sales").await, ["ben"]);
    assert_eq!(scene.assignees("general").await, ["ana"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_completed_or_given_away_meanwhile_is_skipped_and_that_is_recorded() {
    let scene = Scene::new(AllOpen).await;
    scene.tasks("acme", "ana", 5).await;
    let operation = scene.assign_role("assignee", "ben").await;
    scene.complete("acme-1").await;
    scene.reassign("acme-2", "ana", "dan").await;
    let _policy = scene.policy("one").await;
    assert_eq!(scene.counts(&operation).await, (4, 0, 2));
    let skipped = [
        ("acme-1".to_owned(), SkipReason::Closed),
        ("acme-2".to_owned(), SkipReason::Reassigned),
    ];
    assert_eq!(scene.skipped(&operation).await, skipped.into());
    assert_eq!(scene.assignees("acme-1").await, ["ana"]);
    assert_eq!(scene.assignees("acme-2").await, ["dan"]);
    assert_eq!(scene.assignees("acme-3").await, ["ben"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_account_follows_the_policy_stamped_on_its_own_role_event() {
    let scene = Scene::new(AllOpen).await;
    let accounts: Vec<_> = (0..200).map(|n| format!("a{n:03}")).collect();
    for account in &accounts {
        scene
            .task_of(account, account, &["ana"], None, Origin::Manual)
            .await;
        // By the first action the account is the default assignee's.
        scene.assign_role_of(account, "assignee", "ana").await;
    }
    let names = accounts
        .iter()
        .map(|id| format!("accounts/{id}").parse().unwrap());
    let operation = scene.batch("ben", Accounts::Listed(names.collect())).await;
    // The first chunk, as an executor does it that dies after it; then the setting changes.
    let planned = scene.planned(&operation).await;
    let first = MoveItems {
        operation: operation.clone(),
        first: 0,
        items: planned[..100].to_vec(),
        cause: None,
    };
    scene.world.submit(first).await;
    scene.set_policy(OpenExceptManual).await;
    let _policy = scene.policy("one").await;
    let details = scene.finished(&operation).await;
    assert_eq!(details.recorded, 200);
    // 200 roles and 100 tasks; the tasks of the others were made by hand.
    assert_eq!(scene.counts(&operation).await, (300, 100, 0));
    let mut policies = BTreeMap::new();
    for recorded in scene.world.events().await {
        if let Event::Account(account::Event::RoleAssigned {
            policy,
            source: RoleSource::Bulk,
            ..
        }) = recorded.event().unwrap()
        {
            policies.insert(recorded.stream.as_str().replace("accounts/", ""), policy);
        }
    }
    assert_eq!(policies.len(), 200);
    for (account, policy) in policies {
        let expected = if policy == AllOpen { "ben" } else { "ana" };
        assert_eq!(
            scene.assignees(&account).await,
            [expected],
            "{account}, {policy:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_filter_picks_the_accounts_of_a_change() {
    let scene = Scene::new(AllOpen).await;
    // More than a page of them.
    for n in 0..520 {
        scene
            .task_of(
                &format!("a{n:03}"),
                &format!("t{n}"),
                &["ana"],
                None,
                Origin::Portal,
            )
            .await;
        if n % 40 == 0 {
            scene
                .assign_role_of(&format!("a{n:03}"), "sales-manager", "dan")
                .await;
        }
    }
    let _policy = scene.policy("one").await;
    let few = Accounts::Filter("roles.sales-manager = \"members/dan\"".into());
    let few = scene.batch("ben", few).await;
    assert_eq!(scene.finished(&few).await.recorded, 13);
    let rest = Accounts::Filter("assignee = \"members/admin\"".into());
    let rest = scene.batch("cleo", rest).await;
    assert_eq!(scene.finished(&rest).await.recorded, 507);
    assert_eq!(scene.holder("a040", "assignee").await.unwrap(), "ben");
    assert_eq!(scene.holder("a519", "assignee").await.unwrap(), "cleo");
    assert!(scene.planned(&rest).await.is_sorted());
    assert_eq!(scene.assignees("t40").await, ["ana"]);
}
