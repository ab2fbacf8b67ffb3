//! Queries about all open work.

use handoff_projections::{Source, Take, UnreadableRow};
use tokio_postgres::Row;

use super::{Answer, Consistency, Queries, QueryError, activities, tasks};
use crate::{
    activities::{Activities, ActivityEntry},
    filter::Viewer,
    list::{ListRequest, Page, Shown},
    tasks::{TaskEntry, Tasks},
    todo::{self, TodoCounts},
};

// What the counts read, in the order of the schemas in their statement.
const COUNTS: &[Source] = &[Source::of::<Activities>(), Source::of::<Tasks>()];

impl Queries {
    /// The open activities that the viewer is shown, by due time.
    pub async fn list_todo_activities(
        &self,
        request: &ListRequest<'_>,
        viewer: &Viewer,
        shown: Shown,
        consistency: Consistency,
    ) -> Result<Answer<Page<ActivityEntry>>, QueryError> {
        let listing = &todo::activities::LISTING;
        let mut plan = listing.plan(request, viewer, shown.as_str(), &self.tokens)?;
        let statement = todo::activities::page(&mut plan, shown, viewer);
        let answer = self
            .run(
                activities::ACTIVITIES,
                None,
                &statement,
                consistency,
                activities::activity,
            )
            .await?;
        Ok(self.page(&plan, answer))
    }

    /// The open standalone tasks that the viewer is shown, by due time.
    pub async fn list_todo_tasks(
        &self,
        request: &ListRequest<'_>,
        viewer: &Viewer,
        shown: Shown,
        consistency: Consistency,
    ) -> Result<Answer<Page<TaskEntry>>, QueryError> {
        let listing = &todo::tasks::LISTING;
        let mut plan = listing.plan(request, viewer, shown.as_str(), &self.tokens)?;
        let statement = todo::tasks::page(&mut plan, shown, viewer);
        let answer = self
            .run(tasks::TASKS, None, &statement, consistency, tasks::task)
            .await?;
        Ok(self.page(&plan, answer))
    }

    /// How much each of the lists has in all its pages, under one filter; exact.
    pub async fn count_todo(
        &self,
        filter: &str,
        viewer: &Viewer,
        shown: Shown,
        consistency: Consistency,
    ) -> Result<Answer<TodoCounts>, QueryError> {
        let request = ListRequest {
            filter,
            ..ListRequest::default()
        };
        let of_activities = todo::activities::LISTING.plan(&request, viewer, "", &self.tokens)?;
        let of_tasks = todo::tasks::LISTING.plan(&request, viewer, "", &self.tokens)?;
        let statement = todo::counts(&of_activities, &of_tasks, shown, viewer);
        let answer = self
            .run(COUNTS, None, &statement, consistency, counts)
            .await?
            .first();
        Ok(Answer {
            // A sum has a row whatever there is.
            value: answer.value.unwrap_or(TodoCounts {
                activities: 0,
                tasks: 0,
            }),
            position: answer.position,
        })
    }
}

fn counts(row: &Row) -> Result<TodoCounts, UnreadableRow> {
    // The place comes first, which every list has.
    let mut from = Take::new(row, 1);
    Ok(TodoCounts {
        activities: from.take()?,
        tasks: from.take()?,
    })
}
