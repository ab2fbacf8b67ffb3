//! Queries about what is sold.

use handoff_domain::{Revision, names::ServiceName};
use handoff_projections::{Source, Take, UnreadableRow};
use tokio_postgres::Row;

use super::{Answer, Consistency, Queries, QueryError, joined};
use crate::{
    filter::Viewer,
    list::{ListRequest, Page},
    members::Members,
    services::{self, ServiceEntry, ServiceSummary, Services},
    stored::{Json, Stored},
};

// What each reads, in the order of the schemas in its statement.
const ONE: &[Source] = &[Source::of::<Services>(), Source::of::<Members>()];
const LIST: &[Source] = &[Source::of::<Services>()];

impl Queries {
    /// One service with its template; none if there is none of that name.
    pub async fn get_service(
        &self,
        name: &ServiceName,
        consistency: Consistency,
    ) -> Result<Answer<Option<ServiceEntry>>, QueryError> {
        let statement = services::one(name);
        let answer = self
            .run(ONE, None, &statement, consistency, service)
            .await?;
        Ok(answer.first())
    }

    /// Services without their templates, retired ones too, by display name where nothing else is asked for.
    pub async fn list_services(
        &self,
        request: &ListRequest<'_>,
        viewer: &Viewer,
        consistency: Consistency,
    ) -> Result<Answer<Page<ServiceSummary>>, QueryError> {
        let plan = services::LISTING.plan(request, viewer, "", &self.tokens)?;
        let statement = services::page(&plan);
        let answer = self
            .run(LIST, None, &statement, consistency, summary)
            .await?;
        Ok(self.page(&plan, answer))
    }
}

fn service(row: &Row) -> Result<ServiceEntry, UnreadableRow> {
    let (name, row, mut joined) = joined::<Services>(row)?;
    let members = joined.parse_optional()?;
    Ok(ServiceEntry {
        name,
        row,
        members: members.map(|Json(names)| names).unwrap_or_default(),
    })
}

fn summary(row: &Row) -> Result<ServiceSummary, UnreadableRow> {
    let mut from = Take::new(row, 0);
    let name = from.parse()?;
    let Stored(display_name) = from.parse()?;
    Ok(ServiceSummary {
        name,
        display_name,
        description: from.parse_optional()?.map(|Stored(html)| html),
        retired: from.take()?,
        task_count: from.take()?,
        revision: Revision(from.take::<i32>()?.unsigned_abs()),
        created_at: from.take()?,
        updated_at: from.take()?,
    })
}
