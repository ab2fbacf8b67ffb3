//! Why a task is whose it is: the event by which somebody got it, and what that followed from.

use handoff_domain::{
    Event, account, member,
    names::{AccountName, MemberName, OperationName, StreamName, Subject},
    operation::{self, OwnershipChange},
    task::{AssignmentCause, AssignmentSource},
};
use handoff_event_log::Position;
use handoff_proto::v1;
use handoff_read_models::{
    Consistency, ListRequest,
    history::HistoryEntry,
    tasks::{TaskKey, TaskState},
};
use uuid::Uuid;

use super::assignment::{self, Assigned};
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
const NEWEST_FIRST: &str = "position desc";
/// Events in which it is looked at once for the one by which somebody got the task.
const LOOKED_AT: i32 = 100;
/// Successors of each other that are followed.
const SUCCESSORS: usize = 8;

/// Follows causes back from a task.
struct Explaining<'a> {
    read_side: &'a ReadSide,
    query: &'a Query,
    consistency: Consistency,
    links: Vec<v1::AssignmentLink>,
    position: Position,
}

/// The beginning of a disabling.
struct Disabling {
    entry: HistoryEntry,
    member: MemberName,
    successor: Option<MemberName>,
    operation: Option<OperationName>,
}

impl ReadSide {
    /// Says why a task is whose it is: why it is `member`'s, or the caller's if it is, or else what came last.
    pub(super) async fn explain(
        &self,
        query: &Query,
        name: &TaskKey,
        member: Option<MemberName>,
        min_position: Position,
    ) -> Result<v1::ExplainAssignmentResponse, ApiError> {
        let consistency = query.consistency(min_position);
        let found = self.queries.get_task(name, consistency).await?;
        let missing = || ApiError::not_found(name.as_str());
        let entry = found.value.ok_or_else(missing)?;
        let account = match &entry.row.state {
            TaskState::Standalone(state) => match state.known().map(|details| &details.subject) {
                Some(Subject::Account(account)) => Some(account.clone()),
                Some(Subject::Member(_)) | None => None,
            },
            TaskState::Order(task) => Some(task.account.clone()),
            TaskState::Checklist(_) => None,
        };
        let task = views::task::of_entry(query.view, entry, query.viewer.now);
        let assignees = task.ok_or_else(missing)?.assignees;
        let has = |member: &MemberName| assignees.iter().any(|name| name == member.as_str());
        let me = query.viewer.me.clone().filter(has);
        let mut explaining = Explaining {
            read_side: self,
            query,
            // The history of what the task shows.
            consistency: query.consistency(found.position),
            links: Vec::new(),
            position: found.position,
        };
        let member = member.or(me);
        explaining
            .assignment(name, member.as_ref(), account.as_ref())
            .await?;
        Ok(v1::ExplainAssignmentResponse {
            assignees,
            links: explaining.links,
            position: explaining.position.0,
            member: member.map(|member| member.to_string()).unwrap_or_default(),
        })
    }
}

impl Explaining<'_> {
    /// The last event by which `member` got the task, or the last about its assignees, and what that followed
    /// from.
    async fn assignment(
        &mut self,
        name: &TaskKey,
        member: Option<&MemberName>,
        account: Option<&AccountName>,
    ) -> Result<(), ApiError> {
        let Some((entry, assigned)) = self.assigned(name, member).await? else {
            return Ok(());
        };
        let Assigned {
            left,
            joined,
            cause,
        } = assigned;
        let AssignmentCause {
            source,
            event,
            operation,
        } = cause;
        self.link(&entry, operation.as_ref(), (&left, &joined), "")?;
        match (source, event, account) {
            (AssignmentSource::Role, Some(event), Some(account)) => {
                return self.role(account, event).await;
            }
            (AssignmentSource::Successor, ..) => {
                let receivers = match member {
                    Some(member) => std::slice::from_ref(member),
                    None => &joined,
                };
                return self.successors(&left, receivers, entry.position).await;
            }
            _ => {}
        }
        match operation {
            Some(operation) => self.operation(&operation).await,
            None => Ok(()),
        }
    }

    /// The newest event that changed the task's assignees, or by which `member` became one of them.
    async fn assigned(
        &mut self,
        name: &TaskKey,
        member: Option<&MemberName>,
    ) -> Result<Option<(HistoryEntry, Assigned)>, ApiError> {
        let Some((stream, filter)) = assignment::events_of(name) else {
            return Ok(None);
        };
        let mut page_token = String::new();
        loop {
            let request = ListRequest {
                page_size: LOOKED_AT,
                page_token: &page_token,
                filter,
                order_by: NEWEST_FIRST,
            };
            let (entries, next) = self.history(&stream, &request).await?;
            for entry in entries {
                let Some(assigned) = assignment::in_event(name, &event(&entry)?) else {
                    continue;
                };
                if member.is_none_or(|member| assigned.joined.contains(member)) {
                    return Ok(Some((entry, assigned)));
                }
            }
            if next.is_empty() {
                return Ok(None);
            }
            page_token = next;
        }
    }

    /// The disablings by which those who `left` are replaced by `receivers`, up to a position: the chain that
    /// ends with one of these, else the first.
    async fn successors(
        &mut self,
        left: &[MemberName],
        receivers: &[MemberName],
        before: Position,
    ) -> Result<(), ApiError> {
        let mut first = None;
        for member in left {
            let mut chain = Vec::new();
            let mut next = Some(member.clone());
            let mut ends = false;
            while let Some(member) = next.take().filter(|_| chain.len() < SUCCESSORS) {
                let Some(disabling) = self.disabling(&member, before).await? else {
                    break;
                };
                match &disabling.successor {
                    Some(successor) if receivers.contains(successor) => ends = true,
                    successor => next.clone_from(successor),
                }
                chain.push(disabling);
            }
            if ends {
                first = Some(chain);
                break;
            }
            first.get_or_insert(chain);
        }
        for disabling in first.unwrap_or_default() {
            let Disabling {
                entry,
                member,
                successor,
                operation,
            } = disabling;
            let joined: Vec<_> = successor.into_iter().collect();
            self.link(&entry, operation.as_ref(), (&[member], &joined), "")?;
        }
        Ok(())
    }

    /// The last time before a position that a member's disabling began.
    async fn disabling(
        &mut self,
        member: &MemberName,
        before: Position,
    ) -> Result<Option<Disabling>, ApiError> {
        let filter = format!(
            "type = \"member.disabling_started\" AND position < {}",
            before.0
        );
        let request = ListRequest {
            page_size: 1,
            page_token: "",
            filter: &filter,
            order_by: NEWEST_FIRST,
        };
        let Some(entry) = self.one(&member.into(), &request).await? else {
            return Ok(None);
        };
        let Event::Member(member::Event::DisablingStarted {
            successor,
            operation,
            ..
        }) = event(&entry)?
        else {
            return Ok(None);
        };
        Ok(Some(Disabling {
            entry,
            member: member.clone(),
            successor,
            operation,
        }))
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
        let (entries, _) = self.history(stream, request).await?;
        Ok(entries.into_iter().next())
    }

    /// Events of a stream, and the token of the next page.
    async fn history(
        &mut self,
        stream: &StreamName,
        request: &ListRequest<'_>,
    ) -> Result<(Vec<HistoryEntry>, String), ApiError> {
        let found = self
            .read_side
            .queries
            .list_history(Some(stream), request, &self.query.viewer, self.consistency)
            .await?;
        self.position = self.position.min(found.position);
        Ok((found.value.items, found.value.next_page_token))
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
