//! What the requests of contacts ask for.

use handoff_commands::new_id;
use handoff_domain::{
    commands::{AddNote, AddOrderNote, AskQuestion, CheckOrderTask, CreateTask, NoteOn},
    names::TaskName,
    task::{Draft, Origin, Visibility},
    text::{Html, Line},
};
use handoff_proto::v1;
use handoff_read_models::order_notes::NotesOf;

use crate::{
    caller::Caller,
    command::CommandRequest,
    fields::Fields,
    services::{due::due, order_queries::order_or_task},
};

impl CommandRequest for v1::PortalServiceCheckTaskRequest {
    type Command = CheckOrderTask;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn command(&self, _caller: &Caller, fields: &mut Fields) -> Option<CheckOrderTask> {
        let name = fields.name("name", &self.name)?;
        Some(CheckOrderTask { name })
    }
}

impl CommandRequest for v1::PortalServiceCreateTaskRequest {
    type Command = CreateTask;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn command(&self, _caller: &Caller, fields: &mut Fields) -> Option<CreateTask> {
        let task = fields.present("task", self.task.as_ref())?;
        let title = fields.required("task.title", &task.title, Line::new);
        let description = fields.optional("task.description", &task.description, Html::new);
        let category = Some(task.category.as_str()).filter(|category| !category.is_empty());
        let due = due("task", task.due_time.as_ref(), &task.due_date, fields);
        let name = TaskName::from_id(&new_id().to_string());
        Some(CreateTask {
            name: fields.check("task", name)?,
            draft: Draft {
                title,
                description: description.flatten(),
                category: category.map(Box::from),
                due: due.flatten(),
                found: fields.hand_on(),
                ..Draft::default()
            },
            origin: Origin::Portal,
        })
    }
}

impl CommandRequest for v1::PortalServiceAddNoteRequest {
    type Command = AddNote;

    fn request_id(&self) -> &str {
        &self.request_id
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

impl CommandRequest for v1::PortalServiceAddOrderNoteRequest {
    type Command = AddOrderNote;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn command(&self, _caller: &Caller, fields: &mut Fields) -> Option<AddOrderNote> {
        let on = fields.required("name", &self.name, order_or_task);
        let note = fields.required("note", &self.note, Html::new);
        Some(AddOrderNote {
            on: match on? {
                NotesOf::Order(name) => NoteOn::Order(name),
                NotesOf::Task(name) => NoteOn::Task(name),
            },
            note: note?,
            visibility: Visibility::Portal,
        })
    }
}

impl CommandRequest for v1::PortalServiceAskQuestionRequest {
    type Command = AskQuestion;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn command(&self, _caller: &Caller, fields: &mut Fields) -> Option<AskQuestion> {
        let question = fields.required("question", &self.question, Html::new)?;
        Some(AskQuestion { question })
    }
}
