//! What tells the rows of the read model `tasks` apart.

use std::{fmt, str::FromStr};

use handoff_domain::{
    Invalid,
    names::{OrderName, OrderTaskName, TaskName},
    quoted,
};

/// The name of a task of any kind; and that of an order, whose row holds what its tasks are folded from and
/// is shown by no list.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TaskKey {
    /// `tasks/{id}`.
    Standalone(TaskName),
    /// `orders/{id}/tasks/{id}`.
    Order(OrderTaskName),
    /// `orders/{id}`.
    Checklist(OrderName),
}

impl TaskKey {
    /// Reads the name of a task: one of its own or one of an order.
    ///
    /// # Errors
    /// It is the name of nothing, or of something else.
    pub fn of_task(name: &str) -> Result<Self, Invalid> {
        match name.parse() {
            Ok(key @ (Self::Standalone(_) | Self::Order(_))) => Ok(key),
            Ok(Self::Checklist(_)) | Err(_) => Err(Invalid::new(format!(
                "{} is not a name of the form tasks/ID or orders/ID/tasks/ID",
                quoted(name)
            ))),
        }
    }

    /// The whole name.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Standalone(name) => name.as_str(),
            Self::Order(name) => name.as_str(),
            Self::Checklist(name) => name.as_str(),
        }
    }
}

impl From<&TaskName> for TaskKey {
    fn from(name: &TaskName) -> Self {
        Self::Standalone(name.clone())
    }
}

impl From<&TaskKey> for TaskKey {
    fn from(key: &TaskKey) -> Self {
        key.clone()
    }
}

impl fmt::Display for TaskKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for TaskKey {
    type Err = Invalid;

    fn from_str(name: &str) -> Result<Self, Invalid> {
        let Some(order) = name.strip_prefix("orders/") else {
            return name.parse().map(Self::Standalone);
        };
        match order.contains('/') {
            true => name.parse().map(Self::Order),
            false => name.parse().map(Self::Checklist),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_is_of_its_own_or_of_an_order() {
        for name in ["tasks/a", "orders/o/tasks/a"] {
            let key = TaskKey::of_task(name).unwrap();
            assert_eq!(key.to_string(), name);
        }
        for name in [
            "orders/o",
            "accounts/a",
            "orders/o/notes/a",
            "tasks/a/b",
            "",
        ] {
            assert!(TaskKey::of_task(name).is_err(), "{name}");
        }
        assert!(matches!("orders/o".parse(), Ok(TaskKey::Checklist(_))));
    }
}
