//! Activities from end to end: commands, who is shown which, and their account's timeline.

use handoff_api::auth::Role;
use handoff_proto::v1::{
    self, account_query_service_client::AccountQueryServiceClient,
    activity_command_service_client::ActivityCommandServiceClient,
    activity_query_service_client::ActivityQueryServiceClient,
    history_query_service_client::HistoryQueryServiceClient, timeline_entry::Entry,
};
use prost_types::{FieldMask, Timestamp};
use tonic::{Code, transport::Channel};

use crate::support::{TestServer, fields, reason};

const ACME: &str = "accounts/acme";
/// In the year 2100: nothing due then is overdue while this program is in use.
const FAR: Timestamp = Timestamp {
    seconds: 4_102_444_800,
    nanos: 0,
};
const PAST: Timestamp = Timestamp {
    seconds: 1_700_000_000,
    nanos: 0,
};

fn commands(server: &TestServer) -> ActivityCommandServiceClient<Channel> {
    ActivityCommandServiceClient::new(server.channel.clone())
}

fn queries(server: &TestServer) -> ActivityQueryServiceClient<Channel> {
    ActivityQueryServiceClient::new(server.channel.clone())
}

fn activity(due: Option<Timestamp>, assignee: &str) -> v1::Activity {
    v1::Activity {
        account: ACME.into(),
        note: "Circle back".into(),
        due_time: due,
        assignee: assignee.into(),
        ..Default::default()
    }
}

fn create(id: &str, activity: v1::Activity) -> v1::CreateActivityRequest {
    v1::CreateActivityRequest {
        activity_id: id.into(),
        activity: Some(activity),
        ..Default::default()
    }
}

fn complete(id: &str) -> v1::CompleteActivityRequest {
    v1::CompleteActivityRequest {
        name: format!("activities/{id}"),
        ..Default::default()
    }
}

/// An activity of each kind; answers the position of the last command.
async fn every_kind(server: &TestServer) -> i64 {
    let mut commands = commands(server);
    let mut position = 0;
    for (id, due, assignee) in [
        ("admins", Some(FAR), "members/admin"),
        ("anas", Some(PAST), "members/ana"),
        ("nobodys", Some(FAR), ""),
        ("noted", None, "members/ana"),
    ] {
        let request = server.ana(create(id, activity(due, assignee)));
        let answer = commands.create_activity(request).await.unwrap();
        position = answer.into_inner().receipt.unwrap().position;
    }
    position
}

async fn ids(
    server: &TestServer,
    filter: &str,
    min_position: i64,
    request: impl Fn(v1::ListActivitiesRequest) -> tonic::Request<v1::ListActivitiesRequest>,
) -> Vec<String> {
    let list = v1::ListActivitiesRequest {
        filter: filter.into(),
        min_position,
        ..Default::default()
    };
    let answer = queries(server).list_activities(request(list)).await;
    let activities = answer.unwrap().into_inner().activities.into_iter();
    activities
        .map(|activity| activity.name.replace("activities/", ""))
        .collect()
}

async fn timeline(server: &TestServer, min_position: i64) -> Vec<v1::TimelineEntry> {
    let mut accounts = AccountQueryServiceClient::new(server.channel.clone());
    let request = v1::ListTimelineRequest {
        account: ACME.into(),
        min_position,
        ..Default::default()
    };
    let answer = accounts.list_timeline(server.ana(request)).await.unwrap();
    answer.into_inner().entries
}

