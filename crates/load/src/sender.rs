//! Sends one command until its outcome is known, or once.

use std::time::{Duration, Instant};

use tokio::time::sleep;
use uuid::Uuid;

use crate::{Client, Command, Outcome, Recorder, command::new_id, outcome::RESOURCE_EXHAUSTED};

/// The wait before the second try; each later one is twice as long, up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
/// The deadline of a try where an unknown outcome is to be resolved and nothing else is said.
const DEADLINE_WHEN_RESOLVING: Duration = Duration::from_secs(5);

/// How often and how long a command is tried.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tries {
    /// The deadline of each try; none: as long as the server takes.
    pub timeout: Option<Duration>,
    /// How long an unknown outcome is resolved, by sending the same request again; none: not at all.
    pub resolve: Option<Duration>,
}

/// Sends commands and records the tries.
#[derive(Clone)]
pub struct Sender {
    /// The first one gets the first try, and so on, round and round.
    clients: Vec<Client>,
    tries: Tries,
    recorder: Option<Recorder>,
}

impl Sender {
    pub fn new(client: Client, tries: Tries, recorder: Option<Recorder>) -> Self {
        let timeout = match tries.resolve {
            Some(_) => tries.timeout.or(Some(DEADLINE_WHEN_RESOLVING)),
            None => tries.timeout,
        };
        Self {
            clients: vec![client],
            tries: Tries { timeout, ..tries },
            recorder,
        }
    }

    /// The same, but tries after the first go to these in turn too: the replicas of one service know
    /// of each other's commands.
    pub fn or_to(mut self, others: impl IntoIterator<Item = Client>) -> Self {
        self.clients.extend(others);
        self
    }

    /// The same, but unknown outcomes are resolved for at least so long.
    pub(crate) fn resolving(self, resolve: Duration) -> Self {
        let resolve = self.tries.resolve.map_or(resolve, |own| own.max(resolve));
        let tries = Tries {
            resolve: Some(resolve),
            ..self.tries
        };
        Self {
            tries: Tries {
                timeout: tries.timeout.or(Some(DEADLINE_WHEN_RESOLVING)),
                ..tries
            },
            ..self
        }
    }

    /// Sends a command under an id of its own. The outcome is that of the last try.
    pub async fn send(&self, command: &Command) -> Outcome {
        self.send_as(new_id(), command).await
    }

    /// Sends a command under this id.
    pub async fn send_as(&self, request_id: Uuid, command: &Command) -> Outcome {
        let began = Instant::now();
        let mut pause = FIRST_PAUSE;
        let mut attempt: u32 = 1;
        loop {
            let sent = Instant::now();
            let client = &self.clients[(attempt as usize - 1) % self.clients.len()];
            let outcome = command.send(client, request_id, self.tries.timeout).await;
            if let Some(recorder) = &self.recorder {
                recorder
                    .record(command, request_id, attempt, sent, &outcome)
                    .await;
            }
            let resolved = match &outcome {
                Outcome::Done(_) => true,
                // A full queue leaves open what became of the tries before.
                Outcome::Refused { code, .. } => attempt == 1 || *code != RESOURCE_EXHAUSTED,
                Outcome::Unknown { .. } => false,
            };
            match self.tries.resolve {
                Some(resolve) if !resolved && began.elapsed() < resolve => {}
                _ => return outcome,
            }
            sleep(pause).await;
            pause = LONGEST_PAUSE.min(pause * 2);
            attempt += 1;
        }
    }
}
