//! Epochs: when one begins, and that who appends is told.

#![allow(clippy::unwrap_used, reason = "a test has no better answer")]

use handoff_event_log::{Appender, Check, Database, Epoch, Position, begin_epoch};
use handoff_testkit::TestDatabase;

/// The epoch that an appender finds under the lock.
async fn epoch(appender: &mut Appender) -> Epoch {
    let locked = appender.lock(&Check::default()).await.unwrap();
    let epoch = locked.head.epoch;
    locked.release().await.unwrap();
    epoch
}

#[tokio::test]
async fn an_operator_begins_one_and_appenders_find_it_with_the_lock() {
    let test = TestDatabase::create().await;
    let database = Database::new(&test.url).unwrap();
    let mut appender = Appender::connect(&database).await.unwrap();
    assert_eq!(epoch(&mut appender).await, Epoch(1));
    let begun = begin_epoch(&database).await.unwrap();
    assert_eq!(begun, (Epoch(2), Position::START));
    assert_eq!(epoch(&mut appender).await, Epoch(2));
}

#[tokio::test]
async fn none_begins_where_the_database_has_stayed_where_it_was() {
    let test = TestDatabase::create().await;
    let database = Database::new(&test.url).unwrap();
    for _ in 0..3 {
        let mut appender = Appender::connect(&database).await.unwrap();
        assert_eq!(epoch(&mut appender).await, Epoch(1));
    }
}

#[tokio::test]
async fn one_begins_where_the_database_has_moved_to_another_postgres_or_timeline() {
    let test = TestDatabase::create().await;
    let database = Database::new(&test.url).unwrap();
    let admin = test.connect().await;
    for (moved, begun) in [("'elsewhere', timeline", 3), ("system_id, timeline - 1", 5)] {
        // As if the epoch had begun there.
        let sql = format!(
            "insert into event_log.epochs (epoch, after_position, system_id, timeline) \
             select epoch + 1, 0, {moved} from event_log.epochs order by epoch desc limit 1"
        );
        admin.batch_execute(&sql).await.unwrap();
        let mut appender = Appender::connect(&database).await.unwrap();
        assert_eq!(epoch(&mut appender).await, Epoch(begun));
        // Once is enough.
        let mut another = Appender::connect(&database).await.unwrap();
        assert_eq!(epoch(&mut another).await, Epoch(begun));
    }
}
