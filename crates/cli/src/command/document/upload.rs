//! `handoff document upload`.

use std::path::PathBuf;

use clap::Args;
use handoff_proto::v1::{
    DocumentVisibility, FileHeader, UploadDocumentsHeader, UploadDocumentsRequest,
    document_service_client::DocumentServiceClient, upload_documents_request::Part,
};

use super::{
    parent,
    said::SaidArgs,
    sending::{self, LocalFile},
};
use crate::{command::CommandArgs, error::Error, output::Printer, session::Session};

#[derive(Debug, Args)]
pub(crate) struct Upload {
    /// What they are on: the number or id of a task, tasks/ID, orders/ID or orders/ID/tasks/ID
    #[arg(value_name = "TASK_OR_ORDER")]
    parent: String,
    /// The files, at most 20
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    #[command(flatten)]
    said: SaidArgs,
    /// Contacts do not see them for now
    #[arg(long)]
    inactive: bool,
    /// Media type of the files, such as text/csv [default: what their first bytes tell]
    #[arg(long = "type", value_name = "TYPE")]
    media_type: Option<String>,
    #[command(flatten)]
    command: CommandArgs,
}

impl Upload {
    pub(super) async fn run(self, session: &Session, printer: &Printer) -> Result<(), Error> {
        let media_type = self.media_type.unwrap_or_default();
        let files = sending::describe(&self.files)?;
        let said = &self.said;
        let visibility = said
            .visibility
            .map_or(DocumentVisibility::Unspecified, Into::into);
        let header = UploadDocumentsHeader {
            parent: parent(session, &self.parent, 0).await?,
            files: files.iter().map(|file| wanted(file, &media_type)).collect(),
            category: said.category.clone().unwrap_or_default(),
            active: Some(!self.inactive),
            visibility: visibility.into(),
            short_description: said.short_description.clone().unwrap_or_default(),
            description: said.description.clone().unwrap_or_default(),
            document_date: said.document_date.clone().unwrap_or_default(),
            available_from_time: said.available_from(session).await?,
            available_until_time: said.available_until(session).await?,
            request_id: self.command.request_id(),
        };
        let message = |part| UploadDocumentsRequest { part: Some(part) };
        let first = message(Part::Header(header.clone()));
        let answer = sending::send(
            session,
            printer,
            &header.request_id,
            &files,
            first,
            move |chunk| message(Part::Chunk(chunk)),
            async |service, messages| {
                DocumentServiceClient::new(service)
                    .upload_documents(messages)
                    .await
            },
        )
        .await?;
        let names = answer.documents.iter().map(|document| &*document.name);
        let sentence = sending::sentence(names, &header.parent);
        Ok(printer.done(&answer, &sentence)?)
    }
}

fn wanted(file: &LocalFile, media_type: &str) -> FileHeader {
    FileHeader {
        file_name: file.name.clone(),
        media_type: media_type.to_owned(),
        size_bytes: file.size,
        sha256: file.sha256.clone(),
        document_id: String::new(),
    }
}
