select
    g.generation,
    g.version,
    g.state,
    g.created_at,
    -- None of its checkpoints is there yet while the table is being made.
    coalesce(
        min(coalesce(next.position - 1, head.position)) filter (where c.partition is not null), 0
    ) as included
from projections.generations g
left join projections.checkpoints c on c.projection = g.projection and c.generation = g.generation
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
where g.projection = $1
group by g.projection, g.generation
order by g.generation desc
