with freed as (
    -- Of every generation: the one that is live and one that is being built.
    delete from projections.parked
    where projection = $1 and partition = $2 and position = $3
    returning 1
)
insert into projections.skips (projection, position, partition, reason, by)
select $1, $3, $2, $4, $5
where exists (select from freed)
on conflict (projection, position)
do update set reason = excluded.reason, by = excluded.by, at = excluded.at
