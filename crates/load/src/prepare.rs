//! Tasks that exist before the clock starts.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::task::JoinSet;

use crate::{Command, LoadError, Outcome, Sender, command::new_id};

/// Tasks that are created at the same time.
const AT_ONCE: usize = 256;
/// How long an unknown outcome is resolved: a task that may be there is of no use.
const RESOLVE: Duration = Duration::from_secs(30);

/// Creates `count` tasks, spread over `accounts` new accounts, and answers with their names.
///
/// # Errors
/// A task was refused, or it is unknown whether it was created.
pub async fn prepare_tasks(
    senders: &[Sender],
    count: usize,
    accounts: usize,
) -> Result<Vec<String>, LoadError> {
    let subjects = new_accounts(accounts);
    create_tasks(senders, count, &subjects).await
}

/// Names of so many accounts that nobody has used yet; at least one.
pub(crate) fn new_accounts(count: usize) -> Vec<String> {
    // The last digits of such an id differ between runs that begin in the same second.
    let run = new_id().simple().to_string().split_off(20);
    (0..count.max(1))
        .map(|n| format!("accounts/load-{run}-{n}"))
        .collect()
}

/// Creates `count` tasks about these accounts, each in its turn, and answers with their names.
///
/// # Errors
/// A task was refused, or it is unknown whether it was created.
pub(crate) async fn create_tasks(
    senders: &[Sender],
    count: usize,
    subjects: &[String],
) -> Result<Vec<String>, LoadError> {
    let subjects: Arc<[String]> = subjects.into();
    let next = Arc::new(AtomicUsize::new(0));
    let mut creating = JoinSet::new();
    for worker in 0..AT_ONCE.min(count) {
        let sender = senders[worker % senders.len()].clone().resolving(RESOLVE);
        let (next, subjects) = (next.clone(), subjects.clone());
        creating.spawn(async move {
            let mut names = Vec::new();
            loop {
                let n = next.fetch_add(1, Ordering::Relaxed);
                if n >= count {
                    return Ok(names);
                }
                let command = Command::create(subjects[n % subjects.len()].clone());
                match sender.send(&command).await {
                    Outcome::Done(_) => names.push(command.resource().to_owned()),
                    outcome => {
                        let outcome = outcome.to_string();
                        return Err(LoadError::Prepare { outcome });
                    }
                }
            }
        });
    }
    let created: Vec<Vec<String>> = creating
        .join_all()
        .await
        .into_iter()
        .collect::<Result<_, _>>()?;
    Ok(created.into_iter().flatten().collect())
}
