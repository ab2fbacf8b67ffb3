//! Queries about members: themselves, what they hold, and who else is an admin.

use std::collections::BTreeMap;

use handoff_domain::{
    Partition,
    commands::{Holding, HoldingKind, Holdings},
    names::MemberName,
};
use handoff_projections::{Source, Take, UnreadableRow};
use tokio_postgres::Row;

use super::{Answer, Consistency, Queries, QueryError, joined};
use crate::{
    accounts::Accounts,
    activities::Activities,
    filter::Viewer,
    holdings,
    list::{ListRequest, Page},
    members::{self, MemberEntry, Members},
    orders::Orders,
    services::Services,
    stored::unreadable,
    tasks::Tasks,
};

const MEMBERS: &[Source] = &[Source::of::<Members>()];
// In the order of the schemas in the statement.
const HOLDINGS: &[Source] = &[
    Source::of::<Accounts>(),
    Source::of::<Tasks>(),
    Source::of::<Orders>(),
    Source::of::<Activities>(),
    Source::of::<Services>(),
];

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

    /// What a member holds of accounts and open tasks. What the settings say is not in it.
    pub async fn holdings(
        &self,
        name: &MemberName,
        consistency: Consistency,
    ) -> Result<Answer<Holdings>, QueryError> {
        let statement = holdings::of(name);
        let Answer { value, position } = self
            .run(HOLDINGS, None, &statement, consistency, holding)
            .await?;
        let count = value.first().map_or(0, |((_, count), _)| *count);
        let value = Holdings {
            named: value.into_iter().map(|((holding, _), _)| holding).collect(),
            count,
        };
        Ok(Answer { value, position })
    }

    /// A page of what a member holds of accounts and open tasks, of the kinds that are included, in the order of
    /// [`Holding`], after one of them; at most `limit`, and empty at the end. What the settings say is not in it.
    pub async fn holdings_after(
        &self,
        name: &MemberName,
        includes: impl Fn(HoldingKind) -> bool,
        after: Option<&Holding>,
        limit: usize,
        consistency: Consistency,
    ) -> Result<Answer<Vec<Holding>>, QueryError> {
        let Some(statement) = holdings::after(name, includes, after, limit) else {
            return Ok(Answer {
                value: Vec::new(),
                position: consistency.min_position,
            });
        };
        let Answer { value, position } = self
            .run(HOLDINGS, None, &statement, consistency, holding)
            .await?;
        let value = value.into_iter().map(|((holding, _), _)| holding);
        Ok(Answer {
            value: value.collect(),
            position,
        })
    }

    /// What a member holds, by kind and then by name. Of `request`, the page and a filter over `kind` are
    /// asked for. What the settings say is not in it.
    pub async fn list_holdings(
        &self,
        name: &MemberName,
        request: &ListRequest<'_>,
        viewer: &Viewer,
        consistency: Consistency,
    ) -> Result<Answer<Page<Holding>>, QueryError> {
        let plan = holdings::LISTING.plan(request, viewer, name.as_str(), &self.tokens)?;
        let statement = holdings::page(&plan, name);
        let answer = self
            .run(HOLDINGS, None, &statement, consistency, |row| {
                holding(row).map(|(holding, _)| holding)
            })
            .await?;
        Ok(self.page(&plan, answer))
    }

    /// How much of each kind a member holds. What the settings say is not in it.
    pub async fn count_holdings(
        &self,
        name: &MemberName,
        consistency: Consistency,
    ) -> Result<Answer<BTreeMap<HoldingKind, u64>>, QueryError> {
        let statement = holdings::counts(name);
        let answer = self
            .run(HOLDINGS, None, &statement, consistency, counted)
            .await?;
        let Answer { value, position } = answer.unplaced();
        Ok(Answer {
            value: value.into_iter().collect(),
            position,
        })
    }

    /// Members beside `name` who are admins and may sign in: the first
    /// [`OTHER_ADMINS`](handoff_domain::limits::OTHER_ADMINS) by name.
    pub async fn other_admins(
        &self,
        name: &MemberName,
        consistency: Consistency,
    ) -> Result<Answer<Vec<MemberName>>, QueryError> {
        let statement = members::other_admins(name);
        let Answer { value, position } = self
            .run(MEMBERS, None, &statement, consistency, |row| {
                Take::new(row, 0).parse()
            })
            .await?;
        let value = value.into_iter().map(|(name, _)| name).collect();
        Ok(Answer { value, position })
    }
}

/// One holding, and how many there are.
fn holding(row: &Row) -> Result<(Holding, u64), UnreadableRow> {
    // After the place, which every list has.
    let mut from = Take::new(row, 1);
    let what: &str = from.take()?;
    let kind = HoldingKind::ALL
        .into_iter()
        .find(|kind| kind.as_str() == what);
    let holding = match kind {
        Some(HoldingKind::Role) => Holding::Role {
            account: from.parse()?,
            role: from.parse()?,
        },
        Some(HoldingKind::SupportTeam) => {
            let account = from.parse()?;
            from.take::<Option<&str>>()?;
            Holding::SupportTeam { account }
        }
        Some(HoldingKind::OpenTask) => {
            let task = from.parse()?;
            from.take::<Option<&str>>()?;
            Holding::OpenTask { task }
        }
        Some(HoldingKind::OpenOrderTask) => {
            let task = from.parse()?;
            from.take::<Option<&str>>()?;
            Holding::OpenOrderTask { task }
        }
        Some(HoldingKind::Order) => {
            let order = from.parse()?;
            from.take::<Option<&str>>()?;
            Holding::Order { order }
        }
        Some(HoldingKind::OpenActivity) => {
            let activity = from.parse()?;
            from.take::<Option<&str>>()?;
            Holding::OpenActivity { activity }
        }
        Some(HoldingKind::TemplateTask) => {
            let task = from.parse()?;
            from.take::<Option<&str>>()?;
            Holding::TemplateTask { task }
        }
        Some(HoldingKind::DefaultAssignee) | None => {
            return Err(unreadable(
                what,
                "is nothing that a member can hold of these",
            ));
        }
    };
    let count: i64 = from.take()?;
    Ok((holding, count.unsigned_abs()))
}

/// A kind of holding, and how many there are.
fn counted(row: &Row) -> Result<(HoldingKind, u64), UnreadableRow> {
    let mut from = Take::new(row, 1);
    let what: &str = from.take()?;
    let kind = HoldingKind::ALL
        .into_iter()
        .find(|kind| kind.as_str() == what)
        .ok_or_else(|| unreadable(what, "is nothing that a member can hold"))?;
    Ok((kind, from.take::<i64>()?.unsigned_abs()))
}

fn member(row: &Row) -> Result<MemberEntry, UnreadableRow> {
    let (name, row, _) = joined::<Members>(row)?;
    Ok(MemberEntry { name, row })
}
