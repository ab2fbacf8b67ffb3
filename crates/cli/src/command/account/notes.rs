//! `handoff account notes`: the notes about an account, for the team only.

use std::{
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
};

use clap::Args;
use handoff_proto::v1;
use serde_json::json;

use super::{Target, get, send};
use crate::{
    editor::Draft, error::Error, list::ConsistencyArgs, output::Printer, session::Session,
};

/// Most bytes read from a file. The server takes fewer, and says how many.
const LARGEST_FILE: u64 = 1024 * 1024;

const AFTER_HELP: &str = "\
Without --edit and --file the notes are shown as they are stored, in HTML: strong em b i u a ul ol li p br.

Nobody's notes are lost: they are saved only if nobody saved them since they were read. --edit reads them itself; with --file,
name the --revision that was shown with the notes when they were read, or 0 if there were none.";

#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Notes {
    #[command(flatten)]
    target: Target,
    /// Edit them, in the editor that VISUAL or EDITOR names
    #[arg(long, conflicts_with = "file")]
    edit: bool,
    /// Replace them by this file; - is the standard input
    #[arg(long, requires = "revision")]
    file: Option<PathBuf>,
    /// The revision that the file was made from
    #[arg(long, value_name = "NUMBER", requires = "file", value_parser = clap::value_parser!(i32).range(0..))]
    revision: Option<i32>,
    #[command(flatten)]
    consistency: ConsistencyArgs,
}

impl Notes {
    pub(super) async fn run(self, session: &Session, printer: &Printer) -> Result<(), Error> {
        let min_position = self.consistency.min_position;
        let (name, request_id, etag) = self.target.parts()?;
        let save = |notes, notes_revision| v1::UpdateNotesRequest {
            name: name.clone(),
            notes,
            notes_revision,
            request_id: request_id.clone(),
            etag: etag.clone(),
        };
        if let (Some(file), Some(revision)) = (&self.file, self.revision) {
            return update(session, printer, save(read(file)?, revision)).await;
        }
        let account = get(session, name.clone(), min_position).await?;
        if !self.edit {
            return show(printer, &account);
        }
        let draft = Draft::new(&request_id, &account.notes)?;
        let edited = match draft.edit() {
            Ok(edited) => edited,
            Err(error) => {
                draft.discard();
                return Err(error);
            }
        };
        // Editors end the last line.
        if edited.trim_end() == account.notes.trim_end() {
            draft.discard();
            printer.note("Nothing was changed.");
            return Ok(());
        }
        let saved = update(session, printer, save(edited, account.notes_revision)).await;
        match saved {
            Ok(()) => draft.discard(),
            Err(_) => printer.note(&format!("What you wrote is in {}.", draft.path().display())),
        }
        saved
    }
}

async fn update(
    session: &Session,
    printer: &Printer,
    request: v1::UpdateNotesRequest,
) -> Result<(), Error> {
    let request_id = request.request_id.clone();
    let answer = send(
        session,
        &request_id,
        request,
        async |mut client, request| client.update_notes(request).await,
    )
    .await?;
    let account = answer.account.clone().unwrap_or_default();
    let sentence = format!(
        "Saved revision {} of the notes of {}.",
        account.notes_revision, account.name
    );
    Ok(printer.done(&answer, &sentence)?)
}

fn show(printer: &Printer, account: &v1::Account) -> Result<(), Error> {
    let (notes, revision) = (account.notes.as_str(), account.notes_revision);
    if printer.is_json() {
        let line = json!({ "name": account.name, "notes": notes, "notes_revision": revision });
        return Ok(printer.line(&line.to_string())?);
    }
    if !notes.is_empty() {
        printer.line(notes)?;
    }
    printer.note(&format!("Revision {revision} of {}.", account.name));
    Ok(())
}

fn read(path: &Path) -> Result<String, Error> {
    let failed = |error: io::Error| {
        Error::usage(
            format!("cannot read {}: {error}", path.display()),
            "Check the path, and that it is a text in UTF-8.",
        )
    };
    let input: Box<dyn Read> = if path == Path::new("-") {
        Box::new(io::stdin())
    } else {
        Box::new(File::open(path).map_err(failed)?)
    };
    let mut text = String::new();
    input
        .take(LARGEST_FILE)
        .read_to_string(&mut text)
        .map_err(failed)?;
    Ok(text)
}
