//! Commands about orders (S1).

mod assign;
mod check;
mod life;
mod note;
mod place;
mod tasks;

#[cfg(test)]
mod bounds_tests;
#[cfg(test)]
mod by_hand;
#[cfg(test)]
mod gate_tests;
#[cfg(test)]
mod life_tests;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod rotation_tests;
#[cfg(test)]
pub(super) mod samples;
#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use crate::{
    commands::task::successor::in_place_of,
    context::Context,
    names::{AccountName, ContactName, MemberName, OrderName, OrderTaskName, StreamName},
    order::{Details, Event, Order, StandIns},
    rejection::Rejection,
    unit::{Stop, Unit},
};

pub use assign::{AssignOrder, AssignOrderTask, HandOverOrder, HandOverOrderTask};
pub use check::{CheckOrderTask, UncheckOrderTask};
pub use life::{CancelOrder, CompleteOrder, RenewOrder, ReopenOrder, UpdateOrder};
pub use note::{AddOrderNote, NoteOn};
pub use place::PlaceOrder;
pub use tasks::{AddOrderTask, NewOrderTask, RemoveOrderTask, ReorderOrderTasks, UpdateOrderTask};

/// The order, which exists, is at the revision that the caller read, and is the team's to change.
fn editable(context: &Context, unit: &mut Unit<'_>, name: &OrderName) -> Result<Arc<Order>, Stop> {
    let member = context.acting_member().map(StreamName::from);
    unit.need(member.into_iter().chain([name.into()]))?;
    context.require_team(unit)?;
    let order = unit.order(name)?;
    context.check_revision(name.as_str(), order.existing(name)?.revision)?;
    Ok(order)
}

/// The order of a task that exists or once did, is at the revision that the caller read, and is the
/// team's to change.
fn with_editable_task(
    context: &Context,
    unit: &mut Unit<'_>,
    name: &OrderTaskName,
) -> Result<Arc<Order>, Stop> {
    let order = name.order();
    let member = context.acting_member().map(StreamName::from);
    unit.need(member.into_iter().chain([(&order).into()]))?;
    context.require_team(unit)?;
    let state = unit.order(&order)?;
    if let Some(task) = state.existing(&order)?.task(name) {
        context.check_revision(name.as_str(), task.revision)?;
    }
    Ok(state)
}

/// Appends what was decided about an order.
fn append(unit: &mut Unit<'_>, name: &OrderName, events: Vec<Event>) -> Result<StreamName, Stop> {
    for event in events {
        unit.append_order(name, event)?;
    }
    Ok(name.into())
}

/// Appends what brings work back or makes more of it, which a deactivated account refuses (S0).
fn append_new_work(
    unit: &mut Unit<'_>,
    name: &OrderName,
    account: &AccountName,
    events: Vec<Event>,
) -> Result<StreamName, Stop> {
    if !events.is_empty() {
        unit.account(account)?.accept_new_work(account)?;
    }
    append(unit, name, events)
}

/// Hides from a contact what is not of their account.
fn of_own_account(
    contact: &ContactName,
    name: &OrderName,
    details: &Details,
) -> Result<(), Rejection> {
    if contact.is_of(&details.account) {
        return Ok(());
    }
    Err(Rejection::NotFound {
        resource: name.to_string(),
    })
}

/// Who works in the place of those of `members` who do not take work any more, along the chains of their
/// successors (S4); in the end the account's assignee. Reading the streams makes the append fail where
/// that changes meanwhile.
fn stand_ins<'a>(
    unit: &mut Unit<'_>,
    account: &AccountName,
    members: impl IntoIterator<Item = &'a MemberName>,
) -> Result<StandIns, Stop> {
    let members: BTreeSet<&MemberName> = members.into_iter().collect();
    unit.need(members.iter().map(|member| StreamName::from(*member)))?;
    let mut instead = BTreeMap::new();
    for member in members {
        let works = in_place_of(unit, member)?;
        if works.as_ref() != Some(member) {
            instead.insert(member.clone(), works);
        }
    }
    let fallback = if instead.values().any(Option::is_none) {
        let assignee = unit.account(account)?.existing(account)?.assignee.clone();
        in_place_of(unit, &assignee)?
    } else {
        None
    };
    Ok(StandIns::new(instead, fallback))
}

/// Those who may have to be replaced where a closed order opens: who was added by hand.
fn added_of_closed(details: &Details) -> impl Iterator<Item = &MemberName> {
    details.added.iter().filter(|_| !details.is_open())
}
