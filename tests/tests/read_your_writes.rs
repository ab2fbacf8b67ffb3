//! A query with a receipt's position always shows the change.

#![allow(clippy::unwrap_used, reason = "a test has no better answer")]

use handoff_proto::v1::{
    AssignTaskRequest, CreateMemberRequest, GetTaskRequest, Member, MemberKind,
};
use handoff_tests::{Deployment, new_id, task};

#[tokio::test(flavor = "multi_thread")]
async fn with_min_position_the_very_next_query_shows_the_change() {
    let deployment = Deployment::shared().await;
    let (_api, client) = deployment.api().await;
    let _followers = deployment.followers().await;
    for id in ["ana", "ben"] {
        let member = Member {
            display_name: id.to_owned(),
            kind: MemberKind::Staff.into(),
            ..Member::default()
        };
        let request = CreateMemberRequest {
            member_id: id.to_owned(),
            member: Some(member),
            request_id: new_id(),
        };
        client.members.clone().create_member(request).await.unwrap();
    }
    let created = client
        .tasks
        .clone()
        .create_task(task("t1", "acme"))
        .await
        .unwrap()
        .into_inner();
    let name = created.task.unwrap().name;
    for n in 0..1_000 {
        let assignees = vec![format!("members/{}", ["ana", "ben"][n % 2])];
        let request = AssignTaskRequest {
            name: name.clone(),
            assignees: assignees.clone(),
            request_id: new_id(),
            etag: String::new(),
            ..Default::default()
        };
        let assigned = client
            .tasks
            .clone()
            .assign_task(request)
            .await
            .unwrap()
            .into_inner();
        let min_position = assigned.receipt.unwrap().position;
        let request = GetTaskRequest {
            name: name.clone(),
            min_position,
        };
        let shown = client
            .task_queries
            .clone()
            .get_task(request)
            .await
            .unwrap()
            .into_inner();
        assert_eq!(shown.task.unwrap().assignees, assignees, "round {n}");
        assert!(shown.position >= min_position);
    }
}
