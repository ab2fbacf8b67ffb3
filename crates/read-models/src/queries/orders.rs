//! Queries about orders and their notes.

use std::collections::BTreeMap;

use handoff_domain::{
    Revision,
    names::{Actor, MemberName, OrderName},
};
use handoff_projections::{Source, Take, UnreadableRow};
use tokio_postgres::Row;

use super::{Answer, Consistency, Queries, QueryError, joined};
use crate::{
    accounts::Accounts,
    filter::Viewer,
    list::{ListRequest, Page},
    members::Members,
    order_notes::{self, NotesOf, OrderNoteEntry, OrderNotes},
    orders::{self, Names, OrderEntry, OrderSummary, Orders},
    page::BESIDE_BYTES,
    services::Services,
    stored::{Json, Stored},
};

// What each reads, in the order of the schemas in its statement.
const ORDERS: &[Source] = &[
    Source::of::<Orders>(),
    Source::of::<Accounts>(),
    Source::of::<Services>(),
    Source::of::<Members>(),
];
const NOTES: &[Source] = &[Source::of::<OrderNotes>()];

impl Queries {
    /// One order with its checklist; none if there is none of that name.
    pub async fn get_order(
        &self,
        name: &OrderName,
        consistency: Consistency,
    ) -> Result<Answer<Option<OrderEntry>>, QueryError> {
        let statement = orders::one(name);
        let answer = self
            .run(ORDERS, None, &statement, consistency, order)
            .await?;
        Ok(answer.first())
    }

    /// Orders without their checklists, the newest first where nothing else is asked for.
    pub async fn list_orders(
        &self,
        request: &ListRequest<'_>,
        viewer: &Viewer,
        consistency: Consistency,
    ) -> Result<Answer<Page<OrderSummary>>, QueryError> {
        let plan = orders::LISTING.plan(request, viewer, "", &self.tokens)?;
        let statement = orders::page(&plan);
        let answer = self
            .run(ORDERS, None, &statement, consistency, summary)
            .await?;
        Ok(self.page(&plan, answer))
    }

    /// The notes on an order and its tasks, or on one of these, the newest first; none if there is no such
    /// order. Of `request`, only the page is asked for.
    pub async fn list_order_notes(
        &self,
        of: &NotesOf,
        request: &ListRequest<'_>,
        viewer: &Viewer,
        consistency: Consistency,
    ) -> Result<Answer<Option<Page<OrderNoteEntry>>>, QueryError> {
        let scope = match of {
            NotesOf::Order(name) => name.as_str(),
            NotesOf::Task(name) => name.as_str(),
        };
        let plan = order_notes::LISTING.plan(request, viewer, scope, &self.tokens)?;
        let plan = plan.within(BESIDE_BYTES);
        let statement = order_notes::page(&plan, of);
        let answer = self.run(NOTES, None, &statement, consistency, note).await?;
        // What has notes exists, or did; of what has none, the orders know.
        let exists = !answer.value.is_empty() || {
            let order = self.get_order(&of.order(), consistency).await?.value;
            order.is_some_and(|order| match of {
                NotesOf::Order(_) => true,
                NotesOf::Task(name) => {
                    let details = order.row.state.details();
                    details.is_some_and(|details| details.task(name).is_some())
                }
            })
        };
        let Answer { value, position } = self.page(&plan, answer);
        Ok(Answer {
            value: exists.then_some(value),
            position,
        })
    }
}

fn names(joined: &mut Take<'_>) -> Result<Names, UnreadableRow> {
    let (account, service) = (joined.take()?, joined.take()?);
    let members = joined.parse_optional()?;
    Ok(Names {
        account,
        service,
        members: members.map(|Json(names)| names).unwrap_or_default(),
        contacts: BTreeMap::new(),
    })
}

fn order(row: &Row) -> Result<OrderEntry, UnreadableRow> {
    let (name, row, mut joined) = joined::<Orders>(row)?;
    let mut names = names(&mut joined)?;
    let account_notes = joined.parse_optional()?.map(|Stored(notes)| notes);
    let contacts = joined.parse_optional()?;
    let mut contacts: BTreeMap<_, _> = contacts.map(|Json(names)| names).unwrap_or_default();
    let details = row.state.details();
    let tasks = details.iter().flat_map(|details| &details.tasks);
    for checked in tasks.filter_map(|task| task.checked.as_ref()) {
        if let Actor::Contact(contact) = &checked.by
            && let Some((contact, called)) = contacts.remove_entry(contact)
        {
            names.contacts.insert(contact, called);
        }
    }
    Ok(OrderEntry {
        name,
        row,
        names,
        account_notes,
    })
}

fn summary(row: &Row) -> Result<OrderSummary, UnreadableRow> {
    let mut from = Take::new(row, 0);
    let (name, account, service) = (from.parse()?, from.parse()?, from.parse()?);
    let (Stored(title), Stored(status)) = (from.parse()?, from.parse()?);
    let (start, due) = (from.take()?, from.take()?);
    let assignees: Vec<&str> = from.take()?;
    let assignees = assignees.into_iter().map(|name| {
        let parsed = name.parse::<MemberName>();
        parsed.map_err(|error| crate::stored::unreadable(name, error))
    });
    let assignees = assignees.collect::<Result<_, _>>()?;
    let (task_count, open_task_count, current_tier) = (from.take()?, from.take()?, from.take()?);
    let (closed_at, closed_by) = (from.take::<Option<_>>()?, from.parse_optional()?);
    let creator = from.parse()?;
    let revision = Revision(from.take::<i32>()?.unsigned_abs());
    let (created_at, updated_at) = (from.take()?, from.take()?);
    // The place, which every list has.
    from.take::<Vec<&str>>()?;
    Ok(OrderSummary {
        name,
        account,
        service,
        title,
        status,
        start,
        due,
        assignees,
        task_count,
        open_task_count,
        current_tier,
        closed: closed_at.zip(closed_by),
        creator,
        revision,
        created_at,
        updated_at,
        names: names(&mut from)?,
    })
}

fn note(row: &Row) -> Result<OrderNoteEntry, UnreadableRow> {
    let (key, row, _) = joined::<OrderNotes>(row)?;
    Ok(OrderNoteEntry { key, row })
}
