//! What goes first in a process: commands, before what only follows the log, as long as nobody waits
//! for the latter.

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::watch,
    time::{Instant, timeout_at},
};

/// Commands go first where they share a process with what follows the log: while many of them wait,
/// relay and projectors rest, unless somebody waits for a read model or they are [`YIELDS`](Self::YIELDS)
/// behind. So a burst gets the processors, and the rest catches up after it. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Precedence {
    /// Until when commands press. None where there are no commands.
    pressing: Option<watch::Receiver<Instant>>,
    waiting: Arc<watch::Sender<usize>>,
}

/// Somebody waits for a read model, until this is dropped.
#[derive(Debug)]
pub struct Waiting(Arc<watch::Sender<usize>>);

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.send_modify(|waiting| *waiting -= 1);
    }
}

impl Precedence {
    /// How far anything may fall behind to let commands go first.
    pub const YIELDS: Duration = Duration::from_secs(30);

    /// Of commands that press until a moment, which moves.
    pub fn of(pressing: watch::Receiver<Instant>) -> Self {
        Self {
            pressing: Some(pressing),
            ..Self::default()
        }
    }

    /// Says that somebody waits for a read model.
    pub fn wait(&self) -> Waiting {
        self.waiting.send_modify(|waiting| *waiting += 1);
        Waiting(self.waiting.clone())
    }

    /// Whether to rest now.
    pub fn holds(&self) -> bool {
        let pressing = |until: &watch::Receiver<Instant>| *until.borrow() > Instant::now();
        self.pressing.as_ref().is_some_and(pressing) && !self.is_called()
    }

    /// Whether somebody waits for a read model.
    pub fn is_called(&self) -> bool {
        *self.waiting.borrow() > 0
    }

    /// Returns as soon as somebody waits for a read model. Cancel-safe.
    pub async fn called(&self) {
        let mut waiting = self.waiting.subscribe();
        // The sender is in `self`, so it is there.
        let _ = waiting.wait_for(|waiting| *waiting > 0).await;
    }

    /// Rests while there is reason to, at most until a moment. Cancel-safe.
    pub async fn rest(&self, at_most: Instant) {
        while self.holds() && Instant::now() < at_most {
            let pressed = self.pressing.as_ref().map(|until| *until.borrow());
            let until = pressed.map_or(at_most, |pressed| pressed.min(at_most));
            // In vain: the loop looks at the time itself.
            let _ = timeout_at(until, self.called()).await;
        }
    }
}