#[tokio::test]
async fn a_command_answers_with_the_activity_and_a_query_with_its_accounts_name_too() {
    let server = TestServer::start_with_projectors().await;
    let mut commands = commands(&server);
    let request = create("a1", activity(Some(PAST), "members/ana"));
    let answer = commands.create_activity(server.admin(request)).await;
    let answer = answer.unwrap().into_inner();
    let receipt = answer.receipt.unwrap();
    assert_eq!(
        receipt.events_appended, 2,
        "the account is created in the same append"
    );
    let created = answer.activity.unwrap();
    let expected = v1::Activity {
        name: "activities/a1".into(),
        status: v1::ActivityStatus::Open.into(),
        overdue: true,
        creator: "members/admin".into(),
        create_time: created.create_time,
        update_time: created.create_time,
        etag: "1".into(),
        ..activity(Some(PAST), "members/ana")
    };
    assert_eq!(created, expected);

    let request = v1::GetActivityRequest {
        name: created.name.clone(),
        min_position: receipt.position,
    };
    let answer = queries(&server).get_activity(server.ana(request)).await;
    let expected = v1::Activity {
        account_display_name: "acme".into(),
        ..created
    };
    assert_eq!(answer.unwrap().into_inner().activity, Some(expected));

    let mut history = HistoryQueryServiceClient::new(server.channel.clone());
    let request = v1::GetResourceAtRequest {
        name: "activities/a1".into(),
        point: None,
    };
    let found = history.get_resource_at(server.ana(request)).await.unwrap();
    let Some(v1::get_resource_at_response::Resource::Activity(found)) = found.into_inner().resource
    else {
        panic!("not an activity")
    };
    assert_eq!(found.note, "Circle back");
}

#[tokio::test]
async fn each_kind_of_viewer_is_shown_what_is_theirs() {
    let server = TestServer::start_with_projectors().await;
    let position = every_kind(&server).await;
    let all = ["anas", "admins", "nobodys", "noted"];
    let program = server.program(Role::ServiceAccount, true);
    let analyst = server.program(Role::Analyst, false);

    let shown = ids(&server, "", position, |list| server.admin(list)).await;
    assert_eq!(shown, all, "an admin sees everybody's");
    let shown = ids(&server, "", position, |list| server.ana(list)).await;
    assert_eq!(
        shown,
        ["anas", "nobodys", "noted"],
        "staff see their own and nobody's"
    );
    let shown = ids(&server, "", position, |list| server.request(&analyst, list)).await;
    assert_eq!(shown, all, "an analyst reads everybody's");
    let shown = ids(&server, "", position, |list| server.request(&program, list)).await;
    assert_eq!(shown, ["nobodys"], "a program has none of its own");
    for (member, expected) in [("admin", &all[..]), ("ana", &["anas", "nobodys", "noted"])] {
        let shown = ids(&server, "", position, |list| {
            let mut request = server.request(&program, list);
            let member = format!("members/{member}").parse().unwrap();
            request
                .metadata_mut()
                .insert("handoff-on-behalf-of", member);
            request
        })
        .await;
        assert_eq!(shown, expected, "for {member} a program sees what they see");
    }

    // One activity is shown to the whole team, as the timeline shows it.
    for request in [
        server.ana(v1::GetActivityRequest {
            name: "activities/admins".into(),
            min_position: position,
        }),
        server.request(
            &program,
            v1::GetActivityRequest {
                name: "activities/admins".into(),
                min_position: position,
            },
        ),
    ] {
        queries(&server).get_activity(request).await.unwrap();
    }
    assert_eq!(timeline(&server, position).await.len(), all.len());

    // Nothing is for contacts and operators.
    let operator = server.program(Role::Operator, false);
    let zoe = server.person("accounts/acme/contacts/zoe");
    for token in [&operator, &zoe] {
        let list = server.request(token, v1::ListActivitiesRequest::default());
        let refused = queries(&server).list_activities(list).await.unwrap_err();
        assert_eq!(refused.code(), Code::PermissionDenied);
        let request = server.request(token, complete("nobodys"));
        let refused = commands(&server)
            .complete_activity(request)
            .await
            .unwrap_err();
        assert_eq!(refused.code(), Code::PermissionDenied);
    }
    let request = server.request(&analyst, complete("nobodys"));
    let refused = commands(&server)
        .complete_activity(request)
        .await
        .unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied);
}

