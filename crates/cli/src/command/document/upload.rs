//! `handoff document upload`.

use std::{
    io::{self, Read},
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
};

use clap::Args;
use futures_util::{Stream, StreamExt, stream};
use handoff_proto::v1::{
    self, DocumentChunk, DocumentVisibility, FileHeader, UploadDocumentsHeader,
    UploadDocumentsRequest, document_service_client::DocumentServiceClient,
    upload_documents_request::Part,
};
use indicatif::ProgressBar;
use sha2::{Digest, Sha256};
use tokio::io::AsyncReadExt;

use super::said::SaidArgs;
use crate::{
    command::{CommandArgs, task},
    error::Error,
    output::Printer,
    retry::Retry,
    session::Session,
};

/// Bytes of one message.
const CHUNK_BYTES: usize = 256 * 1024;

#[derive(Debug, Args)]
pub(crate) struct Upload {
    /// The task: its number, id or tasks/ID
    task: String,
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
        let files = self.files.iter().map(|path| file(path, &media_type));
        let files = files.collect::<Result<Vec<_>, Error>>()?;
        let said = &self.said;
        let visibility = said
            .visibility
            .map_or(DocumentVisibility::Unspecified, Into::into);
        let header = UploadDocumentsHeader {
            parent: task::find(session, &self.task, 0).await?,
            files,
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
        let total = header
            .files
            .iter()
            .map(|file| file.size_bytes.unsigned_abs())
            .sum();
        let bar = printer.progress(total, "{wide_bar} {bytes}/{total_bytes}  {eta}");
        let answer = send(session, &header, &self.files, &bar).await;
        bar.finish_and_clear();
        let answer = answer?;
        let names: Vec<_> = answer
            .documents
            .iter()
            .map(|document| document.name.as_str())
            .collect();
        let sentence = match names.as_slice() {
            [name] => format!("{name} is on {}.", header.parent),
            names => format!("{} are on {}.", names.join(", "), header.parent),
        };
        Ok(printer.done(&answer, &sentence)?)
    }
}

/// Sends the upload until it is answered or refused. Sending it again is safe: it has its request id.
async fn send(
    session: &Session,
    header: &UploadDocumentsHeader,
    paths: &[PathBuf],
    bar: &ProgressBar,
) -> Result<v1::UploadDocumentsResponse, Error> {
    let mut retry = Retry::default();
    loop {
        bar.set_position(0);
        let failure = Arc::new(OnceLock::new());
        let messages = messages(header.clone(), paths.to_vec(), bar.clone(), failure.clone());
        let mut client = DocumentServiceClient::new(session.service());
        let status = match client.upload_documents(messages).await {
            Ok(answer) => return Ok(answer.into_inner()),
            Err(status) => status,
        };
        if let Some(failure) = failure.get() {
            return Err(Error::Failed(format!("the upload broke off: {failure}")));
        }
        match retry.pause_after(&status) {
            Some(pause) => tokio::time::sleep(pause).await,
            None => return Err(session.failed(status).of_command(&header.request_id)),
        }
    }
}

/// What is said of a file before it is sent.
fn file(path: &Path, media_type: &str) -> Result<FileHeader, Error> {
    let unreadable = |error: io::Error| {
        let message = format!("cannot read {}: {error}", path.display());
        Error::usage(message, "Name files that are there.")
    };
    let Some(name) = path.file_name() else {
        let message = format!("{} is not a file", path.display());
        return Err(Error::usage(message, "Name files that are there."));
    };
    let mut file = std::fs::File::open(path).map_err(unreadable)?;
    let (mut hasher, mut size) = (Sha256::new(), 0);
    let mut buffer = vec![0; CHUNK_BYTES];
    loop {
        let length = file.read(&mut buffer).map_err(unreadable)?;
        if length == 0 {
            break;
        }
        hasher.update(&buffer[..length]);
        size += length as i64;
    }
    let digest = hasher.finalize();
    Ok(FileHeader {
        file_name: name.to_string_lossy().into_owned(),
        media_type: media_type.to_owned(),
        size_bytes: size,
        sha256: digest.iter().map(|byte| format!("{byte:02x}")).collect(),
        document_id: String::new(),
    })
}

/// The header, then the files in chunks. A file that cannot be read any more ends it, with why in
/// `failure`; the server then keeps nothing.
fn messages(
    header: UploadDocumentsHeader,
    paths: Vec<PathBuf>,
    bar: ProgressBar,
    failure: Arc<OnceLock<String>>,
) -> impl Stream<Item = UploadDocumentsRequest> + Send + 'static {
    let contents = stream::iter((0..).zip(paths)).flat_map(move |(file, path)| {
        let (bar, failure) = (bar.clone(), failure.clone());
        stream::unfold((path, None), move |(path, opened)| {
            let (bar, failure) = (bar.clone(), failure.clone());
            async move {
                match next(&path, opened).await {
                    Ok((_, data)) if data.is_empty() => None,
                    Ok((opened, data)) => {
                        bar.inc(data.len() as u64);
                        let part = Part::Chunk(DocumentChunk { file, data });
                        Some((part, (path, Some(opened))))
                    }
                    Err(error) => {
                        // Only the first is told.
                        let _ = failure.set(format!("cannot read {}: {error}", path.display()));
                        None
                    }
                }
            }
        })
        .boxed()
    });
    let header = stream::iter([Part::Header(header)]);
    let message = |part| UploadDocumentsRequest { part: Some(part) };
    header.chain(contents).map(message)
}

async fn next(
    path: &Path,
    opened: Option<tokio::fs::File>,
) -> io::Result<(tokio::fs::File, Vec<u8>)> {
    let mut file = match opened {
        Some(file) => file,
        None => tokio::fs::File::open(path).await?,
    };
    let mut data = Vec::with_capacity(CHUNK_BYTES);
    let limit = CHUNK_BYTES as u64;
    (&mut file).take(limit).read_to_end(&mut data).await?;
    Ok((file, data))
}
