//! Member: a person of the team.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    change::{Change, apply},
    event::CorruptHistory,
    names::{Actor, MemberName, OperationName, TaskName},
    rejection::{Reason, Rejection},
    text::{Email, Line},
    version::Revision,
};

/// What a member may do beyond the work itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Also settings, members, services and whatever only admins may.
    Admin,
    /// The work.
    Staff,
}

/// What is stored. Renaming a variant or field changes the log's format.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Event {
    Created {
        display_name: Line,
        email: Option<Email>,
        kind: Kind,
        by: Actor,
        at: DateTime<Utc>,
    },
    /// What is none was not changed.
    Changed {
        display_name: Option<Change<Line>>,
        email: Option<Change<Option<Email>>>,
        by: Actor,
        at: DateTime<Utc>,
    },
    KindChanged {
        previous: Kind,
        kind: Kind,
        by: Actor,
        at: DateTime<Utc>,
    },
    /// Nothing can be given to the member from here on. `successor` takes over what they hold, and
    /// `operation` moves it.
    DisablingStarted {
        successor: Option<MemberName>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        operation: Option<OperationName>,
        by: Actor,
        at: DateTime<Utc>,
    },
    /// The member stays after all.
    DisablingCancelled {
        by: Actor,
        at: DateTime<Utc>,
    },
    /// The member holds nothing any more and may not sign in.
    Disabled {
        successor: Option<MemberName>,
        by: Actor,
        at: DateTime<Utc>,
    },
    Enabled {
        by: Actor,
        at: DateTime<Utc>,
    },
    /// A task about the member got the number `n` of the count that the member keeps.
    TaskNumbered {
        task: TaskName,
        n: u32,
    },
}

/// A member as the events so far make it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub enum Member {
    #[default]
    Absent,
    Existing(Details),
}

/// Whether a member takes part.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// May sign in, and work can be given to them.
    Enabled,
    /// May still sign in; nothing can be given to them.
    Disabling {
        successor: Option<MemberName>,
        /// What moves what they hold.
        operation: Option<OperationName>,
    },
    /// May not sign in and holds nothing.
    Disabled { successor: Option<MemberName> },
}

/// What is known of an existing member.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Details {
    pub display_name: Line,
    pub email: Option<Email>,
    pub kind: Kind,
    pub standing: Standing,
    /// How many tasks about the member have a number.
    pub tasks_numbered: u32,
    pub revision: Revision,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

impl Details {
    /// Whether the member may sign in.
    pub fn may_sign_in(&self) -> bool {
        match self.standing {
            Standing::Enabled | Standing::Disabling { .. } => true,
            Standing::Disabled { .. } => false,
        }
    }

    /// Whether work can be given to the member.
    pub fn takes_work(&self) -> bool {
        self.standing == Standing::Enabled
    }

    /// Whether the member is one of the admins of whom one always remains.
    pub fn is_enabled_admin(&self) -> bool {
        self.kind == Kind::Admin && self.takes_work()
    }
}

/// Asserts that another enabled admin remains; a command makes it from what it has read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OtherAdmin {
    Remains,
    /// None is known.
    Unknown,
}

impl Member {
    /// What is known of the member `name`, who must exist.
    pub fn existing(&self, name: &MemberName) -> Result<&Details, Rejection> {
        match self {
            Self::Existing(details) => Ok(details),
            Self::Absent => Err(Rejection::NotFound {
                resource: name.to_string(),
            }),
        }
    }

    /// What is known of the member, if there is one.
    pub fn details(&self) -> Option<&Details> {
        match self {
            Self::Existing(details) => Some(details),
            Self::Absent => None,
        }
    }

    /// Adds a member to the team.
    pub fn create(
        &self,
        name: &MemberName,
        display_name: Line,
        email: Option<Email>,
        kind: Kind,
        by: Actor,
        at: DateTime<Utc>,
    ) -> Result<Event, Rejection> {
        match self {
            Self::Absent => Ok(Event::Created {
                display_name,
                email,
                kind,
                by,
                at,
            }),
            Self::Existing(_) => Err(Rejection::AlreadyExists {
                resource: name.to_string(),
            }),
        }
    }

