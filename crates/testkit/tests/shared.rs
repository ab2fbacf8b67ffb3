//! The shared servers, and each test's corner of them.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]

use async_nats::jetstream::{self, stream};
use handoff_embedded::Shutdown;
use handoff_testkit::{PrivateNats, PrivatePostgres, TestDatabase, TestNats};

#[tokio::test]
async fn a_database_is_migrated_and_empty() {
    let database = TestDatabase::create().await;
    let client = database.connect().await;
    let events: i64 = client
        .query_one("select count(*) from event_log.events", &[])
        .await
        .unwrap()
        .get(0);
    assert_eq!(events, 0);
}

#[tokio::test]
async fn two_databases_do_not_see_each_other() {
    let (one, other) = tokio::join!(TestDatabase::create(), TestDatabase::create());
    let table = "create table only_here ()";
    one.connect().await.batch_execute(table).await.unwrap();
    other.connect().await.batch_execute(table).await.unwrap();
}

#[tokio::test]
async fn a_dropped_database_is_gone_in_spite_of_open_sessions() {
    let database = TestDatabase::create().await;
    let name = database.name.clone();
    let session = database.connect().await;
    drop(database);
    session.simple_query("select 1").await.unwrap_err();

    let other = TestDatabase::create().await;
    let left = other
        .connect()
        .await
        .query_opt("select from pg_database where datname = $1", &[&name])
        .await
        .unwrap();
    assert!(left.is_none());
}

#[tokio::test]
async fn a_tests_streams_are_deleted_with_its_prefix() {
    let nats = TestNats::start_shared().await;
    let other = TestNats::start_shared().await;
    let jetstream = jetstream::new(other.connect().await);
    for test in [&nats, &other] {
        let config = stream::Config {
            name: format!("{}_events", test.prefix),
            subjects: vec![format!("{}.events.>", test.prefix)],
            max_bytes: 1 << 30,
            ..stream::Config::default()
        };
        jetstream.create_stream(config).await.unwrap();
    }
    let dropped = format!("{}_events", nats.prefix);
    drop(nats);
    jetstream.get_stream(dropped).await.unwrap_err();
    let kept = format!("{}_events", other.prefix);
    jetstream.get_stream(kept).await.unwrap();
}

#[tokio::test]
async fn a_private_postgres_is_killed_and_started_again_at_the_same_url() {
    let mut postgres = PrivatePostgres::start().await;
    let url = postgres.url("handoff");
    let (client, connection) = tokio_postgres::connect(&url, tokio_postgres::NoTls)
        .await
        .unwrap();
    tokio::spawn(connection);
    client.batch_execute("create table kept ()").await.unwrap();
    postgres.kill().await;
    postgres.start_again().await;
    postgres.stop(Shutdown::Fast).await;
    postgres.start_again().await;
    let (client, connection) = tokio_postgres::connect(&url, tokio_postgres::NoTls)
        .await
        .unwrap();
    tokio::spawn(connection);
    client.batch_execute("select from kept").await.unwrap();
}

#[tokio::test]
async fn a_private_nats_is_killed_and_started_again_at_the_same_url() {
    let mut nats = PrivateNats::start().await;
    nats.kill().await;
    nats.start_again().await;
    async_nats::connect(nats.url()).await.unwrap();
    nats.stop().await;
    std::fs::remove_dir_all(nats.store()).unwrap();
    nats.start_again().await;
    async_nats::connect(nats.url()).await.unwrap();
}
