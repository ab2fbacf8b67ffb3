-- The end of the log, the epoch, and the moment for the events to come: taken after the lock, and
-- never before the last event.
select e.position, e.hash, e.recorded_at,
       (select max(epoch) from event_log.epochs),
       greatest(clock_timestamp(), e.recorded_at)
from (select) as one
left join lateral (
    select position, hash, recorded_at from event_log.events order by position desc limit 1
) as e on true
