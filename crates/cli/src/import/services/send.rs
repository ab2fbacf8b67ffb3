//! Sends a service and the tasks of its template.

use handoff_proto::v1::{
    self, Service, TemplateTask, catalog_command_service_client::CatalogCommandServiceClient,
};
use prost_types::FieldMask;
use uuid::Uuid;

use super::{
    super::{Outcome, changed, identity::uuid_of},
    Problem,
    entry::{ServiceEntry, TaskEntry},
};
use crate::{error::Error, session::Session};

/// Sends a command, and tells whether it did something.
macro_rules! send {
    ($session:ident, $method:ident, $request:expr) => {{
        let request = $request;
        let answer = $session
            .command(
                &request.request_id.clone(),
                request,
                async |service, request| {
                    CatalogCommandServiceClient::new(service)
                        .$method(request)
                        .await
                },
            )
            .await?;
        Ok::<bool, Error>(changed(answer.receipt))
    }};
}

fn request_id(what: &str, identity: Uuid) -> String {
    uuid_of(&[what, &identity.to_string()]).to_string()
}

impl ServiceEntry {
    /// Sends the service, then each task; one that is refused does not keep the others away.
    ///
    /// # Errors
    /// Those that every other request would meet too.
    pub(super) async fn send(&self, session: &Session) -> Result<(Outcome, Vec<Problem>), Error> {
        let mut problems = Vec::new();
        let mut outcome = match self.create_or_update(session).await {
            Ok(outcome) => outcome,
            Err(error) => {
                problems.extend(told(error, &self.path, "service.")?);
                return Ok((Outcome::Unchanged, problems));
            }
        };
        let name = format!("services/{}", self.id);
        for task in &self.tasks {
            match task.add_or_update(&name, session).await {
                Ok(true) if outcome == Outcome::Unchanged => outcome = Outcome::Changed,
                Ok(_) => {}
                Err(error) => problems.extend(told(error, &task.path, "task.")?),
            }
        }
        Ok((outcome, problems))
    }

    async fn create_or_update(&self, session: &Session) -> Result<Outcome, Error> {
        match self.create(session).await {
            Ok(true) => Ok(Outcome::Created),
            Ok(false) => Ok(Outcome::Unchanged),
            Err(error) if error.is_already_exists() => Ok(match self.update(session).await? {
                true => Outcome::Changed,
                false => Outcome::Unchanged,
            }),
            Err(error) => Err(error),
        }
    }

    fn service(&self, name: String) -> Service {
        Service {
            name,
            display_name: self.name.clone(),
            description: self.description.clone().unwrap_or_default(),
            ..Service::default()
        }
    }

    async fn create(&self, session: &Session) -> Result<bool, Error> {
        send!(
            session,
            create_service,
            v1::CreateServiceRequest {
                service_id: self.id.clone(),
                service: Some(self.service(String::new())),
                request_id: request_id("create", self.identity),
            }
        )
    }

    async fn update(&self, session: &Session) -> Result<bool, Error> {
        let mut paths = vec!["display_name".to_owned()];
        if self.description.is_some() {
            paths.push("description".to_owned());
        }
        send!(
            session,
            update_service,
            v1::UpdateServiceRequest {
                service: Some(self.service(format!("services/{}", self.id))),
                update_mask: Some(FieldMask { paths }),
                request_id: request_id("update", self.identity),
                etag: String::new(),
            }
        )
    }
}

impl TaskEntry {
    async fn add_or_update(&self, service: &str, session: &Session) -> Result<bool, Error> {
        match self.add(service, session).await {
            Err(error) if error.is_already_exists() => {
                let updated = self.update(service, session).await;
                updated.map_err(|error| match error.is_not_found() {
                    true => error.in_field("task.id", "it was taken out; give it another id"),
                    false => error,
                })
            }
            added => added,
        }
    }

    fn task(&self, name: String) -> TemplateTask {
        TemplateTask {
            name,
            title: self.title.clone(),
            description: self.description.clone().unwrap_or_default(),
            deadline_hours: self.deadline_hours,
            assignees: self.assignees.clone().unwrap_or_default(),
            responsible_role: self.role.clone().unwrap_or_default(),
            tier: self.tier.unwrap_or_default(),
            visibility: self.visibility.unwrap_or_default().into(),
        }
    }

    async fn add(&self, service: &str, session: &Session) -> Result<bool, Error> {
        send!(
            session,
            add_template_task,
            v1::AddTemplateTaskRequest {
                parent: service.to_owned(),
                task_id: self.id.clone(),
                task: Some(self.task(String::new())),
                request_id: request_id("create", self.identity),
                etag: String::new(),
            }
        )
    }

    async fn update(&self, service: &str, session: &Session) -> Result<bool, Error> {
        let given = [
            ("title", true),
            ("description", self.description.is_some()),
            ("deadline_hours", self.deadline_hours.is_some()),
            ("assignees", self.assignees.is_some()),
            ("responsible_role", self.role.is_some()),
            ("tier", self.tier.is_some()),
            ("visibility", self.visibility.is_some()),
        ];
        let given = given.into_iter().filter(|(_, given)| *given);
        let paths = given.map(|(path, _)| path.to_owned()).collect();
        send!(
            session,
            update_template_task,
            v1::UpdateTemplateTaskRequest {
                task: Some(self.task(format!("{service}/tasks/{}", self.id))),
                update_mask: Some(FieldMask { paths }),
                request_id: request_id("update", self.identity),
                etag: String::new(),
            }
        )
    }
}

/// What is wrong with an entry, by the server: `message` is how its fields begin there.
///
/// # Errors
/// The error itself, where every other request would meet it too.
fn told(error: Error, path: &str, message: &str) -> Result<Vec<Problem>, Error> {
    if error.is_of_all_requests() {
        return Err(error);
    }
    let fields = error.fields().iter().map(|(field, description)| {
        let field = field.strip_prefix(message).unwrap_or(field);
        let field = match field {
            "display_name" => "name",
            "responsible_role" => "role",
            "service_id" | "task_id" => "id",
            field => field,
        };
        Problem::new(format!("{path}.{field}"), description.clone())
    });
    let fields: Vec<_> = fields.collect();
    if !fields.is_empty() {
        return Ok(fields);
    }
    let why = match error.hint() {
        Some(hint) => format!("{error}. {hint}"),
        None => error.to_string(),
    };
    Ok(vec![Problem::new(path, why)])
}
