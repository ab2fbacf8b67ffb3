//! Queries about documents.

use chrono::{DateTime, Utc};
use handoff_domain::{
    document::Parent,
    names::{AccountName, DocumentName, OrderName, StreamName},
};
use handoff_projections::{Source, UnreadableRow};
use tokio_postgres::Row;

use super::{Answer, Consistency, Queries, QueryError, joined};
use crate::{
    documents::{self, DocumentEntry, Documents},
    filter::Viewer,
    list::{ListRequest, Page, Statement},
    page::BESIDE_BYTES,
    portal::Portal,
    tasks::Tasks,
};

// In the order of the schemas in the statements.
const DOCUMENTS: &[Source] = &[Source::of::<Documents>(), Source::of::<Tasks>()];
const PORTAL: &[Source] = &[Source::of::<Documents>(), Source::of::<Portal>()];

impl Queries {
    /// One document; none if there is none of that name, or if its parent is deleted.
    pub async fn get_document(
        &self,
        name: &DocumentName,
        consistency: Consistency,
    ) -> Result<Answer<Option<DocumentEntry>>, QueryError> {
        let answer = self
            .run(
                DOCUMENTS,
                None,
                &documents::one(name),
                consistency,
                document,
            )
            .await?;
        Ok(answer.first())
    }

    /// Documents, the newest first where nothing else is asked for.
    pub async fn list_documents(
        &self,
        request: &ListRequest<'_>,
        viewer: &Viewer,
        consistency: Consistency,
    ) -> Result<Answer<Page<DocumentEntry>>, QueryError> {
        let plan = documents::LISTING.plan(request, viewer, "", &self.tokens)?;
        let answer = self
            .run(
                DOCUMENTS,
                None,
                &documents::page(&plan),
                consistency,
                document,
            )
            .await?;
        Ok(self.page(&plan, answer))
    }

    /// The documents on a task, or on a task of an order, active or not, the newest first, at most
    /// [`MOST_OF_ONE`](documents::MOST_OF_ONE).
    pub async fn documents_of(
        &self,
        parent: &Parent,
        consistency: Consistency,
    ) -> Result<Answer<Vec<DocumentEntry>>, QueryError> {
        self.some_documents(&DOCUMENTS[..1], &documents::of_parent(parent), consistency)
            .await
    }

    /// The documents on an order and its tasks, active or not, the newest first, at most
    /// [`MOST_OF_ONE`](documents::MOST_OF_ONE).
    pub async fn documents_of_order(
        &self,
        order: &OrderName,
        consistency: Consistency,
    ) -> Result<Answer<Vec<DocumentEntry>>, QueryError> {
        self.some_documents(&DOCUMENTS[..1], &documents::of_order(order), consistency)
            .await
    }

    /// The documents that the account's contacts see at a moment on a task or an order of it, and on those of the
    /// order's tasks that they see; the newest first, at most [`MOST_OF_ONE`](documents::MOST_OF_ONE).
    pub async fn portal_documents_of(
        &self,
        account: &AccountName,
        of: &StreamName,
        now: DateTime<Utc>,
        consistency: Consistency,
    ) -> Result<Answer<Vec<DocumentEntry>>, QueryError> {
        let statement = documents::shown_to_contacts(account, of, now);
        self.some_documents(PORTAL, &statement, consistency).await
    }

    /// As many as fit in [`BESIDE_BYTES`]: they are shown beside what they are on.
    async fn some_documents(
        &self,
        sources: &[Source],
        statement: &Statement,
        consistency: Consistency,
    ) -> Result<Answer<Vec<DocumentEntry>>, QueryError> {
        let Answer { value, position } = self
            .run(sources, None, statement, consistency, document)
            .await?;
        let fit = value.into_iter().scan(0, |bytes, (entry, place)| {
            *bytes += place.bytes;
            (*bytes <= BESIDE_BYTES).then_some(entry)
        });
        Ok(Answer {
            value: fit.collect(),
            position,
        })
    }
}

fn document(row: &Row) -> Result<DocumentEntry, UnreadableRow> {
    let (name, row, _) = joined::<Documents>(row)?;
    Ok(DocumentEntry { name, row })
}
