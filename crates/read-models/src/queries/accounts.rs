//! Queries about accounts: themselves, what happened at them, and how much the members have of them.

use handoff_domain::{Partition, names::AccountName};
use handoff_projections::{Source, Take, UnreadableRow};
use tokio_postgres::Row;

use super::{Answer, Consistency, Queries, QueryError, joined};
use crate::{
    accounts::{self, AccountEntry, Accounts},
    filter::Viewer,
    list::{ListRequest, Page},
    members::Members,
    orders::Orders,
    page::MAX_PAGE_SIZE,
    stored::unreadable,
    tasks::Tasks,
    timelines::{self, TaskCaption, TimelineEntry, Timelines},
    workloads::{self, RoleWorkload, WorkloadEntry},
};

// What each list reads, in the order of the schemas in its statements.
const ACCOUNTS: &[Source] = &[Source::of::<Accounts>(), Source::of::<Tasks>()];
const PHONES: &[Source] = &[Source::of::<Accounts>()];
const TIMELINES: &[Source] = &[
    Source::of::<Timelines>(),
    Source::of::<Tasks>(),
    Source::of::<Orders>(),
];
const WORKLOADS: &[Source] = &[
    Source::of::<Members>(),
    Source::of::<Accounts>(),
    Source::of::<Tasks>(),
];

impl Queries {
    /// One account; none if there is none of that name.
    pub async fn get_account(
        &self,
        name: &AccountName,
        consistency: Consistency,
    ) -> Result<Answer<Option<AccountEntry>>, QueryError> {
        let partition = [Partition::of(name.as_str())];
        let answer = self
            .run(
                ACCOUNTS,
                Some(&partition),
                &accounts::one(name),
                consistency,
                account,
            )
            .await?;
        Ok(answer.first())
    }

    /// Accounts; only active ones where the filter asks neither for a status nor for names.
    pub async fn list_accounts(
        &self,
        request: &ListRequest<'_>,
        viewer: &Viewer,
        consistency: Consistency,
    ) -> Result<Answer<Page<AccountEntry>>, QueryError> {
        let mut plan = accounts::LISTING.plan(request, viewer, "", &self.tokens)?;
        plan.condition = accounts::active_unless_asked(plan.condition);
        let answer = self
            .run(ACCOUNTS, None, &accounts::page(&plan), consistency, account)
            .await?;
        Ok(self.page(&plan, answer))
    }

    /// The names of accounts as [`list_accounts`](Self::list_accounts) finds them by a filter, in the order of
    /// the names, after one of them; a page of them, and none at the end.
    pub async fn list_account_names(
        &self,
        filter: &str,
        viewer: &Viewer,
        after: Option<&AccountName>,
        consistency: Consistency,
    ) -> Result<Answer<Vec<AccountName>>, QueryError> {
        let request = ListRequest {
            page_size: MAX_PAGE_SIZE.into(),
            filter,
            order_by: "name",
            ..ListRequest::default()
        };
        let mut plan = accounts::LISTING.plan(&request, viewer, "", &self.tokens)?;
        plan.condition = accounts::active_unless_asked(plan.condition);
        if let Some(after) = after {
            plan.go_on_after(vec![after.to_string()]);
        }
        let Answer { value, position } = self
            .run(ACCOUNTS, None, &accounts::page(&plan), consistency, |row| {
                Take::new(row, 0).parse()
            })
            .await?;
        Ok(Answer {
            value: value.into_iter().map(|(name, _)| name).collect(),
            position,
        })
    }

    /// Whether lists of accounts can be filtered so.
    pub fn check_accounts_filter(&self, filter: &str, viewer: &Viewer) -> Result<(), QueryError> {
        let request = ListRequest {
            filter,
            ..ListRequest::default()
        };
        accounts::LISTING.plan(&request, viewer, "", &self.tokens)?;
        Ok(())
    }

