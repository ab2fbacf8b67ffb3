//! What a projector has done beside its batches: a build, and the dropping of what nobody uses.

use std::time::Duration;

use tokio::{task::JoinHandle, time::Instant};
use tokio_util::sync::CancellationToken;

use crate::{
    environment::Environment, error::ProjectorError, fold::describe, generations, model::ReadModel,
    rebuild::rebuild,
};

/// The wait before a build that failed, or that another instance is at, is tried again.
const TRY_AGAIN: Duration = Duration::from_secs(1);

/// The tasks beside a projector's batches; at most one of each kind runs. They end with `shutdown`, or
/// when this is dropped.
pub(crate) struct Background {
    environment: Environment,
    ended: CancellationToken,
    build: Task,
    sweep: Task,
}

struct Task {
    running: Option<JoinHandle<()>>,
    again_at: Instant,
}

impl Background {
    pub(crate) fn new(environment: Environment, shutdown: &CancellationToken) -> Self {
        Self {
            environment,
            ended: shutdown.child_token(),
            build: Task::new(),
            sweep: Task::new(),
        }
    }

    /// Starts what is to be done. `building` is the generation that is to be built.
    pub(crate) fn see<M: ReadModel>(&mut self, building: Option<i32>) {
        let environment = &self.environment;
        let kept = environment.settings.kept;
        if let Some(generation) = building {
            let environment = environment.clone();
            self.build
                .start::<M>(&self.ended, TRY_AGAIN, "build a generation", async move {
                    rebuild::<M>(&environment, generation).await
                });
        }
        let environment = environment.clone();
        self.sweep.start::<M>(
            &self.ended,
            kept / 10,
            "drop generations that nobody uses",
            async move {
                let mut client = environment.connect::<M>().await?;
                // A reader that is still at one is waited for another time.
                client.batch_execute("set lock_timeout = '2s'").await?;
                generations::drop_unused(&mut client, M::NAME, kept).await
            },
        );
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        self.ended.cancel();
    }
}

impl Task {
    fn new() -> Self {
        Self {
            running: None,
            again_at: Instant::now(),
        }
    }

    fn start<M: ReadModel>(
        &mut self,
        ended: &CancellationToken,
        pause: Duration,
        what: &'static str,
        work: impl Future<Output = Result<(), ProjectorError>> + Send + 'static,
    ) {
        let running = self
            .running
            .as_ref()
            .is_some_and(|task| !task.is_finished());
        if running || Instant::now() < self.again_at {
            return;
        }
        self.again_at = Instant::now() + pause;
        let work = async move {
            if let Err(error) = work.await {
                tracing::warn!(
                    projection = M::NAME,
                    error = describe(&error),
                    "could not {what}, trying again"
                );
            }
        };
        let ended = ended.clone();
        self.running = Some(tokio::spawn(async move {
            ended.run_until_cancelled(work).await;
        }));
    }
}
