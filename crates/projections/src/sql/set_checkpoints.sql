with used as (
    update projections.generations
    set used_at = clock_timestamp()
    where projection = $1 and generation = $2
)
update projections.checkpoints c
set position = reached.position
from unnest($3::bigint[]) with ordinality as reached (position, number)
where c.projection = $1 and c.generation = $2 and c.partition = reached.number - 1
