//! What the batch requests ask for, and their answers.

use std::collections::HashSet;

use handoff_domain::{
    commands::{AssignTask, CompleteTask},
    names::TaskName,
    task::AssignmentCause,
};
use handoff_proto::v1::{self, task_result::Outcome};

use super::assign::assignment;
use crate::{
    batch::{BatchRequest, ITEMS, Item},
    command::Done,
    error::ApiError,
    fields::Fields,
    views,
};

impl BatchRequest for v1::BatchCompleteTasksRequest {
    type Command = CompleteTask;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn items(&self, fields: &mut Fields) -> Option<Vec<Item<CompleteTask>>> {
        let names = names(&self.names, fields)?;
        let item = |name: TaskName| Item {
            name: name.to_string(),
            command: CompleteTask { name },
        };
        Some(names.into_iter().map(item).collect())
    }

    fn alone(&self, name: &str) -> Self {
        Self {
            names: vec![name.to_owned()],
            request_id: self.request_id.clone(),
        }
    }
}

impl BatchRequest for v1::BatchAssignTasksRequest {
    type Command = AssignTask;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn items(&self, fields: &mut Fields) -> Option<Vec<Item<AssignTask>>> {
        let names = names(&self.names, fields);
        let assignment = assignment(&self.assignees, &self.add, &self.remove, fields);
        let (names, assignment) = names.zip(assignment)?;
        let item = |name: TaskName| Item {
            name: name.to_string(),
            command: AssignTask {
                name,
                assignment: assignment.clone(),
                cause: AssignmentCause::default(),
            },
        };
        Some(names.into_iter().map(item).collect())
    }

    fn alone(&self, name: &str) -> Self {
        Self {
            names: vec![name.to_owned()],
            assignees: self.assignees.clone(),
            add: self.add.clone(),
            remove: self.remove.clone(),
            request_id: self.request_id.clone(),
        }
    }
}

/// The tasks of a batch: a bounded number, each once.
fn names(names: &[String], fields: &mut Fields) -> Option<Vec<TaskName>> {
    if names.is_empty() || names.len() > ITEMS {
        let count = names.len();
        let description = format!("has {count} entries; 1 to {ITEMS} are wanted");
        return fields.violation("names", description);
    }
    let names: Vec<TaskName> = fields.each("names", names, ITEMS, str::parse)?;
    let mut seen = HashSet::new();
    let mut once = Some(());
    for (index, name) in names.iter().enumerate() {
        if !seen.insert(name) {
            let field = format!("names[{index}]");
            once = fields.violation(&field, format!("is {name}, which is there already"));
        }
    }
    once.map(|()| names)
}

/// What became of each task, and the position at which all of it is.
pub(super) fn results(done: Vec<(String, Result<Done, ApiError>)>) -> (Vec<v1::TaskResult>, i64) {
    let results: Vec<v1::TaskResult> = done.into_iter().map(result).collect();
    let positions = results.iter().filter_map(|result| match &result.outcome {
        Some(Outcome::Done(done)) => done.receipt.as_ref().map(|receipt| receipt.position),
        Some(Outcome::Error(_)) | None => None,
    });
    let position = positions.max().unwrap_or_default();
    (results, position)
}

fn result((name, done): (String, Result<Done, ApiError>)) -> v1::TaskResult {
    let task = done.and_then(|done| {
        Ok(v1::TaskDone {
            task: Some(done.task()?),
            receipt: Some(done.receipt()),
        })
    });
    let outcome = match task {
        Ok(done) => Outcome::Done(done),
        Err(error) => Outcome::Error(views::item_error(error)),
    };
    v1::TaskResult {
        name,
        outcome: Some(outcome),
    }
}
