//! A document on its way from the server, whoever asks for it.

use std::path::{Path, PathBuf};

use clap::Args;
use futures_util::{StreamExt, stream::BoxStream};
use tokio::{fs, io::AsyncWriteExt};
use tonic::Status;

use crate::{error::Error, output::Printer, retry::Retry, session::Session};

/// Where a content goes.
#[derive(Debug, Args)]
pub(crate) struct Destination {
    /// Where to write it, `-` for the standard output; a file that is there is not overwritten [default: the name of the document's file, here]
    #[arg(long, value_name = "FILE")]
    to: Option<PathBuf>,
    /// Overwrite a file that is there
    #[arg(long)]
    force: bool,
}

/// What comes of a content.
pub(crate) enum Piece<H> {
    /// What is known of the document, before all else.
    Header {
        header: H,
        file_name: String,
        size: i64,
    },
    Bytes(Vec<u8>),
    /// Nothing that is known here.
    Nothing,
}

/// Where a content that came went.
pub(crate) struct Received<H> {
    pub(crate) header: H,
    /// None: to the standard output.
    pub(crate) path: Option<PathBuf>,
}

/// What a content is written to.
enum Output {
    File { file: fs::File, path: PathBuf },
    Standard,
}

impl Destination {
    /// Writes a content. `begin` asks for it from an offset on, again where it broke off: that is the same view.
    pub(crate) async fn receive<H>(
        &self,
        session: &Session,
        printer: &Printer,
        begin: impl AsyncFn(i64) -> Result<BoxStream<'static, Result<Piece<H>, Status>>, Status>,
    ) -> Result<Received<H>, Error> {
        let bar = printer.progress(0, "{wide_bar} {bytes}/{total_bytes}  {eta}");
        let (mut output, mut header, mut offset) = (None, None, 0);
        let mut retry = Retry::default();
        loop {
            let ended = match begin(offset).await {
                Err(status) => Some(status),
                Ok(mut pieces) => loop {
                    match pieces.next().await {
                        None => break None,
                        Some(Err(status)) => break Some(status),
                        Some(Ok(Piece::Header {
                            header: shown,
                            file_name,
                            size,
                        })) => {
                            bar.set_length(size.unsigned_abs());
                            if output.is_none() {
                                output = Some(self.open(&file_name).await?);
                            }
                            header = Some(shown);
                        }
                        Some(Ok(Piece::Bytes(data))) => {
                            match &mut output {
                                Some(Output::File { file, .. }) => file.write_all(&data).await?,
                                Some(Output::Standard) => printer.bytes(&data)?,
                                None => {}
                            }
                            offset += data.len() as i64;
                            bar.set_position(offset.unsigned_abs());
                        }
                        Some(Ok(Piece::Nothing)) => {}
                    }
                },
            };
            match ended {
                None => break,
                Some(status) => match retry.pause_after(&status) {
                    Some(pause) => tokio::time::sleep(pause).await,
                    None => return Err(session.failed(status)),
                },
            }
        }
        bar.finish_and_clear();
        let path = match output {
            Some(Output::File { mut file, path }) => {
                file.flush().await?;
                Some(path)
            }
            Some(Output::Standard) | None => None,
        };
        match header {
            Some(header) => Ok(Received { header, path }),
            None => Err(Error::Failed(
                "the download ended before it began".to_owned(),
            )),
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
