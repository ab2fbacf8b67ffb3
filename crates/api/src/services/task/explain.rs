//! Why a task is whose it is: its last assignment, and what that followed from.

use handoff_domain::{
    Event, account,
    names::{AccountName, MemberName, OperationName, StreamName, Subject, TaskName},
    operation::{self, OwnershipChange},
    task::{self, AssignmentCause, AssignmentSource},
};
use handoff_event_log::Position;
use handoff_proto::v1;
use handoff_read_models::{Consistency, ListRequest, history::HistoryEntry, tasks::TaskState};
use uuid::Uuid;

use crate::{
    error::ApiError,
    query::{Query, ReadSide},
    time, views,
};

/// The first event of an operation.
const FIRST: ListRequest<'static> = ListRequest {
    page_size: 1,
    page_token: "",
    filter: "",
    order_by: "position",
};
/// The newest event that says who a task is assigned to.
const LAST_ASSIGNMENT: ListRequest<'static> = ListRequest {
    page_size: 1,
    page_token: "",
    filter: "type = \"task.assigned\" OR type = \"task.created\"",
    order_by: "position desc",
};

/// Follows causes back from a task.
struct Explaining<'a> {
    read_side: &'a ReadSide,
    query: &'a Query,
    consistency: Consistency,
    links: Vec<v1::AssignmentLink>,
    position: Position,
}

impl ReadSide {
    /// Says why a task is whose it is.
    pub(super) async fn explain(
        &self,
        query: &Query,
        name: &TaskName,
        min_position: Position,
    ) -> Result<v1::ExplainAssignmentResponse, ApiError> {
        let consistency = query.consistency(min_position);
        let found = self.queries.get_task(name, consistency).await?;
        let missing = || ApiError::not_found(name.as_str());
        let entry = found.value.ok_or_else(missing)?;
        let subject = match &entry.row.state {
            TaskState::Standalone(state) => state.known().map(|details| details.subject.clone()),
            TaskState::Order(_) | TaskState::Checklist(_) => None,
        };
        let task = views::task::of_entry(query.view, entry, query.viewer.now);
        let assignees = task.ok_or_else(missing)?.assignees;
        let mut explaining = Explaining {
            read_side: self,
            query,
            // The history of what the task shows.
            consistency: query.consistency(found.position),
            links: Vec::new(),
            position: found.position,
        };
        explaining.assignment(name, subject.as_ref()).await?;
        Ok(v1::ExplainAssignmentResponse {
            assignees,
            links: explaining.links,
            position: explaining.position.0,
        })
    }
}

