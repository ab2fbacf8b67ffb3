select g.generation
from projections.generations g
where g.projection = $1 and g.used_at < clock_timestamp() - make_interval(secs => $2)
    and (g.state = 'retired' or exists (
        select from projections.generations other
        where other.projection = $1 and other.version <> g.version and other.state = 'live'
            -- Of two that nobody uses, such as after a long rest, one stays.
            and (other.used_at, other.generation) > (g.used_at, g.generation)
    ))
for update of g skip locked
