//! How hard commands press: whether so many wait, on processors that have nothing to spare, that other
//! work of the process should wait for them.

use std::{fs::File, os::unix::fs::FileExt, time::Duration};

use tokio::{sync::watch, time::Instant};

/// From so many commands in a batch on, many wait.
const MANY: f64 = 32.0;
/// The weight of the last batch in the moving average.
const WEIGHT: f64 = 0.1;
/// How often the processors are looked at, and how long commands are taken to press after that.
const LOOK: Duration = Duration::from_millis(200);
/// The part of their time that processors with nothing to spare are idle at most, waits for a disk
/// included.
const IDLE: f64 = 0.1;

/// Follows the sizes of the batches and how busy the processors are.
pub(crate) struct Pressure {
    average: f64,
    processors: Option<Processors>,
    looked: Instant,
    until: watch::Sender<Instant>,
}

impl Pressure {
    pub(crate) fn new() -> Self {
        let now = Instant::now();
        Self {
            average: 0.0,
            processors: Processors::new(),
            looked: now,
            until: watch::Sender::new(now),
        }
    }

    /// Until when commands press; in the past while they do not.
    pub(crate) fn until(&self) -> watch::Receiver<Instant> {
        self.until.subscribe()
    }

    /// Notes how many commands a batch has.
    pub(crate) fn batch(&mut self, commands: usize) {
        self.average += WEIGHT * (commands as f64 - self.average);
        let now = Instant::now();
        if now < self.looked + LOOK {
            return;
        }
        self.looked = now;
        let busy = self.processors.as_mut().is_some_and(Processors::are_busy);
        if busy && self.average >= MANY {
            self.until.send_replace(now + 2 * LOOK);
        }
    }
}

/// The times of all processors together, as Linux counts them. Elsewhere commands never press.
struct Processors {
    file: File,
    before: Times,
}

/// Since the machine started, in ticks.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Times {
    idle: u64,
    all: u64,
}

impl Processors {
    fn new() -> Option<Self> {
        let file = File::open("/proc/stat").ok()?;
        let before = Times::read(&file)?;
        Some(Self { file, before })
    }

    /// Whether they had nothing to spare since this was last asked.
    fn are_busy(&mut self) -> bool {
        let Some(now) = Times::read(&self.file) else {
            return false;
        };
        let before = std::mem::replace(&mut self.before, now);
        now.busy_since(before)
    }
}

impl Times {
    fn read(file: &File) -> Option<Self> {
        let mut start = [0; 256];
        let length = file.read_at(&mut start, 0).ok()?;
        Self::parse(str::from_utf8(&start[..length]).ok()?)
    }

    /// Reads `cpu  user nice system idle iowait irq softirq steal …`; guests are counted in the first two.
    fn parse(text: &str) -> Option<Self> {
        let line = text.lines().next()?.strip_prefix("cpu ")?;
        let mut ticks = [0; 8];
        for (value, field) in ticks.iter_mut().zip(line.split_whitespace()) {
            *value = field.parse().ok()?;
        }
        Some(Self {
            idle: ticks[3] + ticks[4],
            all: ticks.iter().sum(),
        })
    }

    fn busy_since(self, before: Self) -> bool {
        let all = self.all.saturating_sub(before.all);
        // The time waiting for a disk may be counted backwards.
        let idle = self.idle.saturating_sub(before.idle);
        all > 0 && (idle as f64) < IDLE * all as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_times_of_all_processors_are_summed() {
        let text = "cpu  100 20 30 400 50 6 7 8 90 10\ncpu0 1 2 3 4 5 6 7 8 9 10\n";
        let times = Times {
            idle: 450,
            all: 621,
        };
        assert_eq!(Times::parse(text), Some(times));
        assert_eq!(Times::parse("intr 5"), None);
    }

    #[test]
    fn processors_that_wait_for_a_disk_have_time_to_spare() {
        let before = Times { idle: 0, all: 0 };
        let busy = |idle| Times { idle, all: 1_000 }.busy_since(before);
        assert!(busy(99));
        assert!(!busy(100));
        assert!(!before.busy_since(before));
    }
}
