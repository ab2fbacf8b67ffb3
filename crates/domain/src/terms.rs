//! The ids of what the settings define: roles and types of generated tasks.

use std::{fmt, str::FromStr, sync::Arc};

use serde::{Deserialize, Serialize};

use crate::{names::check_id, rejection::Invalid};

macro_rules! term {
    ($(#[$doc:meta])* $Name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $Name(Arc<str>);

        impl $Name {
            /// The id.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $Name {
            type Err = Invalid;

            fn from_str(id: &str) -> Result<Self, Invalid> {
                check_id(id)?;
                Ok(Self(id.into()))
            }
        }

        impl TryFrom<String> for $Name {
            type Error = Invalid;

            fn try_from(id: String) -> Result<Self, Invalid> {
                id.parse()
            }
        }

        impl From<$Name> for String {
            fn from(id: $Name) -> Self {
                id.as_str().to_owned()
            }
        }

        impl fmt::Display for $Name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl fmt::Debug for $Name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

term!(
    /// A named responsibility for an account: `success-manager`. An id as in resource names.
    Role
);
term!(
    /// A kind of work that the service which reports relevant work generates tasks for:
    /// `review-response`. An id as in resource names.
    TaskType
);

impl Role {
    const ASSIGNEE: &str = "assignee";

    /// The role that every account has and that is always held (S0).
    pub fn assignee() -> Self {
        Self(Self::ASSIGNEE.into())
    }

    /// Whether this is the role that every account has.
    pub fn is_assignee(&self) -> bool {
        &*self.0 == Self::ASSIGNEE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_or_task_type_is_an_id() {
        assert!("success-manager".parse::<Role>().is_ok());
        assert!("Success Manager".parse::<Role>().is_err());
        assert!("review_response".parse::<TaskType>().is_err());
        assert!("assignee".parse::<Role>().unwrap().is_assignee());
    }
}
