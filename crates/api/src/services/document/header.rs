//! What the header of an upload asks for.

use handoff_commands::new_id;
use handoff_documents::{Expected, ObjectKey};
use handoff_domain::{
    commands::{AttachDocuments, NewDocument},
    document::{Availability, Description, File, FileName, MediaType, Sha256},
    limits,
    names::{DocumentName, StreamName},
    text::{Html, Line},
};
use handoff_proto::v1;
use uuid::Uuid;

use super::fields::{date, visibility};
use crate::fields::Fields;

/// The upload that a header asks for.
pub(super) struct Wanted {
    /// The files as they were claimed to be; a type that was not claimed is unknown so far.
    pub(super) command: AttachDocuments,
    /// The types that were claimed, in the order of the files.
    claimed: Vec<Option<MediaType>>,
}

impl Wanted {
    /// Reads a header. What is not given an id gets one that is the same for every try of a request.
    pub(super) fn read(
        header: &v1::UploadDocumentsHeader,
        command_id: Uuid,
        fields: &mut Fields,
    ) -> Option<Self> {
        let parent = fields.name("header.parent", &header.parent);
        let files = files(&header.files, command_id, fields);
        let about = about(header, fields);
        let visibility = visibility("header.visibility", header.visibility, fields);
        let (documents, claimed) = files?.into_iter().unzip();
        Some(Self {
            command: AttachDocuments {
                parent: parent?,
                documents,
                about: about?,
                active: header.active.unwrap_or(true),
                visibility: visibility?,
            },
            claimed,
        })
    }

    /// The streams of the documents.
    pub(super) fn streams(&self) -> Vec<StreamName> {
        let documents = self.command.documents.iter();
        documents.map(|document| (&document.name).into()).collect()
    }

    /// Where each content goes, and what it must turn out to be.
    pub(super) fn contents(&self) -> Vec<(ObjectKey, Expected)> {
        let documents = self.command.documents.iter().zip(&self.claimed);
        let content = |(document, claimed): (&NewDocument, &Option<MediaType>)| {
            let expected = Expected {
                media_type: claimed.clone(),
                size: document.file.size,
                sha256: document.file.sha256,
            };
            (ObjectKey::of(&document.name, &document.file), expected)
        };
        documents.map(content).collect()
    }

    /// The command, now that the types of the contents are known.
    pub(super) fn found(mut self, media_types: Vec<MediaType>) -> AttachDocuments {
        for (document, media_type) in self.command.documents.iter_mut().zip(media_types) {
            document.file.media_type = media_type;
        }
        self.command
    }
}

type Claim = (NewDocument, Option<MediaType>);

fn files(headers: &[v1::FileHeader], command_id: Uuid, fields: &mut Fields) -> Option<Vec<Claim>> {
    if headers.is_empty() || headers.len() > limits::FILES {
        let (count, most) = (headers.len(), limits::FILES);
        return fields.violation(
            "header.files",
            format!("has {count} files; 1 to {most} are wanted"),
        );
    }
    let claims: Vec<_> = headers
        .iter()
        .enumerate()
        .map(|(index, header)| file(header, index, command_id, fields))
        .collect();
    claims.into_iter().collect()
}

fn file(
    header: &v1::FileHeader,
    index: usize,
    command_id: Uuid,
    fields: &mut Fields,
) -> Option<Claim> {
    let field = |name: &str| format!("header.files[{index}].{name}");
    let name = fields.required(&field("file_name"), &header.file_name, FileName::new);
    let media_type = fields.optional(&field("media_type"), &header.media_type, MediaType::new);
    let size = match u64::try_from(header.size_bytes) {
        Ok(size @ 1..) => Some(size),
        _ => fields.violation(
            &field("size_bytes"),
            format!("is {}; a file has at least 1 byte", header.size_bytes),
        ),
    };
    let sha256 = fields.required(&field("sha256"), &header.sha256, str::parse::<Sha256>);
    let own = Uuid::new_v5(&command_id, index.to_string().as_bytes()).to_string();
    let id = match header.document_id.as_str() {
        "" => &own,
        id => id,
    };
    let document = fields.check(&field("document_id"), DocumentName::from_id(id));
    let claimed = media_type?;
    let file = File {
        name: name?,
        media_type: claimed.clone().unwrap_or_else(MediaType::unknown),
        size: size?,
        sha256: sha256?,
        object: new_id(),
    };
    let name = document?;
    Some((NewDocument { name, file }, claimed))
}

fn about(header: &v1::UploadDocumentsHeader, fields: &mut Fields) -> Option<Description> {
    let category = fields.optional("header.category", &header.category, Line::new);
    let short_description = fields.optional(
        "header.short_description",
        &header.short_description,
        Line::new,
    );
    let description = fields.optional("header.description", &header.description, Html::new);
    let document_date = fields.optional("header.document_date", &header.document_date, date);
    let from = header.available_from_time.as_ref();
    let from = fields.time("header.available_from_time", from);
    let until = header.available_until_time.as_ref();
    let until = fields.time("header.available_until_time", until);
    Some(Description {
        category: category?,
        short_description: short_description?,
        description: description?.filter(|html| !html.is_blank()),
        document_date: document_date?,
        availability: Availability {
            from: from?,
            until: until?,
        },
    })
}
