//! The command that places an order.

use chrono::{DateTime, Utc};

use crate::{
    commands::{
        account::create_for_action,
        order::{append, stand_ins},
    },
    context::Context,
    names::{AccountName, OrderName, ServiceName, StreamName},
    order::Placing,
    rejection::Rejection,
    task::in_range,
    text::Line,
    unit::{Command, Stop, Unit},
};

/// Places an order of a service for an account: the service's template as it is now becomes its
/// checklist. Assignees who do not take work any more are replaced by their successors. An account that
/// does not exist yet is created in the same append.
#[derive(Debug, Clone)]
pub struct PlaceOrder {
    pub name: OrderName,
    pub account: AccountName,
    pub service: ServiceName,
    /// None: as the service is called.
    pub title: Option<Line>,
    /// From when its deadlines count. None: now.
    pub start: Option<DateTime<Utc>>,
}

impl Command for PlaceOrder {
    fn decide(&self, context: &Context, unit: &mut Unit<'_>) -> Result<StreamName, Stop> {
        let member = context.acting_member().map(StreamName::from);
        let streams = [
            (&self.name).into(),
            (&self.account).into(),
            (&self.service).into(),
            StreamName::settings(),
        ];
        unit.need(member.into_iter().chain(streams))?;
        context.require_team(unit)?;
        let start = start(self.start, context)?;
        let order = unit.order(&self.name)?;
        if order.details().is_some() {
            return Err(Rejection::AlreadyExists {
                resource: self.name.to_string(),
            }
            .into());
        }
        let service = unit.service(&self.service)?;
        let template = service.accept_orders(&self.service)?;
        create_for_action(context, unit, &self.account)?;
        unit.account(&self.account)?
            .accept_new_work(&self.account)?;
        let tasks = template.tasks.iter();
        let assignees = tasks.flat_map(|task| &task.content.assignees);
        let stand_ins = stand_ins(unit, &self.account, assignees)?;
        let placing = Placing {
            account: self.account.clone(),
            service: self.service.clone(),
            title: self.title.clone(),
            start,
        };
        let events = order.place(
            &self.name,
            &placing,
            template,
            &stand_ins,
            context.by(),
            context.now,
        )?;
        append(unit, &self.name, events)
    }
}

/// The start that is given, or now.
pub(super) fn start(
    given: Option<DateTime<Utc>>,
    context: &Context,
) -> Result<DateTime<Utc>, Rejection> {
    in_range(given.unwrap_or(context.now))
        .map_err(|invalid| Rejection::invalid("order.start_time", invalid.to_string()))
}
