//! A document on its way from the server, whoever asks for it.

use std::path::{Path, PathBuf};

use clap::Args;
use futures_util::{StreamExt, stream::BoxStream};
use sha2::{Digest, Sha256};
use tokio::{fs, io::AsyncWriteExt};
use tonic::Status;

use super::sending::digits;
use crate::{error::Error, output::Printer, retry::Retry, session::Session};

/// Where a content goes.
#[derive(Debug, Args)]
pub(crate) struct Destination {
    /// Where to write it, `-` for the standard output; a file that is there is not overwritten [default: the name of the document's file, here]
    #[arg(long, value_name = "FILE")]
    to: Option<PathBuf>,
    /// Overwrite a file that is there, once the whole content has come
    #[arg(long)]
    force: bool,
}

/// What comes of a content.
pub(crate) enum Piece<H> {
    /// What is known of the document, before all else.
    Header {
        header: H,
        content: Content,
    },
    Bytes(Vec<u8>),
    /// Nothing that is known here.
    Nothing,
}

/// What is known of a content.
pub(crate) struct Content {
    pub(crate) file_name: String,
    /// In bytes.
    pub(crate) size: i64,
    /// In hexadecimal digits.
    pub(crate) sha256: String,
}

/// Where a content that came went.
pub(crate) struct Received<H> {
    pub(crate) header: H,
    /// None: to the standard output.
    pub(crate) path: Option<PathBuf>,
}

/// What a content is written to.
enum Output {
    /// A file beside the one that is wanted, which takes its name when it is whole.
    File {
        file: fs::File,
        part: PathBuf,
        path: PathBuf,
    },
    Standard,
}

/// A content of which the beginning has come.
struct Begun<H> {
    header: H,
    content: Content,
    output: Output,
    offset: i64,
    hash: Sha256,
}

impl Destination {
    /// Writes a content. `begin` asks for it from an offset on, again where it broke off: that is the same view. Nothing has the
    /// name of the wanted file before the whole content came and has the SHA-256 that the server says.
    pub(crate) async fn receive<H>(
        &self,
        session: &Session,
        printer: &Printer,
        begin: impl AsyncFn(i64) -> Result<BoxStream<'static, Result<Piece<H>, Status>>, Status>,
    ) -> Result<Received<H>, Error> {
        let mut begun = None;
        let came = self.fetch(session, printer, begin, &mut begun).await;
        let Some(begun) = begun else {
            came?;
            let message = "the download ended before it began";
            return Err(Error::Failed(message.to_owned()));
        };
        let Begun {
            header,
            content,
            output,
            hash,
            ..
        } = begun;
        let checked = came.and_then(|()| check(&content, hash));
        let path = match output {
            Output::File { file, part, path } => {
                let kept = match checked {
                    Ok(()) => self.keep(file, &part, &path).await,
                    Err(error) => Err(error),
                };
                if kept.is_err() {
                    // Whatever comes of that, the failure itself is told.
                    let _ = fs::remove_file(&part).await;
                }
                kept?;
                Some(path)
            }
            Output::Standard => {
                checked?;
                None
            }
        };
        Ok(Received { header, path })
    }

