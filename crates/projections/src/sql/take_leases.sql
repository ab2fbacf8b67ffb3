with free as (
    select c.partition
    from projections.checkpoints c
    where c.projection = $1 and c.generation = $2
        and not exists (
            select from projections.instances i
            where i.projection = $1 and i.instance = c.owner and i.version = $4
                and i.heartbeat_at > clock_timestamp() - make_interval(secs => $5)
        )
    order by c.partition
    limit $6
    -- Others may be taking too. Who is in the middle of a write is not waited for.
    for update of c skip locked
), taken as (
    update projections.checkpoints c
    set owner = $3, lease_epoch = c.lease_epoch + 1
    from free
    where c.projection = $1 and c.generation = $2 and c.partition = free.partition
    returning c.partition, c.position, c.lease_epoch
)
select taken.*, p.position as parked
from taken left join projections.parked p
    on p.projection = $1 and p.generation = $2 and p.partition = taken.partition
