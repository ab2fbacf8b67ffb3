//! The generations of a read model: which serves, which is being built, which go.

use std::time::Duration;

use tokio_postgres::{Client, GenericClient, Transaction};

use crate::{
    error::ProjectorError,
    model::{ReadModel, Succession},
    table, tally,
};

/// How a projector finds the generations of its own version.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Standing {
    pub(crate) live: Option<i32>,
    pub(crate) building: Option<i32>,
    pub(crate) paused: bool,
}

/// Makes the projection known, and asks for a generation of this version if there is none. Where there is
/// one for all versions, a newer one that was used within `kept` is left in its place.
pub(crate) async fn ensure<M: ReadModel>(
    client: &mut Client,
    kept: Duration,
) -> Result<(), ProjectorError> {
    let transaction = client.transaction().await?;
    transaction
        .execute(
            "insert into projections.projections (projection) values ($1) on conflict do nothing",
            &[&M::NAME],
        )
        .await?;
    if standing::<M>(&transaction).await?.live.is_none()
        && !is_superseded::<M>(&transaction, kept).await?
    {
        request(&transaction, M::NAME, M::VERSION).await?;
    }
    Ok(transaction.commit().await?)
}

/// Whether a newer version has the one place that there is.
async fn is_superseded<M: ReadModel>(
    transaction: &Transaction<'_>,
    kept: Duration,
) -> Result<bool, ProjectorError> {
    if M::SUCCESSION == Succession::EachVersion {
        return Ok(false);
    }
    let row = transaction
        .query_one(
            "select exists (select from projections.generations \
             where projection = $1 and version > $2 and state = 'live' \
                 and used_at > clock_timestamp() - make_interval(secs => $3))",
            &[&M::NAME, &M::VERSION, &seconds(kept)],
        )
        .await?;
    Ok(row.try_get(0)?)
}

/// Asks for a new generation of a version; the projectors of that version build it. Answers its
/// number, or that of the one being built already. None if there is no such projection.
pub(crate) async fn request(
    transaction: &Transaction<'_>,
    projection: &str,
    version: i32,
) -> Result<Option<i32>, tokio_postgres::Error> {
    // The lock makes two who ask at once agree. It is a statement of its own, so that the next one
    // sees what the other did.
    let known = transaction
        .query_opt(
            "select from projections.projections where projection = $1 for update",
            &[&projection],
        )
        .await?;
    if known.is_none() {
        return Ok(None);
    }
    let building = transaction
        .query_opt(
            "select generation from projections.generations \
             where projection = $1 and version = $2 and state = 'building'",
            &[&projection, &version],
        )
        .await?;
    if let Some(row) = building {
        return row.try_get(0).map(Some);
    }
    let made = transaction
        .query_one(
            "with counted as ( \
                 update projections.projections set last_generation = last_generation + 1 \
                 where projection = $1 returning last_generation \
             ) \
             insert into projections.generations (projection, generation, version) \
             select $1, last_generation, $2 from counted returning generation",
            &[&projection, &version],
        )
        .await?;
    made.try_get(0).map(Some)
}

/// How things stand for this version.
pub(crate) async fn standing<M: ReadModel>(
    client: &impl GenericClient,
) -> Result<Standing, ProjectorError> {
    let row = client
        .query_opt(
            "select p.paused, \
                 max(generation) filter (where state = 'live') as live, \
                 max(generation) filter (where state = 'building') as building \
             from projections.projections p left join projections.generations g \
                 on g.projection = p.projection and g.version = $2 \
             where p.projection = $1 group by p.paused",
            &[&M::NAME, &M::VERSION],
        )
        .await?;
    let Some(row) = row else {
        return Ok(Standing::default());
    };
    Ok(Standing {
        live: row.try_get("live")?,
        building: row.try_get("building")?,
        paused: row.try_get("paused")?,
    })
}

/// Makes an empty table for a generation being built, in place of a half-built one.
pub(crate) async fn create<M: ReadModel>(
    client: &mut Client,
    generation: i32,
) -> Result<(), ProjectorError> {
    let transaction = client.transaction().await?;
    transaction
        .execute(
            "select projections.drop_generation_schema($1, $2)",
            &[&M::NAME, &generation],
        )
        .await?;
    transaction
        .execute(
            "select projections.create_generation_schema($1, $2)",
            &[&M::NAME, &generation],
        )
        .await?;
    transaction
        .batch_execute(&table::definition::<M>(&table::schema(M::NAME, generation)))
        .await?;
    if M::TALLIES {
        transaction
            .batch_execute(&tally::definition(&table::schema(M::NAME, generation)))
            .await?;
    }
    transaction
        .execute(
            "delete from projections.checkpoints where projection = $1 and generation = $2",
            &[&M::NAME, &generation],
        )
        .await?;
    transaction
        .execute(
            "insert into projections.checkpoints (projection, generation, partition) \
             select $1, $2, generate_series(0, 63)",
            &[&M::NAME, &generation],
        )
        .await?;
    transaction
        .execute(
            "delete from projections.parked where projection = $1 and generation = $2",
            &[&M::NAME, &generation],
        )
        .await?;
    Ok(transaction.commit().await?)
}

/// Drops the generations that have been without use for `kept`.
pub(crate) async fn drop_unused(
    client: &mut Client,
    projection: &str,
    kept: Duration,
) -> Result<(), ProjectorError> {
    let transaction = client.transaction().await?;
    let rows = transaction
        .query(
            include_str!("sql/lock_unused_generations.sql"),
            &[&projection, &seconds(kept)],
        )
        .await?;
    for row in rows {
        let generation: i32 = row.try_get(0)?;
        transaction
            .execute(
                "select projections.drop_generation_schema($1, $2)",
                &[&projection, &generation],
            )
            .await?;
        transaction
            .execute(
                "delete from projections.generations where projection = $1 and generation = $2",
                &[&projection, &generation],
            )
            .await?;
        tracing::info!(
            projection,
            generation,
            "dropped a generation that nobody uses"
        );
    }
    Ok(transaction.commit().await?)
}

/// Says that a generation is in use. Written only so often as `kept` asks for.
pub(crate) async fn used(
    client: &Client,
    projection: &str,
    generation: i32,
    kept: Duration,
) -> Result<(), ProjectorError> {
    client
        .execute(
            "update projections.generations set used_at = clock_timestamp() \
             where projection = $1 and generation = $2 \
                 and used_at < clock_timestamp() - make_interval(secs => $3)",
            &[&projection, &generation, &seconds(kept / 4)],
        )
        .await?;
    Ok(())
}

/// A duration as Postgres takes it here: `make_interval(secs => …)`. At most some 30 years.
pub(crate) fn seconds(duration: Duration) -> f64 {
    duration.as_secs_f64().min(1e9)
}