    /// Asks for the content until all of it came.
    async fn fetch<H>(
        &self,
        session: &Session,
        printer: &Printer,
        begin: impl AsyncFn(i64) -> Result<BoxStream<'static, Result<Piece<H>, Status>>, Status>,
        begun: &mut Option<Begun<H>>,
    ) -> Result<(), Error> {
        let bar = printer.progress(0, "{wide_bar} {bytes}/{total_bytes}  {eta}");
        let mut retry = Retry::default();
        loop {
            let offset = begun.as_ref().map_or(0, |begun| begun.offset);
            let mut status = None;
            match begin(offset).await {
                Err(refused) => status = Some(refused),
                Ok(mut pieces) => {
                    while let Some(piece) = pieces.next().await {
                        match piece {
                            Err(broken) => {
                                status = Some(broken);
                                break;
                            }
                            Ok(Piece::Header { header, content }) => {
                                bar.set_length(content.size.unsigned_abs());
                                if begun.is_none() {
                                    let output = self.open(&content.file_name).await?;
                                    *begun = Some(Begun {
                                        header,
                                        content,
                                        output,
                                        offset: 0,
                                        hash: Sha256::new(),
                                    });
                                }
                            }
                            Ok(Piece::Bytes(data)) => {
                                if let Some(begun) = begun {
                                    begun.write(&data, printer).await?;
                                    bar.set_position(begun.offset.unsigned_abs());
                                    retry.reset();
                                }
                            }
                            Ok(Piece::Nothing) => {}
                        }
                    }
                }
            }
            // Also where the connection broke after the last byte: there is nothing left to ask for.
            if begun.as_ref().is_some_and(Begun::is_whole) {
                bar.finish_and_clear();
                return Ok(());
            }
            let status = status.unwrap_or_else(|| {
                Status::unavailable("the download ended before all of the content came")
            });
            retry.pause(status, session).await?;
        }
    }

    async fn open(&self, file_name: &str) -> Result<Output, Error> {
        let own = Path::new(file_name).file_name().map(PathBuf::from);
        let path = match (&self.to, own) {
            (Some(path), _) if path.as_os_str() == "-" => return Ok(Output::Standard),
            (Some(path), _) => path.clone(),
            (None, Some(own)) => own,
            (None, None) => {
                let message = format!("{file_name:?} is not the name of a file");
                return Err(Error::usage(message, "Say with --to where it shall go."));
            }
        };
        self.check_free(&path).await?;
        let mut part = path.clone().into_os_string();
        part.push(".part");
        let part = PathBuf::from(part);
        // What an earlier download that was killed left there is written over.
        let file = fs::File::create(&part)
            .await
            .map_err(|error| cannot_write(&part, &error.to_string()))?;
        Ok(Output::File { file, part, path })
    }

    /// Gives a whole content the name that is wanted.
    async fn keep(&self, mut file: fs::File, part: &Path, path: &Path) -> Result<(), Error> {
        file.flush().await?;
        file.sync_all().await?;
        self.check_free(path).await?;
        fs::rename(part, path)
            .await
            .map_err(|error| cannot_write(path, &error.to_string()))
    }

    /// Refuses a name that a file has which may not be overwritten.
    async fn check_free(&self, path: &Path) -> Result<(), Error> {
        match fs::symlink_metadata(path).await {
            Ok(_) if !self.force => Err(cannot_write(path, "it is there already")),
            Ok(there) if there.is_dir() => Err(cannot_write(path, "it is a directory")),
            Ok(_) | Err(_) => Ok(()),
        }
    }
}

impl<H> Begun<H> {
    fn is_whole(&self) -> bool {
        self.offset >= self.content.size
    }

    async fn write(&mut self, data: &[u8], printer: &Printer) -> Result<(), Error> {
        match &mut self.output {
            Output::File { file, .. } => file.write_all(data).await?,
            Output::Standard => printer.bytes(data)?,
        }
        self.hash.update(data);
        self.offset += data.len() as i64;
        Ok(())
    }
}

/// Requires that what came is what the server says it is.
fn check(content: &Content, hash: Sha256) -> Result<(), Error> {
    let came = digits(hash);
    if came == content.sha256 {
        return Ok(());
    }
    Err(Error::Failed(format!(
        "what came of {} has the SHA-256 {came}, not {}: it was damaged on its way or on the server; download it again",
        content.file_name, content.sha256
    )))
}

fn cannot_write(path: &Path, why: &str) -> Error {
    Error::usage(
        format!("cannot write {}: {why}", path.display()),
        "Name another file with --to, or overwrite it with --force.",
    )
}
