-- The events of each stream after its newest usable snapshot, through the version wanted.
select e.position, e.stream, e.version, e.type, e.type_version, e.partition, e.event_id, e.command_id,
       e.command_index, e.payload::text, e.metadata::text, e.recorded_at, e.hash
from unnest($1::text[], $2::bigint[], $3::integer[]) as wanted (stream, fingerprint, through)
join event_log.events as e
    on e.stream = wanted.stream
    and e.version <= wanted.through
    and e.version > coalesce((
        select max(s.version) from event_log.snapshots as s
        where s.stream = wanted.stream and s.fingerprint = wanted.fingerprint and s.version <= wanted.through
    ), 0)
order by e.stream, e.version
