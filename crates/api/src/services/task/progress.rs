//! What the requests about how far a task is ask for.

use handoff_domain::{
    commands::{CancelTask, CompleteTask, DeleteTask, ReopenTask, SetTaskStatus, UndeleteTask},
    task::Status,
};
use handoff_proto::v1;

use super::fields::open_status;
use crate::{caller::Caller, command::CommandRequest, fields::Fields};

impl CommandRequest for v1::SetTaskStatusRequest {
    type Command = SetTaskStatus;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn etag(&self) -> &str {
        &self.etag
    }

    fn command(&self, _caller: &Caller, fields: &mut Fields) -> Option<SetTaskStatus> {
        let name = fields.name("name", &self.name);
        let status = status(self.status, fields);
        Some(SetTaskStatus {
            name: name?,
            status: status?,
        })
    }
}

impl CommandRequest for v1::CompleteTaskRequest {
    type Command = CompleteTask;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn etag(&self) -> &str {
        &self.etag
    }

    fn command(&self, _caller: &Caller, fields: &mut Fields) -> Option<CompleteTask> {
        Some(CompleteTask {
            name: fields.name("name", &self.name)?,
        })
    }
}

impl CommandRequest for v1::ReopenTaskRequest {
    type Command = ReopenTask;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn etag(&self) -> &str {
        &self.etag
    }

    fn command(&self, _caller: &Caller, fields: &mut Fields) -> Option<ReopenTask> {
        let name = fields.name("name", &self.name);
        let status = open_status("status", self.status, fields);
        Some(ReopenTask {
            name: name?,
            status: status?,
        })
    }
}

impl CommandRequest for v1::CancelTaskRequest {
    type Command = CancelTask;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn etag(&self) -> &str {
        &self.etag
    }

    fn command(&self, _caller: &Caller, fields: &mut Fields) -> Option<CancelTask> {
        Some(CancelTask {
            name: fields.name("name", &self.name)?,
        })
    }
}

impl CommandRequest for v1::DeleteTaskRequest {
    type Command = DeleteTask;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn etag(&self) -> &str {
        &self.etag
    }

    fn command(&self, _caller: &Caller, fields: &mut Fields) -> Option<DeleteTask> {
        Some(DeleteTask {
            name: fields.name("name", &self.name)?,
        })
    }
}

impl CommandRequest for v1::UndeleteTaskRequest {
    type Command = UndeleteTask;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn etag(&self) -> &str {
        &self.etag
    }

    fn command(&self, _caller: &Caller, fields: &mut Fields) -> Option<UndeleteTask> {
        Some(UndeleteTask {
            name: fields.name("name", &self.name)?,
        })
    }
}

/// Any status, which must be given.
fn status(number: i32, fields: &mut Fields) -> Option<Status> {
    Some(match fields.known("status", number)? {
        v1::TaskStatus::Unspecified => return fields.violation("status", "is required"),
        v1::TaskStatus::NotStarted => Status::NotStarted,
        v1::TaskStatus::InProgress => Status::InProgress,
        v1::TaskStatus::WaitingOnCustomer => Status::WaitingOnCustomer,
        v1::TaskStatus::Complete => Status::Complete,
        v1::TaskStatus::Cancelled => Status::Cancelled,
    })
}
