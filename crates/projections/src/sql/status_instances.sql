select i.instance, i.heartbeat_at, (
    select count(*) from projections.checkpoints c
    where c.projection = $1 and c.generation = $2 and c.owner = i.instance
) as partitions
from projections.instances i
where i.projection = $1 and i.heartbeat_at > clock_timestamp() - make_interval(secs => $3)
order by i.instance
