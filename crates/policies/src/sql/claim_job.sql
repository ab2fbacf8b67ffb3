-- The first job that is due and nobody's. None while the policy is paused.
with free as (
    select j.job
    from policies.jobs j
    where j.policy = $1 and j.finished_at is null and j.not_before <= clock_timestamp()
        and (j.leased_until is null or j.leased_until < clock_timestamp())
        and not exists (select from projections.projections p where p.projection = $1 and p.paused)
    order by j.trigger_position
    limit 1
    for update skip locked
)
update policies.jobs j
set owner = $2, lease_epoch = j.lease_epoch + 1,
    leased_until = clock_timestamp() + make_interval(secs => $3)
from free
where j.policy = $1 and j.job = free.job
returning j.job, j.trigger_position, j.trigger_event_id, j.correlation_id, j.description::text as description,
    j.progress::text as progress, j.lease_epoch, j.failures
