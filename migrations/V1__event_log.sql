-- The log: the truth. Rows are only ever inserted, by one appender at a time, so that positions are
-- contiguous and in commit order.

create schema event_log;

-- One row that every append locks. It is never updated, so it never bloats.
create table event_log.append_lock (
    id smallint not null,
    constraint append_lock_pk primary key (id),
    constraint append_lock_is_one_row check (id = 1)
);
insert into event_log.append_lock (id) values (1);

create table event_log.events (
    position      bigint      not null,
    stream        text        not null collate "C",
    version       integer     not null,
    type          text        not null collate "C",
    type_version  smallint    not null,
    partition     smallint    not null,
    event_id      uuid        not null,
    command_id    uuid        not null,
    command_index integer     not null,
    -- json, not jsonb: the bytes stay as they were hashed.
    payload       json        not null,
    metadata      json        not null,
    recorded_at   timestamptz not null,
    hash          bytea       not null,
    -- Reading in order, and the end of the log.
    constraint events_pk primary key (position),
    -- Loading a stream, and the last guard against two writers of one version.
    constraint events_stream_version unique (stream, version),
    -- Receipts: the events of a command that comes again.
    constraint events_command unique (command_id, command_index),
    constraint events_position_counts check (position >= 1),
    constraint events_version_counts check (version >= 1),
    constraint events_partition_range check (partition between 0 and 63),
    constraint events_hash_is_sha256 check (octet_length(hash) = 32)
);
-- Whether a projection includes a position, and the repair of one partition's feed.
create index events_partition_position on event_log.events (partition, position);

-- Rows that were written once may be read for ever: freeze early, vacuum often enough for the
-- visibility map, and gather statistics while the table is young.
alter table event_log.events set (
    autovacuum_vacuum_insert_scale_factor = 0.05,
    autovacuum_analyze_scale_factor = 0.02
);

-- Where the end of the log was, and what it hashed to: a tail that is cut off shows.
create table event_log.anchors (
    position bigint      not null,
    hash     bytea       not null,
    at       timestamptz not null default clock_timestamp(),
    constraint anchors_pk primary key (position, at)
);

-- After a restore or a failover that lost a tail, positions could be given twice: a new epoch tells
-- them apart. `after_position` is the end of the log when the epoch began.
create table event_log.epochs (
    epoch          integer     not null,
    after_position bigint      not null,
    system_id      text        not null,
    timeline       integer     not null,
    started_at     timestamptz not null default clock_timestamp(),
    constraint epochs_pk primary key (epoch)
);
insert into event_log.epochs (epoch, after_position, system_id, timeline)
select 1, 0, system_identifier::text, timeline_id
from pg_control_system(), pg_control_checkpoint();

-- States of long streams, so that loading one costs the same at 10 and at 100,000 events. All are
-- kept. The fingerprint tells the shape of the state.
create table event_log.snapshots (
    stream      text        not null collate "C",
    version     integer     not null,
    fingerprint bigint      not null,
    state       json        not null,
    made_at     timestamptz not null default clock_timestamp(),
    constraint snapshots_pk primary key (stream, fingerprint, version)
);

-- The last position recorded at or before a moment: `recorded_at` never falls, so bisection finds it.
create function event_log.position_at(moment timestamptz) returns bigint
language plpgsql stable as $$
declare
    low  bigint := 0;
    high bigint := (select coalesce(max(position), 0) from event_log.events);
    middle bigint;
begin
    while low < high loop
        middle := (low + high + 1) / 2;
        if (select recorded_at from event_log.events where position = middle) <= moment then
            low := middle;
        else
            high := middle - 1;
        end if;
    end loop;
    return low;
end
$$;
