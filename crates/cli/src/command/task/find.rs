//! Finds the task that a person means.

use std::time::Duration;

use handoff_proto::v1::{self, task_query_service_client::TaskQueryServiceClient};

use crate::{
    error::Error,
    filter::Filter,
    name::{self, TaskReference},
    session::Session,
};

/// Numbers are looked up in a read model, which may be a moment behind a task that was just created: how often to look again,
/// and how long to wait before.
const LOOKS: u32 = 10;
const PAUSE: Duration = Duration::from_millis(100);

/// The name of the task meant by `text`: a name, an id or a number. A number may be in lower case.
pub(crate) async fn find(
    session: &Session,
    text: &str,
    min_position: i64,
) -> Result<String, Error> {
    let reference = name::task(text)?;
    for look in 0..=LOOKS {
        if look > 0 {
            tokio::time::sleep(PAUSE).await;
        }
        let found = match &reference {
            TaskReference::Name(name) => Some(name.clone()),
            TaskReference::Number(number) => with_number(session, number, min_position).await?,
            TaskReference::IdOrNumber(id) => match with_id(session, id, min_position).await? {
                Some(name) => Some(name),
                None => match with_number(session, id, min_position).await? {
                    Some(name) => Some(name),
                    None => with_number(session, &id.to_uppercase(), min_position).await?,
                },
            },
        };
        if let Some(name) = found {
            return Ok(name);
        }
    }
    Err(Error::NoSuchTask(text.to_owned()))
}

async fn with_id(session: &Session, id: &str, min_position: i64) -> Result<Option<String>, Error> {
    let request = v1::GetTaskRequest {
        name: format!("tasks/{id}"),
        min_position,
    };
    let answer = session
        .call(request, async |service, request| {
            TaskQueryServiceClient::new(service).get_task(request).await
        })
        .await;
    match answer {
        Ok(answer) => Ok(answer.task.map(|task| task.name)),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error),
    }
}

async fn with_number(
    session: &Session,
    number: &str,
    min_position: i64,
) -> Result<Option<String>, Error> {
    let filter = Filter::default().equals("number", number).finish();
    let request = v1::ListTasksRequest {
        page_size: 1,
        filter,
        min_position,
        ..Default::default()
    };
    let answer = session
        .call(request, async |service, request| {
            TaskQueryServiceClient::new(service)
                .list_tasks(request)
                .await
        })
        .await?;
    Ok(answer.tasks.into_iter().next().map(|task| task.name))
}
