-- What policies have decided and is not done yet, and their long jobs. A policy's state is a projection:
-- its checkpoints, leases and generations are those of the schema projections.

do $$
begin
    if not exists (select from pg_roles where rolname = 'handoff_policy') then
        create role handoff_policy nologin;
    end if;
end
$$;

create schema policies;

-- Commands that were decided, in the transaction that moved the checkpoint past their trigger. A row
-- goes once its events are in the state: when the checkpoint of its partition has passed them.
create table policies.commands (
    policy           text        not null collate "C",
    partition        smallint    not null,
    trigger_position bigint      not null,
    command_index    integer     not null,
    -- The command whose rejection this one answers.
    follows          integer,
    -- What the trigger was about; later triggers about the same are told of these commands.
    key              text        not null collate "C",
    trigger_event_id uuid        not null,
    correlation_id   uuid        not null,
    command_id       uuid        not null,
    target           text        not null,
    -- json, not jsonb: the bytes stay as they were hashed.
    command          json        not null,
    decided_at       timestamptz not null default clock_timestamp(),
    outcome          text,
    -- Of the last event that it appended; of an unchanged one, what it has seen.
    outcome_position bigint,
    rejection        text,
    constraint commands_pk primary key (policy, partition, trigger_position, command_index),
    constraint commands_partition_range check (partition between 0 and 63),
    constraint commands_outcome check (outcome in ('appended', 'unchanged', 'rejected', 'id_reused')),
    constraint commands_position_of_outcome check ((outcome in ('appended', 'unchanged')) = (outcome_position is not null))
) with (autovacuum_vacuum_threshold = 500, autovacuum_vacuum_scale_factor = 0.05);

-- What takes long, is done in pages, and goes on wherever it was when its process died.
create table policies.jobs (
    policy           text        not null collate "C",
    job              uuid        not null,
    trigger_position bigint      not null,
    trigger_event_id uuid        not null,
    correlation_id   uuid        not null,
    description      json        not null,
    -- Where to go on, in the job's own words.
    progress         json,
    owner            text collate "C",
    -- Counts the changes of owner: one that was asleep meanwhile cannot save.
    lease_epoch      bigint      not null default 0,
    leased_until     timestamptz,
    -- Tries that failed in a row.
    failures         integer     not null default 0,
    not_before       timestamptz not null default clock_timestamp(),
    error            text,
    created_at       timestamptz not null default clock_timestamp(),
    finished_at      timestamptz,
    constraint jobs_pk primary key (policy, job)
) with (autovacuum_vacuum_threshold = 500, autovacuum_vacuum_scale_factor = 0.05);
-- Which job is to be done next.
create index jobs_open on policies.jobs (policy, trigger_position) where finished_at is null;

-- A policy's state is a projection: it follows the log, moves checkpoints, and makes tables of its own. Of
-- read models it may neither read nor write a row.
grant usage on schema event_log, projections to handoff_policy;
grant select on event_log.events, event_log.epochs to handoff_policy;
grant select, insert, update, delete on projections.projections, projections.generations, projections.checkpoints,
    projections.instances, projections.parked, projections.skips to handoff_policy;
grant execute on function projections.create_generation_schema, projections.drop_generation_schema to handoff_policy;
grant usage on schema policies to handoff_policy, handoff_reader;
grant select, insert, update, delete on policies.commands, policies.jobs to handoff_policy;
grant select on policies.commands, policies.jobs to handoff_reader;

-- Whoever makes the table of a generation owns it, and nobody else writes it.
create or replace function projections.create_generation_schema(projection text, generation integer) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    name text := format('%s_%s', projection, generation);
begin
    if not exists (
        select from projections.generations g
        where g.projection = $1 and g.generation = $2 and g.state = 'building'
    ) then
        raise exception 'generation % of projection % is not being built', generation, projection
            using errcode = 'object_not_in_prerequisite_state';
    end if;
    execute format('create schema %I', name);
    execute format('grant usage, create on schema %I to handoff_projector, handoff_policy', name);
    execute format('grant usage on schema %I to handoff_reader', name);
end
$$;
