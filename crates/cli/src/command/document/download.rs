//! `handoff document download`.

use std::path::{Path, PathBuf};

use clap::Args;
use handoff_proto::v1::{
    self, Document, DownloadDocumentHeader, document_service_client::DocumentServiceClient,
    download_document_response::Part,
};
use indicatif::ProgressBar;
use tokio::{fs, io::AsyncWriteExt};

use super::{Target, name};
use crate::{error::Error, output::Printer, retry::Retry, session::Session};

#[derive(Debug, Args)]
pub(crate) struct Download {
    #[command(flatten)]
    target: Target,
    /// Where to write it, `-` for the standard output; a file that is there is not overwritten [default: the name of the document's file, here]
    #[arg(long, value_name = "FILE")]
    to: Option<PathBuf>,
    /// Overwrite a file that is there
    #[arg(long)]
    force: bool,
}

/// Where a content goes.
enum Output {
    File { file: fs::File, path: PathBuf },
    Standard,
}

impl Download {
    pub(super) async fn run(self, session: &Session, printer: &Printer) -> Result<(), Error> {
        let mut request = v1::DownloadDocumentRequest {
            name: name(&self.target.document),
            offset: 0,
            request_id: self.target.command.request_id(),
        };
        let bar = printer.progress(0, "{wide_bar} {bytes}/{total_bytes}  {eta}");
        let mut output = None;
        let mut retry = Retry::default();
        let header = loop {
            match self
                .receive(session, printer, &mut request, &mut output, &bar)
                .await?
            {
                Ok(header) => break header,
                // What broke off goes on where it was, and is the same view.
                Err(status) => match retry.pause_after(&status) {
                    Some(pause) => tokio::time::sleep(pause).await,
                    None => return Err(session.failed(status)),
                },
            }
        };
        bar.finish_and_clear();
        match output {
            Some(Output::File { mut file, path }) => {
                file.flush().await?;
                let sentence = format!("{} is in {}.", request.name, path.display());
                Ok(printer.done(&header, &sentence)?)
            }
            Some(Output::Standard) | None => Ok(()),
        }
    }

    /// Writes what comes, and notes how much in `request`. The inner error is the server's, and may pass.
    async fn receive(
        &self,
        session: &Session,
        printer: &Printer,
        request: &mut v1::DownloadDocumentRequest,
        output: &mut Option<Output>,
        bar: &ProgressBar,
    ) -> Result<Result<DownloadDocumentHeader, tonic::Status>, Error> {
        let mut client = DocumentServiceClient::new(session.service());
        let mut stream = match client.download_document(request.clone()).await {
            Ok(answer) => answer.into_inner(),
            Err(status) => return Ok(Err(status)),
        };
        let mut header = None;
        loop {
            match stream
                .message()
                .await
                .map(|message| message.map(|message| message.part))
            {
                Err(status) => return Ok(Err(status)),
                Ok(None) => break,
                Ok(Some(Some(Part::Header(shown)))) => {
                    let document = shown.document.clone().unwrap_or_default();
                    bar.set_length(document.size_bytes.unsigned_abs());
                    if output.is_none() {
                        *output = Some(self.open(&document).await?);
                    }
                    header = Some(shown);
                }
                Ok(Some(Some(Part::Chunk(chunk)))) => {
                    match output {
                        Some(Output::File { file, .. }) => file.write_all(&chunk.data).await?,
                        Some(Output::Standard) => printer.bytes(&chunk.data)?,
                        None => {}
                    }
                    request.offset += chunk.data.len() as i64;
                    bar.set_position(request.offset.unsigned_abs());
                }
                Ok(Some(None)) => {}
            }
        }
        header
            .map(Ok)
            .ok_or_else(|| Error::Failed("the download ended before it began".to_owned()))
    }

    async fn open(&self, document: &Document) -> Result<Output, Error> {
        let own = Path::new(&document.file_name)
            .file_name()
            .map(PathBuf::from);
        let path = match (&self.to, own) {
            (Some(path), _) if path.as_os_str() == "-" => return Ok(Output::Standard),
            (Some(path), _) => path.clone(),
            (None, Some(own)) => own,
            (None, None) => {
                let message = format!("{:?} is not the name of a file", document.file_name);
                return Err(Error::usage(message, "Say with --to where it shall go."));
            }
        };
        let mut options = fs::OpenOptions::new();
        match self.force {
            true => options.write(true).create(true).truncate(true),
            false => options.write(true).create_new(true),
        };
        let file = options.open(&path).await.map_err(|error| {
            Error::usage(
                format!("cannot write {}: {error}", path.display()),
                "Name another file with --to, or overwrite it with --force.",
            )
        })?;
        Ok(Output::File { file, path })
    }
}
