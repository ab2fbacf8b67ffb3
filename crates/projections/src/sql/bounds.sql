select
    g.projection,
    g.generation,
    max(head.position) as head,
    array_agg(c.partition) as partitions,
    array_agg(coalesce(next.position - 1, head.position)) as bounds
from unnest($1::text[], $2::integer[]) as source (projection, version)
join projections.generations g
    on g.projection = source.projection and g.version = source.version and g.state = 'live'
join projections.checkpoints c on c.projection = g.projection and c.generation = g.generation
    and ($3::smallint[] is null or c.partition = any($3))
cross join (select coalesce(max(position), 0) as position from event_log.events) head
-- The comparison of pairs fits the index on (partition, position) and no other, however few events
-- there were when this was planned. It may find the next partition's first event.
left join lateral (
    select e.partition, e.position
    from event_log.events e
    where (e.partition, e.position) > (c.partition, c.position)
    order by e.partition, e.position
    limit 1
) next on next.partition = c.partition
group by g.projection, g.generation
