//! The commands that the load consists of.

use std::time::Duration;

use handoff_proto::v1::{CompleteTaskRequest, CreateTaskRequest, ReopenTaskRequest, Task};
use tonic::Request;
use uuid::Uuid;

use crate::{Client, Outcome};

/// One command. Each appends at least one event if its task is as the load expects it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Creates a task, `tasks/{id}`, about an account, which is created too if nobody knows it.
    Create {
        task: String,
        subject: String,
    },
    Complete {
        task: String,
    },
    Reopen {
        task: String,
    },
}

impl Command {
    /// Creates a task of a new name about an account.
    pub(crate) fn create(subject: String) -> Self {
        let task = format!("tasks/{}", new_id());
        Self::Create { task, subject }
    }

    /// What turn number `turn` does to an existing task: even ones complete it, odd ones open it again,
    /// so that each appends one event to a stream that is there.
    pub fn in_turn(turn: usize, task: String) -> Self {
        if turn.is_multiple_of(2) {
            Self::Complete { task }
        } else {
            Self::Reopen { task }
        }
    }

    pub fn rpc(&self) -> &'static str {
        match self {
            Self::Create { .. } => "CreateTask",
            Self::Complete { .. } => "CompleteTask",
            Self::Reopen { .. } => "ReopenTask",
        }
    }

    /// The task, by name.
    pub fn resource(&self) -> &str {
        match self {
            Self::Create { task, .. } | Self::Complete { task } | Self::Reopen { task } => task,
        }
    }

    /// Sends it once.
    pub(crate) async fn send(
        &self,
        client: &Client,
        request_id: Uuid,
        timeout: Option<Duration>,
    ) -> Outcome {
        let request_id = request_id.to_string();
        let mut tasks = client.tasks();
        let answered = match self {
            Self::Create { task, subject } => {
                let request = CreateTaskRequest {
                    task_id: task.trim_start_matches("tasks/").to_owned(),
                    task: Some(Task {
                        subject: subject.clone(),
                        title: "Prepare the quarterly review".to_owned(),
                        ..Task::default()
                    }),
                    request_id,
                };
                let answer = tasks.create_task(within(timeout, request)).await;
                answer
                    .map(|answer| answer.into_inner())
                    .map(|answer| (answer.receipt, answer.task))
            }
            Self::Complete { task } => {
                let request = CompleteTaskRequest {
                    name: task.clone(),
                    request_id,
                    ..CompleteTaskRequest::default()
                };
                let answer = tasks.complete_task(within(timeout, request)).await;
                answer
                    .map(|answer| answer.into_inner())
                    .map(|answer| (answer.receipt, answer.task))
            }
            Self::Reopen { task } => {
                let request = ReopenTaskRequest {
                    name: task.clone(),
                    request_id,
                    ..ReopenTaskRequest::default()
                };
                let answer = tasks.reopen_task(within(timeout, request)).await;
                answer
                    .map(|answer| answer.into_inner())
                    .map(|answer| (answer.receipt, answer.task))
            }
        };
        match answered {
            Ok((receipt, task)) => Outcome::done(receipt, task.map(|task| task.etag)),
            Err(status) => status.into(),
        }
    }
}

fn within<T>(timeout: Option<Duration>, message: T) -> Request<T> {
    let mut request = Request::new(message);
    if let Some(timeout) = timeout {
        request.set_timeout(timeout);
    }
    request
}

/// A new id of a request or a task.
#[allow(
    clippy::disallowed_methods,
    reason = "the load has no part in the service's ids"
)]
pub(crate) fn new_id() -> Uuid {
    Uuid::now_v7()
}
