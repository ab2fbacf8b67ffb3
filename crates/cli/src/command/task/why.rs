//! `handoff task show --why`: by whose request a task is whose it is.

use handoff_proto::v1::{
    self, AssignmentLink, ExplainAssignmentResponse,
    task_query_service_client::TaskQueryServiceClient,
};

use crate::{
    command::account::view::id, error::Error, json, output::Printer, session::Session, time,
};

/// Asks why, of a member where one is named, and shows it: each line follows from the next.
pub(super) async fn show(
    task: String,
    member: String,
    min_position: i64,
    session: &Session,
    printer: &Printer,
) -> Result<(), Error> {
    let request = v1::ExplainAssignmentRequest {
        task,
        min_position,
        member,
    };
    let answer = session
        .call(request, async |service, request| {
            TaskQueryServiceClient::new(service)
                .explain_assignment(request)
                .await
        })
        .await?;
    if printer.is_json() {
        return Ok(printer.line(&json::line(&answer))?);
    }
    printer.title("Why")?;
    for line in lines(&answer) {
        printer.line(&line)?;
    }
    Ok(())
}

fn lines(answer: &ExplainAssignmentResponse) -> Vec<String> {
    let assignees: Vec<_> = answer.assignees.iter().map(|name| id(name)).collect();
    let first = match assignees[..] {
        [] => "It is nobody's.".to_owned(),
        _ => format!("It is assigned to {}.", assignees.join(", ")),
    };
    let of = match (answer.member.as_str(), answer.links.is_empty()) {
        ("", _) => None,
        (member, false) => Some(format!("Why {}:", id(member))),
        (member, true) => Some(format!("It was never {}'s.", id(member))),
    };
    [first]
        .into_iter()
        .chain(of)
        .chain(answer.links.iter().map(line))
        .collect()
}

fn line(link: &AssignmentLink) -> String {
    let ids = |names: &[String]| {
        names
            .iter()
            .map(|name| id(name))
            .collect::<Vec<_>>()
            .join(", ")
    };
    let mut line = format!(
        "← {} {} of {}",
        time::minutes(link.record_time.as_ref()),
        link.event_type,
        link.resource
    );
    if !link.role.is_empty() {
        line.push_str(&format!(" ({})", link.role));
    }
    match (&link.left[..], &link.joined[..]) {
        ([], []) => {}
        ([], joined) => line.push_str(&format!(": to {}", ids(joined))),
        (left, []) => line.push_str(&format!(": from {}", ids(left))),
        (left, joined) => line.push_str(&format!(": {} to {}", ids(left), ids(joined))),
    }
    line.push_str(&format!(", by {}", link.actor));
    if !link.on_behalf_of.is_empty() {
        line.push_str(&format!(" for {}", link.on_behalf_of));
    }
    line.push_str(&format!(" ({}, request {})", link.request, link.request_id));
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_says_who_did_what_with_which_request() {
        let link = AssignmentLink {
            event_type: "account.role_assigned".into(),
            resource: "accounts/acme".into(),
            actor: "service-accounts/crm".into(),
            on_behalf_of: "members/eva".into(),
            request: "AssignRole".into(),
            request_id: "0198".into(),
            left: vec!["members/ana".into()],
            joined: vec!["members/ben".into()],
            role: "assignee".into(),
            ..Default::default()
        };
        let line = line(&link);
        assert!(line.contains("account.role_assigned of accounts/acme (assignee): ana to ben"));
        assert!(
            line.ends_with(", by service-accounts/crm for members/eva (AssignRole, request 0198)")
        );
        let mut bens = ExplainAssignmentResponse {
            assignees: vec!["members/ben".into()],
            links: vec![link],
            member: "members/ben".into(),
            ..Default::default()
        };
        assert_eq!(lines(&bens)[..2], ["It is assigned to ben.", "Why ben:"]);
        bens.links.clear();
        assert_eq!(lines(&bens)[1], "It was never ben's.");
        let nobody = ExplainAssignmentResponse::default();
        assert_eq!(lines(&nobody), ["It is nobody's."]);
    }
}