    /// The accounts at which a contact has the number of these digits with its country code: the first
    /// [`CALL_CANDIDATES`](handoff_domain::limits::CALL_CANDIDATES) by name, deactivated ones last.
    pub async fn accounts_with_phone(
        &self,
        digits: &str,
        consistency: Consistency,
    ) -> Result<Answer<Vec<AccountName>>, QueryError> {
        let statement = accounts::with_phone(digits);
        let Answer { value, position } = self
            .run(PHONES, None, &statement, consistency, |row| {
                Take::new(row, 0).parse()
            })
            .await?;
        let value = value.into_iter().map(|(name, _)| name).collect();
        Ok(Answer { value, position })
    }

    /// What happened at an account, the newest first where nothing else is asked for; none if there is
    /// no such account.
    pub async fn list_timeline(
        &self,
        account: &AccountName,
        request: &ListRequest<'_>,
        viewer: &Viewer,
        consistency: Consistency,
    ) -> Result<Answer<Option<Page<TimelineEntry>>>, QueryError> {
        let plan = timelines::LISTING.plan(request, viewer, account.as_str(), &self.tokens)?;
        let partition = [Partition::of(account.as_str())];
        let answer = self
            .run(
                TIMELINES,
                Some(&partition),
                &timelines::page(&plan, account),
                consistency,
                timeline_entry,
            )
            .await?;
        // What has entries exists; of what has none, the accounts know.
        let exists = !answer.value.is_empty()
            || self
                .get_account(account, consistency)
                .await?
                .value
                .is_some();
        let Answer { value, position } = self.page(&plan, answer);
        Ok(Answer {
            value: exists.then_some(value),
            position,
        })
    }

    /// How much each member has, by name where nothing else is asked for.
    pub async fn list_workloads(
        &self,
        request: &ListRequest<'_>,
        viewer: &Viewer,
        consistency: Consistency,
    ) -> Result<Answer<Page<WorkloadEntry>>, QueryError> {
        let plan = workloads::LISTING.plan(request, viewer, "", &self.tokens)?;
        let answer = self
            .run(
                WORKLOADS,
                None,
                &workloads::page(&plan),
                consistency,
                workload,
            )
            .await?;
        Ok(self.page(&plan, answer))
    }
}

fn account(row: &Row) -> Result<AccountEntry, UnreadableRow> {
    let (name, row, mut joined) = joined::<Accounts>(row)?;
    Ok(AccountEntry {
        name,
        row,
        open_tasks: joined.take()?,
    })
}

fn timeline_entry(row: &Row) -> Result<TimelineEntry, UnreadableRow> {
    let (key, row, mut joined) = joined::<Timelines>(row)?;
    let (number, title): (Option<String>, Option<String>) = (joined.take()?, joined.take()?);
    Ok(TimelineEntry {
        key,
        row,
        task: number
            .zip(title)
            .map(|(number, title)| TaskCaption { number, title }),
        order_title: joined.take()?,
    })
}

fn workload(row: &Row) -> Result<WorkloadEntry, UnreadableRow> {
    let mut from = Take::new(row, 0);
    let (member, display_name) = (from.parse()?, from.take()?);
    // The place, which every list has.
    from.take::<Vec<&str>>()?;
    let open_tasks = from.take()?;
    let roles: Vec<&str> = from.take::<Option<_>>()?.unwrap_or_default();
    let mut counts =
        || Ok::<Vec<i64>, UnreadableRow>(from.take::<Option<_>>()?.unwrap_or_default());
    let (active, paused, deactivated) = (counts()?, counts()?, counts()?);
    let roles = roles
        .into_iter()
        .zip(active)
        .zip(paused)
        .zip(deactivated)
        .map(|(((role, active), paused), deactivated)| {
            let role = role.parse().map_err(|error| unreadable(role, error))?;
            Ok(RoleWorkload {
                role,
                active,
                paused,
                deactivated,
            })
        });
    Ok(WorkloadEntry {
        member,
        display_name,
        open_tasks,
        roles: roles.collect::<Result<_, UnreadableRow>>()?,
    })
}
