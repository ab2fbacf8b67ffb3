select
    partition, trigger_position, command_index, follows, key,
    trigger_event_id, correlation_id, command_id, target, command::text as command
from policies.commands
where policy = $1 and partition = any($2) and outcome is null
order by partition, trigger_position, command_index
