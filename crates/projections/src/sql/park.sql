insert into projections.parked (projection, generation, partition, position, error)
select $1, $2, stopped.partition, stopped.position, stopped.error
from unnest($3::smallint[], $4::bigint[], $5::text[]) as stopped (partition, position, error)
on conflict (projection, generation, partition)
do update set position = excluded.position, error = excluded.error, at = excluded.at