impl Explaining<'_> {
    async fn assignment(
        &mut self,
        name: &TaskName,
        subject: Option<&Subject>,
    ) -> Result<(), ApiError> {
        let Some(entry) = self.one(&name.into(), &LAST_ASSIGNMENT).await? else {
            return Ok(());
        };
        let (left, joined, cause) = match event(&entry)? {
            Event::Task(task::Event::Assigned {
                left,
                joined,
                cause,
                ..
            }) => (left, joined, Some(cause)),
            Event::Task(task::Event::Created(created)) => {
                (Vec::new(), created.assignees.clone(), None)
            }
            _ => (Vec::new(), Vec::new(), None),
        };
        let operation = cause.as_ref().and_then(|cause| cause.operation.clone());
        self.link(&entry, operation.as_ref(), (&left, &joined), "")?;
        let Some(AssignmentCause {
            source,
            event: Some(cause),
            operation,
        }) = cause
        else {
            return match operation {
                Some(operation) => self.operation(&operation).await,
                None => Ok(()),
            };
        };
        if let (AssignmentSource::Role, Some(Subject::Account(account))) = (source, subject) {
            return self.role(account, cause).await;
        }
        match operation {
            Some(operation) => self.operation(&operation).await,
            None => Ok(()),
        }
    }

    /// The role event that the ownership policy followed, and the operation that it is part of.
    async fn role(&mut self, account: &AccountName, id: Uuid) -> Result<(), ApiError> {
        let queries = &self.read_side.queries;
        let found = queries
            .get_event(&account.into(), id, self.consistency)
            .await?;
        self.position = self.position.min(found.position);
        let Some(entry) = found.value else {
            return Ok(());
        };
        let Event::Account(account::Event::RoleAssigned {
            role,
            previous,
            holder,
            operation,
            ..
        }) = event(&entry)?
        else {
            return Ok(());
        };
        let left: Vec<_> = previous.into_iter().collect();
        self.link(
            &entry,
            operation.as_ref(),
            (&left, &[holder]),
            role.as_str(),
        )?;
        match operation {
            Some(operation) => self.operation(&operation).await,
            None => Ok(()),
        }
    }

    /// The start of an operation; of an undo, that of the operation that it takes back, too.
    async fn operation(&mut self, name: &OperationName) -> Result<(), ApiError> {
        let Some(started) = self.started(name).await? else {
            return Ok(());
        };
        if let OwnershipChange::Undo { operation } = started {
            self.started(&operation).await?;
        }
        Ok(())
    }

    async fn started(&mut self, name: &OperationName) -> Result<Option<OwnershipChange>, ApiError> {
        let Some(entry) = self.one(&name.into(), &FIRST).await? else {
            return Ok(None);
        };
        let Event::Operation(operation::Event::Started { change, .. }) = event(&entry)? else {
            return Ok(None);
        };
        let (left, joined, role) = parties(&change);
        self.link(&entry, Some(name), (&left, &joined), role)?;
        Ok(Some(change))
    }

    async fn one(
        &mut self,
        stream: &StreamName,
        request: &ListRequest<'_>,
    ) -> Result<Option<HistoryEntry>, ApiError> {
        let found = self
            .read_side
            .queries
            .list_history(Some(stream), request, &self.query.viewer, self.consistency)
            .await?;
        self.position = self.position.min(found.position);
        Ok(found.value.items.into_iter().next())
    }

    fn link(
        &mut self,
        entry: &HistoryEntry,
        operation: Option<&OperationName>,
        (left, joined): (&[MemberName], &[MemberName]),
        role: &str,
    ) -> Result<(), ApiError> {
        let row = &entry.row;
        let names = |members: &[MemberName]| members.iter().map(ToString::to_string).collect();
        self.links.push(v1::AssignmentLink {
            event_type: row.event_type.clone(),
            resource: row.stream.to_string(),
            position: entry.position.0,
            event_id: row.event_id.to_string(),
            actor: row.actor.as_str().to_owned(),
            on_behalf_of: row
                .on_behalf_of
                .as_ref()
                .map(ToString::to_string)
                .unwrap_or_default(),
            request: row.request.clone(),
            request_id: row.correlation_id.to_string(),
            record_time: Some(time::to_proto(row.recorded_at)),
            operation: operation.map(ToString::to_string).unwrap_or_default(),
            left: names(left),
            joined: names(joined),
            role: role.to_owned(),
        });
        Ok(())
    }
}

/// Who loses and who gets something by a change, and the role that it is about.
fn parties(change: &OwnershipChange) -> (Vec<MemberName>, Vec<MemberName>, &str) {
    match change {
        OwnershipChange::AssignRole { role, from, to, .. } => (
            from.iter().cloned().collect(),
            vec![to.clone()],
            role.as_str(),
        ),
        OwnershipChange::VacateRole { role, from, .. } => {
            (vec![from.clone()], Vec::new(), role.as_str())
        }
        OwnershipChange::BatchAssignRole { role, to, .. } => {
            (Vec::new(), vec![to.clone()], role.as_str())
        }
        OwnershipChange::DisableMember { member, successor } => (
            vec![member.clone()],
            successor.iter().cloned().collect(),
            "",
        ),
        OwnershipChange::TransferResources { from, to, .. } => {
            (vec![from.clone()], vec![to.clone()], "")
        }
        OwnershipChange::Undo { .. } => (Vec::new(), Vec::new(), ""),
    }
}

/// What an entry says.
fn event(entry: &HistoryEntry) -> Result<Event, ApiError> {
    let row = &entry.row;
    Event::decode(row.stream.kind(), &row.event_type, 1, &row.payload)
        .map_err(|error| ApiError::Corrupt(error.into()))
}