#[tokio::test]
async fn a_filter_narrows_what_is_shown_and_never_widens_it() {
    let server = TestServer::start_with_projectors().await;
    let position = every_kind(&server).await;
    for (filter, admin, ana) in [
        ("assignee = me", &["admins"][..], &["anas", "noted"][..]),
        ("assignee = members/admin", &["admins"], &[]),
        ("NOT assignee:*", &["nobodys"], &["nobodys"]),
        (
            "assignee = members/ana OR NOT assignee:*",
            &["anas", "nobodys", "noted"],
            &["anas", "nobodys", "noted"],
        ),
        (
            "assignee != members/ana",
            &["admins", "nobodys"],
            &["nobodys"],
        ),
        ("overdue", &["anas"], &["anas"]),
        (
            "status = OPEN AND NOT overdue",
            &["admins", "nobodys"],
            &["nobodys"],
        ),
        ("status = NOTED", &["noted"], &["noted"]),
        (
            "due_time >= 2099-01-01T00:00:00Z",
            &["admins", "nobodys"],
            &["nobodys"],
        ),
        ("due_time < 2099-01-01T00:00:00Z", &["anas"], &["anas"]),
        (
            "account = accounts/acme AND create_time > 2020-01-01T00:00:00Z",
            &["anas", "admins", "nobodys", "noted"],
            &["anas", "nobodys", "noted"],
        ),
        ("account = accounts/other", &[], &[]),
    ] {
        let shown = ids(&server, filter, position, |list| server.admin(list)).await;
        assert_eq!(shown, admin, "{filter} of an admin");
        let shown = ids(&server, filter, position, |list| server.ana(list)).await;
        assert_eq!(shown, ana, "{filter} of staff");
    }

    let list = |filter: &str, page_token: &str| v1::ListActivitiesRequest {
        filter: filter.into(),
        page_size: 2,
        page_token: page_token.into(),
        min_position: position,
        ..Default::default()
    };
    let program = server.program(Role::ServiceAccount, false);
    let request = server.request(&program, list("assignee = me", ""));
    let refused = queries(&server).list_activities(request).await.unwrap_err();
    assert_eq!(fields(&refused), ["filter"]);

    // Pages go on where the one before ended, and their tokens are the viewer's.
    let mut queries = queries(&server);
    let request = server.admin(list("", ""));
    let first = queries.list_activities(request).await.unwrap().into_inner();
    let token = &first.next_page_token;
    let request = server.admin(list("", token));
    let second = queries.list_activities(request).await.unwrap().into_inner();
    let names: Vec<_> = [first.activities, second.activities]
        .concat()
        .into_iter()
        .map(|activity| activity.name)
        .collect();
    let expected = ["anas", "admins", "nobodys", "noted"].map(|id| format!("activities/{id}"));
    assert_eq!(
        (names, second.next_page_token),
        (expected.into(), "".into())
    );
    let request = server.ana(list("", token));
    let refused = queries.list_activities(request).await.unwrap_err();
    assert_eq!(fields(&refused), ["page_token"]);
}

#[tokio::test]
async fn what_is_completed_leaves_the_open_list_and_stands_in_the_timeline_where_it_was_done() {
    let server = TestServer::start_with_projectors().await;
    every_kind(&server).await;
    let request = server.ana(complete("nobodys"));
    let answer = commands(&server).complete_activity(request).await;
    let answer = answer.unwrap().into_inner();
    let (done, position) = (answer.activity.unwrap(), answer.receipt.unwrap().position);
    assert_eq!(done.completed_by, "members/ana");

    let open = ids(&server, "status = OPEN", position, |list| server.ana(list));
    assert_eq!(open.await, ["anas"]);
    let entries = timeline(&server, position).await;
    let find = |id: &str| {
        let name = format!("activities/{id}");
        let of = |entry: &&v1::TimelineEntry| match entry.entry.as_ref().unwrap() {
            Entry::ActivityNoted(of) | Entry::ActivityOpen(of) | Entry::ActivityCompleted(of) => {
                of.activity == name
            }
            _ => false,
        };
        entries.iter().find(of).unwrap().clone()
    };
    let completed = find("nobodys");
    assert!(matches!(completed.entry, Some(Entry::ActivityCompleted(_))));
    assert_eq!(completed.happen_time, done.complete_time);
    assert_eq!(completed.actor, "members/ana");
    let upcoming = find("admins");
    assert_eq!(upcoming.happen_time, Some(FAR));
    let Some(Entry::ActivityOpen(of)) = upcoming.entry else {
        panic!("{upcoming:?}")
    };
    assert_eq!(
        (of.note.as_str(), of.assignee.as_str(), of.due_time),
        ("Circle back", "members/admin", Some(FAR))
    );
    assert!(matches!(find("noted").entry, Some(Entry::ActivityNoted(_))));
    // The newest first: what is due far ahead comes before all that happened.
    let first = entries[0].clone();
    assert_eq!(first.happen_time, Some(FAR));

    let delete = v1::DeleteActivityRequest {
        name: "activities/nobodys".into(),
        ..Default::default()
    };
    let answer = commands(&server)
        .delete_activity(server.ana(delete))
        .await
        .unwrap();
    let position = answer.into_inner().receipt.unwrap().position;
    let count = timeline(&server, position).await.len();
    assert_eq!(count, entries.len() - 1, "what is deleted leaves it");
    let request = v1::GetActivityRequest {
        name: "activities/nobodys".into(),
        min_position: position,
    };
    let gone = queries(&server).get_activity(server.admin(request)).await;
    assert_eq!(gone.unwrap_err().code(), Code::NotFound);
}

