-- What the state includes by now need not be remembered. Answers from where on there is more.
with passed as (
    select * from unnest($2::smallint[], $3::bigint[]) as p (partition, position)
), gone as (
    delete from policies.commands c
    using passed p
    where c.policy = $1 and c.partition = p.partition
        and (c.outcome <> 'appended' or c.outcome_position <= p.position)
)
select c.partition, min(c.outcome_position) as position
from policies.commands c join passed p using (partition)
where c.policy = $1 and c.outcome = 'appended' and c.outcome_position > p.position
group by c.partition
