select c.partition, c.position, c.owner, p.position as parked, p.error, p.at
from projections.checkpoints c
left join projections.parked p using (projection, generation, partition)
where projection = $1 and generation = $2
order by c.partition
