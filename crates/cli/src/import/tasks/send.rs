//! Sends rows to the server, each request with an id made from what it says.

use std::{cell::RefCell, collections::HashSet};

use handoff_proto::v1::{
    self, Account, Member, TaskStatus, account_command_service_client::AccountCommandServiceClient,
    member_command_service_client::MemberCommandServiceClient,
    task_command_service_client::TaskCommandServiceClient,
};

use super::{additions::Additions, row::TaskRow, under_way::UnderWay};
use crate::{
    error::Error,
    import::{Outcome, cells::Named, changed, identity::uuid_of},
    session::Session,
    time,
};

/// Names remembered at most. Forgetting one costs a request that changes nothing.
const REMEMBERED: usize = 100_000;

/// Sends the rows of one file.
pub(super) struct Sender<'a> {
    session: &'a Session,
    create_members: bool,
    /// Names of accounts and members that are known to exist.
    known: RefCell<HashSet<String>>,
    under_way: UnderWay,
}

impl<'a> Sender<'a> {
    pub(super) fn new(session: &'a Session, create_members: bool) -> Self {
        Self {
            session,
            create_members,
            known: RefCell::default(),
            under_way: UnderWay::default(),
        }
    }

    /// Creates the row's task, with its account if there is none, and does what the row says besides: each step under an id of its
    /// own, so that an import that broke off goes on where it was.
    pub(super) async fn send(&self, row: &TaskRow) -> Result<Outcome, Error> {
        let creation = self.under_way.begin(format!("tasks/{}", row.identity));
        if let Some(customer) = &row.customer {
            self.ensure_account(customer).await?;
        }
        if self.create_members {
            for member in &row.assignees {
                self.ensure_member(member).await?;
            }
        }
        let created = self.create(row).await?;
        drop(creation);
        let added = Additions {
            session: self.session,
            under_way: &self.under_way,
            row,
        };
        let added = added.send().await?;
        let closed = match row.status {
            TaskStatus::Complete => self.complete(row).await?,
            TaskStatus::Cancelled => self.cancel(row).await?,
            _ => false,
        };
        Ok(if created || added || closed {
            Outcome::Created
        } else {
            Outcome::Unchanged
        })
    }

    /// A task whose due time has passed begins at that time, since none is due before it begins, unless the row says when it
    /// begins. Which of the two requests created it depends on the day of the first import, so a task that exists is looked for
    /// under the other one.
    async fn create(&self, row: &TaskRow) -> Result<bool, Error> {
        if row.task.start_time.is_some() {
            return self.create_starting(row, false).await;
        }
        let overdue = row.due.is_some_and(|due| due < self.session.now());
        match self.create_starting(row, overdue).await {
            Err(error) if error.is_already_exists() && row.due.is_some() => {
                self.create_starting(row, !overdue).await
            }
            result => result,
        }
    }

    async fn create_starting(&self, row: &TaskRow, at_due_time: bool) -> Result<bool, Error> {
        let status = match row.status {
            TaskStatus::Complete | TaskStatus::Cancelled => TaskStatus::NotStarted,
            open => open,
        };
        let mut task = row.task.clone();
        task.set_status(status);
        if at_due_time {
            task.start_time = row.due.map(time::timestamp);
        }
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

    async fn cancel(&self, row: &TaskRow) -> Result<bool, Error> {
        let request_id = uuid_of(&["cancel", &row.identity.to_string()]).to_string();
        let request = v1::CancelTaskRequest {
            name: format!("tasks/{}", row.identity),
            request_id: request_id.clone(),
            ..Default::default()
        };
        let answer = self
            .session
            .command(&request_id, request, async |service, request| {
                TaskCommandServiceClient::new(service)
                    .cancel_task(request)
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
