-- How far each read model is, who works on it, and what stopped it. The read models themselves are
-- schemas of their own, one a generation, made and dropped by projectors through the functions below.

create schema projections;

create table projections.projections (
    projection      text    not null collate "C",
    -- An operator stopped it.
    paused          boolean not null default false,
    -- Numbers are not given twice, so that a schema's name means one generation.
    last_generation integer not null default 0,
    constraint projections_pk primary key (projection),
    constraint projections_name check (projection ~ '^[a-z][a-z_]*$')
);

create table projections.generations (
    projection text        not null collate "C",
    generation integer     not null,
    -- Of the program that folds it: programs of two versions may run at once, each with its own.
    version    integer     not null,
    state      text        not null default 'building',
    created_at timestamptz not null default clock_timestamp(),
    live_at    timestamptz,
    -- When it was last wanted: by a projector of its version, or by a reader that may still be at it.
    used_at    timestamptz not null default clock_timestamp(),
    constraint generations_pk primary key (projection, generation),
    constraint generations_projection foreign key (projection) references projections.projections,
    constraint generations_state check (state in ('building', 'live', 'retired')),
    constraint generations_live_since check ((state = 'building') = (live_at is null))
);
create unique index generations_one_live on projections.generations (projection, version) where state = 'live';
create unique index generations_one_building on projections.generations (projection, version) where state = 'building';

create table projections.checkpoints (
    projection  text     not null collate "C",
    generation  integer  not null,
    partition   smallint not null,
    -- The last event of the partition that was applied or skipped; 0 before the first.
    position    bigint   not null default 0,
    owner       text collate "C",
    -- Counts the changes of owner: one that was asleep meanwhile cannot move the checkpoint.
    lease_epoch bigint   not null default 0,
    constraint checkpoints_pk primary key (projection, generation, partition),
    constraint checkpoints_generation foreign key (projection, generation)
        references projections.generations on delete cascade,
    constraint checkpoints_partition_range check (partition between 0 and 63)
) with (
    -- Moved many times a second: room for the new version of each row on its page.
    fillfactor = 20,
    autovacuum_vacuum_threshold = 500,
    autovacuum_vacuum_scale_factor = 0
);

create table projections.instances (
    projection   text        not null collate "C",
    instance     text        not null collate "C",
    version      integer     not null,
    heartbeat_at timestamptz not null,
    constraint instances_pk primary key (projection, instance)
) with (fillfactor = 20, autovacuum_vacuum_threshold = 500, autovacuum_vacuum_scale_factor = 0);

-- Events that could not be applied. Their partitions wait until the row goes: by a retry or a skip.
create table projections.parked (
    projection text        not null collate "C",
    generation integer     not null,
    partition  smallint    not null,
    position   bigint      not null,
    error      text        not null,
    at         timestamptz not null default clock_timestamp(),
    constraint parked_pk primary key (projection, generation, partition),
    constraint parked_generation foreign key (projection, generation)
        references projections.generations on delete cascade
);

-- Events that an operator left out for good. Rebuilds leave them out too.
create table projections.skips (
    projection text        not null collate "C",
    position   bigint      not null,
    partition  smallint    not null,
    reason     text        not null,
    by         text        not null,
    at         timestamptz not null default clock_timestamp(),
    constraint skips_pk primary key (projection, position),
    constraint skips_projection foreign key (projection) references projections.projections
);

grant usage on schema projections to handoff_projector, handoff_reader;
grant select, insert, update, delete on projections.projections, projections.generations, projections.checkpoints,
    projections.instances, projections.parked, projections.skips to handoff_projector;
grant select on all tables in schema projections to handoff_reader;

-- Projectors may not make schemas of any name, so these run with the rights of the migrations' owner.
create function projections.create_generation_schema(projection text, generation integer) returns void
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
    execute format('grant usage, create on schema %I to handoff_projector', name);
    execute format('grant usage on schema %I to handoff_reader', name);
end
$$;

create function projections.drop_generation_schema(projection text, generation integer) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    if not exists (
        select from projections.generations g where g.projection = $1 and g.generation = $2
    ) then
        raise exception 'projection % has no generation %', projection, generation
            using errcode = 'undefined_object';
    end if;
    execute format('drop schema if exists %I cascade', format('%s_%s', projection, generation));
end
$$;

revoke execute on function projections.create_generation_schema, projections.drop_generation_schema from public;
grant execute on function projections.create_generation_schema, projections.drop_generation_schema to handoff_projector;
