//! A policy for the tests whose work is a job: pages of interactions, logged at an account when its assignee
//! changes.

use handoff_domain::{Event, account, names::AccountName};
use handoff_event_log::Recorded;
use handoff_policies::{Decision, Executor, Issue, JobContext, JobError, Outcome, Policy, State};
use handoff_projections::{
    Beginning, FoldError, Put, ReactionError, ReadModel, Rows, Succession, Take, Trigger,
    UnreadableRow,
};
use serde::{Deserialize, Serialize};

use crate::echo::Utterance;

pub(crate) const PAGES: u32 = 8;
pub(crate) const A_PAGE: u32 = 25;

/// It keeps where its triggers are.
pub(crate) struct Paging;

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Pages {
    account: AccountName,
    pages: u32,
}

fn account(recorded: &Recorded, event: &Event) -> Option<AccountName> {
    match event {
        Event::Account(account::Event::RoleAssigned { .. }) => {
            recorded.stream.as_str().parse().ok()
        }
        _ => None,
    }
}

impl ReadModel for Paging {
    const NAME: &'static str = "paging";
    const VERSION: i32 = 1;
    const KEY: &'static [&'static str] = &["position bigint not null"];
    const COLUMNS: &'static [&'static str] = &["account text collate \"C\" not null"];
    const INSERT_ONLY: bool = true;
    const SUCCESSION: Succession = Succession::OneForAll(Beginning::Log);

    type Key = i64;
    type Row = String;

    fn touches(_: &Recorded, _: &Event) -> impl IntoIterator<Item = i64> {
        None
    }

    fn fold(
        rows: &mut Rows<i64, String>,
        recorded: &Recorded,
        event: &Event,
    ) -> Result<(), FoldError> {
        match account(recorded, event) {
            Some(account) => rows.insert(recorded.position.0, account.to_string()),
            None => Ok(()),
        }
    }

    fn put_key(key: &i64, to: &mut Put<'_>) {
        to.put(key);
    }

    fn put_row(row: &String, to: &mut Put<'_>) {
        to.put(row);
    }

    fn take(from: &mut Take<'_>) -> Result<(i64, String), UnreadableRow> {
        Ok((from.take()?, from.take()?))
    }
}

impl Policy for Paging {
    type Command = Utterance;
    type Facts = ();
    type Job = Pages;

    fn key(recorded: &Recorded, event: &Event) -> Option<String> {
        account(recorded, event).map(String::from)
    }

    async fn read(_: &State<'_>, _: Trigger<'_>, _: &[Utterance]) -> Result<(), ReactionError> {
        Ok(())
    }

    fn decide(
        trigger: Trigger<'_>,
        (): (),
        _: Vec<Utterance>,
    ) -> Result<Decision<Self>, FoldError> {
        Ok(match account(trigger.recorded, trigger.event) {
            Some(account) => Decision::job(Pages {
                account,
                pages: PAGES,
            }),
            None => Decision::nothing(),
        })
    }
}

/// Logs the pages. Saves after each which is the next.
pub(crate) struct Pager;

impl Executor<Paging> for Pager {
    async fn run(&self, job: &Pages, context: &JobContext<Paging>) -> Result<(), JobError> {
        for page in context.progress::<u32>()?.unwrap_or(0)..job.pages {
            let says: Vec<_> = (0..A_PAGE)
                .map(|n| Issue {
                    target: format!("{page}/{n}"),
                    command: Utterance::Say {
                        account: job.account.clone(),
                        text: format!("page {page}, {n}"),
                    },
                })
                .collect();
            for outcome in context.submit(&says).await? {
                assert!(matches!(outcome, Outcome::Appended(_)), "{outcome:?}");
            }
            context.save(&(page + 1)).await?;
        }
        Ok(())
    }
}
