//! Queries about all open work.

use handoff_projections::{ReadModel, Source, Take, UnreadableRow};
use tokio_postgres::Row;

use super::{Answer, Consistency, Queries, QueryError, activities, tasks};
use crate::{
    activities::{Activities, ActivityEntry},
    filter::Viewer,
    list::{ListRequest, Listing, Page, Shown, Statement},
    tasks::{TaskEntry, Tasks},
    todo::{self, CountedTodo, TodoCounts},
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

    /// The open tasks of open orders that the viewer is shown, by due time.
    pub async fn list_todo_order_tasks(
        &self,
        request: &ListRequest<'_>,
        viewer: &Viewer,
        shown: Shown,
        consistency: Consistency,
    ) -> Result<Answer<Page<TaskEntry>>, QueryError> {
        let listing = &todo::order_tasks::LISTING;
        let mut plan = listing.plan(request, viewer, shown.as_str(), &self.tokens)?;
        let statement = todo::order_tasks::page(&mut plan, shown, viewer);
        let answer = self
            .run(tasks::TASKS, None, &statement, consistency, tasks::task)
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
        let statement = self.todo_counts(filter, viewer, shown)?;
        let answer = self
            .run(COUNTS, None, &statement, consistency, counts)
            .await?
            .first();
        Ok(Answer {
            // A sum has a row whatever there is.
            value: answer.value.unwrap_or_default(),
            position: answer.position,
        })
    }

    /// The same with how far each partition is counted, for who goes on counting by the events that follow.
    pub async fn count_todo_to_follow(
        &self,
        filter: &str,
        viewer: &Viewer,
        shown: Shown,
        consistency: Consistency,
    ) -> Result<CountedTodo, QueryError> {
        let statement = self.todo_counts(filter, viewer, shown)?;
        let answer = self.read(COUNTS, None, &statement, consistency).await?;
        let [activities, tasks] = answer.bounds[..] else {
            // A read answers one for each source.
            return Err(QueryError::Building {
                projection: Activities::NAME,
            });
        };
        let counts = answer.rows.first().map(counts).transpose()?;
        Ok(CountedTodo {
            counts: counts.unwrap_or_default(),
            activities,
            tasks,
        })
    }

    fn todo_counts(
        &self,
        filter: &str,
        viewer: &Viewer,
        shown: Shown,
    ) -> Result<Statement, QueryError> {
        let request = ListRequest {
            filter,
            ..ListRequest::default()
        };
        let plan = |listing: &Listing| listing.plan(&request, viewer, "", &self.tokens);
        let order_tasks = plan(&todo::order_tasks::LISTING)?;
        let activities = plan(&todo::activities::LISTING)?;
        let tasks = plan(&todo::tasks::LISTING)?;
        Ok(todo::counts(
            &order_tasks,
            &activities,
            &tasks,
            shown,
            viewer,
        ))
    }
}

fn counts(row: &Row) -> Result<TodoCounts, UnreadableRow> {
    // The place comes first, which every list has.
    let mut from = Take::new(row, 1);
    Ok(TodoCounts {
        order_tasks: from.take()?,
        activities: from.take()?,
        tasks: from.take()?,
    })
}
