-- The relay: how far the log has been published to NATS, and which Postgres this is. The cursor may
-- lag behind what was published (then some events are published twice), never run ahead of it.

create table event_log.relay_cursor (
    id             smallint    not null,
    epoch          integer     not null,
    position       bigint      not null,
    -- The last position of each partition at or before `position`, 0 where it has none; the first
    -- element is partition 0.
    last_positions bigint[]    not null,
    saved_at       timestamptz not null default clock_timestamp(),
    constraint relay_cursor_pk primary key (id),
    constraint relay_cursor_is_one_row check (id = 1),
    constraint relay_cursor_position_counts check (position >= 0),
    constraint relay_cursor_covers_the_partitions check (cardinality(last_positions) = 64)
-- The row is updated several times a second: room for its next version on the same page.
) with (fillfactor = 25);

insert into event_log.relay_cursor (id, epoch, position, last_positions)
select 1, max(epoch), 0, array_fill(0::bigint, array[64]) from event_log.epochs;

grant select, update on event_log.relay_cursor to handoff_relay;
grant select on event_log.relay_cursor to handoff_reader;

-- Which Postgres this is: another cluster, or another timeline of it, may have lost the end of the
-- log. The timeline is that of the WAL being written; the control file learns it only at the next
-- checkpoint. Roles that may not read the control file ask through the owner.
create function event_log.cluster(out system_id text, out timeline integer)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select system_identifier::text,
           ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::integer
    from pg_control_system()
$$;
revoke all on function event_log.cluster() from public;
grant execute on function event_log.cluster() to handoff_appender, handoff_relay;
