//! `handoff activity`: follow-ups and reminders on accounts.

mod add;
mod change;
mod list;
mod view;

use clap::{Args, Subcommand, ValueEnum};
use handoff_proto::v1::{self, activity_query_service_client::ActivityQueryServiceClient};

use crate::{
    command::CommandArgs, error::Error, list::ConsistencyArgs, name, output::Printer,
    session::Session,
};

pub(crate) use view::sentence;

use add::AddActivity;
use change::UpdateActivity;
use list::ActivityList;

#[derive(Debug, Subcommand)]
pub(crate) enum ActivityCommand {
    /// Adds a follow-up to an account; without --due it is a note in its timeline
    Add(AddActivity),
    /// Lists activities: an admin sees all, others their own and nobody's
    List(ActivityList),
    /// Shows one activity
    Show {
        /// The activity: its id or activities/ID
        activity: String,
        #[command(flatten)]
        consistency: ConsistencyArgs,
    },
    /// Completes an activity that is due
    Complete {
        #[command(flatten)]
        activity: Target,
    },
    /// Opens a complete activity again
    Reopen {
        #[command(flatten)]
        activity: Target,
    },
    /// Gives an activity to a member
    Assign {
        #[command(flatten)]
        activity: Target,
        /// The member whose it shall be
        #[arg(required_unless_present = "nobody", conflicts_with = "nobody")]
        member: Option<String>,
        /// It shall be nobody's: the whole team sees it
        #[arg(long)]
        nobody: bool,
    },
    /// Changes the note or the due time of an activity
    Update(UpdateActivity),
    /// Hides an activity everywhere but in history, for good
    Delete {
        #[command(flatten)]
        activity: Target,
    },
}

/// The statuses of activities.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Status {
    /// Without a due time: a note in the timeline
    Noted,
    /// Still to be done
    Open,
    /// Done
    Complete,
}

/// The activity that a command changes.
#[derive(Debug, Args)]
pub(crate) struct Target {
    /// The activity: its id or activities/ID
    activity: String,
    /// Refuse if the activity changed since it was read with this etag
    #[arg(long)]
    etag: Option<String>,
    #[command(flatten)]
    command: CommandArgs,
}

impl ActivityCommand {
    pub(crate) async fn run(self, session: &Session, printer: &Printer) -> Result<(), Error> {
        match self {
            Self::Add(add) => add.run(session, printer).await,
            Self::List(list) => list.run(session, printer).await,
            Self::Show {
                activity,
                consistency,
            } => {
                let request = v1::GetActivityRequest {
                    name: name::activity(&activity)?,
                    min_position: consistency.min_position,
                };
                let answer = session
                    .call(request, async |service, request| {
                        ActivityQueryServiceClient::new(service)
                            .get_activity(request)
                            .await
                    })
                    .await?;
                Ok(printer.resource(&answer.activity.unwrap_or_default())?)
            }
            Self::Complete { activity } => activity.complete(session, printer).await,
            Self::Reopen { activity } => activity.reopen(session, printer).await,
            Self::Assign {
                activity,
                member,
                nobody: _,
            } => activity.assign(member.as_deref(), session, printer).await,
            Self::Update(update) => update.run(session, printer).await,
            Self::Delete { activity } => activity.delete(session, printer).await,
        }
    }
}
