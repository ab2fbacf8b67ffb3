//! Files on their way to the server, whoever sends them.

use std::{
    io::{self, Read},
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
};

use futures_util::{Stream, StreamExt, stream, stream::BoxStream};
use handoff_proto::v1::DocumentChunk;
use indicatif::ProgressBar;
use sha2::{Digest, Sha256};
use tokio::io::AsyncReadExt;
use tonic::{Response, Status};

use crate::{
    error::Error,
    output::Printer,
    retry::Retry,
    session::{Service, Session},
};

/// Bytes of one message.
const CHUNK_BYTES: usize = 256 * 1024;

/// A file of this machine.
#[derive(Debug, Clone)]
pub(crate) struct LocalFile {
    path: PathBuf,
    /// Without folders.
    pub(crate) name: String,
    /// In bytes.
    pub(crate) size: i64,
    /// In hexadecimal digits.
    pub(crate) sha256: String,
}

/// What has to be said of files before they are sent. Reads all of them.
pub(crate) fn describe(paths: &[PathBuf]) -> Result<Vec<LocalFile>, Error> {
    paths.iter().map(|path| file(path)).collect()
}

/// Sends an upload until it is answered or refused: the `first` message, then the files in chunks. Sending it again is safe: it
/// has its request id.
pub(crate) async fn send<M: Clone + Send + 'static, A>(
    session: &Session,
    printer: &Printer,
    request_id: &str,
    files: &[LocalFile],
    first: M,
    chunk: impl Fn(DocumentChunk) -> M + Clone + Send + 'static,
    rpc: impl AsyncFn(Service, BoxStream<'static, M>) -> Result<Response<A>, Status>,
) -> Result<A, Error> {
    let total = files.iter().map(|file| file.size.unsigned_abs()).sum();
    let bar = printer.progress(total, "{wide_bar} {bytes}/{total_bytes}  {eta}");
    let mut retry = Retry::default();
    loop {
        bar.set_position(0);
        let failure = Arc::new(OnceLock::new());
        let chunks = chunks(files.to_vec(), bar.clone(), failure.clone()).map(chunk.clone());
        let messages = stream::iter([first.clone()]).chain(chunks).boxed();
        let status = match rpc(session.service(), messages).await {
            Ok(answer) => {
                bar.finish_and_clear();
                return Ok(answer.into_inner());
            }
            Err(status) => status,
        };
        if let Some(failure) = failure.get() {
            bar.finish_and_clear();
            return Err(Error::Failed(format!("the upload broke off: {failure}")));
        }
        match retry.pause_after(&status) {
            Some(pause) => tokio::time::sleep(pause).await,
            None => {
                bar.finish_and_clear();
                return Err(session.failed(status).of_command(request_id));
            }
        }
    }
}

/// What was done.
pub(crate) fn sentence<'a>(documents: impl Iterator<Item = &'a str>, parent: &str) -> String {
    let names: Vec<_> = documents.collect();
    match names.as_slice() {
        [name] => format!("{name} is on {parent}."),
        names => format!("{} are on {parent}.", names.join(", ")),
    }
}

fn file(path: &Path) -> Result<LocalFile, Error> {
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
    Ok(LocalFile {
        path: path.to_owned(),
        name: name.to_string_lossy().into_owned(),
        size,
        sha256: digits(hasher),
    })
}

/// What was hashed, in hexadecimal digits.
pub(super) fn digits(hasher: Sha256) -> String {
    let digest = hasher.finalize();
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The files in chunks. One that cannot be read any more ends it, with why in `failure`; the server then keeps nothing.
fn chunks(
    files: Vec<LocalFile>,
    bar: ProgressBar,
    failure: Arc<OnceLock<String>>,
) -> impl Stream<Item = DocumentChunk> + Send + 'static {
    stream::iter((0..).zip(files)).flat_map(move |(file, LocalFile { path, .. })| {
        let (bar, failure) = (bar.clone(), failure.clone());
        stream::unfold((path, None), move |(path, opened)| {
            let (bar, failure) = (bar.clone(), failure.clone());
            async move {
                match next(&path, opened).await {
                    Ok((_, data)) if data.is_empty() => None,
                    Ok((opened, data)) => {
                        bar.inc(data.len() as u64);
                        Some((DocumentChunk { file, data }, (path, Some(opened))))
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
    })
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
