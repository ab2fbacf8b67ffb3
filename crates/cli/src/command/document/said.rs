//! What is said about documents, at their upload and later.

use chrono::{DateTime, Utc};
use clap::{Args, ValueEnum};
use handoff_proto::v1::DocumentVisibility;
use prost_types::Timestamp;

use crate::{date, error::Error, time};

#[derive(Debug, Default, Args)]
pub(super) struct SaidArgs {
    /// One of the setting document_categories
    #[arg(long)]
    pub(super) category: Option<String>,
    /// Who may see it besides the team; a new one is as visible as its task unless given
    #[arg(long, value_enum)]
    pub(super) visibility: Option<Visibility>,
    /// What it is in a few words
    #[arg(long, value_name = "TEXT")]
    pub(super) short_description: Option<String>,
    /// What it is in detail
    #[arg(long, value_name = "HTML")]
    pub(super) description: Option<String>,
    /// The date of the document itself: 2026-12-01
    #[arg(long, value_name = "DAY")]
    pub(super) document_date: Option<String>,
    /// From when on contacts see it: 2026-12-01 (from its beginning), "2026-12-01 17:00", today, friday, +3d; in UTC
    #[arg(long, value_name = "DATE")]
    available_from: Option<String>,
    /// Until when contacts see it, written as for --available-from; a day without a time is its end
    #[arg(long, value_name = "DATE")]
    available_until: Option<String>,
}

/// Who may see a document besides the team.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Visibility {
    /// Nobody
    Internal,
    /// The contacts who see its task
    Portal,
}

impl From<Visibility> for DocumentVisibility {
    fn from(visibility: Visibility) -> Self {
        match visibility {
            Visibility::Internal => Self::Internal,
            Visibility::Portal => Self::Portal,
        }
    }
}

impl SaidArgs {
    /// From when on contacts see it, if that is given.
    pub(super) fn available_from(&self, now: DateTime<Utc>) -> Result<Option<Timestamp>, Error> {
        let Some(text) = self.available_from.as_deref() else {
            return Ok(None);
        };
        // A day without a time is its beginning here, and its end everywhere else.
        match date::parse(&format!("{text} 00:00"), now) {
            Ok(instant) => Ok(Some(time::timestamp(instant))),
            Err(_) => moment("--available-from", Some(text), now),
        }
    }

    /// Until when contacts see it, if that is given.
    pub(super) fn available_until(&self, now: DateTime<Utc>) -> Result<Option<Timestamp>, Error> {
        moment("--available-until", self.available_until.as_deref(), now)
    }
}

fn moment(
    option: &str,
    text: Option<&str>,
    now: DateTime<Utc>,
) -> Result<Option<Timestamp>, Error> {
    let Some(text) = text else {
        return Ok(None);
    };
    let instant = date::parse(text, now).map_err(|error| {
        Error::usage(
            format!("{option}: {error}"),
            "Write 2026-12-01, \"2026-12-01 17:00\", today, friday or +3d.",
        )
    })?;
    Ok(Some(time::timestamp(instant)))
}
