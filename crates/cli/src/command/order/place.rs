//! `handoff order move`: the tasks of a checklist in another order.

use clap::Args;
use handoff_proto::v1::{
    self, Order, order_command_service_client::OrderCommandServiceClient,
    order_query_service_client::OrderQueryServiceClient,
};

use super::{Target, view};
use crate::{
    error::Error,
    name,
    output::Printer,
    session::{LARGEST_ANSWER, Session},
};

#[derive(Debug, Args)]
pub(crate) struct Move {
    #[command(flatten)]
    order: Target,
    /// Ids of all tasks; of the one that is moved with --before, --after or --first
    #[arg(required = true)]
    tasks: Vec<String>,
    /// The tier of each [default: the tiers stay where they are in the list]
    #[arg(long, value_delimiter = ',', value_name = "TIERS")]
    tiers: Vec<i32>,
    /// Moves one task to the place before this one; the others keep their order
    #[arg(long, value_name = "ID", conflicts_with_all = ["after", "first", "tiers"])]
    before: Option<String>,
    /// Moves one task to the place after this one
    #[arg(long, value_name = "ID", conflicts_with_all = ["first", "tiers"])]
    after: Option<String>,
    /// Moves one task to the front, where it is the next to do
    #[arg(long, conflicts_with = "tiers")]
    first: bool,
}

/// Where a task goes, by the names of others.
#[derive(Debug)]
enum Place {
    First,
    Before(String),
    After(String),
}

impl Move {
    pub(super) async fn run(self, session: &Session, printer: &Printer) -> Result<(), Error> {
        let order = name::order(&self.order.order)?;
        let tasks = self.tasks.iter();
        let tasks = tasks.map(|task| name::in_checklist(&order, task));
        let tasks: Vec<String> = tasks.collect::<Result<_, _>>()?;
        let (tasks, etag) = match self.place(&order)? {
            None => (tasks, self.order.etag.unwrap_or_default()),
            Some(place) => {
                let [task] = &tasks[..] else {
                    return Err(Error::usage(
                        "more than one task is to be moved",
                        "--before, --after and --first move one; or give all tasks in their new order.",
                    ));
                };
                let is = read(&order, session).await?;
                let there: Vec<String> = is.tasks.into_iter().map(|task| task.name).collect();
                let placed = moved(&there, task, &place).ok_or_else(|| {
                    Error::usage(
                        format!("{order} has no such tasks"),
                        format!("`handoff order show {order}` lists them."),
                    )
                })?;
                // What was read may have changed since: then nothing is moved.
                (placed, self.order.etag.unwrap_or(is.etag))
            }
        };
        let request = v1::ReorderOrderTasksRequest {
            name: order,
            tasks,
            tiers: self.tiers,
            request_id: self.order.command.request_id(),
            etag,
        };
        let answer = session
            .command(
                &request.request_id.clone(),
                request,
                async |service, request| {
                    OrderCommandServiceClient::new(service)
                        .max_decoding_message_size(LARGEST_ANSWER)
                        .reorder_order_tasks(request)
                        .await
                },
            )
            .await?;
        let sentence = view::sentence(answer.order.as_ref().unwrap_or(&Order::default()));
        Ok(printer.done(&answer, &sentence)?)
    }

    fn place(&self, order: &str) -> Result<Option<Place>, Error> {
        Ok(match (&self.before, &self.after, self.first) {
            (Some(task), ..) => Some(Place::Before(name::in_checklist(order, task)?)),
            (None, Some(task), _) => Some(Place::After(name::in_checklist(order, task)?)),
            (None, None, true) => Some(Place::First),
            (None, None, false) => None,
        })
    }
}

async fn read(order: &str, session: &Session) -> Result<Order, Error> {
    let request = v1::GetOrderRequest {
        name: order.to_owned(),
        ..Default::default()
    };
    let answer = session
        .call(request, async |service, request| {
            OrderQueryServiceClient::new(service)
                .max_decoding_message_size(LARGEST_ANSWER)
                .get_order(request)
                .await
        })
        .await?;
    Ok(answer.order.unwrap_or_default())
}

/// The tasks with one of them in another place; none where it or what it goes to is not among them.
fn moved(there: &[String], task: &str, place: &Place) -> Option<Vec<String>> {
    let mut tasks: Vec<String> = there.to_vec();
    let from = tasks.iter().position(|name| name == task)?;
    let task = tasks.remove(from);
    let at = |other: &str| tasks.iter().position(|name| name == other);
    let index = match place {
        Place::First => 0,
        Place::Before(other) => at(other)?,
        Place::After(other) => at(other)? + 1,
    };
    tasks.insert(index, task);
    Some(tasks)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_task_changes_its_place_and_the_others_keep_their_order() {
        let there = ["a", "b", "c"].map(str::to_owned);
        let other = |id: &str| id.to_owned();
        for (task, place, expected) in [
            ("c", Place::First, ["c", "a", "b"]),
            ("a", Place::First, ["a", "b", "c"]),
            ("c", Place::Before(other("b")), ["a", "c", "b"]),
            ("a", Place::Before(other("c")), ["b", "a", "c"]),
            ("a", Place::After(other("c")), ["b", "c", "a"]),
            ("c", Place::After(other("a")), ["a", "c", "b"]),
        ] {
            let moved = moved(&there, task, &place).unwrap();
            assert_eq!(moved, expected, "{task} {place:?}");
        }
        for (task, place) in [
            ("x", Place::First),
            ("a", Place::Before(other("x"))),
            ("a", Place::After(other("a"))),
        ] {
            assert_eq!(moved(&there, task, &place), None, "{task} {place:?}");
        }
    }
}
