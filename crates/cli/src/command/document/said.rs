//! What is said about documents, at their upload and later.

use chrono::{DateTime, Utc};
use clap::{Args, ValueEnum};
use handoff_proto::v1::DocumentVisibility;
use prost_types::Timestamp;

use crate::{
    date::{Calendar, DateError, Moment},
    error::Error,
    session::Session,
    time,
};

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
    /// From when on contacts see it: 2026-12-01 (from its beginning), "2026-12-01 17:00", today, friday, +3d
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
    pub(super) async fn available_from(
        &self,
        session: &Session,
    ) -> Result<Option<Timestamp>, Error> {
        read(
            "--available-from",
            &self.available_from,
            session,
            Calendar::from,
        )
        .await
    }

    /// Until when contacts see it, if that is given.
    pub(super) async fn available_until(
        &self,
        session: &Session,
    ) -> Result<Option<Timestamp>, Error> {
        read(
            "--available-until",
            &self.available_until,
            session,
            Calendar::by,
        )
        .await
    }
}

/// The instant of an option; `instant` says which one a day without a time is.
async fn read(
    option: &str,
    text: &Option<String>,
    session: &Session,
    instant: fn(&Calendar, Moment, &str) -> Result<DateTime<Utc>, DateError>,
) -> Result<Option<Timestamp>, Error> {
    let Some(text) = text else {
        return Ok(None);
    };
    let calendar = session.calendar().await?;
    let moment = calendar.ahead(text);
    let instant = moment
        .and_then(|moment| instant(&calendar, moment, text))
        .map_err(|error| Error::usage(error.to_string(), format!("Correct {option}.")))?;
    Ok(Some(time::timestamp(instant)))
}
