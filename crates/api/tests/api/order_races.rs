//! Many who check the same task at once.

use handoff_domain::{checklist::Visibility, commands::CheckOrderTask};
use handoff_proto::v1::{self, order_command_service_client::OrderCommandServiceClient};
use tokio::task::JoinSet;

use crate::{
    order_queries::{in_order, order, place, sell, template},
    support::{TestServer, account},
};

const ADMIN: &str = "members/admin";
const RACERS: usize = 50;

#[tokio::test(flavor = "multi_thread")]
async fn of_fifty_who_check_a_task_at_once_one_does_and_the_order_rotates_once() {
    let server = TestServer::start().await;
    server.submit(ADMIN, account("acme")).await;
    sell(&server).await;
    let proof = template("proof", 1, Visibility::Internal, &["members/ana"]);
    server.submit(ADMIN, proof).await;
    server.submit(ADMIN, place("o1", "accounts/acme")).await;
    for task in ["brief", "audit"] {
        let name = in_order("o1", task);
        server.submit(ADMIN, CheckOrderTask { name }).await;
    }
    // Of the first tier the proof is left, which is ana's; the report after it is admin's.
    let database = server.database.connect().await;
    let count = async |event_type: &str| {
        let counted = "select count(*) from event_log.events where stream = $1 and type = $2";
        let order = order("o1");
        let row = database
            .query_one(counted, &[&order.as_str(), &event_type])
            .await;
        row.unwrap().get::<_, i64>(0)
    };
    let checked = count("order.task_checked").await;
    let rotated = count("order.assignees_rotated").await;

    let replicas = [server.channel.clone(), server.replica().await];
    let mut racers = JoinSet::new();
    for n in 0..RACERS {
        let mut orders = OrderCommandServiceClient::new(replicas[n % 2].clone());
        let check = v1::CheckOrderTaskRequest {
            name: "orders/o1/tasks/proof".into(),
            ..Default::default()
        };
        let request = match n % 3 {
            0 => server.admin(check),
            _ => server.ana(check),
        };
        racers.spawn(async move { orders.check_order_task(request).await });
    }
    let mut appended = Vec::new();
    for answer in racers.join_all().await {
        let answer = answer.unwrap().into_inner();
        let order = answer.order.unwrap();
        assert_eq!(order.assignees, ["members/admin"]);
        assert_eq!(order.current_tier, Some(2));
        appended.push(answer.receipt.unwrap().events_appended);
    }
    appended.retain(|events| *events > 0);
    assert_eq!(appended, [2], "one check, one rotation");
    assert_eq!(count("order.task_checked").await, checked + 1);
    assert_eq!(count("order.assignees_rotated").await, rotated + 1);
}
