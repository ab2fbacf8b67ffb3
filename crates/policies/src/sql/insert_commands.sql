insert into policies.commands (
    policy, partition, trigger_position, command_index, follows, key,
    trigger_event_id, correlation_id, command_id, target, command
)
select
    $1, g.partition, g.trigger_position, g.command_index, g.follows, g.key,
    g.trigger_event_id, g.correlation_id, g.command_id, g.target, g.command::json
from unnest(
    $2::smallint[], $3::bigint[], $4::integer[], $5::integer[], $6::text[],
    $7::uuid[], $8::uuid[], $9::uuid[], $10::text[], $11::text[]
) as g (
    partition, trigger_position, command_index, follows, key,
    trigger_event_id, correlation_id, command_id, target, command
)
