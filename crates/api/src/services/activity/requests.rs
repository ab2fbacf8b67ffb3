//! What the requests about activities ask for.

use handoff_commands::new_id;
use handoff_domain::{
    commands::{
        AssignActivity, CompleteActivity, CreateActivity, DeleteActivity, ReopenActivity,
        UpdateActivity,
    },
    names::ActivityName,
    task::AssignmentCause,
    text::Html,
};
use handoff_proto::v1;

use crate::{
    caller::Caller,
    command::CommandRequest,
    fields::{Fields, given},
    services::due::due,
};

/// What can be changed.
const FIELDS: &[&str] = &["note", "due_time", "due_date"];

impl CommandRequest for v1::CreateActivityRequest {
    type Command = CreateActivity;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn command(&self, _caller: &Caller, fields: &mut Fields) -> Option<CreateActivity> {
        let name = fields.optional("activity_id", &self.activity_id, ActivityName::from_id);
        let activity = fields.present("activity", self.activity.as_ref())?;
        let account = fields.name("activity.account", &activity.account);
        let note = fields.required("activity.note", &activity.note, Html::new);
        let (time, date) = (activity.due_time.as_ref(), &activity.due_date);
        let due = due("activity", time, date, fields);
        let assignee = fields.optional("activity.assignee", &activity.assignee, str::parse);
        Some(CreateActivity {
            name: name?.unwrap_or_else(new_name),
            account: account?,
            note: note?,
            due: due?,
            assignee: assignee?,
        })
    }
}

impl CommandRequest for v1::UpdateActivityRequest {
    type Command = UpdateActivity;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn etag(&self) -> &str {
        &self.etag
    }

    fn command(&self, _caller: &Caller, fields: &mut Fields) -> Option<UpdateActivity> {
        let mask = fields.mask(self.update_mask.as_ref(), FIELDS);
        let activity = fields.present("activity", self.activity.as_ref())?;
        let name = fields.name("activity.name", &activity.name);
        let mask = mask?;
        let note = mask
            .has("note")
            .then(|| fields.required("activity.note", &activity.note, Html::new));
        let due = (mask.has("due_time") || mask.has("due_date")).then(|| {
            let time = activity.due_time.as_ref().filter(|_| mask.has("due_time"));
            let date = if mask.has("due_date") {
                &activity.due_date
            } else {
                ""
            };
            due("activity", time, date, fields)
        });
        Some(UpdateActivity {
            name: name?,
            note: given(note)?,
            due: given(due)?,
        })
    }
}

impl CommandRequest for v1::AssignActivityRequest {
    type Command = AssignActivity;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn etag(&self) -> &str {
        &self.etag
    }

    fn command(&self, _caller: &Caller, fields: &mut Fields) -> Option<AssignActivity> {
        let name = fields.name("name", &self.name);
        let assignee = fields.optional("assignee", &self.assignee, str::parse);
        Some(AssignActivity {
            name: name?,
            assignee: assignee?,
            cause: AssignmentCause::default(),
        })
    }
}

impl CommandRequest for v1::CompleteActivityRequest {
    type Command = CompleteActivity;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn etag(&self) -> &str {
        &self.etag
    }

    fn command(&self, _caller: &Caller, fields: &mut Fields) -> Option<CompleteActivity> {
        Some(CompleteActivity {
            name: fields.name("name", &self.name)?,
        })
    }
}

impl CommandRequest for v1::ReopenActivityRequest {
    type Command = ReopenActivity;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn etag(&self) -> &str {
        &self.etag
    }

    fn command(&self, _caller: &Caller, fields: &mut Fields) -> Option<ReopenActivity> {
        Some(ReopenActivity {
            name: fields.name("name", &self.name)?,
        })
    }
}

impl CommandRequest for v1::DeleteActivityRequest {
    type Command = DeleteActivity;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn etag(&self) -> &str {
        &self.etag
    }

    fn command(&self, _caller: &Caller, fields: &mut Fields) -> Option<DeleteActivity> {
        Some(DeleteActivity {
            name: fields.name("name", &self.name)?,
        })
    }
}

/// A new activity's name where the caller chose none.
fn new_name() -> ActivityName {
    ActivityName::from_id(&new_id().to_string()).expect("a UUID in lower case is an id")
}
