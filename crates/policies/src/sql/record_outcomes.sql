-- Only by who holds the partition, and will until this is committed.
with held as (
    select from projections.checkpoints
    where projection = $1 and generation = $2 and partition = $3 and lease_epoch = $4
    for share
)
update policies.commands c
set outcome = g.outcome, outcome_position = g.position, rejection = g.rejection
from unnest($5::bigint[], $6::integer[], $7::text[], $8::bigint[], $9::text[])
    as g (trigger_position, command_index, outcome, position, rejection)
where c.policy = $1 and c.partition = $3 and c.trigger_position = g.trigger_position
    and c.command_index = g.command_index and c.outcome is null
    and exists (select from held)
