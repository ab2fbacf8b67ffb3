//! A projection as operators see it.

use handoff_proto::v1::{Projection, ProjectionGeneration, ProjectionState};
use prost_types::Duration;

use crate::{
    command::words,
    output::{Cell, Row, Show, Tone},
    time,
};

fn state(projection: &Projection) -> Cell {
    let tone = match projection.state() {
        ProjectionState::Live => Tone::Good,
        ProjectionState::Paused | ProjectionState::Rebuilding => Tone::Warning,
        ProjectionState::Parked => Tone::Bad,
        ProjectionState::Unspecified => Tone::Plain,
    };
    Cell::new(
        words(projection.state().as_str_name(), "PROJECTION_STATE_"),
        tone,
    )
}

/// `1,204 events, 3.2 s`, or nothing if there is no lag.
fn lag(projection: &Projection) -> String {
    match projection.lag_events {
        0 => String::new(),
        events => format!("{events} events, {}", span(projection.lag.as_ref())),
    }
}

fn span(duration: Option<&Duration>) -> String {
    let duration = duration.copied().unwrap_or_default();
    let tenths = duration.nanos / 100_000_000;
    match duration.seconds {
        seconds @ ..60 => format!("{seconds}.{tenths} s"),
        seconds @ 60..3600 => format!("{} min {} s", seconds / 60, seconds % 60),
        seconds => format!("{} h {} min", seconds / 3600, seconds / 60 % 60),
    }
}

fn parked(projection: &Projection) -> impl Iterator<Item = String> {
    projection.partitions.iter().filter_map(|partition| {
        let parked = partition.parked.as_ref()?;
        Some(format!(
            "partition {} at position {} since {}: {}",
            partition.partition,
            parked.position,
            time::seconds(parked.park_time.as_ref()),
            parked.error
        ))
    })
}

fn generation(generation: &ProjectionGeneration) -> String {
    format!(
        "{} (version {}) {}, up to {}, begun {}",
        generation.generation,
        generation.version,
        words(
            generation.state().as_str_name(),
            "PROJECTION_GENERATION_STATE_"
        ),
        generation.included_position,
        time::seconds(generation.create_time.as_ref())
    )
}

/// Puts a label before the first of several lines.
fn lines(
    label: &'static str,
    lines: impl Iterator<Item = Cell>,
) -> impl Iterator<Item = (&'static str, Cell)> {
    lines
        .enumerate()
        .map(move |(i, line)| (if i == 0 { label } else { "" }, line))
}

impl Show for Projection {
    fn fields(&self) -> Vec<(&'static str, Cell)> {
        let mut fields = vec![
            ("Name", self.name.as_str().into()),
            ("State", state(self)),
            ("Version", self.version.to_string().into()),
            ("Generation", self.generation.to_string().into()),
            ("Included", self.included_position.to_string().into()),
            ("Head", self.head_position.to_string().into()),
            ("Lag", lag(self).into()),
        ];
        fields.extend(lines(
            "Generations",
            self.generations.iter().map(|g| generation(g).into()),
        ));
        fields.extend(lines(
            "Instances",
            self.instances.iter().map(|instance| {
                let heard = time::seconds(instance.heartbeat_time.as_ref());
                format!(
                    "{} holds {} partitions, heard of {heard}",
                    instance.instance, instance.partition_count
                )
                .into()
            }),
        ));
        fields.extend(lines(
            "Parked",
            parked(self).map(|text| Cell::new(text, Tone::Bad)),
        ));
        fields
    }
}

impl Row for Projection {
    const HEADER: &'static [&'static str] = &[
        "NAME",
        "STATE",
        "VERSION",
        "GENERATION",
        "INCLUDED",
        "HEAD",
        "LAG",
        "PARKED",
    ];

    fn row(&self) -> Vec<Cell> {
        let parked = match parked(self).count() {
            0 => Cell::default(),
            count => Cell::new(count.to_string(), Tone::Bad),
        };
        vec![
            self.name.as_str().into(),
            state(self),
            self.version.to_string().into(),
            self.generation.to_string().into(),
            self.included_position.to_string().into(),
            self.head_position.to_string().into(),
            lag(self).into(),
            parked,
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_has_the_unit_that_fits() {
        let text = |seconds, nanos| span(Some(&Duration { seconds, nanos }));
        assert_eq!(text(3, 250_000_000), "3.2 s");
        assert_eq!(text(75, 0), "1 min 15 s");
        assert_eq!(text(3_660 + 3_600, 0), "2 h 1 min");
        assert_eq!(span(None), "0.0 s");
    }
}
