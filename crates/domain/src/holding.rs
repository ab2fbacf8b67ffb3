//! Holding: something that a member holds and that can be passed on. What an operation moves is named
//! by it, too. How each is moved stands in `commands/operation/passing.rs`.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{
    names::{AccountName, ActivityName, OrderName, OrderTaskName, TaskName, TemplateTaskName},
    terms::Role,
};

/// Something that a member holds. The order is that in which an operation moves it: roles first, so that
/// whoever gets new work is responsible already.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Holding {
    /// A role of an account.
    Role { account: AccountName, role: Role },
    /// A place in an account's support team.
    SupportTeam { account: AccountName },
    /// A part in an open task.
    OpenTask { task: TaskName },
    /// A part in an open task of an open order.
    OpenOrderTask { task: OrderTaskName },
    /// A place on an open order, by hand.
    Order { order: OrderName },
    /// An open activity.
    OpenActivity { activity: ActivityName },
    /// A part in a task of a service's template.
    TemplateTask { task: TemplateTaskName },
    /// The setting `default_assignee`.
    DefaultAssignee,
}

/// What sort of thing a holding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HoldingKind {
    Role,
    SupportTeam,
    OpenTask,
    OpenOrderTask,
    Order,
    OpenActivity,
    TemplateTask,
    DefaultAssignee,
}

impl HoldingKind {
    /// Every kind there is, in the order in which an operation moves them.
    pub const ALL: [Self; 8] = [
        Self::Role,
        Self::SupportTeam,
        Self::OpenTask,
        Self::OpenOrderTask,
        Self::Order,
        Self::OpenActivity,
        Self::TemplateTask,
        Self::DefaultAssignee,
    ];

    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Role => "role",
            Self::SupportTeam => "support_team",
            Self::OpenTask => "open_task",
            Self::OpenOrderTask => "open_order_task",
            Self::Order => "order",
            Self::OpenActivity => "open_activity",
            Self::TemplateTask => "template_task",
            Self::DefaultAssignee => "default_assignee",
        }
    }

    /// Whether it is open work of an account, which the ownership policy moves when a role changes hands.
    pub fn is_work(self) -> bool {
        match self {
            Self::OpenTask | Self::OpenOrderTask | Self::Order | Self::OpenActivity => true,
            Self::Role | Self::SupportTeam | Self::TemplateTask | Self::DefaultAssignee => false,
        }
    }
}

impl Holding {
    /// What sort of thing it is.
    pub fn kind(&self) -> HoldingKind {
        match self {
            Self::Role { .. } => HoldingKind::Role,
            Self::SupportTeam { .. } => HoldingKind::SupportTeam,
            Self::OpenTask { .. } => HoldingKind::OpenTask,
            Self::OpenOrderTask { .. } => HoldingKind::OpenOrderTask,
            Self::Order { .. } => HoldingKind::Order,
            Self::OpenActivity { .. } => HoldingKind::OpenActivity,
            Self::TemplateTask { .. } => HoldingKind::TemplateTask,
            Self::DefaultAssignee => HoldingKind::DefaultAssignee,
        }
    }

    /// The resource in which it stands.
    pub fn subject(&self) -> &str {
        match self {
            Self::Role { account, .. } | Self::SupportTeam { account } => account.as_str(),
            Self::OpenTask { task } => task.as_str(),
            Self::OpenOrderTask { task } => task.as_str(),
            Self::Order { order } => order.as_str(),
            Self::OpenActivity { activity } => activity.as_str(),
            Self::TemplateTask { task } => task.as_str(),
            Self::DefaultAssignee => "settings",
        }
    }
}

impl fmt::Display for Holding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Role { account, role } => write!(f, "{role} of {account}"),
            Self::SupportTeam { account } => write!(f, "support team of {account}"),
            Self::OpenTask { task } => task.fmt(f),
            Self::OpenOrderTask { task } => task.fmt(f),
            Self::Order { order } => write!(f, "assigned to {order}"),
            Self::OpenActivity { activity } => activity.fmt(f),
            Self::TemplateTask { task } => task.fmt(f),
            Self::DefaultAssignee => f.write_str("the setting default_assignee"),
        }
    }
}

/// What a member holds: how much, and some of it by name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Holdings {
    /// The first of them, at most [`limits::NAMED_HOLDINGS`](crate::limits::NAMED_HOLDINGS).
    pub named: Vec<Holding>,
    /// How many there are, with those that are named.
    pub count: u64,
}
