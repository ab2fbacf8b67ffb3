//! What a load has seen.

use std::{
    collections::BTreeMap,
    fmt,
    time::{Duration, Instant},
};

use hdrhistogram::Histogram;

use crate::Outcome;

/// What a load has seen: counts, and the latency of the commands that succeeded.
#[derive(Debug, Clone)]
pub struct Summary {
    began: Instant,
    /// From the first command to the last answer.
    pub elapsed: Duration,
    /// Microseconds.
    latency: Histogram<u64>,
    /// Commands that succeeded without appending anything: the task was already so.
    pub unchanged: u64,
    /// Commands that did not succeed, by code.
    pub failed: BTreeMap<&'static str, u64>,
    /// Commands that were not sent because too many were in flight already.
    pub overruns: u64,
}

impl Summary {
    pub(crate) fn begin() -> Self {
        Self {
            began: Instant::now(),
            elapsed: Duration::ZERO,
            latency: Histogram::new(3).expect("three digits are allowed"),
            unchanged: 0,
            failed: BTreeMap::new(),
            overruns: 0,
        }
    }

    pub(crate) fn count(&mut self, outcome: &Outcome, latency: Duration) {
        match outcome {
            Outcome::Done(answer) => {
                self.latency
                    .record(latency.as_micros() as u64)
                    .expect("it grows as needed");
                self.unchanged += u64::from(answer.events_appended == 0);
            }
            other => *self.failed.entry(other.code()).or_default() += 1,
        }
    }

    pub(crate) fn add(&mut self, other: &Self) {
        self.latency
            .add(&other.latency)
            .expect("all have the same digits and grow");
        self.unchanged += other.unchanged;
        self.overruns += other.overruns;
        for (code, count) in &other.failed {
            *self.failed.entry(code).or_default() += count;
        }
    }

    pub(crate) fn end(mut self) -> Self {
        self.elapsed = self.began.elapsed();
        self
    }

    /// Commands that succeeded.
    pub fn done(&self) -> u64 {
        self.latency.len()
    }

    /// Commands that did not succeed.
    pub fn failures(&self) -> u64 {
        self.failed.values().sum()
    }

    /// Commands a second that succeeded.
    pub fn rate(&self) -> f64 {
        self.done() as f64 / self.elapsed.as_secs_f64()
    }

    /// The latency in milliseconds that so great a part of the commands did not exceed, 0 to 1.
    pub fn quantile_ms(&self, part: f64) -> f64 {
        self.latency.value_at_quantile(part) as f64 / 1_000.0
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:.0} commands/s p50={:.2} ms p99={:.2} ms p99.9={:.2} ms max={:.2} ms",
            self.rate(),
            self.quantile_ms(0.5),
            self.quantile_ms(0.99),
            self.quantile_ms(0.999),
            self.latency.max() as f64 / 1_000.0,
        )?;
        if self.unchanged > 0 {
            write!(f, " unchanged={}", self.unchanged)?;
        }
        if self.overruns > 0 {
            write!(f, " overruns={}", self.overruns)?;
        }
        for (code, count) in &self.failed {
            write!(f, " {code}={count}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Answer;

    fn done(events_appended: i32) -> Outcome {
        Outcome::Done(Answer {
            position: 1,
            epoch: 1,
            events_appended,
            replayed: false,
            etag: "1".to_owned(),
        })
    }

    #[test]
    fn latencies_are_those_of_what_succeeded() {
        let mut seen = Summary::begin();
        for ms in 1..=100 {
            seen.count(&done(1), Duration::from_millis(ms));
        }
        let refused = Outcome::Refused {
            code: "ABORTED",
            message: String::new(),
        };
        seen.count(&refused, Duration::from_secs(60));
        assert!((seen.quantile_ms(0.5) - 50.0).abs() < 0.1);
        assert!((seen.quantile_ms(1.0) - 100.0).abs() < 0.1);
        assert_eq!((seen.done(), seen.failures()), (100, 1));
    }

    #[test]
    fn what_appended_nothing_is_counted_apart() {
        let mut seen = Summary::begin();
        seen.count(&done(0), Duration::ZERO);
        let mut total = Summary::begin();
        total.add(&seen);
        assert_eq!((total.done(), total.unchanged), (1, 1));
    }
}
