//! How hard commands press: whether so many wait that other work of the process should wait for them.

use std::time::Duration;

use tokio::{sync::watch, time::Instant};

/// From so many commands in a batch on, the processor is what they wait for and not the disk.
const MANY: f64 = 32.0;
/// The weight of the last batch in the moving average.
const WEIGHT: f64 = 0.1;
/// How long commands are taken to press after a batch of many.
const HOLD: Duration = Duration::from_millis(200);

/// Follows the sizes of the batches.
pub(crate) struct Pressure {
    average: f64,
    until: watch::Sender<Instant>,
}

impl Pressure {
    pub(crate) fn new() -> Self {
        Self {
            average: 0.0,
            until: watch::Sender::new(Instant::now()),
        }
    }

    /// Until when commands press; in the past while they do not.
    pub(crate) fn until(&self) -> watch::Receiver<Instant> {
        self.until.subscribe()
    }

    /// Notes how many commands a batch has.
    pub(crate) fn batch(&mut self, commands: usize) {
        self.average += WEIGHT * (commands as f64 - self.average);
        if self.average >= MANY {
            self.until.send_replace(Instant::now() + HOLD);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_press_while_batches_are_large_and_not_after_one_large_batch() {
        let mut pressure = Pressure::new();
        let until = pressure.until();
        let presses = || *until.borrow() > Instant::now();
        pressure.batch(100);
        assert!(!presses());
        for _ in 0..20 {
            pressure.batch(100);
        }
        assert!(presses());
    }
}
