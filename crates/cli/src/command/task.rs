//! `handoff task`: pieces of work.

mod batch;
mod beginning;
mod call;
mod count;
mod create;
mod fields;
mod find;
mod generate;
mod list;
pub(crate) mod money;
mod notes;
mod progress;
mod update;
mod view;
mod watch;
mod which;
mod why;
mod words;
mod write;

use clap::{Args, Subcommand};
use handoff_proto::v1::{self, task_query_service_client::TaskQueryServiceClient};

use crate::{
    command::{CommandArgs, document},
    error::Error,
    html,
    list::ConsistencyArgs,
    name,
    output::Printer,
    session::{LARGEST_ANSWER, Session},
};

pub(crate) use find::find;
pub(crate) use view::{HEADER_OF_ONE, OF_ORDERS, row_of_one, sentence};
pub(crate) use watch::sign;

use batch::Members;
use call::Call;
use count::TaskCount;
use create::CreateTask;
use generate::GenerateTask;
use list::TaskList;
use notes::TaskNotes;
use update::UpdateTask;
use watch::TaskWatch;
use words::{OpenStatus, Status};

#[derive(Debug, Subcommand)]
pub(crate) enum TaskCommand {
    /// Creates a task
    Create(Box<CreateTask>),
    /// Creates a task from a phone call, about the account whose contact has the number
    Call(Box<Call>),
    /// Reports relevant work, which gives a task if the account is active and wants tasks of its type
    Generate(Box<GenerateTask>),
    /// Shows one task, between the notes of its account and the newest notes on itself
    Show {
        /// The task: its number, id or tasks/ID
        task: String,
        /// Also say by whose request it is whose it is; as JSON, say only that
        #[arg(long)]
        why: bool,
        /// Say why it is this member's [default: yours if it is, else the last change]
        #[arg(long, value_name = "MEMBER", requires = "why")]
        of: Option<String>,
        #[command(flatten)]
        consistency: ConsistencyArgs,
    },
    /// Lists tasks
    List(Box<TaskList>),
    /// Counts tasks, up to 10,000
    Count(Box<TaskCount>),
    /// Shows what changes in a list of tasks, a line for each, until interrupted: + came, ~ changed, - went
    Watch(Box<TaskWatch>),
    /// Shows the notes on a task, the newest first
    Notes(TaskNotes),
    /// Changes fields of a task
    Update(Box<UpdateTask>),
    /// Gives an open task another status; a closed one is reopened instead
    Status {
        #[command(flatten)]
        task: Target,
        /// The status it gets
        #[arg(value_enum)]
        status: Status,
    },
    /// Replaces the members who do a task, or adds some and takes others off
    Assign {
        #[command(flatten)]
        task: Target,
        /// All the members who shall do it
        #[arg(required_unless_present_any = ["nobody", "add", "remove"], conflicts_with_all = ["nobody", "add", "remove"])]
        members: Vec<String>,
        /// Nobody shall do it for now
        #[arg(long, conflicts_with_all = ["add", "remove"])]
        nobody: bool,
        /// A member who shall do it too; may be given several times
        #[arg(long, value_name = "MEMBER")]
        add: Vec<String>,
        /// A member who shall not do it any more; may be given several times
        #[arg(long, value_name = "MEMBER")]
        remove: Vec<String>,
        /// Another task to assign alike; may be given several times
        #[arg(long, value_name = "TASK", conflicts_with = "etag")]
        also: Vec<String>,
    },
    /// Completes a task or many
    Complete {
        #[command(flatten)]
        task: Target,
        /// More tasks to complete
        #[arg(conflicts_with = "etag")]
        more: Vec<String>,
    },
    /// Opens a closed task again
    Reopen {
        #[command(flatten)]
        task: Target,
        /// The status it gets
        #[arg(long, value_enum, default_value_t = OpenStatus::NotStarted)]
        status: OpenStatus,
    },
    /// Cancels a task: it will not be done
    Cancel {
        #[command(flatten)]
        task: Target,
    },
    /// Hides a task everywhere but in history
    Delete {
        #[command(flatten)]
        task: Target,
    },
    /// Brings a deleted task back, by its id or tasks/ID
    Undelete {
        #[command(flatten)]
        task: Target,
    },
    /// Says who is told about a task beside its assignees
    Notify {
        #[command(flatten)]
        task: Target,
        /// All who are told: members, accounts/ID/contacts/ID or e-mail addresses
        #[arg(required_unless_present = "nobody", conflicts_with = "nobody")]
        who: Vec<String>,
        /// They are told of every save
        #[arg(long, conflicts_with = "nobody")]
        on_change: bool,
        /// They are told that it is complete
        #[arg(long, conflicts_with = "nobody")]
        on_complete: bool,
        /// Nobody is told any more
        #[arg(long)]
        nobody: bool,
    },
    /// Adds a note to a task; `handoff task notes` shows it
    Note {
        #[command(flatten)]
        task: Target,
        /// The note, as HTML
        note: String,
        /// For admins only, by an admin
        #[arg(long)]
        internal: bool,
    },
    /// Adds words to find a task by, or takes some away
    Tag {
        #[command(flatten)]
        task: Target,
        /// Words to add
        #[arg(required_unless_present = "remove")]
        tags: Vec<String>,
        /// A word to take away; may be given several times
        #[arg(long, value_name = "TAG")]
        remove: Vec<String>,
    },
    /// Says that two tasks have to do with each other
    Relate {
        #[command(flatten)]
        task: Target,
        /// The other task: its number, id or tasks/ID
        other: String,
        /// They have nothing to do with each other after all
        #[arg(long)]
        undo: bool,
    },
    /// Marks a billable task as billed, by an admin
    Bill {
        #[command(flatten)]
        task: Target,
        /// It is not billed after all
        #[arg(long)]
        undo: bool,
    },
}

