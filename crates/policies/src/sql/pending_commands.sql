-- What was issued about the same keys before these triggers, and is in the log only after them.
select g.ordinal::integer, c.command::text
from unnest($2::smallint[], $3::bigint[], $4::text[]) with ordinality as g (partition, position, key, ordinal)
join policies.commands c on c.policy = $1 and c.partition = g.partition and c.key = g.key
where c.outcome = 'appended' and c.trigger_position < g.position and c.outcome_position > g.position
order by g.ordinal, c.trigger_position, c.command_index