#[tokio::test]
async fn an_update_names_its_fields_and_what_cannot_be_is_refused_with_a_reason() {
    let server = TestServer::start().await;
    let mut commands = commands(&server);
    for (id, due) in [("a1", Some(FAR)), ("a2", None)] {
        let request = create(id, activity(due, ""));
        commands.create_activity(server.ana(request)).await.unwrap();
    }
    let update = |activity: v1::Activity, paths: &[&str]| {
        server.ana(v1::UpdateActivityRequest {
            activity: Some(activity),
            update_mask: Some(FieldMask {
                paths: paths.iter().map(ToString::to_string).collect(),
            }),
            ..Default::default()
        })
    };
    let named = |id: &str| v1::Activity {
        name: format!("activities/{id}"),
        ..Default::default()
    };
    let refused = commands
        .update_activity(update(named("a1"), &["assignee", "note"]))
        .await
        .unwrap_err();
    assert_eq!(fields(&refused), ["update_mask"]);
    let dated = v1::Activity {
        note: "Call".into(),
        due_date: "2099-12-31".into(),
        ..named("a2")
    };
    let request = update(dated, &["note", "due_date"]);
    let answer = commands.update_activity(request).await.unwrap();
    let updated = answer.into_inner().activity.unwrap();
    assert_eq!(updated.note, "Call");
    assert_eq!(updated.due_time.unwrap().seconds, 4_102_444_799);
    let both = v1::Activity {
        due_time: Some(FAR),
        due_date: "2099-12-31".into(),
        ..named("a2")
    };
    let refused = commands
        .update_activity(update(both, &["due_time", "due_date"]))
        .await
        .unwrap_err();
    assert_eq!(fields(&refused), ["activity.due_date"]);
    let refused = commands
        .update_activity(update(named("a1"), &["note"]))
        .await
        .unwrap_err();
    assert_eq!(fields(&refused), ["activity.note"]);

    commands
        .complete_activity(server.ana(complete("a1")))
        .await
        .unwrap();
    let refused = commands
        .update_activity(update(named("a1"), &["due_time"]))
        .await
        .unwrap_err();
    assert_eq!(refused.code(), Code::FailedPrecondition);
    assert_eq!(reason(&refused), "ACTIVITY_COMPLETE");
    commands
        .update_activity(update(named("a2"), &["due_time"]))
        .await
        .unwrap();
    let refused = commands
        .complete_activity(server.ana(complete("a2")))
        .await
        .unwrap_err();
    assert_eq!(refused.code(), Code::FailedPrecondition);
    assert_eq!(reason(&refused), "ACTIVITY_NOT_SCHEDULED");

    let reopen = v1::ReopenActivityRequest {
        name: "activities/a1".into(),
        ..Default::default()
    };
    let answer = commands.reopen_activity(server.ana(reopen)).await.unwrap();
    assert_eq!(answer.into_inner().activity.unwrap().complete_time, None);
    let assign = v1::AssignActivityRequest {
        name: "activities/a1".into(),
        assignee: "members/nobody".into(),
        ..Default::default()
    };
    let refused = commands
        .assign_activity(server.ana(assign))
        .await
        .unwrap_err();
    assert_eq!(reason(&refused), "UNKNOWN_MEMBER");
}
