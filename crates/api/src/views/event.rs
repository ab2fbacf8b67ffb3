//! Events as callers see them: whole, or with what they say left out.

use handoff_event_log::{Epoch, Recorded};
use handoff_proto::v1;
use handoff_read_models::history::HistoryEntry;

use crate::{time, views::View};

/// A recorded event. Its place, type and hash are for everybody, so that everybody can check the
/// chain; what it says is for those who may see it.
pub(crate) fn event(view: View, recorded: Recorded, epoch: Epoch) -> v1::Event {
    let shown = view.shows_event(&recorded.event_type);
    v1::Event {
        position: recorded.position.0,
        epoch: epoch.0,
        stream: recorded.stream.as_str().to_owned(),
        version: i32::try_from(recorded.version.0).unwrap_or(i32::MAX),
        type_version: recorded.type_version.into(),
        partition: recorded.partition.number().into(),
        event_id: recorded.event_id.to_string(),
        command_id: recorded.command_id.to_string(),
        command_index: recorded.command_index,
        payload_json: if shown {
            recorded.payload
        } else {
            String::new()
        },
        metadata_json: if shown {
            recorded.metadata
        } else {
            String::new()
        },
        record_time: Some(time::to_proto(recorded.recorded_at)),
        hash: recorded.hash.as_bytes().to_vec(),
        redacted: !shown,
        r#type: recorded.event_type,
    }
}

/// One line of a resource's history. Who did something is for everybody, what exactly is not.
pub(crate) fn history_entry(view: View, entry: HistoryEntry) -> v1::HistoryEntry {
    let HistoryEntry { position, row } = entry;
    let shown = view.shows_event(&row.event_type);
    v1::HistoryEntry {
        position: position.0,
        resource: row.stream.as_str().to_owned(),
        version: i32::try_from(row.version.0).unwrap_or(i32::MAX),
        record_time: Some(time::to_proto(row.recorded_at)),
        actor: row.actor.as_str().to_owned(),
        on_behalf_of: row.on_behalf_of.map(String::from).unwrap_or_default(),
        event_id: row.event_id.to_string(),
        command_id: row.command_id.to_string(),
        causation_id: row
            .causation_id
            .map(|id| id.to_string())
            .unwrap_or_default(),
        correlation_id: row.correlation_id.to_string(),
        payload_json: if shown { row.payload } else { String::new() },
        redacted: !shown,
        r#type: row.event_type,
    }
}
