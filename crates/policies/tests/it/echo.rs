//! A policy for the tests: at each change of an account's assignee it logs some interactions there, which say
//! how many such changes its state has counted.

use handoff_domain::{
    Command, Event, Rejection, account,
    account::InteractionKind,
    commands::{CompleteTask, LogInteraction},
    names::AccountName,
    text::Html,
};
use handoff_event_log::Recorded;
use handoff_policies::{Decision, Intent, Issue, Issued, NoJob, Policy, State};
use handoff_projections::{
    Beginning, FoldError, Put, ReactionError, ReadModel, Rows, Succession, Take, Trigger,
    UnreadableRow,
};
use serde::{Deserialize, Serialize};
use tokio_postgres::types::Type;

/// How many interactions it logs at each trigger.
pub(crate) const SAYS: usize = 12;
/// A holder at whom the decision fails.
pub(crate) const POISON: &str = "members/dan";

/// A row counts the changes of an account's assignee.
pub(crate) struct Echo<const VERSION: i32, const PRESENT: bool = false>;

/// What it issues.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum Utterance {
    Say {
        account: AccountName,
        text: String,
    },
    /// Is rejected: there is no such task.
    Vain,
}

impl Intent for Utterance {
    fn request(&self) -> &'static str {
        "Utter"
    }

    fn command(&self) -> Box<dyn Command> {
        match self {
            Self::Say { account, text } => Box::new(LogInteraction {
                account: account.clone(),
                kind: InteractionKind::Email,
                details: Some(Html::new(text).unwrap()),
                happened_at: None,
            }),
            Self::Vain => Box::new(CompleteTask {
                name: "tasks/there-is-none".parse().unwrap(),
            }),
        }
    }
}

/// The account of an event that counts.
fn assigned(recorded: &Recorded, event: &Event) -> Option<AccountName> {
    match event {
        Event::Account(account::Event::RoleAssigned { .. }) => {
            recorded.stream.as_str().parse().ok()
        }
        _ => None,
    }
}

impl<const VERSION: i32, const PRESENT: bool> ReadModel for Echo<VERSION, PRESENT> {
    const NAME: &'static str = "echo";
    const VERSION: i32 = VERSION;
    const KEY: &'static [&'static str] = &["account text collate \"C\" not null"];
    const COLUMNS: &'static [&'static str] = &["count bigint not null"];
    const SUCCESSION: Succession = Succession::OneForAll(match PRESENT {
        true => Beginning::Present,
        false => Beginning::Log,
    });

    type Key = AccountName;
    type Row = i64;

    fn touches(recorded: &Recorded, event: &Event) -> impl IntoIterator<Item = AccountName> {
        assigned(recorded, event)
    }

    fn fold(
        rows: &mut Rows<AccountName, i64>,
        recorded: &Recorded,
        event: &Event,
    ) -> Result<(), FoldError> {
        if let Some(account) = assigned(recorded, event) {
            *rows.get_or_insert_with(&account, || 0)? += 1;
        }
        Ok(())
    }

    fn put_key(key: &AccountName, to: &mut Put<'_>) {
        to.put(key.as_str());
    }

    fn put_row(row: &i64, to: &mut Put<'_>) {
        to.put(row);
    }

    fn take(from: &mut Take<'_>) -> Result<(AccountName, i64), UnreadableRow> {
        Ok((from.parse()?, from.take()?))
    }
}

impl<const VERSION: i32, const PRESENT: bool> Policy for Echo<VERSION, PRESENT> {
    type Command = Utterance;
    type Facts = i64;
    type Job = NoJob;

    fn key(recorded: &Recorded, event: &Event) -> Option<String> {
        assigned(recorded, event).map(String::from)
    }

    async fn read(
        state: &State<'_>,
        trigger: Trigger<'_>,
        _: &[Utterance],
    ) -> Result<i64, ReactionError> {
        let account = trigger.recorded.stream.as_str();
        let rows = state
            .query(
                |table| format!("select count from {table} where account = $1 and partition = $2"),
                &[(&account, Type::TEXT), (&state.partition(), Type::INT2)],
            )
            .await?;
        Ok(rows.first().map_or(Ok(0), |row| row.try_get(0))?)
    }

    fn decide(
        trigger: Trigger<'_>,
        count: i64,
        _: Vec<Utterance>,
    ) -> Result<Decision<Self>, FoldError> {
        let Event::Account(account::Event::RoleAssigned { holder, .. }) = trigger.event else {
            return Ok(Decision::nothing());
        };
        if holder.as_str() == POISON {
            return Err(FoldError::because("poison"));
        }
        let account: AccountName = trigger.recorded.stream.as_str().parse().unwrap();
        let says = (0..SAYS).map(|n| Issue {
            target: n.to_string(),
            command: Utterance::Say {
                account: account.clone(),
                text: format!("version {VERSION}, change {count}, {n}"),
            },
        });
        let vain = Issue {
            target: "vain".to_owned(),
            command: Utterance::Vain,
        };
        Ok(Decision::commands(says.chain([vain]).collect()))
    }

    fn rejected(issued: &Issued<Utterance>, rejection: &Rejection) -> Vec<Issue<Utterance>> {
        let Rejection::NotFound { .. } = rejection else {
            return Vec::new();
        };
        assert_eq!(issued.command, Utterance::Vain);
        vec![
            Issue {
                target: "sorry".to_owned(),
                command: Utterance::Say {
                    account: "accounts/sorry".parse().unwrap(),
                    text: format!("rejected: {}", issued.cause.position),
                },
            },
            // Is rejected too, and that is the end of it.
            Issue {
                target: "vain again".to_owned(),
                command: Utterance::Vain,
            },
        ]
    }
}