/// The task that a command changes.
#[derive(Debug, Args)]
pub(crate) struct Target {
    /// The task: its number, id or tasks/ID
    task: String,
    /// Refuse if the task changed since it was read with this etag
    #[arg(long)]
    etag: Option<String>,
    #[command(flatten)]
    command: CommandArgs,
}

impl Target {
    /// The task and others, and the id of the request.
    fn with(self, others: Vec<String>) -> (Vec<String>, String) {
        let tasks = std::iter::once(self.task).chain(others).collect();
        (tasks, self.command.request_id())
    }
}

impl TaskCommand {
    pub(crate) async fn run(self, session: &Session, printer: &Printer) -> Result<(), Error> {
        match self {
            Self::Create(create) => create.run(session, printer).await,
            Self::Show {
                task,
                why,
                of,
                consistency,
            } => {
                let of = of.as_deref().map(name::member).transpose()?;
                let of = of.unwrap_or_default();
                let name = find(session, &task, consistency.min_position).await?;
                if why && printer.is_json() {
                    return why::show(name, of, consistency.min_position, session, printer).await;
                }
                let request = v1::GetTaskRequest {
                    name,
                    min_position: consistency.min_position,
                };
                let answer = session
                    .call(request, async |service, request| {
                        let client = TaskQueryServiceClient::new(service);
                        client
                            .max_decoding_message_size(LARGEST_ANSWER)
                            .get_task(request)
                            .await
                    })
                    .await?;
                let task = answer.task.unwrap_or_default();
                let shown = task.name.clone();
                if !answer.account_notes.is_empty() && !printer.is_json() {
                    let notes = html::text(&answer.account_notes);
                    printer.line(&format!("Notes of {}:\n{notes}\n", task.subject))?;
                }
                printer.resource(&task)?;
                if !answer.notes.is_empty() && !printer.is_json() {
                    printer.title("Notes")?;
                    notes::show(&answer.notes, printer)?;
                    if !answer.next_notes_page_token.is_empty() {
                        let task = &task.number;
                        printer.note(&format!("There are older ones: handoff task notes {task}"));
                    }
                }
                if !printer.is_json() {
                    document::show(&answer.documents, &task.name, printer)?;
                }
                if why {
                    why::show(shown, of, consistency.min_position, session, printer).await?;
                }
                Ok(())
            }
            Self::Call(call) => call.run(session, printer).await,
            Self::Generate(generate) => generate.run(session, printer).await,
            Self::List(list) => list.run(session, printer).await,
            Self::Count(count) => count.run(session, printer).await,
            Self::Watch(watch) => watch.run(session, printer).await,
            Self::Notes(notes) => notes.run(session, printer).await,
            Self::Assign {
                task,
                members,
                nobody: _,
                add,
                remove,
                also,
            } => {
                let members = Members {
                    all: name::members(&members)?,
                    add: name::members(&add)?,
                    remove: name::members(&remove)?,
                };
                if also.is_empty() {
                    return task.assign(members, session, printer).await;
                }
                let (tasks, id) = task.with(also);
                batch::assign(&tasks, members, &id, session, printer).await
            }
            Self::Complete { task, more } if more.is_empty() => {
                task.complete(session, printer).await
            }
            Self::Complete { task, more } => {
                let (tasks, id) = task.with(more);
                batch::complete(&tasks, &id, session, printer).await
            }
            Self::Reopen { task, status } => task.reopen(status, session, printer).await,
            Self::Update(update) => update.run(session, printer).await,
            Self::Status { task, status } => task.set_status(status, session, printer).await,
            Self::Cancel { task } => task.cancel(session, printer).await,
            Self::Delete { task } => task.delete(session, printer).await,
            Self::Undelete { task } => task.undelete(session, printer).await,
            Self::Notify {
                task,
                who,
                on_change,
                on_complete,
                nobody: _,
            } => {
                task.notify(&who, on_change, on_complete, session, printer)
                    .await
            }
            Self::Note {
                task,
                note,
                internal: false,
            } => task.note(&note, session, printer).await,
            Self::Note { task, note, .. } => task.internal_note(&note, session, printer).await,
            Self::Tag { task, tags, remove } => task.tag(tags, &remove, session, printer).await,
            Self::Relate {
                task,
                other,
                undo: false,
            } => task.relate(&other, session, printer).await,
            Self::Relate { task, other, .. } => task.unrelate(&other, session, printer).await,
            Self::Bill { task, undo } => task.bill(!undo, session, printer).await,
        }
    }
}
