//! The documents that contacts see and attach.

use std::path::PathBuf;

use clap::Args;
use futures_util::StreamExt;
use handoff_proto::v1::{
    self, PortalDocument, PortalFile, PortalServiceUploadDocumentsRequest, PortalUploadHeader,
    portal_service_client::PortalServiceClient,
    portal_service_download_document_response as download,
    portal_service_upload_documents_request as upload,
};

use super::of_task;
use crate::{
    command::{
        CommandArgs,
        document::{
            called,
            receiving::{Content, Destination, Piece},
            sending, size,
        },
    },
    error::Error,
    output::Printer,
    session::Session,
    time,
};

#[derive(Debug, Args)]
pub(crate) struct Upload {
    /// What they are on: tasks/ID, orders/ID or orders/ID/tasks/ID
    #[arg(value_name = "TASK_OR_ORDER")]
    parent: String,
    /// The files, at most 20
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// One of the team's categories of documents
    #[arg(long)]
    category: Option<String>,
    /// What they are in a few words
    #[arg(long, value_name = "TEXT")]
    short_description: Option<String>,
    /// What they are in detail
    #[arg(long, value_name = "HTML")]
    description: Option<String>,
    /// The date of the documents themselves: 2026-12-01
    #[arg(long, value_name = "DAY")]
    document_date: Option<String>,
    /// Media type of the files, such as text/csv [default: what their first bytes tell]
    #[arg(long = "type", value_name = "TYPE")]
    media_type: Option<String>,
    #[command(flatten)]
    command: CommandArgs,
}

#[derive(Debug, Args)]
pub(crate) struct Download {
    /// The document: its id or documents/ID
    document: String,
    #[command(flatten)]
    destination: Destination,
    #[command(flatten)]
    command: CommandArgs,
}

impl Upload {
    pub(super) async fn run(self, session: &Session, printer: &Printer) -> Result<(), Error> {
        let parent = match self.parent.starts_with("orders/") {
            true => self.parent,
            false => of_task(&self.parent)?,
        };
        let media_type = self.media_type.unwrap_or_default();
        let files = sending::describe(&self.files)?;
        let wanted = files.iter().map(|file| PortalFile {
            file_name: file.name.clone(),
            media_type: media_type.clone(),
            size_bytes: file.size,
            sha256: file.sha256.clone(),
        });
        let header = PortalUploadHeader {
            parent,
            files: wanted.collect(),
            category: self.category.unwrap_or_default(),
            short_description: self.short_description.unwrap_or_default(),
            description: self.description.unwrap_or_default(),
            document_date: self.document_date.unwrap_or_default(),
            request_id: self.command.request_id(),
        };
        let message = |part| PortalServiceUploadDocumentsRequest { part: Some(part) };
        let first = message(upload::Part::Header(header.clone()));
        let answer = sending::send(
            session,
            printer,
            &header.request_id,
            &files,
            first,
            move |chunk| message(upload::Part::Chunk(chunk)),
            async |service, messages| {
                PortalServiceClient::new(service)
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

impl Download {
    pub(super) async fn run(self, session: &Session, printer: &Printer) -> Result<(), Error> {
        let name = called(&self.document);
        let request_id = self.command.request_id();
        let begin = async |offset| {
            let request = v1::PortalServiceDownloadDocumentRequest {
                name: name.clone(),
                offset,
                request_id: request_id.clone(),
            };
            let answer = PortalServiceClient::new(session.service())
                .download_document(request)
                .await?;
            let pieces = answer.into_inner().map(|message| {
                Ok(match message?.part {
                    Some(download::Part::Header(header)) => {
                        let document = header.document.clone().unwrap_or_default();
                        Piece::Header {
                            header,
                            content: Content {
                                file_name: document.file_name,
                                size: document.size_bytes,
                                sha256: document.sha256,
                            },
                        }
                    }
                    Some(download::Part::Chunk(chunk)) => Piece::Bytes(chunk.data),
                    None => Piece::Nothing,
                })
            });
            Ok(pieces.boxed())
        };
        let received = self.destination.receive(session, printer, begin).await?;
        let Some(path) = received.path else {
            return Ok(());
        };
        let sentence = format!("{name} is in {}.", path.display());
        Ok(printer.done(&received.header, &sentence)?)
    }
}

/// Shows the documents that come with `parent`, which they are on, or with what is part of it; nothing if there are none.
pub(super) fn show(
    documents: &[PortalDocument],
    parent: &str,
    printer: &Printer,
) -> Result<(), Error> {
    if documents.is_empty() {
        return Ok(());
    }
    printer.title("Documents")?;
    let rows = documents.iter().map(|document| {
        let on = document.parent.strip_prefix(parent).unwrap_or_default();
        let who = match document.contact.rsplit('/').next() {
            Some("") | None => "the team",
            Some(contact) => contact,
        };
        vec![
            document.name.rsplit('/').next().unwrap_or_default().into(),
            document.file_name.as_str().into(),
            size(document.size_bytes).into(),
            document.category.as_str().into(),
            who.into(),
            time::minutes(document.create_time.as_ref()).into(),
            on.strip_prefix("/tasks/").unwrap_or_default().into(),
        ]
    });
    let header = &[
        "ID", "FILE", "SIZE", "CATEGORY", "FROM", "UPLOADED", "ON TASK",
    ];
    Ok(printer.table(header, rows.collect())?)
}
