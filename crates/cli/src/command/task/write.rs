//! What is written beside a task: notes, who is told, what it has to do with, whether it is billed.

use handoff_proto::v1::{self, task_command_service_client::TaskCommandServiceClient};

use super::{Target, find};
use crate::{error::Error, name, output::Printer, session::Session};

impl Target {
    pub(super) async fn notify(
        self,
        who: &[String],
        on_change: bool,
        on_complete: bool,
        session: &Session,
        printer: &Printer,
    ) -> Result<(), Error> {
        let recipients: Result<Vec<_>, Error> = who.iter().map(|who| recipient(who)).collect();
        let notify = v1::TaskNotify {
            recipients: recipients?,
            on_change,
            on_complete,
        };
        let request = v1::SetNotifyRequest {
            name: find(session, &self.task, 0).await?,
            notify: Some(notify),
            request_id: self.command.request_id(),
            etag: self.etag.unwrap_or_default(),
        };
        let answer = session
            .command(
                &request.request_id.clone(),
                request,
                async |service, request| {
                    TaskCommandServiceClient::new(service)
                        .set_notify(request)
                        .await
                },
            )
            .await?;
        let task = answer.task.clone().unwrap_or_default();
        let told = task.notify.map(|notify| notify.recipients.join(", "));
        let told = told.filter(|told| !told.is_empty());
        let sentence = match told {
            Some(told) => format!("{} tells {told}.", task.number),
            None => format!("{} tells nobody but its assignees.", task.number),
        };
        Ok(printer.done(&answer, &sentence)?)
    }

    pub(super) async fn note(
        self,
        note: &str,
        session: &Session,
        printer: &Printer,
    ) -> Result<(), Error> {
        let request = v1::AddNoteRequest {
            name: find(session, &self.task, 0).await?,
            note: note.to_owned(),
            request_id: self.command.request_id(),
            etag: self.etag.unwrap_or_default(),
        };
        let answer = session
            .command(
                &request.request_id.clone(),
                request,
                async |service, request| {
                    TaskCommandServiceClient::new(service)
                        .add_note(request)
                        .await
                },
            )
            .await?;
        let task = answer.task.clone().unwrap_or_default();
        Ok(printer.done(&answer, &format!("Added a note to {}.", task.number))?)
    }

    pub(super) async fn internal_note(
        self,
        note: &str,
        session: &Session,
        printer: &Printer,
    ) -> Result<(), Error> {
        let request = v1::AddInternalNoteRequest {
            name: find(session, &self.task, 0).await?,
            note: note.to_owned(),
            request_id: self.command.request_id(),
            etag: self.etag.unwrap_or_default(),
        };
        let answer = session
            .command(
                &request.request_id.clone(),
                request,
                async |service, request| {
                    TaskCommandServiceClient::new(service)
                        .add_internal_note(request)
                        .await
                },
            )
            .await?;
        let task = answer.task.clone().unwrap_or_default();
        Ok(printer.done(&answer, &format!("Added a note to {}.", task.number))?)
    }

    pub(super) async fn relate(
        self,
        other: &str,
        session: &Session,
        printer: &Printer,
    ) -> Result<(), Error> {
        let request = v1::RelateTasksRequest {
            name: find(session, &self.task, 0).await?,
            related_task: find(session, other, 0).await?,
            request_id: self.command.request_id(),
            etag: self.etag.unwrap_or_default(),
        };
        let other = request.related_task.clone();
        let answer = session
            .command(
                &request.request_id.clone(),
                request,
                async |service, request| {
                    TaskCommandServiceClient::new(service)
                        .relate_tasks(request)
                        .await
                },
            )
            .await?;
        let task = answer.task.clone().unwrap_or_default();
        Ok(printer.done(
            &answer,
            &format!("{} and {other} are related.", task.number),
        )?)
    }

    pub(super) async fn unrelate(
        self,
        other: &str,
        session: &Session,
        printer: &Printer,
    ) -> Result<(), Error> {
        let request = v1::UnrelateTasksRequest {
            name: find(session, &self.task, 0).await?,
            related_task: find(session, other, 0).await?,
            request_id: self.command.request_id(),
            etag: self.etag.unwrap_or_default(),
        };
        let other = request.related_task.clone();
        let answer = session
            .command(
                &request.request_id.clone(),
                request,
                async |service, request| {
                    TaskCommandServiceClient::new(service)
                        .unrelate_tasks(request)
                        .await
                },
            )
            .await?;
        let task = answer.task.clone().unwrap_or_default();
        Ok(printer.done(
            &answer,
            &format!("{} and {other} are not related.", task.number),
        )?)
    }

    pub(super) async fn bill(
        self,
        billed: bool,
        session: &Session,
        printer: &Printer,
    ) -> Result<(), Error> {
        let request = v1::MarkBilledRequest {
            name: find(session, &self.task, 0).await?,
            billed,
            request_id: self.command.request_id(),
            etag: self.etag.unwrap_or_default(),
        };
        let answer = session
            .command(
                &request.request_id.clone(),
                request,
                async |service, request| {
                    TaskCommandServiceClient::new(service)
                        .mark_billed(request)
                        .await
                },
            )
            .await?;
        let task = answer.task.clone().unwrap_or_default();
        let not = if task.billed { "" } else { "not " };
        Ok(printer.done(&answer, &format!("{} is {not}billed.", task.number))?)
    }
}

/// A member, a contact or an e-mail address.
pub(super) fn recipient(text: &str) -> Result<String, Error> {
    if text.contains('@') || text.starts_with("accounts/") {
        return Ok(text.to_owned());
    }
    name::member(text)
}
