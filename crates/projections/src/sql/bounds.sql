select
    g.projection,
    g.generation,
    max(head.position) as head,
    array_agg(coalesce(next.position - 1, head.position) order by c.partition) as bounds
from unnest($1::text[], $2::integer[]) as source (projection, version)
join projections.generations g
    on g.projection = source.projection and g.version = source.version and g.state = 'live'
join projections.checkpoints c on c.projection = g.projection and c.generation = g.generation
cross join (select coalesce(max(position), 0) as position from event_log.events) head
left join lateral (
    select e.position
    from event_log.events e
    where e.partition = c.partition and e.position > c.position
    order by e.position
    limit 1
) next on true
group by g.projection, g.generation
