//! `rebuild`: read models built from a long log, indexes included, while nothing else happens.

use std::time::Duration;

use super::{
    BenchError, Setting,
    process::Process,
    seed::{Shape, seed},
    table::{Row, Table},
};

const EVENTS: usize = 1_000_000;
/// Read models, and the events a second that each is to take.
const MODELS: [(&str, &str, f64); 2] = [
    ("tasks", "rebuild_tasks", 60_000.0),
    ("history", "rebuild_history", 100_000.0),
];
const PATIENCE: Duration = Duration::from_secs(3_600);
const LOOK: Duration = Duration::from_millis(100);

pub(super) async fn measure(setting: &Setting<'_>, table: &mut Table) -> Result<(), BenchError> {
    let corner = setting.service.corner("bench_rebuild").await?;
    let shape = Shape::of_events(setting.bench.scaled(EVENTS));
    let events = seed(&corner.connect().await?, &shape).await?;
    for (model, measure, bar) in MODELS {
        let mut projector = corner.start(&["project", model], &[]).await?;
        let built = built(&mut projector, model).await?;
        projector.stop().await?;
        eprintln!(
            "  {model}: {events} events in {:.2} s, of which {:.2} s for the indexes",
            built.whole.as_secs_f64(),
            (built.whole - built.rows).as_secs_f64(),
        );
        let rate = events as f64 / built.whole.as_secs_f64();
        table.add(Row::new(measure, rate, "events/s").reaching(bar));
    }
    corner.remove().await
}

/// How long a build took by the builder's own clock.
pub(super) struct Built {
    /// Until the rows were there.
    rows: Duration,
    /// Until it answered queries.
    whole: Duration,
}

/// Waits until a process has built a read model.
pub(super) async fn built(process: &mut Process, model: &str) -> Result<Built, BenchError> {
    let mut elapsed = async |message: &str| {
        let line = process
            .said(
                |line| {
                    let fields = &line["fields"];
                    fields["message"] == message && fields["projection"] == model
                },
                LOOK,
                PATIENCE,
            )
            .await?;
        let said = line["fields"]["elapsed"].as_str().unwrap_or_default();
        duration(said).ok_or_else(|| BenchError::Failed {
            program: "handoffd".to_owned(),
            said: format!("it took {said:?} to build {model}"),
        })
    };
    Ok(Built {
        rows: elapsed("the rows are there, making the indexes").await?,
        whole: elapsed("the generation is live").await?,
    })
}

/// Reads a duration as logs show it: `1.5s`, `12.25ms`, `80µs`.
fn duration(text: &str) -> Option<Duration> {
    let unit_at = text.find(|c: char| c.is_alphabetic())?;
    let (number, unit) = text.split_at(unit_at);
    let number: f64 = number.parse().ok()?;
    let seconds = match unit {
        "s" => number,
        "ms" => number / 1e3,
        "µs" => number / 1e6,
        "ns" => number / 1e9,
        _ => return None,
    };
    Duration::try_from_secs_f64(seconds).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_as_logs_show_them() {
        for text in ["1.5s", "12.25ms", "80µs", "999ns", "3600s"] {
            assert_eq!(format!("{:?}", duration(text).unwrap()), text);
        }
        for text in ["", "s", "1.5", "2h"] {
            assert_eq!(duration(text), None, "{text}");
        }
    }
}
