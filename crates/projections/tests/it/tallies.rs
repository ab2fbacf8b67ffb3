//! A read model for the tests: of each account, how often its tasks were numbered, and where.

use std::collections::BTreeMap;

use handoff_domain::{Event, account, names::AccountName};
use handoff_event_log::Recorded;
use handoff_projections::{FoldError, Index, Put, ReadModel, Rows, Take, UnreadableRow};

/// Events with this number cannot be folded.
pub(crate) const POISON: u32 = 666;
/// Events with this number remove the row of their account.
pub(crate) const CLEAR: u32 = 7;

/// A row of the read model. Version 2 counts in twos, so that it shows who folded it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Tally {
    pub(crate) count: i64,
    /// Of its events, in order.
    pub(crate) positions: Vec<i64>,
}

pub(crate) struct Tallies<const VERSION: i32>;

impl<const VERSION: i32> ReadModel for Tallies<VERSION> {
    const NAME: &'static str = "tallies";
    const VERSION: i32 = VERSION;
    const KEY: &'static [&'static str] = &["account text collate \"C\" not null"];
    const COLUMNS: &'static [&'static str] =
        &["count bigint not null", "positions bigint[] not null"];
    const INDEXES: &'static [Index] = &[Index {
        name: "rows_count",
        on: "(count)",
    }];

    const TALLIES: bool = true;

    type Key = AccountName;
    type Row = Tally;

    /// All rows are counted, and how many of them have an odd count.
    fn tallies(row: &Tally) -> Vec<handoff_projections::Tally> {
        let tally = |label: &str| handoff_projections::Tally {
            whose: "all".into(),
            label: label.into(),
        };
        let odd = row.count % 2 != 0;
        [tally("rows")]
            .into_iter()
            .chain(odd.then(|| tally("odd")))
            .collect()
    }

    fn touches(recorded: &Recorded, _: &Event) -> impl IntoIterator<Item = AccountName> {
        account(recorded)
    }

    fn fold(
        rows: &mut Rows<AccountName, Tally>,
        recorded: &Recorded,
        event: &Event,
    ) -> Result<(), FoldError> {
        let (Some(account), Event::Account(account::Event::TaskNumbered { n, .. })) =
            (account(recorded), event)
        else {
            return Ok(());
        };
        match *n {
            CLEAR => {
                if rows.get(&account)?.is_some() {
                    rows.remove(&account)?;
                }
            }
            n => {
                let row = rows.get_or_insert_with(&account, || Tally {
                    count: 0,
                    positions: Vec::new(),
                })?;
                row.count += i64::from(VERSION);
                row.positions.push(recorded.position.0);
                // After the change, to see that it is undone.
                if n == POISON {
                    return Err(FoldError::because("poison"));
                }
            }
        }
        Ok(())
    }

    fn put_key(key: &AccountName, to: &mut Put<'_>) {
        to.put(key.as_str());
    }

    fn put_row(row: &Tally, to: &mut Put<'_>) {
        to.put(row.count).put(&row.positions);
    }

    fn take(from: &mut Take<'_>) -> Result<(AccountName, Tally), UnreadableRow> {
        Ok((
            from.parse()?,
            Tally {
                count: from.take()?,
                positions: from.take()?,
            },
        ))
    }
}

fn account(recorded: &Recorded) -> Option<AccountName> {
    recorded.stream.as_str().parse().ok()
}

/// What the rows should be, worked out without any of the machinery.
pub(crate) fn expected(
    events: &[Recorded],
    version: i64,
    skipped: &[i64],
) -> BTreeMap<String, Tally> {
    let mut tallies = BTreeMap::<String, Tally>::new();
    for event in events {
        let position = event.position.0;
        let Ok(Event::Account(account::Event::TaskNumbered { n, .. })) = event.event() else {
            continue;
        };
        if n == POISON || skipped.contains(&position) {
            continue;
        }
        let account = event.stream.as_str();
        if n == CLEAR {
            tallies.remove(account);
        } else {
            let tally = tallies.entry(account.to_owned()).or_insert(Tally {
                count: 0,
                positions: Vec::new(),
            });
            tally.count += version;
            tally.positions.push(position);
        }
    }
    tallies
}

/// The same events as rows that are only ever added.
pub(crate) struct Journal;

impl ReadModel for Journal {
    const NAME: &'static str = "journal";
    const VERSION: i32 = 1;
    const KEY: &'static [&'static str] = &["position bigint not null"];
    const COLUMNS: &'static [&'static str] = &["stream text collate \"C\" not null"];
    const INSERT_ONLY: bool = true;

    type Key = i64;
    type Row = String;

    fn touches(_: &Recorded, _: &Event) -> impl IntoIterator<Item = i64> {
        None
    }

    fn fold(rows: &mut Rows<i64, String>, recorded: &Recorded, _: &Event) -> Result<(), FoldError> {
        rows.insert(recorded.position.0, recorded.stream.to_string())
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
