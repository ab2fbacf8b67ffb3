//! Where an event is folded: the 64 partitions that projectors share.

use std::fmt;

/// How many partitions there are. Fixed for ever: it is in every stored event.
pub const PARTITIONS: u8 = 64;

/// One of the 64 partitions, 0 to 63.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Partition(u8);

impl Partition {
    /// The partition of everything that belongs to `owner`: the low 6 bits of its 64-bit FNV-1a hash.
    ///
    /// The owner is the account that an event is about, else the member, else the stream itself.
    pub fn of(owner: &str) -> Self {
        let hash = owner.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
        });
        Self((hash % u64::from(PARTITIONS)) as u8)
    }

    /// The partition with this number, if it is below 64.
    pub fn new(number: u8) -> Option<Self> {
        (number < PARTITIONS).then_some(Self(number))
    }

    /// Its number, 0 to 63.
    pub fn number(self) -> u8 {
        self.0
    }

    /// All partitions in order.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..PARTITIONS).map(Self)
    }
}

impl fmt::Display for Partition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The hash is stored with every event: these numbers may never change.
    #[test]
    fn partitions_are_fixed_for_ever() {
        assert_eq!(Partition::of("").number(), 37);
        assert_eq!(Partition::of("accounts/acme").number(), 8);
        assert_eq!(Partition::of("members/admin").number(), 28);
        assert_eq!(Partition::of("settings").number(), 40);
    }

    #[test]
    fn a_partition_is_below_sixty_four() {
        assert!(Partition::new(63).is_some());
        assert!(Partition::new(64).is_none());
        assert_eq!(Partition::all().count(), 64);
    }
}
