//! Services with their templates, kept as they are told.

use handoff_proto::v1::{
    self, Service, TemplateTask, catalog_command_service_server::CatalogCommandService,
    catalog_query_service_server::CatalogQueryService,
};
use tonic::{Code, Request, Response, Status};
use tonic_types::{ErrorDetails, StatusExt};

use super::Fake;

fn missing(name: &str) -> Status {
    Status::not_found(format!("{name} does not exist"))
}

fn taken(name: &str) -> Status {
    Status::already_exists(format!("{name} exists"))
}

impl Fake {
    /// Notes a request, and gives it.
    fn noted_of_service<M: std::fmt::Debug>(&self, request: Request<M>) -> Result<M, Status> {
        self.check(&request)?;
        let request = request.into_inner();
        self.state
            .lock()
            .unwrap()
            .asked
            .push(format!("{request:?}"));
        Ok(request)
    }

    fn service(&self, name: &str) -> Option<Service> {
        self.state.lock().unwrap().services.get(name).cloned()
    }
}

/// Takes the fields that a mask names.
fn change(service: &mut Service, new: &Service, paths: &[String]) -> bool {
    let before = service.clone();
    for path in paths {
        match path.as_str() {
            "display_name" => service.display_name = new.display_name.clone(),
            "description" => service.description = new.description.clone(),
            path => unreachable!("no test changes {path}"),
        }
    }
    *service != before
}

fn change_task(task: &mut TemplateTask, new: &TemplateTask, paths: &[String]) -> bool {
    let before = task.clone();
    for path in paths {
        match path.as_str() {
            "title" => task.title = new.title.clone(),
            "description" => task.description = new.description.clone(),
            "deadline_hours" => task.deadline_hours = new.deadline_hours,
            "assignees" => task.assignees = new.assignees.clone(),
            "responsible_role" => task.responsible_role = new.responsible_role.clone(),
            "tier" => task.tier = new.tier,
            "visibility" => task.visibility = new.visibility,
            path => unreachable!("no test changes {path}"),
        }
    }
    *task != before
}

#[tonic::async_trait]
impl CatalogCommandService for Fake {
    async fn create_service(
        &self,
        request: Request<v1::CreateServiceRequest>,
    ) -> Result<Response<v1::CreateServiceResponse>, Status> {
        let request = self.noted_of_service(request)?;
        let name = format!("services/{}", request.service_id);
        let receipt = self.command(&request.request_id, &request, |state| {
            if state.services.contains_key(&name) {
                return Err(taken(&name));
            }
            let service = Service {
                name: name.clone(),
                ..request.service.clone().unwrap_or_default()
            };
            state.services.insert(name.clone(), service);
            Ok(true)
        })?;
        let service = self.service(&name);
        Ok(Response::new(v1::CreateServiceResponse {
            service,
            receipt,
        }))
    }

    async fn update_service(
        &self,
        request: Request<v1::UpdateServiceRequest>,
    ) -> Result<Response<v1::UpdateServiceResponse>, Status> {
        let request = self.noted_of_service(request)?;
        let new = request.service.clone().unwrap_or_default();
        let paths = request.update_mask.clone().unwrap_or_default().paths;
        let receipt = self.command(&request.request_id, &request, |state| {
            let service = state.services.get_mut(&new.name);
            let service = service.ok_or_else(|| missing(&new.name))?;
            Ok(change(service, &new, &paths))
        })?;
        let service = self.service(&new.name);
        Ok(Response::new(v1::UpdateServiceResponse {
            service,
            receipt,
        }))
    }

    async fn retire_service(
        &self,
        request: Request<v1::RetireServiceRequest>,
    ) -> Result<Response<v1::RetireServiceResponse>, Status> {
        let request = self.noted_of_service(request)?;
        let receipt = self.command(&request.request_id, &request, |state| {
            let service = state.services.get_mut(&request.name);
            service.ok_or_else(|| missing(&request.name))?.retired = true;
            Ok(true)
        })?;
        let service = self.service(&request.name);
        Ok(Response::new(v1::RetireServiceResponse {
            service,
            receipt,
        }))
    }

