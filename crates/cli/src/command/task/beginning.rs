//! What is given only when a task is created; later it has commands of its own.

use clap::Args;
use handoff_proto::v1::{Task, TaskNotify, TaskStatus};

use super::{find, words::OpenStatus, write::recipient};
use crate::{error::Error, name, session::Session};

#[derive(Debug, Args)]
pub(crate) struct BeginningArgs {
    /// Id of the new task [default: a new UUID]
    #[arg(long)]
    pub(super) id: Option<String>,
    /// How far it is
    #[arg(long, value_enum, default_value_t = OpenStatus::NotStarted)]
    status: OpenStatus,
    /// A member who does it; may be given several times [default: whoever has the account]
    #[arg(long, value_name = "MEMBER")]
    assign: Vec<String>,
    /// A task that has to do with it: its number, id or tasks/ID; may be given several times
    #[arg(long, value_name = "TASK")]
    related: Vec<String>,
    /// Somebody who is told beside those who do it: a member, accounts/ID/contacts/ID or an e-mail address; may be given several times
    #[arg(long, value_name = "WHO")]
    notify: Vec<String>,
    /// They are told of every save
    #[arg(long, requires = "notify")]
    on_change: bool,
    /// They are told that it is complete
    #[arg(long, requires = "notify")]
    on_complete: bool,
    /// The tracker integration takes it up too
    #[arg(long)]
    save_to_tracker: bool,
}

impl BeginningArgs {
    /// Gives the new task what is there.
    pub(super) async fn give(self, task: &mut Task, session: &Session) -> Result<(), Error> {
        task.set_status(TaskStatus::from(self.status));
        task.assignees = name::members(&self.assign)?;
        for related in &self.related {
            task.related_tasks.push(find(session, related, 0).await?);
        }
        if !self.notify.is_empty() {
            let recipients: Result<_, Error> =
                self.notify.iter().map(|who| recipient(who)).collect();
            task.notify = Some(TaskNotify {
                recipients: recipients?,
                on_change: self.on_change,
                on_complete: self.on_complete,
            });
        }
        task.save_to_tracker = self.save_to_tracker;
        Ok(())
    }
}
