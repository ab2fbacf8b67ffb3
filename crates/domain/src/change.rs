//! A value before and after, for events that a reader asks both of.

use serde::{Deserialize, Serialize};

/// A value that changed. Never the same twice.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Change<T> {
    pub from: T,
    pub to: T,
}

impl<T: Clone + PartialEq> Change<T> {
    /// The change from what is to what is wanted; none if nothing is wanted or it is so already.
    pub fn between(is: &T, wanted: Option<&T>) -> Option<Self> {
        wanted.filter(|wanted| *wanted != is).map(|wanted| Self {
            from: is.clone(),
            to: wanted.clone(),
        })
    }
}

/// Applies a recorded change to `value`; false if it does not begin where `value` is.
pub(crate) fn apply<T: Clone + PartialEq>(value: &mut T, change: Option<&Change<T>>) -> bool {
    match change {
        None => true,
        Some(change) if change.from == *value => {
            value.clone_from(&change.to);
            true
        }
        Some(_) => false,
    }
}
