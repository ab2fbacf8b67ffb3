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
left join lateral (
    select e.position
    from event_log.events e
    where e.partition = c.partition and e.position > c.position
    order by e.position
    limit 1
) next on c.partition is not null
where g.projection = $1
group by g.projection, g.generation
order by g.generation desc
