//! What the requests about related tasks ask for.

use handoff_domain::commands::{RelateTasks, UnrelateTasks};
use handoff_proto::v1;

use crate::{caller::Caller, command::CommandRequest, fields::Fields};

impl CommandRequest for v1::RelateTasksRequest {
    type Command = RelateTasks;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn etag(&self) -> &str {
        &self.etag
    }

    fn command(&self, _caller: &Caller, fields: &mut Fields) -> Option<RelateTasks> {
        let name = fields.name("name", &self.name);
        let related = fields.name("related_task", &self.related_task);
        Some(RelateTasks {
            name: name?,
            related: related?,
        })
    }
}

impl CommandRequest for v1::UnrelateTasksRequest {
    type Command = UnrelateTasks;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn etag(&self) -> &str {
        &self.etag
    }

    fn command(&self, _caller: &Caller, fields: &mut Fields) -> Option<UnrelateTasks> {
        let name = fields.name("name", &self.name);
        let related = fields.name("related_task", &self.related_task);
        Some(UnrelateTasks {
            name: name?,
            related: related?,
        })
    }
}
