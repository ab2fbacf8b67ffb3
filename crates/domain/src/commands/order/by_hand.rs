//! For properties: who is on an order and off it by hand, kept beside it from the commands alone (S1).

use std::collections::BTreeSet;

use crate::{
    checklist::Tier,
    commands::{memory::Memory, order::samples::details},
    order::{Details, Status},
};

/// What a command says of who is on an order by hand, in the ids of members.
#[derive(Debug, Clone, Default)]
pub(super) enum Hand {
    /// Nothing.
    #[default]
    Off,
    Assign {
        add: Vec<&'static str>,
        remove: Vec<&'static str>,
    },
    Replace {
        from: &'static str,
        to: &'static str,
    },
    /// For the cycle of this number.
    Renew(u8),
}

/// Who is on the order and off it by hand, as the rules say it.
#[derive(Debug, Default)]
pub(super) struct ByHand {
    pub(super) added: BTreeSet<String>,
    pub(super) removed: BTreeSet<String>,
    cycles: BTreeSet<u8>,
}

/// The first tier with an open task.
pub(super) fn first_open_tier(order: &Details) -> Option<Tier> {
    let open = order.tasks.iter().filter(|task| task.checked.is_none());
    open.map(|task| task.content.tier).min()
}

impl ByHand {
    /// Takes over what a command did that was accepted on the order as it was `before`.
    pub(super) fn follow(&mut self, hand: &Hand, before: &Details, memory: &Memory) {
        let after = details(memory);
        match hand {
            Hand::Off => {}
            Hand::Assign { add, remove } => {
                for id in add {
                    self.put_on(id);
                }
                for id in remove {
                    self.added.remove(*id);
                    self.removed.insert((*id).to_owned());
                }
            }
            Hand::Replace { from, to } => {
                if before.status() == Status::Open && from != to && self.added.remove(*from) {
                    self.put_on(to);
                }
            }
            Hand::Renew(cycle) => {
                if self.cycles.insert(*cycle) {
                    self.added.clear();
                    self.removed.clear();
                }
            }
        }
        if first_open_tier(before) != first_open_tier(&after) {
            self.removed.clear();
        }
        // Nobody comes back with an order who was disabled meanwhile.
        if before.status() != Status::Open && after.status() == Status::Open {
            self.added.retain(|id| memory.member(id).takes_work());
        }
    }

    fn put_on(&mut self, id: &str) {
        self.added.insert(id.to_owned());
        self.removed.remove(id);
    }
}
