//! Disabling members from end to end.

use std::time::{Duration, Instant};

use handoff_commands::new_id;
use handoff_proto::v1::{
    self, account_command_service_client::AccountCommandServiceClient,
    member_command_service_client::MemberCommandServiceClient,
    member_query_service_client::MemberQueryServiceClient,
    settings_command_service_client::SettingsCommandServiceClient,
    task_command_service_client::TaskCommandServiceClient,
};
use handoff_testkit::eventually;
use prost_types::FieldMask;
use tonic::{Code, Status, transport::Channel};
use tonic_types::StatusExt;

use crate::support::{CEILING, TestServer, fields, reason, soon};

const ADMIN: &str = "members/admin";
const ANA: &str = "members/ana";
const BEN: &str = "members/ben";
const ACME: &str = "accounts/acme";

/// A server with read models, and the staff member `ben` beside the others.
async fn with_ben() -> TestServer {
    let server = TestServer::start_with_projectors().await;
    let create = v1::CreateMemberRequest {
        member: Some(v1::Member {
            display_name: "Ben".into(),
            ..Default::default()
        }),
        ..Default::default()
    };
    let create = server.request(&server.person(ADMIN), create);
    members(&server).create_member(create).await.unwrap();
    server.is_up_to_date().await;
    server
}

fn members(server: &TestServer) -> MemberCommandServiceClient<Channel> {
    MemberCommandServiceClient::new(server.channel.clone())
}

async fn disable(
    server: &TestServer,
    actor: &str,
    name: &str,
    request_id: &str,
) -> Result<v1::DisableMemberResponse, Status> {
    disable_within(server, actor, name, request_id, CEILING).await
}

async fn disable_within(
    server: &TestServer,
    actor: &str,
    name: &str,
    request_id: &str,
    timeout: Duration,
) -> Result<v1::DisableMemberResponse, Status> {
    let request = v1::DisableMemberRequest {
        name: name.into(),
        request_id: request_id.into(),
        ..Default::default()
    };
    let mut request = server.request(&server.person(actor), request);
    request.set_timeout(timeout);
    let answer = members(server).disable_member(request).await;
    answer.map(tonic::Response::into_inner)
}

async fn enable(server: &TestServer, name: &str) {
    let request = v1::EnableMemberRequest {
        name: name.into(),
        ..Default::default()
    };
    let request = server.request(&server.person(ADMIN), request);
    members(server).enable_member(request).await.unwrap();
}

async fn set_kind(
    server: &TestServer,
    actor: &str,
    name: &str,
    kind: v1::MemberKind,
) -> Result<v1::UpdateMemberResponse, Status> {
    let request = v1::UpdateMemberRequest {
        member: Some(v1::Member {
            name: name.into(),
            kind: kind.into(),
            ..Default::default()
        }),
        update_mask: mask("kind"),
        ..Default::default()
    };
    let request = server.request(&server.person(actor), request);
    let answer = members(server).update_member(request).await;
    answer.map(tonic::Response::into_inner)
}

fn mask(path: &str) -> Option<FieldMask> {
    Some(FieldMask {
        paths: vec![path.into()],
    })
}

/// Makes `name` who gets what nobody else is given.
async fn set_default_assignee(server: &TestServer, name: &str) {
    let request = v1::UpdateSettingsRequest {
        settings: Some(v1::Settings {
            default_assignee: name.into(),
            ..Default::default()
        }),
        update_mask: mask("default_assignee"),
        ..Default::default()
    };
    let mut settings = SettingsCommandServiceClient::new(server.channel.clone());
    let request = server.request(&server.person(ADMIN), request);
    settings.update_settings(request).await.unwrap();
}

async fn create_task(server: &TestServer, id: &str, assignee: &str) -> Result<(), Status> {
    let request = v1::CreateTaskRequest {
        task_id: id.into(),
        task: Some(v1::Task {
            subject: ACME.into(),
            title: "Call".into(),
            assignees: vec![assignee.into()],
            ..Default::default()
        }),
        ..Default::default()
    };
    let mut tasks = TaskCommandServiceClient::new(server.channel.clone());
    tasks.create_task(server.ana(request)).await.map(drop)
}

async fn complete_task(server: &TestServer, name: &str) {
    let request = v1::CompleteTaskRequest {
        name: name.into(),
        ..Default::default()
    };
    let mut tasks = TaskCommandServiceClient::new(server.channel.clone());
    tasks.complete_task(server.ana(request)).await.unwrap();
}

