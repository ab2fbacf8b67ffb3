//! Commands about who works on an order and on its tasks.

use crate::{
    commands::{
        checklist::named,
        member::{assignable, known},
        order::{append, editable, with_editable_task},
    },
    context::Context,
    names::{MemberName, OrderName, OrderTaskName, StreamName},
    order::Event,
    task::{Assignment, AssignmentCause},
    unit::{Command, Stop, Unit},
};

/// Puts members on an order by hand, or takes them off it (S1). Who is added stays until removed by hand;
/// who is removed stays off until the current tier changes. An order that was completed by hand or
/// cancelled refuses it.
#[derive(Debug, Clone)]
pub struct AssignOrder {
    pub name: OrderName,
    pub add: Vec<MemberName>,
    /// Nobody whom `add` names. Members, enabled or not, or whoever is on the order or off it by hand already.
    pub remove: Vec<MemberName>,
}

impl Command for AssignOrder {
    fn decide(&self, context: &Context, unit: &mut Unit<'_>) -> Result<StreamName, Stop> {
        let members = named(&self.add)
            .chain(named(&self.remove))
            .chain(context.acting_member());
        unit.need(
            members
                .map(StreamName::from)
                .chain([StreamName::from(&self.name)]),
        )?;
        let order = editable(context, unit, &self.name)?;
        let change = Assignment::Change {
            add: self.add.clone(),
            remove: self.remove.clone(),
        };
        change.check()?;
        let events = order.assign(
            &self.name,
            &self.add,
            &self.remove,
            AssignmentCause::default(),
            context.by(),
            context.now,
        )?;
        joining_take_work(unit, &events, "add")?;
        if let Some(Event::Assigned {
            removed, withdrawn, ..
        }) = events.first()
        {
            for member in removed.iter().filter(|member| !withdrawn.contains(member)) {
                known(unit, "remove", member)?;
            }
        }
        append(unit, &self.name, events)
    }
}

/// Changes who does a task of an order. Whoever joins must take work. An order that was completed by hand
/// or cancelled refuses it.
#[derive(Debug, Clone)]
pub struct AssignOrderTask {
    pub name: OrderTaskName,
    pub assignment: Assignment,
}

impl Command for AssignOrderTask {
    fn decide(&self, context: &Context, unit: &mut Unit<'_>) -> Result<StreamName, Stop> {
        let members = named(self.assignment.named()).chain(context.acting_member());
        let order = StreamName::from(&self.name.order());
        unit.need(members.map(StreamName::from).chain([order]))?;
        let order = with_editable_task(context, unit, &self.name)?;
        self.assignment.check()?;
        let events = order.assign_task(
            &self.name,
            &self.assignment,
            AssignmentCause::default(),
            context.by(),
            context.now,
        )?;
        let field = match self.assignment {
            Assignment::Set(_) => "assignees",
            Assignment::Change { .. } => "add",
        };
        joining_take_work(unit, &events, field)?;
        append(unit, &self.name.order(), events)
    }
}

/// Gives one member's part in an open task of an open order to another: a change of ownership. The task's
/// other assignees stay, and if `to` has it already, `from` just leaves. Changes nothing where `from` has
/// no part in it, or it is done or closed.
#[derive(Debug, Clone)]
pub struct HandOverOrderTask {
    pub name: OrderTaskName,
    pub from: MemberName,
    pub to: MemberName,
    /// Which path the change takes.
    pub cause: AssignmentCause,
}

impl Command for HandOverOrderTask {
    fn decide(&self, context: &Context, unit: &mut Unit<'_>) -> Result<StreamName, Stop> {
        let members = context.acting_member().into_iter().chain([&self.to]);
        let order = StreamName::from(&self.name.order());
        unit.need(members.map(StreamName::from).chain([order]))?;
        let order = with_editable_task(context, unit, &self.name)?;
        let events = order.hand_over_task(
            &self.name,
            &self.from,
            &self.to,
            self.cause.clone(),
            context.by(),
            context.now,
        )?;
        joining_take_work(unit, &events, "to")?;
        append(unit, &self.name.order(), events)
    }
}

/// Gives the place of a member who was added to an open order by hand to another: a change of ownership.
/// Changes nothing where `from` has none, or the order is not open.
#[derive(Debug, Clone)]
pub struct HandOverOrder {
    pub name: OrderName,
    pub from: MemberName,
    pub to: MemberName,
    /// Which path the change takes.
    pub cause: AssignmentCause,
}

impl Command for HandOverOrder {
    fn decide(&self, context: &Context, unit: &mut Unit<'_>) -> Result<StreamName, Stop> {
        let members = context.acting_member().into_iter().chain([&self.to]);
        let order = StreamName::from(&self.name);
        unit.need(members.map(StreamName::from).chain([order]))?;
        let order = editable(context, unit, &self.name)?;
        let events = order.hand_over(
            &self.name,
            Some(&self.from),
            Some(&self.to),
            self.cause.clone(),
            context.by(),
            context.now,
        )?;
        joining_take_work(unit, &events, "to")?;
        append(unit, &self.name, events)
    }
}

/// Requires that those whom the first event gives something take work. Reading their streams makes the
/// append fail where that changes meanwhile.
fn joining_take_work(unit: &mut Unit<'_>, events: &[Event], field: &str) -> Result<(), Stop> {
    let joining = match events.first() {
        Some(Event::Assigned { added, .. }) => added,
        Some(Event::TaskAssigned { joined, .. }) => joined,
        Some(_) | None => return Ok(()),
    };
    for member in joining {
        assignable(unit, field, member)?;
    }
    Ok(())
}
