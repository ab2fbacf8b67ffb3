//! The same for many tasks: each is done for itself, and what is refused is told at the end.

use handoff_proto::v1::{
    self, TaskResult, task_command_service_client::TaskCommandServiceClient, task_result::Outcome,
};

use super::{find, view};
use crate::{error::Error, output::Printer, session::Session};

/// Tasks of one request; more are sent in several, which a repetition under the same id can tell apart.
const ITEMS: usize = 100;

/// Completes tasks.
pub(super) async fn complete(
    tasks: &[String],
    request_id: &str,
    session: &Session,
    printer: &Printer,
) -> Result<(), Error> {
    let mut refused = 0;
    let names = names(tasks, session).await?;
    for names in names.chunks(ITEMS) {
        let request = v1::BatchCompleteTasksRequest {
            names: names.to_vec(),
            request_id: request_id.to_owned(),
        };
        let answer = session
            .command(request_id, request, async |service, request| {
                TaskCommandServiceClient::new(service)
                    .batch_complete_tasks(request)
                    .await
            })
            .await?;
        refused += show(&answer.results, printer, |task| {
            format!("{} is complete.", task.number)
        })?;
    }
    finish(refused, names.len())
}

/// Who shall do tasks, said in either way.
#[derive(Debug, Default)]
pub(super) struct Members {
    /// All who shall.
    pub(super) all: Vec<String>,
    pub(super) add: Vec<String>,
    pub(super) remove: Vec<String>,
}

/// Assigns tasks alike.
pub(super) async fn assign(
    tasks: &[String],
    members: Members,
    request_id: &str,
    session: &Session,
    printer: &Printer,
) -> Result<(), Error> {
    let mut refused = 0;
    let names = names(tasks, session).await?;
    for names in names.chunks(ITEMS) {
        let request = v1::BatchAssignTasksRequest {
            names: names.to_vec(),
            assignees: members.all.clone(),
            add: members.add.clone(),
            remove: members.remove.clone(),
            request_id: request_id.to_owned(),
        };
        let answer = session
            .command(request_id, request, async |service, request| {
                TaskCommandServiceClient::new(service)
                    .batch_assign_tasks(request)
                    .await
            })
            .await?;
        refused += show(&answer.results, printer, |task| {
            format!("{} is assigned to {}.", task.number, view::assignees(task))
        })?;
    }
    finish(refused, names.len())
}

/// The names of the tasks that are meant, each once.
async fn names(tasks: &[String], session: &Session) -> Result<Vec<String>, Error> {
    let mut names = Vec::with_capacity(tasks.len());
    for task in tasks {
        let name = find(session, task, 0).await?;
        if !names.contains(&name) {
            names.push(name);
        }
    }
    Ok(names)
}

/// Tells what became of each, and how many were refused.
fn show(
    results: &[TaskResult],
    printer: &Printer,
    sentence: impl Fn(&v1::Task) -> String,
) -> Result<usize, Error> {
    let mut refused = 0;
    for result in results {
        let line = match &result.outcome {
            Some(Outcome::Done(done)) => sentence(&done.task.clone().unwrap_or_default()),
            Some(Outcome::Error(error)) => {
                refused += 1;
                format!("{}: {} [{}]", result.name, error.message, error.reason)
            }
            None => format!(
                "{}: the server answered what this version of handoff does not know",
                result.name
            ),
        };
        printer.done(result, &line)?;
    }
    Ok(refused)
}

fn finish(refused: usize, all: usize) -> Result<(), Error> {
    match refused {
        0 => Ok(()),
        refused => Err(Error::Failed(format!(
            "{refused} of {all} tasks were refused; the others are done"
        ))),
    }
}