/// The types of the events of a member, after the first.
async fn events(server: &TestServer, name: &str) -> Vec<String> {
    let database = server.database.connect().await;
    let rows = database
        .query(
            "select type from event_log.events where stream = $1 and version > 1 order by version",
            &[&name],
        )
        .await
        .unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

/// The code and reason of a refusal.
fn refusal<T: std::fmt::Debug>(answer: Result<T, Status>) -> (Code, String) {
    let status = answer.unwrap_err();
    (status.code(), reason(&status))
}

#[tokio::test]
async fn who_holds_nothing_is_disabled_once_and_a_retry_gets_the_first_answer() {
    let server = with_ben().await;
    let id = new_id().to_string();
    let first = disable(&server, ADMIN, BEN, &id).await.unwrap();
    let member = first.member.clone().unwrap();
    assert_eq!((member.enabled, member.etag.as_str()), (false, "3"));
    let steps = ["member.disabling_started", "member.disabled"];
    assert_eq!(events(&server, BEN).await, steps);
    assert_eq!(
        refusal(create_task(&server, "t", BEN).await),
        (Code::FailedPrecondition, "MEMBER_DISABLED".into())
    );
    // Another request has nothing to do.
    let again = disable(&server, ADMIN, BEN, "").await.unwrap();
    assert_eq!(again.receipt.unwrap().events_appended, 0);

    // Whatever has become of them meanwhile.
    enable(&server, BEN).await;
    create_task(&server, "t", BEN).await.unwrap();
    server.is_up_to_date().await;
    let retry = disable(&server, ADMIN, BEN, &id).await.unwrap();
    assert_eq!(retry.member.unwrap(), member);
    let (receipt, first) = (retry.receipt.unwrap(), first.receipt.unwrap());
    assert!(receipt.replayed && !first.replayed);
    assert_eq!(receipt.position, first.position);
    assert_eq!(events(&server, BEN).await.len(), 3);
    let other = disable(&server, ADMIN, ANA, &id).await;
    assert_eq!(
        refusal(other),
        (Code::InvalidArgument, "REQUEST_ID_REUSED".into())
    );
}

#[tokio::test]
async fn who_holds_something_is_not_disabled_and_the_error_lists_it() {
    let server = with_ben().await;
    for n in 0..25 {
        create_task(&server, &format!("t{n:02}"), BEN)
            .await
            .unwrap();
    }
    let mut accounts = AccountCommandServiceClient::new(server.channel.clone());
    let role = v1::AssignRoleRequest {
        name: ACME.into(),
        role: "success-manager".into(),
        holder: BEN.into(),
        ..Default::default()
    };
    accounts.assign_role(server.ana(role)).await.unwrap();
    let team = v1::SetSupportTeamRequest {
        name: ACME.into(),
        members: vec![BEN.into()],
        ..Default::default()
    };
    accounts.set_support_team(server.ana(team)).await.unwrap();
    set_default_assignee(&server, BEN).await;
    server.is_up_to_date().await;

    let status = disable(&server, ADMIN, BEN, "").await.unwrap_err();
    assert_eq!(status.code(), Code::FailedPrecondition, "{status:?}");
    assert_eq!(reason(&status), "MEMBER_HOLDS_WORK");
    let details = status.get_error_details();
    let metadata = &details.error_info().unwrap().metadata;
    assert_eq!(metadata["subject"], BEN);
    assert_eq!(metadata["count"], "28");
    let violations = &details.precondition_failure().unwrap().violations;
    let subjects: Vec<_> = violations
        .iter()
        .map(|held| held.subject.as_str())
        .collect();
    assert_eq!(subjects[..4], ["settings", ACME, ACME, "tasks/t00"]);
    assert_eq!(subjects.len(), 20);
    assert_eq!(
        violations[1].description,
        "success-manager of accounts/acme"
    );
    assert!(status.message().contains("and 8 more"), "{status:?}");
    assert_eq!(events(&server, BEN).await, [""; 0]);

    let status = disable(&server, ADMIN, "members/nobody", "").await;
    assert_eq!(refusal(status), (Code::NotFound, "NOT_FOUND".into()));
    let status = disable(&server, ADMIN, "ben", "").await.unwrap_err();
    assert_eq!(fields(&status), ["name"]);
    let stale = v1::DisableMemberRequest {
        name: ANA.into(),
        etag: "7".into(),
        ..Default::default()
    };
    let stale = server.request(&server.person(ADMIN), stale);
    let answer = members(&server).disable_member(stale).await;
    assert_eq!(refusal(answer), (Code::Aborted, "VERSION_MISMATCH".into()));
}

#[tokio::test]
async fn what_was_given_before_the_start_refuses_the_end_and_takes_the_start_back() {
    let mut server = with_ben().await;
    server.stop_projectors().await;
    create_task(&server, "t", BEN).await.unwrap();
    // The read models know nothing of the task, so it is begun; then they must.
    let id = new_id().to_string();
    let (answer, ()) = tokio::join!(disable(&server, ADMIN, BEN, &id), async {
        eventually("the start", CEILING, || async {
            match events(&server, BEN).await.len() {
                1 => Ok(()),
                other => Err(other),
            }
        })
        .await;
    });
    // Nobody brings them up to date in time.
    assert_eq!(answer.unwrap_err().code(), Code::Unavailable);
    server.start_projectors().await;
    server.is_up_to_date().await;
    let status = disable(&server, ADMIN, BEN, &id).await;
    assert_eq!(
        refusal(status),
        (Code::FailedPrecondition, "MEMBER_HOLDS_WORK".into())
    );
    assert_eq!(
        events(&server, BEN).await,
        ["member.disabling_started", "member.disabling_cancelled"]
    );
    create_task(&server, "u", BEN).await.unwrap();
    // Passed on, and asked for anew.
    complete_task(&server, "tasks/t").await;
    complete_task(&server, "tasks/u").await;
    server.is_up_to_date().await;
    let done = disable(&server, ADMIN, BEN, "").await.unwrap();
    assert!(!done.member.unwrap().enabled);
}

/// Ends between the two steps: the read models do not come as far as the first of them.
async fn end_between_the_steps(server: &mut TestServer, request_id: &str) {
    server.stop_projectors().await;
    let timeout = Duration::from_secs(3);
    let answer = disable_within(server, ADMIN, BEN, request_id, timeout).await;
    let code = answer.unwrap_err().code();
    assert!(
        [Code::Unavailable, Code::DeadlineExceeded, Code::Cancelled].contains(&code),
        "{code:?}"
    );
    assert_eq!(events(server, BEN).await, ["member.disabling_started"]);
    assert_eq!(
        refusal(create_task(server, "t", BEN).await),
        (Code::FailedPrecondition, "MEMBER_DISABLED".into())
    );
    server.start_projectors().await;
    server.is_up_to_date().await;
}

#[tokio::test]
async fn a_retry_or_another_request_goes_on_where_disabling_ended_between_its_steps() {
    let steps = ["member.disabling_started", "member.disabled"];
    for retry in [true, false] {
        let mut server = with_ben().await;
        let id = new_id().to_string();
        end_between_the_steps(&mut server, &id).await;
        let next = if retry { id } else { new_id().to_string() };
        let done = disable(&server, ADMIN, BEN, &next).await.unwrap();
        assert!(!done.member.unwrap().enabled);
        assert_eq!(events(&server, BEN).await, steps);
        let again = disable(&server, ADMIN, BEN, &next).await.unwrap();
        assert!(again.receipt.unwrap().replayed);
    }
}

#[tokio::test]
async fn disabling_that_ended_between_its_steps_is_taken_back_by_enabling() {
    let mut server = with_ben().await;
    let id = new_id().to_string();
    end_between_the_steps(&mut server, &id).await;
    enable(&server, BEN).await;
    create_task(&server, "t", BEN).await.unwrap();
    complete_task(&server, "tasks/t").await;
    server.is_up_to_date().await;
    // A late retry does not begin again what somebody took back.
    assert_eq!(
        refusal(disable(&server, ADMIN, BEN, &id).await),
        (Code::FailedPrecondition, "DISABLING_NOT_STARTED".into())
    );
    assert_eq!(
        events(&server, BEN).await,
        ["member.disabling_started", "member.disabling_cancelled"]
    );
    disable(&server, ADMIN, BEN, "").await.unwrap();
}

#[tokio::test]
async fn an_admin_leaves_only_where_another_remains() {
    let server = with_ben().await;
    set_default_assignee(&server, BEN).await;
    let last = (Code::FailedPrecondition, "LAST_ADMIN".into());
    assert_eq!(refusal(disable(&server, ADMIN, ADMIN, "").await), last);
    let demote = set_kind(&server, ADMIN, ADMIN, v1::MemberKind::Staff).await;
    assert_eq!(refusal(demote), last);

    set_kind(&server, ADMIN, ANA, v1::MemberKind::Admin)
        .await
        .unwrap();
    // Others are found in the read models, which include what was done right before.
    let demoted = set_kind(&server, ADMIN, ADMIN, v1::MemberKind::Staff).await;
    let demoted = demoted.unwrap().member.unwrap();
    assert_eq!(demoted.kind(), v1::MemberKind::Staff);
    let demote = set_kind(&server, ANA, ANA, v1::MemberKind::Staff).await;
    assert_eq!(refusal(demote), last);
    set_kind(&server, ANA, ADMIN, v1::MemberKind::Admin)
        .await
        .unwrap();
    let gone = disable(&server, ANA, ANA, "").await.unwrap();
    assert!(!gone.member.unwrap().enabled);
    assert_eq!(refusal(disable(&server, ADMIN, ADMIN, "").await), last);
}

#[tokio::test]
async fn of_two_admins_who_disable_each_other_at_once_one_remains() {
    let server = with_ben().await;
    set_default_assignee(&server, BEN).await;
    set_kind(&server, ADMIN, ANA, v1::MemberKind::Admin)
        .await
        .unwrap();
    let (ana, admin) = tokio::join!(
        disable(&server, ADMIN, ANA, ""),
        disable(&server, ANA, ADMIN, "")
    );
    let (lost, winner, loser) = match (ana, admin) {
        (Ok(_), Err(lost)) => (lost, ADMIN, ANA),
        (Err(lost), Ok(_)) => (lost, ANA, ADMIN),
        other => panic!("not one of them won: {other:?}"),
    };
    assert!(
        ["LAST_ADMIN", "UNKNOWN_CALLER"].contains(&reason(&lost).as_str()),
        "{lost:?}"
    );
    let steps = ["member.disabling_started", "member.disabled"];
    let disabled = events(&server, loser).await;
    assert_eq!(disabled[disabled.len() - 2..], steps);
    assert!(!events(&server, winner).await.contains(&steps[0].to_owned()));
}

#[tokio::test]
async fn a_disabled_member_is_refused_by_the_very_next_call_and_elsewhere_within_a_second() {
    let server = with_ben().await;
    let elsewhere = server.replica().await;
    let (ben, get) = (server.person(BEN), || v1::GetMemberRequest {
        name: BEN.into(),
        min_position: 0,
    });
    let here = server.channel.clone();
    let call = async |channel: &Channel| {
        let mut members = MemberQueryServiceClient::new(channel.clone());
        members.get_member(server.request(&ben, get())).await
    };
    call(&here).await.unwrap();
    call(&elsewhere).await.unwrap();
    let unknown = (Code::Unauthenticated, "UNKNOWN_CALLER".into());
    disable(&server, ADMIN, BEN, "").await.unwrap();
    let disabled = Instant::now();
    assert_eq!(refusal(call(&here).await), unknown);
    soon("the refusal elsewhere", async {
        loop {
            let begun = disabled.elapsed();
            let answer = call(&elsewhere).await;
            if answer.is_err() {
                break assert_eq!(refusal(answer), unknown);
            }
            assert!(begun < Duration::from_secs(1), "after {begun:?}");
        }
    })
    .await;
    enable(&server, BEN).await;
    call(&here).await.unwrap();
}

#[tokio::test]
async fn a_demoted_admin_is_no_admin_from_the_very_next_call_on() {
    let server = with_ben().await;
    set_kind(&server, ADMIN, BEN, v1::MemberKind::Admin)
        .await
        .unwrap();
    set_kind(&server, BEN, BEN, v1::MemberKind::Admin)
        .await
        .unwrap();
    set_kind(&server, ADMIN, BEN, v1::MemberKind::Staff)
        .await
        .unwrap();
    let again = set_kind(&server, BEN, BEN, v1::MemberKind::Admin).await;
    assert_eq!(
        refusal(again),
        (Code::PermissionDenied, "METHOD_NOT_ALLOWED".into())
    );
}
