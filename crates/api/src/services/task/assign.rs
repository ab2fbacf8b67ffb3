//! What the requests about who works on a task, and who is told about it, ask for.

use handoff_domain::{
    commands::{AssignTask, SetNotify},
    limits,
    task::{Assignment, AssignmentCause},
};
use handoff_proto::v1;

use super::fields::notify;
use crate::{caller::Caller, command::CommandRequest, fields::Fields};

impl CommandRequest for v1::AssignTaskRequest {
    type Command = AssignTask;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn etag(&self) -> &str {
        &self.etag
    }

    fn command(&self, _caller: &Caller, fields: &mut Fields) -> Option<AssignTask> {
        let name = fields.name("name", &self.name);
        let assignment = assignment(&self.assignees, &self.add, &self.remove, fields);
        Some(AssignTask {
            name: name?,
            assignment: assignment?,
            cause: AssignmentCause::default(),
        })
    }
}

impl CommandRequest for v1::SetNotifyRequest {
    type Command = SetNotify;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn etag(&self) -> &str {
        &self.etag
    }

    fn command(&self, _caller: &Caller, fields: &mut Fields) -> Option<SetNotify> {
        let name = fields.name("name", &self.name);
        let notify = notify("notify", self.notify.as_ref(), fields);
        Some(SetNotify {
            name: name?,
            notify: notify?,
        })
    }
}

/// All the assignees, or those who are added and removed: one or the other.
pub(in crate::services) fn assignment(
    assignees: &[String],
    add: &[String],
    remove: &[String],
    fields: &mut Fields,
) -> Option<Assignment> {
    let set = fields.each("assignees", assignees, limits::ASSIGNEES, str::parse);
    let add = fields.each("add", add, limits::ASSIGNEES, str::parse);
    let remove = fields.each("remove", remove, limits::ASSIGNEES, str::parse);
    let (set, add, remove) = (set?, add?, remove?);
    if add.is_empty() && remove.is_empty() {
        return Some(Assignment::Set(set));
    }
    if !set.is_empty() {
        return fields.violation(
            "assignees",
            "is given beside add or remove: give all the assignees, or what changes",
        );
    }
    Some(Assignment::Change { add, remove })
}
