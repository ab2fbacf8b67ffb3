//! Sends rows to the server, each request with an id made from what it says.

use std::{cell::RefCell, collections::HashSet};

use handoff_proto::v1::{
    self, Account, CommandReceipt, Member, Task, TaskStatus,
    account_command_service_client::AccountCommandServiceClient,
    member_command_service_client::MemberCommandServiceClient,
    task_command_service_client::TaskCommandServiceClient,
};

use super::{
    columns::Field,
    identity::uuid_of,
    row::{Named, Problem, TaskRow},
};
use crate::{error::Error, session::Session, time};

/// Names remembered at most. Forgetting one costs a request that changes nothing.
const REMEMBERED: usize = 100_000;

/// What became of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// There is a task now that was not there before, or not complete.
    Created,
    /// It was imported before.
    Unchanged,
}

/// Sends the rows of one file.
pub(super) struct Sender<'a> {
    session: &'a Session,
    create_members: bool,
    /// Names of accounts and members that are known to exist.
    known: RefCell<HashSet<String>>,
}

impl<'a> Sender<'a> {
    pub(super) fn new(session: &'a Session, create_members: bool) -> Self {
        Self {
            session,
            create_members,
            known: RefCell::default(),
        }
    }

    /// Creates the row's task, with its account if there is none, and completes it if the row says so.
    pub(super) async fn send(&self, row: &TaskRow) -> Result<Outcome, Error> {
        self.ensure_account(&row.customer).await?;
        if self.create_members {
            for member in &row.assignees {
                self.ensure_member(member).await?;
            }
        }
        let created = self.create(row).await?;
        let completed = match row.status {
            TaskStatus::Complete => self.complete(row).await?,
            _ => false,
        };
        Ok(if created || completed {
            Outcome::Created
        } else {
            Outcome::Unchanged
        })
    }

    /// A task whose due time has passed begins at that time, since none is due before it begins. Which of the two requests
    /// created it depends on the day of the first import, so a task that exists is looked for under the other one.
    async fn create(&self, row: &TaskRow) -> Result<bool, Error> {
        let overdue = row.due.is_some_and(|due| due < self.session.now());
        match self.create_starting(row, overdue).await {
            Err(error) if error.is_already_exists() && row.due.is_some() => {
                self.create_starting(row, !overdue).await
            }
            result => result,
        }
    }

    async fn create_starting(&self, row: &TaskRow, at_due_time: bool) -> Result<bool, Error> {
        let status = if row.status == TaskStatus::Complete {
            TaskStatus::NotStarted
        } else {
            row.status
        };
        let due_time = row.due.map(time::timestamp);
        let task = Task {
            subject: format!("accounts/{}", row.customer.id),
            title: row.title.clone(),
            description: row.description.clone(),
            category: row.category.clone(),
            status: status.into(),
            priority: row.priority.into(),
            assignees: row
                .assignees
                .iter()
                .map(|member| format!("members/{}", member.id))
                .collect(),
            start_time: due_time.filter(|_| at_due_time),
            due_time,
            ..Task::default()
        };
        let kind = if at_due_time {
            "create overdue"
        } else {
            "create"
        };
        let request_id = uuid_of(&[kind, &row.identity.to_string()]).to_string();
        let request = v1::CreateTaskRequest {
            task_id: row.identity.to_string(),
            task: Some(task),
            request_id: request_id.clone(),
        };
        let answer = self
            .session
            .command(&request_id, request, async |service, request| {
                TaskCommandServiceClient::new(service)
                    .create_task(request)
                    .await
            })
            .await?;
        Ok(changed(answer.receipt))
    }

    async fn complete(&self, row: &TaskRow) -> Result<bool, Error> {
        let request_id = uuid_of(&["complete", &row.identity.to_string()]).to_string();
        let request = v1::CompleteTaskRequest {
            name: format!("tasks/{}", row.identity),
            request_id: request_id.clone(),
            ..Default::default()
        };
        let answer = self
            .session
            .command(&request_id, request, async |service, request| {
                TaskCommandServiceClient::new(service)
                    .complete_task(request)
                    .await
            })
            .await?;
        Ok(changed(answer.receipt))
    }

    async fn ensure_account(&self, customer: &Named) -> Result<(), Error> {
        let name = format!("accounts/{}", customer.id);
        if self.is_known(&name) {
            return Ok(());
        }
        let account = Account {
            display_name: customer.display_name.clone(),
            ..Account::default()
        };
        let request_id = uuid_of(&["account", &customer.id, &customer.display_name]).to_string();
        let request = v1::CreateAccountRequest {
            account_id: customer.id.clone(),
            account: Some(account),
            request_id: request_id.clone(),
        };
        let answer = self
            .session
            .command(&request_id, request, async |service, request| {
                AccountCommandServiceClient::new(service)
                    .create_account(request)
                    .await
            })
            .await;
        self.exists_now(name, answer)
    }

