//! The words for the values of a task's fields at the command line.

use clap::ValueEnum;
use handoff_proto::v1::{TaskPriority, TaskStatus, TaskVisibility};

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum OpenStatus {
    NotStarted,
    InProgress,
    WaitingOnCustomer,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Status {
    NotStarted,
    InProgress,
    WaitingOnCustomer,
    Complete,
    Cancelled,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Priority {
    Low,
    Normal,
    High,
    Urgent,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Visibility {
    /// The team only
    Internal,
    /// Also the account's contacts
    Portal,
}

impl Status {
    /// As filters name it.
    pub(super) fn value(self) -> &'static str {
        match self {
            Self::NotStarted => "not_started",
            Self::InProgress => "in_progress",
            Self::WaitingOnCustomer => "waiting_on_customer",
            Self::Complete => "complete",
            Self::Cancelled => "cancelled",
        }
    }
}

impl Priority {
    /// As filters name it.
    pub(super) fn value(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Normal => "normal",
            Self::High => "high",
            Self::Urgent => "urgent",
        }
    }
}

impl From<OpenStatus> for TaskStatus {
    fn from(status: OpenStatus) -> Self {
        match status {
            OpenStatus::NotStarted => Self::NotStarted,
            OpenStatus::InProgress => Self::InProgress,
            OpenStatus::WaitingOnCustomer => Self::WaitingOnCustomer,
        }
    }
}

impl From<Status> for TaskStatus {
    fn from(status: Status) -> Self {
        match status {
            Status::NotStarted => Self::NotStarted,
            Status::InProgress => Self::InProgress,
            Status::WaitingOnCustomer => Self::WaitingOnCustomer,
            Status::Complete => Self::Complete,
            Status::Cancelled => Self::Cancelled,
        }
    }
}

impl From<Priority> for TaskPriority {
    fn from(priority: Priority) -> Self {
        match priority {
            Priority::Low => Self::Low,
            Priority::Normal => Self::Normal,
            Priority::High => Self::High,
            Priority::Urgent => Self::Urgent,
        }
    }
}

impl From<Visibility> for TaskVisibility {
    fn from(visibility: Visibility) -> Self {
        match visibility {
            Visibility::Internal => Self::Internal,
            Visibility::Portal => Self::Portal,
        }
    }
}