    /// Gives the member another display name or e-mail address.
    pub fn change(
        &self,
        name: &MemberName,
        display_name: Option<&Line>,
        email: Option<&Option<Email>>,
        by: Actor,
        at: DateTime<Utc>,
    ) -> Result<Option<Event>, Rejection> {
        let details = self.existing(name)?;
        let display_name = Change::between(&details.display_name, display_name);
        let email = Change::between(&details.email, email);
        let changed = display_name.is_some() || email.is_some();
        Ok(changed.then_some(Event::Changed {
            display_name,
            email,
            by,
            at,
        }))
    }

    /// Makes the member an admin or one of the staff. The last enabled admin stays one.
    pub fn change_kind(
        &self,
        name: &MemberName,
        kind: Kind,
        other: OtherAdmin,
        by: Actor,
        at: DateTime<Utc>,
    ) -> Result<Option<Event>, Rejection> {
        let details = self.existing(name)?;
        if details.kind == kind {
            return Ok(None);
        }
        leave_an_admin(name, details, other)?;
        Ok(Some(Event::KindChanged {
            previous: details.kind,
            kind,
            by,
            at,
        }))
    }

    /// Begins to disable the member: nothing can be given to them from here on. The last enabled
    /// admin cannot be disabled. While it is under way, nobody else becomes the successor.
    pub fn start_disabling(
        &self,
        name: &MemberName,
        successor: Option<&MemberName>,
        operation: &OperationName,
        other: OtherAdmin,
        by: Actor,
        at: DateTime<Utc>,
    ) -> Result<Option<Event>, Rejection> {
        let details = self.existing(name)?;
        match &details.standing {
            Standing::Disabling { successor: is, .. } if is.as_ref() != successor => {
                let to = match is {
                    Some(is) => format!("with {is} as the successor"),
                    None => "without a successor".to_owned(),
                };
                Err(Rejection::Precondition {
                    reason: Reason::DisablingUnderWay,
                    subject: name.to_string(),
                    description: format!(
                        "{name} is being disabled already, {to}: wait for its end, or enable them first"
                    ),
                })
            }
            Standing::Disabling { .. } | Standing::Disabled { .. } => Ok(None),
            Standing::Enabled => {
                leave_an_admin(name, details, other)?;
                Ok(Some(Event::DisablingStarted {
                    successor: successor.cloned(),
                    operation: Some(operation.clone()),
                    by,
                    at,
                }))
            }
        }
    }

    /// Ends the disabling of a member who holds nothing any more.
    pub fn disable(
        &self,
        name: &MemberName,
        by: Actor,
        at: DateTime<Utc>,
    ) -> Result<Option<Event>, Rejection> {
        match &self.existing(name)?.standing {
            Standing::Disabled { .. } => Ok(None),
            Standing::Disabling { successor, .. } => Ok(Some(Event::Disabled {
                successor: successor.clone(),
                by,
                at,
            })),
            Standing::Enabled => Err(Rejection::Precondition {
                reason: Reason::DisablingNotStarted,
                subject: name.to_string(),
                description: format!(
                    "disabling {name} was not started, or was taken back since: ask for it anew, with another request_id"
                ),
            }),
        }
    }

    /// Lets a disabled member, or one who is being disabled, take part again.
    pub fn enable(
        &self,
        name: &MemberName,
        by: Actor,
        at: DateTime<Utc>,
    ) -> Result<Option<Event>, Rejection> {
        Ok(match self.existing(name)?.standing {
            Standing::Enabled => None,
            Standing::Disabling { .. } => Some(Event::DisablingCancelled { by, at }),
            Standing::Disabled { .. } => Some(Event::Enabled { by, at }),
        })
    }

