update projections.checkpoints c
set position = moved.position
from unnest($3::smallint[], $4::bigint[], $5::bigint[], $6::bigint[])
    as moved (partition, before, lease_epoch, position)
where c.projection = $1 and c.generation = $2 and c.partition = moved.partition
    and c.position = moved.before and c.lease_epoch = moved.lease_epoch
