//! `handoff document`: files on tasks and orders.

mod download;
mod list;
pub(crate) mod receiving;
mod said;
pub(crate) mod sending;
mod update;
mod upload;
mod view;

use clap::{Args, Subcommand};
use handoff_proto::v1::{self, document_service_client::DocumentServiceClient};

use crate::{
    command::{CommandArgs, task},
    error::Error,
    list::ConsistencyArgs,
    name,
    output::Printer,
    session::Session,
};

use download::Download;
use list::DocumentList;
use update::UpdateDocument;
use upload::Upload;

pub(super) use view::{show, size};

#[derive(Debug, Subcommand)]
pub(crate) enum DocumentCommand {
    /// Attaches files to a task or an order, all of them or none
    Upload(Box<Upload>),
    /// Writes the content of a document to a file or the standard output, which counts as a view
    Download(Download),
    /// Shows one document
    Show {
        /// The document: its id or documents/ID
        document: String,
        #[command(flatten)]
        consistency: ConsistencyArgs,
    },
    /// Lists documents, the newest first
    List(DocumentList),
    /// Changes what is said about a document
    Update(Box<UpdateDocument>),
}

/// The document that a command is about.
#[derive(Debug, Args)]
struct Target {
    /// The document: its id or documents/ID
    document: String,
    #[command(flatten)]
    command: CommandArgs,
}

impl DocumentCommand {
    pub(crate) async fn run(self, session: &Session, printer: &Printer) -> Result<(), Error> {
        match self {
            Self::Upload(upload) => upload.run(session, printer).await,
            Self::Download(download) => download.run(session, printer).await,
            Self::Show {
                document,
                consistency,
            } => {
                let request = v1::GetDocumentRequest {
                    name: called(&document),
                    min_position: consistency.min_position,
                };
                let answer = session
                    .call(request, async |service, request| {
                        DocumentServiceClient::new(service)
                            .get_document(request)
                            .await
                    })
                    .await?;
                Ok(printer.resource(&answer.document.unwrap_or_default())?)
            }
            Self::List(list) => list.run(session, printer).await,
            Self::Update(update) => update.run(session, printer).await,
        }
    }
}

/// The name of what documents are on: a task, an order or a task of one.
async fn parent(session: &Session, text: &str, min_position: i64) -> Result<String, Error> {
    match text.strip_prefix("orders/") {
        Some(id) if !id.contains('/') => name::order(text),
        _ => task::find(session, text, min_position).await,
    }
}

/// The name of the document meant by an id or a name. What is neither is for the server to refuse.
pub(crate) fn called(text: &str) -> String {
    match text.contains('/') {
        true => text.to_owned(),
        false => format!("documents/{text}"),
    }
}
