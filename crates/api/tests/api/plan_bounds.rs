//! Dry runs of much work, and of work that is under way.

use std::time::Duration;

use futures_util::future::join_all;
use handoff_commands::new_id;
use handoff_domain::{Partition, checklist::Visibility, commands::CheckOrderTask};
use handoff_proto::v1;
use handoff_testkit::eventually;
use tonic::{Code, Status};

use crate::{
    operations::{ACME, ANA, BEN, account, accounts, give, members, scene, set_policy, task},
    order_queries::{in_order, place, sell, template},
    support::{CEILING, TestServer, fields, reason},
};

const ADMIN: &str = "members/admin";
/// Tasks of the template, of which two are not ana's.
const CHECKLIST: usize = 500;

async fn assign(
    server: &TestServer,
    request: v1::AssignRoleRequest,
) -> Result<v1::AssignRoleResponse, Status> {
    let answer = accounts(server).assign_role(server.admin(request)).await?;
    Ok(answer.into_inner())
}

async fn dry(server: &TestServer) -> v1::OwnershipPlan {
    dry_to(server, BEN).await
}

/// The plan, once the read models are there and the policy is done with what came before.
async fn dry_to(server: &TestServer, holder: &str) -> v1::OwnershipPlan {
    let answer = eventually("the read models and the policy", CEILING, async || {
        let request = v1::AssignRoleRequest {
            holder: holder.into(),
            validate_only: true,
            ..give("assignee")
        };
        match assign(server, request).await {
            Err(status) if status.code() == Code::Unavailable => Err(status),
            answer => Ok(answer.unwrap()),
        }
    });
    answer.await.plan.unwrap()
}

fn as_of(position: i64) -> v1::AssignRoleRequest {
    v1::AssignRoleRequest {
        expected_position: position,
        ..give("assignee")
    }
}

/// The policy moves everything, and orders have checklists of the largest size, `ana`'s but for two tasks.
async fn with_template() -> TestServer {
    let server = scene().await;
    set_policy(&server, v1::OwnershipPolicy::AllOpen).await;
    sell(&server).await;
    let ids: Vec<_> = (3..CHECKLIST).map(|n| format!("task-{n}")).collect();
    let adding = ids
        .iter()
        .map(|id| server.submit(ADMIN, template(id, 1, Visibility::Internal, &[ANA])));
    join_all(adding).await;
    server
}

async fn order_of(server: &TestServer, numbers: std::ops::Range<usize>) {
    for number in numbers {
        server
            .submit(ADMIN, place(&format!("o{number}"), ACME))
            .await;
    }
}

/// All items of the orders that are ana's, and the role.
fn items(orders: usize) -> i64 {
    i64::try_from(orders * (CHECKLIST - 2) + 1).unwrap()
}

#[tokio::test]
async fn a_plan_of_more_than_a_thousand_items_is_listed_and_executed_as_it_was_shown() {
    let server = with_template().await;
    order_of(&server, 0..3).await;
    let plan = dry(&server).await;
    assert_eq!(plan.counts.unwrap().moved, items(3));
    assert_eq!(plan.items.len(), plan.counts.unwrap().moved as usize);
    assert!(plan.executable && !plan.more);
    assert_eq!(plan.policy(), v1::OwnershipPolicy::AllOpen);
    assert!(!plan.policy_version.is_empty());

    let check = CheckOrderTask {
        name: in_order("o2", "audit"),
    };
    server.submit(ADMIN, check).await;
    let changed = assign(&server, as_of(plan.position)).await.unwrap_err();
    assert_eq!(reason(&changed), "PLAN_CHANGED");
    assert!(changed.message().contains("orders/o2"), "{changed:?}");

    let plan = dry(&server).await;
    let done = assign(&server, as_of(plan.position)).await.unwrap();
    assert_eq!(done.account.unwrap().assignee, BEN);
    assert_eq!(done.plan.unwrap().counts.unwrap().moved, items(3) - 1);
}

#[tokio::test]
async fn a_plan_that_did_not_look_at_everything_says_so_and_is_not_executable() {
    let server = with_template().await;
    order_of(&server, 0..21).await;
    let plan = dry(&server).await;
    assert!(items(21) > 10_000);
    assert_eq!(plan.counts.unwrap().moved, 10_000);
    assert!(plan.more && !plan.executable);
    let refused = assign(&server, as_of(plan.position)).await.unwrap_err();
    assert_eq!(fields(&refused), ["expected_position"]);

    // The work of the first accounts of a batch is as much as is looked at: the others are more.
    account(&server, "zeta").await;
    let request = v1::BatchAssignRoleRequest {
        role: "assignee".into(),
        holder: BEN.into(),
        accounts: vec![ACME.into(), "accounts/zeta".into()],
        validate_only: true,
        request_id: new_id().to_string(),
        ..Default::default()
    };
    let batch = accounts(&server)
        .batch_assign_role(server.admin(request))
        .await;
    let plan = batch.unwrap().into_inner().plan.unwrap();
    assert_eq!(plan.counts.unwrap().moved, 10_000);
    assert!(plan.more && !plan.executable);
}

#[tokio::test]
async fn a_dry_run_right_after_a_change_shows_what_that_change_still_moves() {
    let server = scene().await;
    set_policy(&server, v1::OwnershipPolicy::AllOpen).await;
    let ids: Vec<_> = (0..150).map(|n| format!("t{n}")).collect();
    join_all(ids.iter().map(|id| task(&server, id, ACME, ""))).await;
    assign(&server, give("assignee")).await.unwrap();
    let plan = dry_to(&server, "members/admin").await;
    assert_eq!(plan.counts.unwrap().moved, 151);
}

#[tokio::test]
async fn a_dry_run_is_refused_while_the_policy_has_something_to_do_at_its_accounts() {
    let server = scene().await;
    account(&server, "other").await;
    let database = server.database.connect().await;
    let partition = i16::from(Partition::of(ACME).number());
    database
        .execute(
            "insert into policies.commands (policy, partition, trigger_position, command_index, key, \
                 trigger_event_id, correlation_id, command_id, target, command) \
             values ('ownership', $1, 1, 0, $2, gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), '0', '{}')",
            &[&partition, &ACME],
        )
        .await
        .unwrap();
    let ask = async |name: &str| {
        let mut request = server.admin(v1::AssignRoleRequest {
            name: name.into(),
            validate_only: true,
            ..give("assignee")
        });
        request.set_timeout(Duration::from_secs(2));
        accounts(&server).assign_role(request).await
    };
    let refused = ask(ACME).await.unwrap_err();
    assert_eq!(refused.code(), Code::Unavailable, "{refused:?}");
    assert!(refused.message().contains("ownership"), "{refused:?}");
    ask("accounts/other").await.unwrap();
    let disable = v1::DisableMemberRequest {
        name: ANA.into(),
        successor: BEN.into(),
        validate_only: true,
        ..Default::default()
    };
    let mut disable = server.admin(disable);
    disable.set_timeout(Duration::from_secs(2));
    let refused = members(&server).disable_member(disable).await.unwrap_err();
    assert_eq!(refused.code(), Code::Unavailable, "{refused:?}");
}
