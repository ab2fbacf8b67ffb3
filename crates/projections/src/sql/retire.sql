with retired as (
    update projections.generations
    set state = 'retired', used_at = clock_timestamp()
    where projection = $1 and (version = $2 or $3) and state = 'live'
    returning generation
)
-- Whoever held its partitions cannot write any more.
update projections.checkpoints c
set owner = null, lease_epoch = c.lease_epoch + 1
from retired
where c.projection = $1 and c.generation = retired.generation
