//! Brings a database up to date.

use tokio_postgres::NoTls;

mod embedded {
    refinery::embed_migrations!("../../migrations");
}

/// Why a database could not be brought up to date.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    #[error("cannot connect to the database")]
    Connect(#[source] tokio_postgres::Error),
    #[error("cannot lock the database for the migration")]
    Lock(#[source] tokio_postgres::Error),
    #[error("a migration failed")]
    Failed(#[source] Box<refinery::Error>),
}

/// Applies the migrations that are missing, under a lock: several processes may start at once.
/// `url` names a role that may create schemas and roles.
pub async fn migrate(url: &str) -> Result<(), MigrateError> {
    let (mut client, connection) = tokio_postgres::connect(url, NoTls)
        .await
        .map_err(MigrateError::Connect)?;
    let connection = tokio::spawn(connection);
    // An arbitrary number that no other lock of Handoff uses; freed when the session ends.
    client
        .execute("select pg_advisory_lock(7201001)", &[])
        .await
        .map_err(MigrateError::Lock)?;
    let report = embedded::migrations::runner()
        .run_async(&mut client)
        .await
        .map_err(|error| MigrateError::Failed(Box::new(error)))?;
    for migration in report.applied_migrations() {
        tracing::info!(%migration, "migration applied");
    }
    drop(client);
    // The connection ends because its client is gone; how it ended no longer matters.
    let _ = connection.await;
    Ok(())
}
