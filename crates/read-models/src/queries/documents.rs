//! Queries about documents.

use handoff_domain::{document::Parent, names::DocumentName};
use handoff_projections::{Source, UnreadableRow};
use tokio_postgres::Row;

use super::{Answer, Consistency, Queries, QueryError, joined};
use crate::{
    documents::{self, DocumentEntry, Documents},
    filter::Viewer,
    list::{ListRequest, Page},
    tasks::Tasks,
};

// In the order of the schemas in the statements.
const DOCUMENTS: &[Source] = &[Source::of::<Documents>(), Source::of::<Tasks>()];

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

    /// The documents on a task, active or not, the newest first, at most
    /// [`MOST_OF_ONE`](documents::MOST_OF_ONE).
    pub async fn documents_of(
        &self,
        parent: &Parent,
        consistency: Consistency,
    ) -> Result<Answer<Vec<DocumentEntry>>, QueryError> {
        let statement = documents::of_parent(parent);
        let Answer { value, position } = self
            .run(&DOCUMENTS[..1], None, &statement, consistency, document)
            .await?;
        Ok(Answer {
            value: value.into_iter().map(|(entry, _)| entry).collect(),
            position,
        })
    }
}

fn document(row: &Row) -> Result<DocumentEntry, UnreadableRow> {
    let (name, row, _) = joined::<Documents>(row)?;
    Ok(DocumentEntry { name, row })
}
