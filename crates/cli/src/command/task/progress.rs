//! Who does a task, how far it is, and whether it is there at all.

use handoff_proto::v1::{self, TaskStatus, task_command_service_client::TaskCommandServiceClient};

use super::{
    Target,
    batch::Members,
    find, view,
    words::{OpenStatus, Status},
};
use crate::{
    error::Error,
    name::{self, TaskReference},
    output::Printer,
    session::Session,
};

impl Target {
    pub(super) async fn assign(
        self,
        members: Members,
        session: &Session,
        printer: &Printer,
    ) -> Result<(), Error> {
        let request = v1::AssignTaskRequest {
            assignees: members.all,
            add: members.add,
            remove: members.remove,
            name: find(session, &self.task, 0).await?,
            request_id: self.command.request_id(),
            etag: self.etag.unwrap_or_default(),
        };
        let answer = session
            .command(
                &request.request_id.clone(),
                request,
                async |service, request| {
                    TaskCommandServiceClient::new(service)
                        .assign_task(request)
                        .await
                },
            )
            .await?;
        let task = answer.task.clone().unwrap_or_default();
        Ok(printer.done(
            &answer,
            &format!("{} is assigned to {}.", task.number, view::assignees(&task)),
        )?)
    }

    pub(super) async fn complete(self, session: &Session, printer: &Printer) -> Result<(), Error> {
        let request = v1::CompleteTaskRequest {
            name: find(session, &self.task, 0).await?,
            request_id: self.command.request_id(),
            etag: self.etag.unwrap_or_default(),
        };
        let answer = session
            .command(
                &request.request_id.clone(),
                request,
                async |service, request| {
                    TaskCommandServiceClient::new(service)
                        .complete_task(request)
                        .await
                },
            )
            .await?;
        let task = answer.task.clone().unwrap_or_default();
        Ok(printer.done(&answer, &format!("{} is complete.", task.number))?)
    }

    pub(super) async fn reopen(
        self,
        status: OpenStatus,
        session: &Session,
        printer: &Printer,
    ) -> Result<(), Error> {
        let request = v1::ReopenTaskRequest {
            name: find(session, &self.task, 0).await?,
            status: TaskStatus::from(status).into(),
            request_id: self.command.request_id(),
            etag: self.etag.unwrap_or_default(),
        };
        let answer = session
            .command(
                &request.request_id.clone(),
                request,
                async |service, request| {
                    TaskCommandServiceClient::new(service)
                        .reopen_task(request)
                        .await
                },
            )
            .await?;
        let task = answer.task.clone().unwrap_or_default();
        Ok(printer.done(
            &answer,
            &format!(
                "{} is open again: {}.",
                task.number,
                view::status_words(&task)
            ),
        )?)
    }

    pub(super) async fn set_status(
        self,
        status: Status,
        session: &Session,
        printer: &Printer,
    ) -> Result<(), Error> {
        let request = v1::SetTaskStatusRequest {
            name: find(session, &self.task, 0).await?,
            status: TaskStatus::from(status).into(),
            request_id: self.command.request_id(),
            etag: self.etag.unwrap_or_default(),
        };
        let answer = session
            .command(
                &request.request_id.clone(),
                request,
                async |service, request| {
                    TaskCommandServiceClient::new(service)
                        .set_task_status(request)
                        .await
                },
            )
            .await?;
        let task = answer.task.clone().unwrap_or_default();
        let sentence = format!("{} is {}.", task.number, view::status_words(&task));
        Ok(printer.done(&answer, &sentence)?)
    }

    pub(super) async fn cancel(self, session: &Session, printer: &Printer) -> Result<(), Error> {
        let request = v1::CancelTaskRequest {
            name: find(session, &self.task, 0).await?,
            request_id: self.command.request_id(),
            etag: self.etag.unwrap_or_default(),
        };
        let answer = session
            .command(
                &request.request_id.clone(),
                request,
                async |service, request| {
                    TaskCommandServiceClient::new(service)
                        .cancel_task(request)
                        .await
                },
            )
            .await?;
        let task = answer.task.clone().unwrap_or_default();
        Ok(printer.done(&answer, &format!("{} is cancelled.", task.number))?)
    }

    pub(super) async fn delete(self, session: &Session, printer: &Printer) -> Result<(), Error> {
        let request = v1::DeleteTaskRequest {
            name: find(session, &self.task, 0).await?,
            request_id: self.command.request_id(),
            etag: self.etag.unwrap_or_default(),
        };
        let name = request.name.clone();
        let answer = session
            .command(
                &request.request_id.clone(),
                request,
                async |service, request| {
                    TaskCommandServiceClient::new(service)
                        .delete_task(request)
                        .await
                },
            )
            .await?;
        let sentence = format!("Deleted {name}; `handoff task undelete {name}` brings it back.");
        Ok(printer.done(&answer, &sentence)?)
    }

    pub(super) async fn undelete(self, session: &Session, printer: &Printer) -> Result<(), Error> {
        let request = v1::UndeleteTaskRequest {
            name: hidden(&self.task)?,
            request_id: self.command.request_id(),
            etag: self.etag.unwrap_or_default(),
        };
        let answer = session
            .command(
                &request.request_id.clone(),
                request,
                async |service, request| {
                    TaskCommandServiceClient::new(service)
                        .undelete_task(request)
                        .await
                },
            )
            .await?;
        let task = answer.task.clone().unwrap_or_default();
        Ok(printer.done(&answer, &format!("{} is back.", task.number))?)
    }
}

/// The name of a task that no list finds: its number is not enough.
fn hidden(text: &str) -> Result<String, Error> {
    match name::task(text)? {
        TaskReference::Name(name) => Ok(name),
        TaskReference::IdOrNumber(id) => Ok(format!("tasks/{id}")),
        TaskReference::Number(number) => Err(Error::usage(
            format!("a deleted task is not found by its number {number:?}"),
            "Write its id or tasks/ID.",
        )),
    }
}