    /// A tier of 99 is one too many.
    async fn add_template_task(
        &self,
        request: Request<v1::AddTemplateTaskRequest>,
    ) -> Result<Response<v1::AddTemplateTaskResponse>, Status> {
        let request = self.noted_of_service(request)?;
        let task = format!("{}/tasks/{}", request.parent, request.task_id);
        let receipt = self.command(&request.request_id, &request, |state| {
            let new = request.task.clone().unwrap_or_default();
            if new.tier == 99 {
                let details = ErrorDetails::with_bad_request_violation("task.tier", "is too high");
                return Err(Status::with_error_details(
                    Code::InvalidArgument,
                    "the request is not valid",
                    details,
                ));
            }
            let service = state.services.get_mut(&request.parent);
            let service = service.ok_or_else(|| missing(&request.parent))?;
            if service.tasks.iter().any(|existing| existing.name == task) {
                return Err(taken(&task));
            }
            service.tasks.push(TemplateTask {
                name: task.clone(),
                ..new
            });
            Ok(true)
        })?;
        let service = self.service(&request.parent);
        Ok(Response::new(v1::AddTemplateTaskResponse {
            service,
            receipt,
            task,
        }))
    }

    async fn update_template_task(
        &self,
        request: Request<v1::UpdateTemplateTaskRequest>,
    ) -> Result<Response<v1::UpdateTemplateTaskResponse>, Status> {
        let request = self.noted_of_service(request)?;
        let new = request.task.clone().unwrap_or_default();
        let paths = request.update_mask.clone().unwrap_or_default().paths;
        let (parent, _) = new.name.split_once("/tasks/").unwrap();
        let receipt = self.command(&request.request_id, &request, |state| {
            let service = state.services.get_mut(parent);
            let tasks = service.into_iter().flat_map(|service| &mut service.tasks);
            let task = tasks.into_iter().find(|task| task.name == new.name);
            Ok(change_task(
                task.ok_or_else(|| missing(&new.name))?,
                &new,
                &paths,
            ))
        })?;
        let service = self.service(parent);
        Ok(Response::new(v1::UpdateTemplateTaskResponse {
            service,
            receipt,
        }))
    }

    async fn remove_template_task(
        &self,
        request: Request<v1::RemoveTemplateTaskRequest>,
    ) -> Result<Response<v1::RemoveTemplateTaskResponse>, Status> {
        let request = self.noted_of_service(request)?;
        let (parent, _) = request.name.split_once("/tasks/").unwrap();
        Ok(Response::new(v1::RemoveTemplateTaskResponse {
            service: self.service(parent),
            receipt: None,
        }))
    }

    async fn reorder_template_tasks(
        &self,
        request: Request<v1::ReorderTemplateTasksRequest>,
    ) -> Result<Response<v1::ReorderTemplateTasksResponse>, Status> {
        let request = self.noted_of_service(request)?;
        Ok(Response::new(v1::ReorderTemplateTasksResponse {
            service: self.service(&request.name),
            receipt: None,
        }))
    }
}

#[tonic::async_trait]
impl CatalogQueryService for Fake {
    async fn get_service(
        &self,
        request: Request<v1::GetServiceRequest>,
    ) -> Result<Response<v1::GetServiceResponse>, Status> {
        let request = self.noted_of_service(request)?;
        let service = self.service(&request.name);
        Ok(Response::new(v1::GetServiceResponse {
            service: Some(service.ok_or_else(|| missing(&request.name))?),
            ..v1::GetServiceResponse::default()
        }))
    }

    async fn list_services(
        &self,
        request: Request<v1::ListServicesRequest>,
    ) -> Result<Response<v1::ListServicesResponse>, Status> {
        self.noted_of_service(request)?;
        let services = self.state.lock().unwrap().services.clone();
        let services = services.into_values().map(|service| v1::ServiceSummary {
            task_count: service.tasks.len() as i32,
            service: Some(service),
        });
        Ok(Response::new(v1::ListServicesResponse {
            services: services.collect(),
            ..v1::ListServicesResponse::default()
        }))
    }
}
