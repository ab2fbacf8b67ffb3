//! What a row says besides its task: notes, related tasks, whether it is billed.

use handoff_proto::v1::{self, task_command_service_client::TaskCommandServiceClient};

use super::{row::TaskRow, under_way::UnderWay};
use crate::{
    error::Error,
    import::{changed, identity::uuid_of},
    session::Session,
};

/// What is added to the task of a row, once it is there.
pub(super) struct Additions<'a> {
    pub(super) session: &'a Session,
    pub(super) under_way: &'a UnderWay,
    pub(super) row: &'a TaskRow,
}

impl Additions<'_> {
    /// Adds all of it, and tells whether anything was not there before.
    pub(super) async fn send(&self) -> Result<bool, Error> {
        let mut added = false;
        if !self.row.note.is_empty() {
            added |= self.note().await?;
        }
        if !self.row.internal_note.is_empty() {
            let note = self.internal_note().await;
            added |=
                note.map_err(|error| error.in_field("internal_note", "an admin can import it"))?;
        }
        for other in &self.row.related {
            let advice = "put its row above this one, or import the file again";
            self.under_way.until_created(other).await;
            let related = self.relate(other).await;
            added |= related.map_err(|error| error.in_field("related_task", advice))?;
        }
        if self.row.billed {
            let billed = self.bill().await;
            added |= billed.map_err(|error| error.in_field("billed", "an admin can import it"))?;
        }
        Ok(added)
    }

    fn name(&self) -> String {
        format!("tasks/{}", self.row.identity)
    }

    /// The same whenever the row is imported.
    fn request_id(&self, step: &[&str]) -> String {
        let identity = self.row.identity.to_string();
        uuid_of(&[step, &[&identity]].concat()).to_string()
    }

    async fn note(&self) -> Result<bool, Error> {
        let request = v1::AddNoteRequest {
            name: self.name(),
            note: self.row.note.clone(),
            request_id: self.request_id(&["note"]),
            ..Default::default()
        };
        let id = request.request_id.clone();
        let answer = self
            .session
            .command(&id, request, async |service, request| {
                TaskCommandServiceClient::new(service)
                    .add_note(request)
                    .await
            })
            .await?;
        Ok(changed(answer.receipt))
    }

    async fn internal_note(&self) -> Result<bool, Error> {
        let request = v1::AddInternalNoteRequest {
            name: self.name(),
            note: self.row.internal_note.clone(),
            request_id: self.request_id(&["internal note"]),
            ..Default::default()
        };
        let id = request.request_id.clone();
        let answer = self
            .session
            .command(&id, request, async |service, request| {
                TaskCommandServiceClient::new(service)
                    .add_internal_note(request)
                    .await
            })
            .await?;
        Ok(changed(answer.receipt))
    }

    async fn relate(&self, other: &str) -> Result<bool, Error> {
        let request = v1::RelateTasksRequest {
            name: self.name(),
            related_task: other.to_owned(),
            request_id: self.request_id(&["relate", other]),
            ..Default::default()
        };
        let id = request.request_id.clone();
        let answer = self
            .session
            .command(&id, request, async |service, request| {
                TaskCommandServiceClient::new(service)
                    .relate_tasks(request)
                    .await
            })
            .await?;
        Ok(changed(answer.receipt))
    }

    async fn bill(&self) -> Result<bool, Error> {
        let request = v1::MarkBilledRequest {
            name: self.name(),
            billed: true,
            request_id: self.request_id(&["bill"]),
            ..Default::default()
        };
        let id = request.request_id.clone();
        let answer = self
            .session
            .command(&id, request, async |service, request| {
                TaskCommandServiceClient::new(service)
                    .mark_billed(request)
                    .await
            })
            .await?;
        Ok(changed(answer.receipt))
    }
}
