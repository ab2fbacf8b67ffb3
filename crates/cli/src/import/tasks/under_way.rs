//! Rows whose tasks are being created, so that those which name them wait.

use std::{cell::RefCell, collections::HashSet};

use tokio::sync::Notify;

/// Names of the tasks whose creation is under way.
#[derive(Default)]
pub(super) struct UnderWay {
    names: RefCell<HashSet<String>>,
    ended: Notify,
}

/// A creation that is under way for as long as this lives.
pub(super) struct Creation<'a> {
    of: &'a UnderWay,
    name: String,
}

impl UnderWay {
    /// Notes that a task is about to be created.
    pub(super) fn begin(&self, name: String) -> Creation<'_> {
        self.names.borrow_mut().insert(name.clone());
        Creation { of: self, name }
    }

    /// Waits until the task is there, or will not be there for its row was refused. Returns at once if no row above has it.
    pub(super) async fn until_created(&self, name: &str) {
        loop {
            // Whoever ends after the look is heard.
            let ended = self.ended.notified();
            if !self.names.borrow().contains(name) {
                return;
            }
            ended.await;
        }
    }
}

impl Drop for Creation<'_> {
    fn drop(&mut self) {
        self.of.names.borrow_mut().remove(&self.name);
        self.of.ended.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use std::task::Poll;

    use futures_util::poll;

    use super::*;

    #[tokio::test]
    async fn who_names_a_task_waits_until_it_is_created() {
        let under_way = UnderWay::default();
        under_way.until_created("tasks/a").await;
        let (a, b) = (
            under_way.begin("tasks/a".to_owned()),
            under_way.begin("tasks/b".to_owned()),
        );
        let mut waiting = Box::pin(under_way.until_created("tasks/a"));
        assert_eq!(poll!(&mut waiting), Poll::Pending);
        drop(b);
        assert_eq!(poll!(&mut waiting), Poll::Pending);
        drop(a);
        assert_eq!(poll!(&mut waiting), Poll::Ready(()));
    }
}
