//! Queries about activities.

use handoff_domain::names::ActivityName;
use handoff_projections::{Source, UnreadableRow};
use tokio_postgres::Row;

use super::{Answer, Consistency, Queries, QueryError, joined};
use crate::{
    accounts::Accounts,
    activities::{self, Activities, ActivityEntry},
    filter::Viewer,
    list::{ListRequest, Page, Shown},
};

// What each list reads, in the order of the schemas in its statements.
pub(super) const ACTIVITIES: &[Source] = &[Source::of::<Activities>(), Source::of::<Accounts>()];

impl Queries {
    /// One activity, whoever's it is; none if there is none of that name.
    pub async fn get_activity(
        &self,
        name: &ActivityName,
        consistency: Consistency,
    ) -> Result<Answer<Option<ActivityEntry>>, QueryError> {
        let statement = activities::one(name);
        let answer = self
            .run(ACTIVITIES, None, &statement, consistency, activity)
            .await?;
        Ok(answer.first())
    }

    /// Activities that the viewer is shown, by due time where nothing else is asked for.
    pub async fn list_activities(
        &self,
        request: &ListRequest<'_>,
        viewer: &Viewer,
        shown: Shown,
        consistency: Consistency,
    ) -> Result<Answer<Page<ActivityEntry>>, QueryError> {
        let mut plan = activities::LISTING.plan(request, viewer, shown.as_str(), &self.tokens)?;
        plan.condition = activities::shown(plan.condition, shown, viewer);
        let statement = activities::page(&plan);
        let answer = self
            .run(ACTIVITIES, None, &statement, consistency, activity)
            .await?;
        Ok(self.page(&plan, answer))
    }
}

pub(super) fn activity(row: &Row) -> Result<ActivityEntry, UnreadableRow> {
    let (name, row, mut joined) = joined::<Activities>(row)?;
    Ok(ActivityEntry {
        name,
        row,
        account_display_name: joined.take()?,
    })
}
