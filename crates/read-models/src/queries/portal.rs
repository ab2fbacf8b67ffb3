//! What contacts ask about their own account. Every query names the account, and finds nothing of another.

use handoff_domain::names::{AccountName, OrderName, StreamName, TaskName};
use handoff_projections::{Source, Take, UnreadableRow};
use tokio_postgres::Row;

use super::{Answer, Consistency, Queries, QueryError, joined};
use crate::{
    filter::Viewer,
    list::{ListRequest, Page},
    page::BESIDE_BYTES,
    portal::{self, Portal, PortalOrderEntry, PortalTaskEntry},
    portal_notes::{self, PortalNoteEntry, PortalNotes},
    services::Services,
    stored::Json,
};

// What each reads, in the order of the schemas in its statement.
const PORTAL: &[Source] = &[Source::of::<Portal>(), Source::of::<Services>()];
const NOTES: &[Source] = &[Source::of::<PortalNotes>(), Source::of::<Portal>()];

impl Queries {
    /// One task; none if the account's contacts see none of that name.
    pub async fn get_portal_task(
        &self,
        account: &AccountName,
        name: &TaskName,
        consistency: Consistency,
    ) -> Result<Answer<Option<PortalTaskEntry>>, QueryError> {
        let statement = portal::one(account, &name.into());
        let answer = self
            .run(PORTAL, None, &statement, consistency, task)
            .await?;
        Ok(answer.first())
    }

    /// One order; none if the account has none of that name.
    pub async fn get_portal_order(
        &self,
        account: &AccountName,
        name: &OrderName,
        consistency: Consistency,
    ) -> Result<Answer<Option<PortalOrderEntry>>, QueryError> {
        let statement = portal::one(account, &name.into());
        let answer = self
            .run(PORTAL, None, &statement, consistency, order)
            .await?;
        Ok(answer.first())
    }

    /// The tasks that the account's contacts see, by due time where nothing else is asked for.
    pub async fn list_portal_tasks(
        &self,
        account: &AccountName,
        request: &ListRequest<'_>,
        viewer: &Viewer,
        consistency: Consistency,
    ) -> Result<Answer<Page<PortalTaskEntry>>, QueryError> {
        let plan = portal::TASKS.plan(request, viewer, account.as_str(), &self.tokens)?;
        let statement = portal::tasks(&plan, account);
        let answer = self
            .run(PORTAL, None, &statement, consistency, task)
            .await?;
        Ok(self.page(&plan, answer))
    }

    /// The orders of the account, the newest first where nothing else is asked for.
    pub async fn list_portal_orders(
        &self,
        account: &AccountName,
        request: &ListRequest<'_>,
        viewer: &Viewer,
        consistency: Consistency,
    ) -> Result<Answer<Page<PortalOrderEntry>>, QueryError> {
        let plan = portal::ORDERS.plan(request, viewer, account.as_str(), &self.tokens)?;
        let statement = portal::orders(&plan, account);
        let answer = self
            .run(PORTAL, None, &statement, consistency, order)
            .await?;
        Ok(self.page(&plan, answer))
    }

    /// The notes on a task or order that the account's contacts read, the newest first. Of `request`, only
    /// the page is asked for.
    pub async fn list_portal_notes(
        &self,
        account: &AccountName,
        of: &StreamName,
        request: &ListRequest<'_>,
        viewer: &Viewer,
        consistency: Consistency,
    ) -> Result<Answer<Page<PortalNoteEntry>>, QueryError> {
        let scope = format!("{account} {of}");
        let plan = portal_notes::LISTING.plan(request, viewer, &scope, &self.tokens)?;
        let plan = plan.within(BESIDE_BYTES);
        let statement = portal_notes::page(&plan, account, of);
        let answer = self.run(NOTES, None, &statement, consistency, note).await?;
        Ok(self.page(&plan, answer))
    }
}

fn task(row: &Row) -> Result<PortalTaskEntry, UnreadableRow> {
    let mut from = Take::new(row, 0);
    let name = from.parse()?;
    let Json(task) = from.parse()?;
    Ok(PortalTaskEntry { name, task })
}

fn order(row: &Row) -> Result<PortalOrderEntry, UnreadableRow> {
    let mut from = Take::new(row, 0);
    let name = from.parse()?;
    let Json(order) = from.parse()?;
    Ok(PortalOrderEntry {
        name,
        order,
        service_display_name: from.take()?,
    })
}

fn note(row: &Row) -> Result<PortalNoteEntry, UnreadableRow> {
    let (key, row, _) = joined::<PortalNotes>(row)?;
    Ok(PortalNoteEntry { key, row })
}
