//! An order as people see it.

use std::collections::HashMap;

use handoff_proto::v1::{
    ChecklistVisibility, GetOrderResponse, GetOrderTaskResponse, Order, OrderNote, OrderStatus,
    OrderSummary, OrderTask,
};

use crate::{
    command::words,
    html,
    output::{Cell, Row, Tone},
    time,
};

/// The columns of a checklist.
pub(super) const CHECKLIST: &[&str] = &["", "TIER", "ID", "TASK", "WHO", "SEEN BY", "DUE", "DONE"];

/// What a resource is called, or its name without the collection.
fn called(name: &str, display_names: &HashMap<String, String>) -> String {
    match display_names.get(name) {
        Some(display_name) => display_name.clone(),
        None => name.rsplit('/').next().unwrap_or(name).to_owned(),
    }
}

fn all(names: &[String], display_names: &HashMap<String, String>) -> String {
    let each: Vec<_> = names
        .iter()
        .map(|name| called(name, display_names))
        .collect();
    match each.is_empty() {
        true => "nobody".to_owned(),
        false => each.join(", "),
    }
}

/// Who works on the order now: those of the team, or the client where it is only the client's turn.
fn who(order: &Order, display_names: &HashMap<String, String>) -> String {
    let waits =
        |task: &OrderTask| task.current && task.visibility() == ChecklistVisibility::ClientAssigned;
    match order.assignees.is_empty() && order.tasks.iter().any(waits) {
        true => "nobody; it waits for the client".to_owned(),
        false => all(&order.assignees, display_names),
    }
}

fn status(order: &Order) -> Cell {
    let tone = match order.status() {
        OrderStatus::Complete => Tone::Good,
        OrderStatus::Cancelled => Tone::Faint,
        OrderStatus::Open | OrderStatus::Unspecified => Tone::Plain,
    };
    let closed = match order.locked && order.status() == OrderStatus::Complete {
        true => " by hand",
        false => "",
    };
    let word = words(order.status().as_str_name(), "ORDER_STATUS_");
    Cell::new(format!("{word}{closed}"), tone)
}

fn late(due: String, overdue: bool) -> Cell {
    match overdue {
        true => Cell::new(format!("{due} !"), Tone::Bad),
        false => due.into(),
    }
}

/// What there is to say of an order beside its checklist.
pub(super) fn fields(answer: &GetOrderResponse) -> Vec<(&'static str, Cell)> {
    let order = answer.order.clone().unwrap_or_default();
    let names = &answer.display_names;
    let due = time::minutes(answer.due_time.as_ref());
    let by_hand = |members: &[String]| match members.is_empty() {
        true => String::new(),
        false => all(members, names),
    };
    vec![
        ("Name", order.name.as_str().into()),
        ("Title", order.title.as_str().into()),
        ("Account", called(&order.account, names).into()),
        ("Service", called(&order.service, names).into()),
        ("Status", status(&order)),
        ("Assigned to", who(&order, names).into()),
        ("On by hand", by_hand(&order.added_assignees).into()),
        ("Off by hand", by_hand(&order.removed_assignees).into()),
        ("Start", time::minutes(order.start_time.as_ref()).into()),
        ("Next due", late(due, answer.overdue)),
        ("Closed", time::minutes(order.close_time.as_ref()).into()),
        ("Placed", time::minutes(order.create_time.as_ref()).into()),
        ("Etag", Cell::new(order.etag.as_str(), Tone::Faint)),
    ]
}

/// The checklist, a row for each task; what is current has an arrow.
pub(super) fn checklist(order: &Order, display_names: &HashMap<String, String>) -> Vec<Vec<Cell>> {
    let mut tier = 0;
    let rows = order.tasks.iter().map(|task| {
        let begins = tier != task.tier;
        tier = task.tier;
        row(task, begins, display_names)
    });
    rows.collect()
}

fn row(task: &OrderTask, begins: bool, display_names: &HashMap<String, String>) -> Vec<Cell> {
    let mark = match (task.checked, task.current) {
        (true, _) => Cell::new("[x]", Tone::Good),
        (false, true) => Cell::new("[ ] →", Tone::Warning),
        (false, false) => Cell::new("[ ]", Tone::Faint),
    };
    let who = match (task.visibility(), task.assignees.is_empty()) {
        (ChecklistVisibility::ClientAssigned, true) => "the client".to_owned(),
        (ChecklistVisibility::ClientAssigned, false) => {
            format!("the client, {}", all(&task.assignees, display_names))
        }
        _ => all(&task.assignees, display_names),
    };
    let tier = if begins {
        task.tier.to_string()
    } else {
        String::new()
    };
    let seen_by = match task.visibility() {
        ChecklistVisibility::Portal | ChecklistVisibility::ClientAssigned => "contacts too",
        ChecklistVisibility::Internal | ChecklistVisibility::Unspecified => "the team",
    };
    let done = match task.checked {
        true => format!(
            "{} by {}",
            time::minutes(task.check_time.as_ref()),
            called(&task.checked_by, display_names)
        ),
        false => String::new(),
    };
    vec![
        mark,
        tier.into(),
        called(&task.name, display_names).into(),
        task.title.as_str().into(),
        who.into(),
        seen_by.into(),
        late(time::minutes(task.due_time.as_ref()), task.overdue),
        Cell::new(done, Tone::Faint),
    ]
}

