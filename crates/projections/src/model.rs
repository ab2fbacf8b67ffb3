//! What a read model says about itself; everything else is the runtime's.

use std::{fmt::Debug, hash::Hash};

use handoff_domain::Event;
use handoff_event_log::Recorded;

use crate::{
    columns::{Put, Take, UnreadableRow},
    rows::{FoldError, Rows},
    tally::Tally,
};

/// A read model: a table of rows, each a fold of the events that touch it.
///
/// A generation of it is one schema, `<NAME>_<generation>`, with one table, `rows`. Its columns are
/// `partition smallint not null`, which the runtime fills, then those of [`KEY`](Self::KEY), then those of
/// [`COLUMNS`](Self::COLUMNS); its primary key is the key's columns and the partition.
///
/// A fold sees the rows of its event's partition only, so that partitions can be folded apart. What
/// is not kept by partition (a sum about a member) is summed over the partitions when it is read.
pub trait ReadModel: Send + Sync + 'static {
    /// Its id in names of projections, schemas and metrics: `[a-z][a-z_]*`.
    const NAME: &'static str;
    /// The version of fold and table, from 1. Raise it with each change of either: a generation of
    /// the new version is then built from the log while the old one serves.
    const VERSION: i32;
    /// The key's columns as in `create table`: `task text collate "C" not null`. Without the partition.
    const KEY: &'static [&'static str];
    /// The other columns as in `create table`.
    const COLUMNS: &'static [&'static str];
    /// Of the columns those that readers may not select, by name: what only the fold asks of a row. The database
    /// refuses them to the role `handoff_reader`, whatever a query says.
    const WITHHELD: &'static [&'static str] = &[];
    /// Functions by which readers get of withheld columns what a row lets them see.
    const GATES: &'static [Gate] = &[];
    /// The secondary indexes.
    const INDEXES: &'static [Index] = &[];
    /// How its generations follow each other.
    const SUCCESSION: Succession = Succession::EachVersion;
    /// Whether events only ever add rows: then [`touches`](Self::touches) is not asked, nothing is loaded,
    /// and [`Rows::insert`] is all that the fold may use.
    const INSERT_ONLY: bool = false;
    /// Whether tallies of the rows are kept, in the table `tallies` beside `rows`: see [`tallies`](Self::tallies).
    /// Not where rows are only ever added.
    const TALLIES: bool = false;

    /// What tells the rows of one partition apart.
    type Key: Clone + Eq + Ord + Hash + Debug + Send + Sync + 'static;
    /// What a row holds besides its key.
    type Row: Clone + PartialEq + Send + Sync + 'static;

    /// The keys of all rows that the fold of this event may ask for, whether they exist or not; the
    /// runtime loads them before the fold. Empty for an event that does not concern the read model. What
    /// the fold only writes, by [`Rows::replace`] and [`Rows::discard`], need not be among them.
    fn touches(recorded: &Recorded, event: &Event) -> impl IntoIterator<Item = Self::Key>;

    /// Applies one event to the rows of its partition. Pure: the same rows and event give the same
    /// rows. Events come in the order of their positions within the partition, each once.
    ///
    /// # Errors
    /// The event cannot follow the rows as they are. What the fold has changed so far is forgotten;
    /// the partition stops before this event until an operator retries or skips it.
    fn fold(
        rows: &mut Rows<Self::Key, Self::Row>,
        recorded: &Recorded,
        event: &Event,
    ) -> Result<(), FoldError>;

    /// The tallies in which a row counts, each once; only asked where there are [`TALLIES`](Self::TALLIES).
    fn tallies(_row: &Self::Row) -> Vec<Tally> {
        Vec::new()
    }

    /// Puts the values of the columns of [`KEY`](Self::KEY), in their order.
    fn put_key(key: &Self::Key, to: &mut Put<'_>);

    /// Puts the values of the columns of [`COLUMNS`](Self::COLUMNS), in their order.
    fn put_row(row: &Self::Row, to: &mut Put<'_>);

    /// Takes a key and a row from the columns of `KEY` and `COLUMNS`, in their order.
    fn take(from: &mut Take<'_>) -> Result<(Self::Key, Self::Row), UnreadableRow>;
}

/// How the generations of a read model follow each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Succession {
    /// Each version has a live generation of its own, and a new one may be further than the one it
    /// replaces: rows that are read.
    EachVersion,
    /// One generation is live, of whatever version, and a new one takes over behind exactly the events
    /// that the one before it has applied: the state of a policy, which acts on each event once. The
    /// first one begins where it is said. An older version takes over from a newer one that nobody has
    /// run for as long as unused generations are kept.
    OneForAll(Beginning),
}

/// Where the first generation of [`Succession::OneForAll`] begins to follow the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Beginning {
    /// At the first event: what happened before is acted on too.
    Log,
    /// About at the end of the log, with rows that include it.
    Present,
}

/// A secondary index of a read model's table. Its comment says which query it serves.
#[derive(Debug, Clone, Copy)]
pub struct Index {
    /// Its name, `rows_…`: it stands in the schema of the generation.
    pub name: &'static str,
    /// What follows `create index NAME on SCHEMA.rows`: `(due, task)` or `using gin (assignees)`.
    pub on: &'static str,
}

/// A function in the schema of a generation that runs with the rights of who owns the table.
#[derive(Debug, Clone, Copy)]
pub struct Gate {
    /// Its name and the types of its arguments: `note(text, integer)`.
    pub signature: &'static str,
    /// What follows `create function SCHEMA.`, up to the body; `{schema}` stands for the schema.
    pub head: &'static str,
    /// The body, in PL/pgSQL; `{schema}` stands for the schema.
    pub body: &'static str,
}
