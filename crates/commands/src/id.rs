//! The one place that makes ids.

use uuid::Uuid;

/// A new id: UUIDv7, so that ids made one after the other lie beside each other in an index.
#[allow(clippy::disallowed_methods, reason = "this is where ids come from")]
pub fn new_id() -> Uuid {
    Uuid::now_v7()
}

/// The id of the event at `index` (from 0) of a command: the same whenever the command is decided.
pub fn event_id(command_id: Uuid, index: i32) -> Uuid {
    Uuid::new_v5(&command_id, &index.to_be_bytes())
}
