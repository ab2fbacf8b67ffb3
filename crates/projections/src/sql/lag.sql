select
    coalesce(max(head.position) - min(next.position) + 1, 0) as events,
    coalesce(extract(epoch from clock_timestamp() - min(next.recorded_at)), 0)::float8 as seconds
from projections.checkpoints c
cross join (select max(position) as position from event_log.events) head
-- Fits the index on (partition, position) and no other; it may find the next partition's first event.
left join lateral (
    select e.partition, e.position, e.recorded_at
    from event_log.events e
    where (e.partition, e.position) > (c.partition, c.position)
    order by e.partition, e.position
    limit 1
) next on next.partition = c.partition
where c.projection = $1 and c.generation = $2 and c.owner = $3