/// What there is to say of one task of an order.
pub(super) fn task(answer: &GetOrderTaskResponse) -> Vec<(&'static str, Cell)> {
    let task = answer.task.clone().unwrap_or_default();
    let order = answer.order.clone().unwrap_or_default();
    let names = &answer.display_names;
    let state = match (task.checked, task.current) {
        (true, _) => Cell::new("done", Tone::Good),
        (false, true) => Cell::new("current", Tone::Warning),
        (false, false) => "open".into(),
    };
    let visibility = words(task.visibility().as_str_name(), "CHECKLIST_VISIBILITY_");
    let done_by = match task.checked {
        true => called(&task.checked_by, names),
        false => String::new(),
    };
    vec![
        ("Name", task.name.as_str().into()),
        ("Title", task.title.as_str().into()),
        ("Order", order.title.into()),
        ("Account", called(&order.account, names).into()),
        ("State", state),
        ("Assigned to", all(&task.assignees, names).into()),
        ("Role", task.responsible_role.as_str().into()),
        ("Tier", task.tier.to_string().into()),
        ("Visibility", visibility.into()),
        (
            "Due",
            late(time::minutes(task.due_time.as_ref()), task.overdue),
        ),
        ("Done", time::minutes(task.check_time.as_ref()).into()),
        ("Done by", done_by.into()),
        ("Description", html::text(&task.description).into()),
        ("Etag", Cell::new(task.etag.as_str(), Tone::Faint)),
    ]
}

/// A note with its author and time above it.
pub(super) fn note(note: &OrderNote, display_names: &HashMap<String, String>) -> String {
    let time = time::minutes(note.create_time.as_ref());
    let internal = if note.internal {
        "  (for the team)"
    } else {
        ""
    };
    let on = match note.parent.split_once("/tasks/") {
        Some((_, task)) => format!(" on {task}"),
        None => String::new(),
    };
    let lines = html::text(&note.note).replace('\n', "\n  ");
    let author = called(&note.author, display_names);
    format!("{time}  {author}{on}{internal}\n  {lines}")
}

/// How an order stands after a command.
pub(super) fn sentence(order: &Order) -> String {
    let word = words(order.status().as_str_name(), "ORDER_STATUS_");
    let done = order.tasks.iter().filter(|task| task.checked).count();
    let who = match order.status() {
        OrderStatus::Open => format!(", assigned to {}", who(order, &HashMap::new())),
        _ => String::new(),
    };
    format!(
        "{} is {word}: {done} of {} done{who}.",
        order.name,
        order.tasks.len()
    )
}

impl Row for OrderSummary {
    const HEADER: &'static [&'static str] = &[
        "NAME",
        "TITLE",
        "ACCOUNT",
        "ASSIGNED TO",
        "STATUS",
        "DONE",
        "NEXT DUE",
    ];

    fn row(&self) -> Vec<Cell> {
        let order = self.order.clone().unwrap_or_default();
        let done = self.task_count - self.open_task_count;
        let account = match order.account_display_name.as_str() {
            "" => order.account.as_str(),
            display_name => display_name,
        };
        vec![
            order.name.as_str().into(),
            order.title.as_str().into(),
            account.into(),
            all(&order.assignees, &HashMap::new()).into(),
            status(&order),
            format!("{done}/{}", self.task_count).into(),
            late(time::minutes(self.due_time.as_ref()), self.overdue),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn task(id: &str, tier: i32, checked: bool, current: bool) -> OrderTask {
        OrderTask {
            name: format!("orders/o1/tasks/{id}"),
            title: id.to_owned(),
            tier,
            checked,
            current,
            checked_by: if checked {
                "members/ana".to_owned()
            } else {
                String::new()
            },
            ..Default::default()
        }
    }

    #[test]
    fn a_checklist_says_what_is_done_whose_turn_it_is_and_where_tiers_begin() {
        let mut client = task("brief", 1, false, true);
        client.visibility = ChecklistVisibility::ClientAssigned.into();
        let mut report = task("report", 2, false, false);
        report.assignees = vec!["members/ben".to_owned()];
        let order = Order {
            tasks: vec![task("audit", 1, true, false), client, report],
            ..Default::default()
        };
        let names = HashMap::from([("members/ana".to_owned(), "Ana".to_owned())]);
        let rows = checklist(&order, &names).into_iter();
        let texts: Vec<Vec<String>> = rows
            .map(|row| row.iter().map(|cell| cell.text().to_owned()).collect())
            .collect();
        assert_eq!(
            texts,
            [
                [
                    "[x]", "1", "audit", "audit", "nobody", "the team", "", " by Ana"
                ],
                [
                    "[ ] →",
                    "",
                    "brief",
                    "brief",
                    "the client",
                    "contacts too",
                    "",
                    ""
                ],
                ["[ ]", "2", "report", "report", "ben", "the team", "", ""],
            ]
        );
    }

    #[test]
    fn an_answer_says_how_the_order_stands() {
        let order = Order {
            name: "orders/o1".to_owned(),
            status: OrderStatus::Open.into(),
            assignees: vec!["members/ana".to_owned()],
            tasks: vec![
                task("audit", 1, true, false),
                task("report", 2, false, true),
            ],
            ..Default::default()
        };
        assert_eq!(
            sentence(&order),
            "orders/o1 is open: 1 of 2 done, assigned to ana."
        );
    }

    #[test]
    fn an_order_of_nobody_waits_for_the_client_where_it_is_their_turn() {
        let mut brief = task("brief", 1, false, true);
        brief.visibility = ChecklistVisibility::ClientAssigned.into();
        let order = Order {
            name: "orders/o1".to_owned(),
            status: OrderStatus::Open.into(),
            tasks: vec![brief],
            ..Default::default()
        };
        assert_eq!(
            sentence(&order),
            "orders/o1 is open: 0 of 1 done, assigned to nobody; it waits for the client."
        );
    }
}
