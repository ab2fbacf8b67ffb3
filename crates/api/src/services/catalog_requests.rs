//! What the requests of CatalogCommandService ask for.

use handoff_domain::{
    commands::{
        AddTemplateTask, CreateService, NewId, RemoveTemplateTask, ReorderTemplateTasks,
        RetireService, UpdateService, UpdateTemplateTask,
    },
    limits,
    names::ServiceName,
    text::{Html, Line},
};
use handoff_proto::v1;

use crate::{
    caller::Caller,
    command::CommandRequest,
    fields::{Fields, given},
    services::checklist::{Given, arrangement, changes, draft, new_template_task},
};

impl CommandRequest for v1::CreateServiceRequest {
    type Command = CreateService;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn command(&self, _caller: &Caller, fields: &mut Fields) -> Option<CreateService> {
        let id = fields.optional("service_id", &self.service_id, ServiceName::from_id);
        let service = fields.present("service", self.service.as_ref())?;
        let display_name =
            fields.required("service.display_name", &service.display_name, Line::new);
        let description = fields.optional("service.description", &service.description, Html::new);
        Some(CreateService {
            id: id?.map_or(NewId::FromDisplayName, NewId::Given),
            display_name: display_name?,
            description: description?,
        })
    }
}

impl CommandRequest for v1::UpdateServiceRequest {
    type Command = UpdateService;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn etag(&self) -> &str {
        &self.etag
    }

    fn command(&self, _caller: &Caller, fields: &mut Fields) -> Option<UpdateService> {
        let mask = fields.mask(self.update_mask.as_ref(), &["display_name", "description"]);
        let service = fields.present("service", self.service.as_ref())?;
        let name = fields.name("service.name", &service.name);
        let mask = mask?;
        let display_name = mask
            .has("display_name")
            .then(|| fields.required("service.display_name", &service.display_name, Line::new));
        let description = mask
            .has("description")
            .then(|| fields.optional("service.description", &service.description, Html::new));
        Some(UpdateService {
            name: name?,
            display_name: given(display_name)?,
            description: given(description)?,
        })
    }
}

impl CommandRequest for v1::RetireServiceRequest {
    type Command = RetireService;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn etag(&self) -> &str {
        &self.etag
    }

    fn command(&self, _caller: &Caller, fields: &mut Fields) -> Option<RetireService> {
        Some(RetireService {
            name: fields.name("name", &self.name)?,
        })
    }
}

impl CommandRequest for v1::AddTemplateTaskRequest {
    type Command = AddTemplateTask;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn etag(&self) -> &str {
        &self.etag
    }

    fn command(&self, _caller: &Caller, fields: &mut Fields) -> Option<AddTemplateTask> {
        let service: Option<ServiceName> = fields.name("parent", &self.parent);
        let name = match service {
            Some(_) => fields.check("task_id", new_template_task(self)),
            None => None,
        };
        let task = fields.present("task", self.task.as_ref())?;
        let draft = draft(&Given::from(task), fields);
        Some(AddTemplateTask {
            name: name?,
            draft: draft?,
        })
    }
}

impl CommandRequest for v1::UpdateTemplateTaskRequest {
    type Command = UpdateTemplateTask;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn etag(&self) -> &str {
        &self.etag
    }

    fn command(&self, _caller: &Caller, fields: &mut Fields) -> Option<UpdateTemplateTask> {
        let mask = fields.mask(
            self.update_mask.as_ref(),
            &[
                "title",
                "description",
                "deadline_hours",
                "assignees",
                "responsible_role",
                "tier",
                "visibility",
            ],
        );
        let task = fields.present("task", self.task.as_ref())?;
        let name = fields.name("task.name", &task.name);
        let mask = mask?;
        let changes = changes(&mask, &Given::from(task), fields);
        let assignees = mask.has("assignees").then(|| {
            fields.each(
                "task.assignees",
                &task.assignees,
                limits::ASSIGNEES,
                str::parse,
            )
        });
        Some(UpdateTemplateTask {
            name: name?,
            changes: changes?,
            assignees: given(assignees)?,
        })
    }
}

impl CommandRequest for v1::RemoveTemplateTaskRequest {
    type Command = RemoveTemplateTask;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn etag(&self) -> &str {
        &self.etag
    }

    fn command(&self, _caller: &Caller, fields: &mut Fields) -> Option<RemoveTemplateTask> {
        Some(RemoveTemplateTask {
            name: fields.name("name", &self.name)?,
        })
    }
}

impl CommandRequest for v1::ReorderTemplateTasksRequest {
    type Command = ReorderTemplateTasks;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn etag(&self) -> &str {
        &self.etag
    }

    fn command(&self, _caller: &Caller, fields: &mut Fields) -> Option<ReorderTemplateTasks> {
        let name = fields.name("name", &self.name);
        let arrangement = arrangement(&self.tasks, &self.tiers, fields);
        Some(ReorderTemplateTasks {
            name: name?,
            arrangement: arrangement?,
        })
    }
}
