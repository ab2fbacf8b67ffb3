//! `handoff document update`.

use clap::{Args, ValueEnum};
use handoff_proto::v1::{
    self, Document, DocumentVisibility, document_service_client::DocumentServiceClient,
};
use prost_types::FieldMask;

use super::{Target, called, said::SaidArgs};
use crate::{error::Error, output::Printer, session::Session};

#[derive(Debug, Args)]
pub(crate) struct UpdateDocument {
    #[command(flatten)]
    target: Target,
    /// Refuse if the document changed since it was read with this etag
    #[arg(long)]
    etag: Option<String>,
    /// Another name for the file
    #[arg(long, value_name = "NAME")]
    file_name: Option<String>,
    /// Whether contacts see it
    #[arg(long, value_name = "BOOL")]
    active: Option<bool>,
    #[command(flatten)]
    said: SaidArgs,
    /// Takes a field away; may be given several times
    #[arg(long, value_enum, value_name = "FIELD")]
    clear: Vec<Clearable>,
}

/// What a document can be without.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Clearable {
    Category,
    ShortDescription,
    Description,
    DocumentDate,
    AvailableFrom,
    AvailableUntil,
}

impl Clearable {
    fn path(self) -> &'static str {
        match self {
            Self::Category => "category",
            Self::ShortDescription => "short_description",
            Self::Description => "description",
            Self::DocumentDate => "document_date",
            Self::AvailableFrom => "available_from_time",
            Self::AvailableUntil => "available_until_time",
        }
    }
}

impl UpdateDocument {
    pub(super) async fn run(self, session: &Session, printer: &Printer) -> Result<(), Error> {
        let from = self.said.available_from(session).await?;
        let until = self.said.available_until(session).await?;
        let said = self.said;
        let paths: Vec<&str> = [
            ("file_name", self.file_name.is_some()),
            ("active", self.active.is_some()),
            ("category", said.category.is_some()),
            ("visibility", said.visibility.is_some()),
            ("short_description", said.short_description.is_some()),
            ("description", said.description.is_some()),
            ("document_date", said.document_date.is_some()),
            ("available_from_time", from.is_some()),
            ("available_until_time", until.is_some()),
        ]
        .into_iter()
        .filter_map(|(path, given)| given.then_some(path))
        .collect();
        let cleared = self.clear.iter().map(|field| field.path());
        if let Some(both) = cleared.clone().find(|path| paths.contains(path)) {
            let message = format!("{both} is given and cleared");
            return Err(Error::usage(message, "Do one of them."));
        }
        let paths: Vec<String> = paths
            .iter()
            .copied()
            .chain(cleared)
            .map(str::to_owned)
            .collect();
        if paths.is_empty() {
            let hint = "Give an option such as --active false; `handoff document update --help` lists them.";
            return Err(Error::usage("nothing is to be changed", hint));
        }
        let visibility = said
            .visibility
            .map_or(DocumentVisibility::Unspecified, Into::into);
        let request = v1::UpdateDocumentRequest {
            document: Some(Document {
                name: called(&self.target.document),
                file_name: self.file_name.unwrap_or_default(),
                active: self.active.unwrap_or_default(),
                category: said.category.unwrap_or_default(),
                visibility: visibility.into(),
                short_description: said.short_description.unwrap_or_default(),
                description: said.description.unwrap_or_default(),
                document_date: said.document_date.unwrap_or_default(),
                available_from_time: from,
                available_until_time: until,
                ..Document::default()
            }),
            update_mask: Some(FieldMask { paths }),
            request_id: self.target.command.request_id(),
            etag: self.etag.unwrap_or_default(),
        };
        let answer = session
            .command(
                &request.request_id.clone(),
                request,
                async |service, request| {
                    DocumentServiceClient::new(service)
                        .update_document(request)
                        .await
                },
            )
            .await?;
        let document = answer.document.clone().unwrap_or_default();
        Ok(printer.done(&answer, &format!("{} is changed.", document.name))?)
    }
}
