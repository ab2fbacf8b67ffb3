//! `handoff projections`: for operators.

mod view;

use std::time::Duration;

use clap::{Args, Subcommand};
use handoff_proto::v1::{self, Projection, projection_service_client::ProjectionServiceClient};

use crate::{error::Error, name, output::Printer, session::Session};

/// How often to look how far a rebuild is.
const LOOK_EVERY: Duration = Duration::from_millis(200);

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct ProjectionsCommand {
    #[command(subcommand)]
    action: Option<Action>,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Lists all projections; the default
    List,
    /// Shows one projection with its generations, and the events that cannot be applied
    Show(Name),
    /// Builds a read model anew from the log, while the old one answers
    Rebuild {
        #[command(flatten)]
        name: Name,
        /// Return at once, rather than when the new one answers
        #[arg(long)]
        no_wait: bool,
    },
    /// Stops applying events
    Pause(Name),
    /// Goes on where it was paused
    Resume(Name),
    /// Tries events again that could not be applied
    Retry {
        #[command(flatten)]
        name: Name,
        /// Only this partition, 0 to 63 [default: all that have stopped]
        #[arg(long)]
        partition: Option<i32>,
    },
    /// Leaves an event out for good that cannot be applied
    Skip {
        #[command(flatten)]
        name: Name,
        /// The partition that has stopped, 0 to 63
        #[arg(long)]
        partition: i32,
        /// Position of the event
        #[arg(long)]
        position: i64,
        /// Why it may be left out; kept for good
        #[arg(long)]
        reason: String,
    },
}

#[derive(Debug, Args)]
struct Name {
    /// The projection: tasks or projections/tasks
    projection: String,
}

impl Name {
    fn full(&self) -> Result<String, Error> {
        name::projection(&self.projection)
    }
}

impl ProjectionsCommand {
    pub(crate) async fn run(self, session: &Session, printer: &Printer) -> Result<(), Error> {
        let projection = match self.action.unwrap_or(Action::List) {
            Action::List => {
                let answer = session
                    .call(v1::ListProjectionsRequest {}, async |service, request| {
                        ProjectionServiceClient::new(service)
                            .list_projections(request)
                            .await
                    })
                    .await?;
                return Ok(printer.rows(&answer.projections)?);
            }
            Action::Show(name) => get(session, name.full()?).await?,
            Action::Rebuild { name, no_wait } => {
                return rebuild(session, printer, name.full()?, !no_wait).await;
            }
            Action::Pause(name) => {
                let request = v1::PauseProjectionRequest { name: name.full()? };
                let answer = session
                    .call(request, async |service, request| {
                        ProjectionServiceClient::new(service)
                            .pause_projection(request)
                            .await
                    })
                    .await?;
                answer.projection.unwrap_or_default()
            }
            Action::Resume(name) => {
                let request = v1::ResumeProjectionRequest { name: name.full()? };
                let answer = session
                    .call(request, async |service, request| {
                        ProjectionServiceClient::new(service)
                            .resume_projection(request)
                            .await
                    })
                    .await?;
                answer.projection.unwrap_or_default()
            }
            Action::Retry { name, partition } => {
                let request = v1::RetryParkedRequest {
                    name: name.full()?,
                    partition,
                };
                let answer = session
                    .call(request, async |service, request| {
                        ProjectionServiceClient::new(service)
                            .retry_parked(request)
                            .await
                    })
                    .await?;
                let sentence = format!("{} partitions try again.", answer.retried_count);
                return Ok(printer.done(&answer, &sentence)?);
            }
            Action::Skip {
                name,
                partition,
                position,
                reason,
            } => {
                let request = v1::SkipParkedRequest {
                    name: name.full()?,
                    partition,
                    position,
                    reason,
                };
                let answer = session
                    .call(request, async |service, request| {
                        ProjectionServiceClient::new(service)
                            .skip_parked(request)
                            .await
                    })
                    .await?;
                answer.projection.unwrap_or_default()
            }
        };
        Ok(printer.resource(&projection)?)
    }
}

async fn get(session: &Session, name: String) -> Result<Projection, Error> {
    let request = v1::GetProjectionRequest { name };
    let answer = session
        .call(request, async |service, request| {
            ProjectionServiceClient::new(service)
                .get_projection(request)
                .await
        })
        .await?;
    Ok(answer.projection.unwrap_or_default())
}

async fn rebuild(
    session: &Session,
    printer: &Printer,
    name: String,
    wait: bool,
) -> Result<(), Error> {
    let request = v1::RebuildProjectionRequest { name: name.clone() };
    let answer = session
        .call(request, async |service, request| {
            ProjectionServiceClient::new(service)
                .rebuild_projection(request)
                .await
        })
        .await?;
    if !wait {
        let sentence = format!("Generation {} of {name} is being built.", answer.generation);
        return Ok(printer.done(&answer, &sentence)?);
    }
    let bar = printer.progress(0, "{wide_bar} {human_pos}/{human_len} positions  {eta}");
    loop {
        let projection = get(session, name.clone()).await?;
        // A later one answers too, if someone asked for another meanwhile.
        if projection.generation >= answer.generation {
            bar.finish_and_clear();
            let sentence = format!(
                "Generation {} of {name} answers now.",
                projection.generation
            );
            return Ok(printer.done(&projection, &sentence)?);
        }
        let Some(building) = projection
            .generations
            .iter()
            .find(|generation| generation.generation == answer.generation)
        else {
            bar.finish_and_clear();
            return Err(Error::Failed(format!(
                "generation {} of {name} was given up; the old one answers",
                answer.generation
            )));
        };
        bar.set_length(u64::try_from(projection.head_position).unwrap_or(0));
        bar.set_position(u64::try_from(building.included_position).unwrap_or(0));
        tokio::time::sleep(LOOK_EVERY).await;
    }
}