    async fn ensure_member(&self, person: &Named) -> Result<(), Error> {
        let name = format!("members/{}", person.id);
        if self.is_known(&name) {
            return Ok(());
        }
        let member = Member {
            display_name: person.display_name.clone(),
            ..Member::default()
        };
        let request_id = uuid_of(&["member", &person.id, &person.display_name]).to_string();
        let request = v1::CreateMemberRequest {
            member_id: person.id.clone(),
            member: Some(member),
            request_id: request_id.clone(),
        };
        let answer = self
            .session
            .command(&request_id, request, async |service, request| {
                MemberCommandServiceClient::new(service)
                    .create_member(request)
                    .await
            })
            .await;
        self.exists_now(name, answer)
    }

    fn is_known(&self, name: &str) -> bool {
        self.known.borrow().contains(name)
    }

    /// Remembers that a resource exists, whether it was created just now or before.
    fn exists_now<T>(&self, name: String, answer: Result<T, Error>) -> Result<(), Error> {
        match answer {
            Err(error) if !error.is_already_exists() => return Err(error),
            Ok(_) | Err(_) => {}
        }
        let mut known = self.known.borrow_mut();
        if known.len() >= REMEMBERED {
            known.clear();
        }
        known.insert(name);
        Ok(())
    }
}

fn changed(receipt: Option<CommandReceipt>) -> bool {
    receipt.is_some_and(|receipt| !receipt.replayed && receipt.events_appended > 0)
}

/// What the server's refusal says about the row.
pub(super) fn problems(error: &Error) -> Vec<Problem> {
    let (_, reason) = error.code();
    match reason {
        "REQUEST_ID_REUSED" => {
            let message =
                "was imported before by someone else, or with the same key and other content";
            return vec![Problem {
                field: Some(Field::Key),
                message: message.to_owned(),
            }];
        }
        "UNKNOWN_MEMBER" => {
            let message = format!("{error}; create the member, or import with --create-members");
            return vec![Problem {
                field: Some(Field::Assignees),
                message,
            }];
        }
        "ACCOUNT_DEACTIVATED" => {
            return vec![Problem {
                field: Some(Field::Customer),
                message: error.to_string(),
            }];
        }
        "UNKNOWN_CATEGORY" => {
            return vec![Problem {
                field: Some(Field::Category),
                message: error.to_string(),
            }];
        }
        _ => {}
    }
    if error.fields().is_empty() {
        return vec![Problem {
            field: None,
            message: error.to_string(),
        }];
    }
    error
        .fields()
        .iter()
        .map(|(path, text)| Problem {
            field: field(path),
            message: text.clone(),
        })
        .collect()
}

/// The column that a field of a request was filled from.
fn field(path: &str) -> Option<Field> {
    match path {
        "task.title" => Some(Field::Title),
        "task.subject" | "account_id" | "account.display_name" => Some(Field::Customer),
        "task.description" => Some(Field::Description),
        "task.category" => Some(Field::Category),
        "task.due_time" => Some(Field::Due),
        path if path.starts_with("task.assignees") || path.starts_with("member") => {
            Some(Field::Assignees)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use tonic::{Code, Status};
    use tonic_types::{ErrorDetails, StatusExt};

    use super::*;

    fn refused(details: ErrorDetails) -> Error {
        Error::status(
            Status::with_error_details(Code::InvalidArgument, "no", details),
            "http://localhost",
        )
    }

    #[test]
    fn a_refusal_is_told_by_the_columns_of_the_file() {
        let mut details = ErrorDetails::new();
        details.add_bad_request_violation("task.due_time", "is before the start");
        details.add_bad_request_violation("task.assignees[1]", "is too long");
        let fields: Vec<_> = problems(&refused(details))
            .into_iter()
            .map(|problem| problem.field)
            .collect();
        assert_eq!(fields, [Some(Field::Due), Some(Field::Assignees)]);
    }

    #[test]
    fn a_refusal_without_fields_is_of_the_whole_row() {
        let problem = Problem {
            field: None,
            message: "no".to_owned(),
        };
        assert_eq!(problems(&refused(ErrorDetails::new())), [problem]);
    }

    #[test]
    fn only_a_new_effect_counts_as_a_change() {
        let receipt = |events_appended, replayed| {
            Some(CommandReceipt {
                events_appended,
                replayed,
                ..Default::default()
            })
        };
        assert!(changed(receipt(2, false)));
        assert!(!changed(receipt(2, true)));
        assert!(!changed(receipt(0, false)));
    }
}
