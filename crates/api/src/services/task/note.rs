//! What the requests about what is written beside a task ask for.

use handoff_domain::{
    commands::{AddInternalNote, AddNote, MarkBilled},
    text::Html,
};
use handoff_proto::v1;

use crate::{caller::Caller, command::CommandRequest, fields::Fields};

impl CommandRequest for v1::AddNoteRequest {
    type Command = AddNote;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn etag(&self) -> &str {
        &self.etag
    }

    fn command(&self, _caller: &Caller, fields: &mut Fields) -> Option<AddNote> {
        let name = fields.name("name", &self.name);
        let note = fields.required("note", &self.note, Html::new);
        Some(AddNote {
            name: name?,
            note: note?,
        })
    }
}

impl CommandRequest for v1::AddInternalNoteRequest {
    type Command = AddInternalNote;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn etag(&self) -> &str {
        &self.etag
    }

    fn command(&self, _caller: &Caller, fields: &mut Fields) -> Option<AddInternalNote> {
        let name = fields.name("name", &self.name);
        let note = fields.required("note", &self.note, Html::new);
        Some(AddInternalNote {
            name: name?,
            note: note?,
        })
    }
}

impl CommandRequest for v1::MarkBilledRequest {
    type Command = MarkBilled;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn etag(&self) -> &str {
        &self.etag
    }

    fn command(&self, _caller: &Caller, fields: &mut Fields) -> Option<MarkBilled> {
        Some(MarkBilled {
            name: fields.name("name", &self.name)?,
            billed: self.billed,
        })
    }
}
