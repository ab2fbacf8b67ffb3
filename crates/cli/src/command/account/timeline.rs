//! `handoff account timeline`: what happened at an account.

use clap::{Args, ValueEnum};
use handoff_proto::v1::{
    self, AccountStatus, InteractionKind, TimelineEntry,
    account_query_service_client::AccountQueryServiceClient, timeline_entry::Entry,
};

use super::view::{id, status};
use crate::{
    command::words,
    error::Error,
    filter::Filter,
    html,
    list::{self, ListArgs, Page},
    name,
    output::{Cell, Printer, Row, Tone},
    session::{LARGEST_ANSWER, Session},
    time,
};

/// Seconds from happening to recording within which both are taken for the same moment.
const AT_ONCE: i64 = 60;
/// Most characters of details in one line.
const DETAILS: usize = 200;

#[derive(Debug, Args)]
pub(crate) struct Timeline {
    /// The account: acme or accounts/acme
    account: String,
    /// Only entries of this kind; may be given several times
    #[arg(long, value_enum)]
    kind: Vec<Kind>,
    #[command(flatten)]
    list: ListArgs,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Kind {
    Interaction,
    Question,
    Notes,
    Status,
    Role,
    TaskCreated,
    TaskCompleted,
    ActivityCompleted,
    ActivityNoted,
    ActivityOpen,
    OrderCompleted,
    OrderPlaced,
}

impl Kind {
    /// As filters name it.
    fn value(self) -> &'static str {
        match self {
            Self::Interaction => "INTERACTION",
            Self::Question => "QUESTION",
            Self::Notes => "NOTES",
            Self::Status => "STATUS",
            Self::Role => "ROLE",
            Self::TaskCreated => "TASK_CREATED",
            Self::TaskCompleted => "TASK_COMPLETED",
            Self::ActivityNoted => "ACTIVITY_NOTED",
            Self::ActivityOpen => "ACTIVITY_OPEN",
            Self::ActivityCompleted => "ACTIVITY_COMPLETED",
            Self::OrderPlaced => "ORDER_PLACED",
            Self::OrderCompleted => "ORDER_COMPLETED",
        }
    }
}

impl Timeline {
    pub(super) async fn run(self, session: &Session, printer: &Printer) -> Result<(), Error> {
        let mut filter = Filter::new(self.list.filter.as_deref());
        if !self.kind.is_empty() {
            let kinds = self.kind.iter();
            let kinds: Vec<_> = kinds
                .map(|kind| format!("kind = {}", kind.value()))
                .collect();
            filter = filter.and(format!("({})", kinds.join(" OR ")));
        }
        let request = v1::ListTimelineRequest {
            account: name::account(&self.account)?,
            filter: filter.finish(),
            order_by: self.list.order_by.clone().unwrap_or_default(),
            min_position: self.list.consistency.min_position,
            ..Default::default()
        };
        list::show(&self.list, printer, async |page| {
            entries(session, request.clone(), page).await
        })
        .await
    }
}

/// One page of the request's entries, and the token of the next.
pub(super) async fn entries(
    session: &Session,
    request: v1::ListTimelineRequest,
    page: Page,
) -> Result<(Vec<TimelineEntry>, String), Error> {
    let request = v1::ListTimelineRequest {
        page_size: page.size,
        page_token: page.token,
        ..request
    };
    let answer = session
        .call(request, async |service, request| {
            AccountQueryServiceClient::new(service)
                .max_decoding_message_size(LARGEST_ANSWER)
                .list_timeline(request)
                .await
        })
        .await?;
    Ok((answer.entries, answer.next_page_token))
}

/// What kind of thing happened, and its details.
fn what(entry: &TimelineEntry) -> (String, String) {
    let member = |name: &str| match id(name) {
        "" => "nobody".to_owned(),
        id => id.to_owned(),
    };
    match &entry.entry {
        Some(Entry::Interaction(it)) => {
            let kind = InteractionKind::try_from(it.kind).unwrap_or_default();
            (
                words(kind.as_str_name(), "INTERACTION_KIND_"),
                html::line(&it.details),
            )
        }
        Some(Entry::Question(it)) => {
            let from = match id(&it.contact) {
                "" => String::new(),
                contact => format!("{contact}: "),
            };
            (
                "question".to_owned(),
                format!("{from}{}", html::line(&it.question)),
            )
        }
        Some(Entry::Notes(it)) => (
            "notes saved".to_owned(),
            format!("revision {}", it.notes_revision),
        ),
        Some(Entry::Status(it)) => {
            let word = |status: AccountStatus| words(status.as_str_name(), "ACCOUNT_STATUS_");
            (word(it.status()), format!("was {}", word(it.previous())))
        }
        Some(Entry::Role(it)) => (
            "role".to_owned(),
            format!(
                "{}: {} → {}",
                it.role,
                member(&it.previous),
                member(&it.holder)
            ),
        ),
        Some(Entry::TaskCreated(it)) => (
            "task created".to_owned(),
            format!("{} {}", it.number, it.title),
        ),
        Some(Entry::TaskCompleted(it)) => (
            "task completed".to_owned(),
            format!("{} {}", it.number, it.title),
        ),
        Some(Entry::ActivityNoted(it)) => ("activity".to_owned(), html::line(&it.note)),
        Some(Entry::ActivityOpen(it)) => {
            let assignee = member(&it.assignee);
            let details = format!("{assignee}: {}", html::line(&it.note));
            ("activity due".to_owned(), details)
        }
        Some(Entry::ActivityCompleted(it)) => {
            ("activity completed".to_owned(), html::line(&it.note))
        }
        Some(Entry::OrderPlaced(it)) => (
            "order placed".to_owned(),
            format!("{} {}", id(&it.order), it.title),
        ),
        Some(Entry::OrderCompleted(it)) => (
            "order completed".to_owned(),
            format!("{} {}", id(&it.order), it.title),
        ),
        None => (
            "something newer than this program".to_owned(),
            String::new(),
        ),
    }
}

impl Row for TimelineEntry {
    const HEADER: &'static [&'static str] = &["WHEN", "WHAT", "DETAILS", "BY", "RECORDED"];

    fn row(&self) -> Vec<Cell> {
        let (kind, details) = what(self);
        let kind = match &self.entry {
            Some(Entry::Status(it)) => status(it.status()),
            Some(Entry::Question(_)) => Cell::new(kind, Tone::Warning),
            Some(
                Entry::TaskCompleted(_) | Entry::ActivityCompleted(_) | Entry::OrderCompleted(_),
            ) => Cell::new(kind, Tone::Good),
            _ => kind.into(),
        };
        let late = match (&self.happen_time, &self.record_time) {
            (Some(happened), Some(recorded)) => recorded.seconds - happened.seconds > AT_ONCE,
            _ => false,
        };
        let recorded = if late {
            time::minutes(self.record_time.as_ref())
        } else {
            String::new()
        };
        vec![
            time::minutes(self.happen_time.as_ref()).into(),
            kind,
            html::cut(&details, DETAILS).into(),
            id(&self.actor).into(),
            Cell::new(recorded, Tone::Faint),
        ]
    }
}