    /// Gives the next number to a task about the member.
    pub fn number_task(
        &self,
        name: &MemberName,
        task: TaskName,
    ) -> Result<(u32, Event), Rejection> {
        let n = self.existing(name)?.tasks_numbered + 1;
        Ok((n, Event::TaskNumbered { task, n }))
    }

    /// Applies one recorded event. An event that cannot follow this state means damaged history.
    pub fn evolve(self, event: &Event) -> Result<Self, CorruptHistory> {
        match (self, event) {
            (
                Self::Absent,
                Event::Created {
                    display_name,
                    email,
                    kind,
                    by: _,
                    at,
                },
            ) => Ok(Self::Existing(Details {
                display_name: display_name.clone(),
                email: email.clone(),
                kind: *kind,
                standing: Standing::Enabled,
                tasks_numbered: 0,
                revision: Revision(1),
                created_at: *at,
                updated_at: *at,
            })),
            (Self::Absent, _) => Err(CorruptHistory),
            (Self::Existing(mut details), event) => {
                if details.apply(event) {
                    Ok(Self::Existing(details))
                } else {
                    Err(CorruptHistory)
                }
            }
        }
    }
}

/// Requires that the team has an enabled admin also without this one.
fn leave_an_admin(
    name: &MemberName,
    details: &Details,
    other: OtherAdmin,
) -> Result<(), Rejection> {
    match other {
        OtherAdmin::Unknown if details.is_enabled_admin() => Err(Rejection::Precondition {
            reason: Reason::LastAdmin,
            subject: name.to_string(),
            description: format!(
                "{name} is the last enabled admin: make another member an admin first"
            ),
        }),
        OtherAdmin::Unknown | OtherAdmin::Remains => Ok(()),
    }
}

impl Details {
    /// Applies an event after the first; false if it cannot follow.
    fn apply(&mut self, event: &Event) -> bool {
        let standing = match event {
            Event::Created { .. } => return false,
            // Numbering is bookkeeping: it leaves the revision and the time of update alone.
            Event::TaskNumbered { n, .. } => {
                let follows = *n == self.tasks_numbered + 1;
                self.tasks_numbered = *n;
                return follows;
            }
            Event::Changed {
                display_name,
                email,
                at,
                ..
            } => {
                self.changed(*at);
                return apply(&mut self.display_name, display_name.as_ref())
                    && apply(&mut self.email, email.as_ref());
            }
            Event::KindChanged {
                previous, kind, at, ..
            } => {
                self.changed(*at);
                return std::mem::replace(&mut self.kind, *kind) == *previous && previous != kind;
            }
            Event::DisablingStarted {
                successor,
                operation,
                at,
                ..
            } => {
                self.changed(*at);
                Standing::Disabling {
                    successor: successor.clone(),
                    operation: operation.clone(),
                }
            }
            Event::Disabled { successor, at, .. } => {
                self.changed(*at);
                Standing::Disabled {
                    successor: successor.clone(),
                }
            }
            Event::DisablingCancelled { at, .. } | Event::Enabled { at, .. } => {
                self.changed(*at);
                Standing::Enabled
            }
        };
        let before = std::mem::replace(&mut self.standing, standing);
        match (before, event) {
            (Standing::Enabled, Event::DisablingStarted { .. })
            | (
                Standing::Disabling { .. },
                Event::Disabled { .. } | Event::DisablingCancelled { .. },
            )
            | (Standing::Disabled { .. }, Event::Enabled { .. }) => true,
            (
                Standing::Enabled | Standing::Disabling { .. } | Standing::Disabled { .. },
                Event::Created { .. }
                | Event::Changed { .. }
                | Event::KindChanged { .. }
                | Event::DisablingStarted { .. }
                | Event::DisablingCancelled { .. }
                | Event::Disabled { .. }
                | Event::Enabled { .. }
                | Event::TaskNumbered { .. },
            ) => false,
        }
    }

    fn changed(&mut self, at: DateTime<Utc>) {
        self.revision = self.revision.next();
        self.updated_at = at;
    }
}
