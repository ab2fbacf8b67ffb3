//! `handoff document download`.

use clap::Args;
use futures_util::StreamExt;
use handoff_proto::v1::{
    self, document_service_client::DocumentServiceClient, download_document_response::Part,
};

use super::{
    Target, called,
    receiving::{Content, Destination, Piece},
};
use crate::{error::Error, output::Printer, session::Session};

#[derive(Debug, Args)]
pub(crate) struct Download {
    #[command(flatten)]
    target: Target,
    #[command(flatten)]
    destination: Destination,
}

impl Download {
    pub(super) async fn run(self, session: &Session, printer: &Printer) -> Result<(), Error> {
        let name = called(&self.target.document);
        let request_id = self.target.command.request_id();
        let begin = async |offset| {
            let request = v1::DownloadDocumentRequest {
                name: name.clone(),
                offset,
                request_id: request_id.clone(),
            };
            let answer = DocumentServiceClient::new(session.service())
                .download_document(request)
                .await?;
            let pieces = answer.into_inner().map(|message| {
                Ok(match message?.part {
                    Some(Part::Header(header)) => {
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
                    Some(Part::Chunk(chunk)) => Piece::Bytes(chunk.data),
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
