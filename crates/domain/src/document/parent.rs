//! What a document is on.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{
    names::{OrderName, OrderTaskName, TaskName},
    rejection::{Invalid, quoted},
};

/// What a document is on: a task, an order or a task of its checklist.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Parent {
    Task(TaskName),
    Order(OrderName),
    OrderTask(OrderTaskName),
}

impl Parent {
    /// The name as it is stored and shown.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Task(name) => name.as_str(),
            Self::Order(name) => name.as_str(),
            Self::OrderTask(name) => name.as_str(),
        }
    }
}

impl FromStr for Parent {
    type Err = Invalid;

    fn from_str(name: &str) -> Result<Self, Invalid> {
        match name.split_once('/') {
            Some(("tasks", _)) => name.parse().map(Self::Task),
            Some(("orders", rest)) if rest.contains('/') => name.parse().map(Self::OrderTask),
            Some(("orders", _)) => name.parse().map(Self::Order),
            _ => Err(Invalid::new(format!(
                "{} is not the name of a task, an order or a task of an order",
                quoted(name)
            ))),
        }
    }
}

impl TryFrom<String> for Parent {
    type Error = Invalid;

    fn try_from(name: String) -> Result<Self, Invalid> {
        name.parse()
    }
}

impl From<Parent> for String {
    fn from(name: Parent) -> Self {
        name.as_str().to_owned()
    }
}

impl fmt::Display for Parent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Parent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
