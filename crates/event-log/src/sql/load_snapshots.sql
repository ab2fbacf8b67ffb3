-- The newest usable snapshot of each stream, at or below the version wanted.
select s.stream, s.version, s.state::text
from unnest($1::text[], $2::bigint[], $3::integer[]) as wanted (stream, fingerprint, through)
cross join lateral (
    select stream, version, state from event_log.snapshots
    where stream = wanted.stream and fingerprint = wanted.fingerprint and version <= wanted.through
    order by version desc limit 1
) as s
