//! Queries about members.

use handoff_domain::{Partition, names::MemberName};
use handoff_projections::{Source, UnreadableRow};
use tokio_postgres::Row;

use super::{Answer, Consistency, Queries, QueryError, joined};
use crate::{
    filter::Viewer,
    list::{ListRequest, Page},
    members::{self, MemberEntry, Members},
};

const MEMBERS: &[Source] = &[Source::of::<Members>()];

impl Queries {
    /// One member; none if there is none of that name.
    pub async fn get_member(
        &self,
        name: &MemberName,
        consistency: Consistency,
    ) -> Result<Answer<Option<MemberEntry>>, QueryError> {
        let partition = [Partition::of(name.as_str())];
        let answer = self
            .run(
                MEMBERS,
                Some(&partition),
                &members::one(name),
                consistency,
                member,
            )
            .await?;
        Ok(answer.first())
    }

    /// Members, enabled or not, by name where nothing else is asked for.
    pub async fn list_members(
        &self,
        request: &ListRequest<'_>,
        viewer: &Viewer,
        consistency: Consistency,
    ) -> Result<Answer<Page<MemberEntry>>, QueryError> {
        let plan = members::LISTING.plan(request, viewer, "", &self.tokens)?;
        let answer = self
            .run(MEMBERS, None, &members::page(&plan), consistency, member)
            .await?;
        Ok(self.page(&plan, answer))
    }
}

fn member(row: &Row) -> Result<MemberEntry, UnreadableRow> {
    let (name, row, _) = joined::<Members>(row)?;
    Ok(MemberEntry { name, row })
}
