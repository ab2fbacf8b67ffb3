//! Projections as operators see them.

use std::time::Duration;

use handoff_projections::{
    Generation, GenerationState, Instance, Parked, PartitionStatus, Projection,
};
use handoff_proto::v1;

use crate::time;

/// A projection with all its partitions.
pub(crate) fn whole(projection: Projection) -> v1::Projection {
    let state = state(&projection);
    let live = projection.live();
    v1::Projection {
        name: format!("projections/{}", projection.name),
        state: state.into(),
        version: live.map_or(0, |live| live.version),
        generation: live.map_or(0, |live| live.number),
        head_position: projection.head.0,
        included_position: projection.included.0,
        lag_events: projection.lag_events(),
        lag: Some(duration(projection.lag)),
        instances: projection.instances.into_iter().map(instance).collect(),
        partitions: projection.partitions.into_iter().map(partition).collect(),
        generations: projection.generations.into_iter().map(generation).collect(),
    }
}

/// A projection among others: of its partitions, those that have stopped.
pub(crate) fn listed(mut projection: Projection) -> v1::Projection {
    let state = state(&projection);
    projection
        .partitions
        .retain(|partition| partition.parked.is_some());
    v1::Projection {
        state: state.into(),
        ..whole(projection)
    }
}

/// The first of these that holds: an operator stopped it, a partition has stopped, a generation is
/// being built, it follows the log.
fn state(projection: &Projection) -> v1::ProjectionState {
    let building = |generation: &Generation| generation.state == GenerationState::Building;
    if projection.paused {
        v1::ProjectionState::Paused
    } else if projection
        .partitions
        .iter()
        .any(|partition| partition.parked.is_some())
    {
        v1::ProjectionState::Parked
    } else if projection.generations.iter().any(building) {
        v1::ProjectionState::Rebuilding
    } else {
        v1::ProjectionState::Live
    }
}

fn instance(instance: Instance) -> v1::ProjectionInstance {
    v1::ProjectionInstance {
        instance: instance.id,
        partition_count: i32::try_from(instance.partitions).unwrap_or(i32::MAX),
        heartbeat_time: Some(time::to_proto(instance.heartbeat_at)),
    }
}

fn partition(status: PartitionStatus) -> v1::ProjectionPartition {
    v1::ProjectionPartition {
        partition: status.partition.number().into(),
        position: status.position.0,
        owner: status.owner.unwrap_or_default(),
        parked: status.parked.map(parked),
    }
}

fn parked(parked: Parked) -> v1::ParkedEvent {
    v1::ParkedEvent {
        position: parked.position.0,
        error: parked.error,
        park_time: Some(time::to_proto(parked.at)),
    }
}

fn generation(generation: Generation) -> v1::ProjectionGeneration {
    let state = match generation.state {
        GenerationState::Building => v1::ProjectionGenerationState::Building,
        GenerationState::Live => v1::ProjectionGenerationState::Live,
        GenerationState::Retired => v1::ProjectionGenerationState::Retired,
    };
    v1::ProjectionGeneration {
        generation: generation.number,
        version: generation.version,
        state: state.into(),
        included_position: generation.included.0,
        create_time: Some(time::to_proto(generation.created_at)),
    }
}

fn duration(duration: Duration) -> prost_types::Duration {
    prost_types::Duration {
        seconds: i64::try_from(duration.as_secs()).unwrap_or(i64::MAX),
        // Below a second, so it fits.
        nanos: duration.subsec_nanos() as i32,
    }
}
