//! The words and small values of an order.

use std::fmt;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{limits, rejection::Invalid, text::Line};

/// The namespace of what is remembered of cycles. Fixed for ever: it is in snapshots.
const CYCLES: Uuid = Uuid::from_u128(0x2b7c_41f0_93de_5a18_8c64_0f9a_d3b5_71e2);

/// How an order stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    Open,
    Complete,
    Cancelled,
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Open => "open",
            Self::Complete => "complete",
            Self::Cancelled => "cancelled",
        })
    }
}

/// What tells one billing cycle of an order from another: `2026-12`, the number of an invoice. One line
/// of 1 to 100 characters.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Cycle(Line);

impl Cycle {
    /// Checks and trims `text`.
    pub fn new(text: &str) -> Result<Self, Invalid> {
        let line = Line::new(text)?;
        match line.as_str().chars().count() {
            ..=limits::CYCLE_CHARACTERS => Ok(Self(line)),
            count => Err(Invalid::new(format!(
                "has {count} characters; a cycle has at most {}",
                limits::CYCLE_CHARACTERS
            ))),
        }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// What an order remembers of it: UUIDv5, so that ten thousand cycles take little room.
    pub(super) fn digest(&self) -> Uuid {
        Uuid::new_v5(&CYCLES, self.as_str().as_bytes())
    }
}

impl fmt::Display for Cycle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Cycle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cycle_is_a_short_line_and_remembered_by_what_it_says() {
        assert_eq!(Cycle::new(" 2026-12 ").unwrap().as_str(), "2026-12");
        assert!(Cycle::new(&"x".repeat(100)).is_ok());
        for bad in ["", "a\nb", &"x".repeat(101)] {
            assert!(Cycle::new(bad).is_err(), "{bad:?}");
        }
        let digest = |text| Cycle::new(text).unwrap().digest();
        assert_eq!(digest("2026-12"), digest("2026-12 "));
        assert_ne!(digest("2026-12"), digest("2027-12"));
        // Remembered in snapshots: it may never change.
        assert_eq!(
            digest("2026-12").to_string(),
            "c2cbb390-abf8-52dd-b8a4-6488509575f9"
        );
    }
}
