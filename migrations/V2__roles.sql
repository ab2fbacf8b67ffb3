-- Least privilege. A process connects as a login of the operator's choice that was granted one of
-- these roles, and takes it for its sessions. Nobody may change or remove an event.

do $$
declare
    name text;
begin
    foreach name in array array['handoff_appender', 'handoff_relay', 'handoff_projector', 'handoff_reader'] loop
        if not exists (select from pg_roles where rolname = name) then
            execute format('create role %I nologin', name);
        end if;
    end loop;
end
$$;

revoke all on schema public from public;
grant usage on schema event_log to handoff_appender, handoff_relay, handoff_projector, handoff_reader;

-- Appends. To lock the one static row takes the right to update it; the trigger below keeps it as it is.
grant select, insert on event_log.events, event_log.anchors, event_log.epochs, event_log.snapshots to handoff_appender;
grant select, update on event_log.append_lock to handoff_appender;

grant select on event_log.events, event_log.epochs to handoff_relay, handoff_projector;
grant insert on event_log.epochs to handoff_relay;
grant select on event_log.events, event_log.anchors, event_log.epochs, event_log.snapshots to handoff_reader;

-- Grants do not bind a superuser or the owner; these triggers do, until somebody takes them off.
create function event_log.refuse_change() returns trigger
language plpgsql as $$
begin
    raise exception '% of %.% is not allowed: history is only ever added to', tg_op, tg_table_schema, tg_table_name
        using errcode = 'insufficient_privilege';
end
$$;

create trigger events_insert_only before update or delete or truncate on event_log.events
    for each statement execute function event_log.refuse_change();
create trigger anchors_insert_only before update or delete or truncate on event_log.anchors
    for each statement execute function event_log.refuse_change();
create trigger epochs_insert_only before update or delete or truncate on event_log.epochs
    for each statement execute function event_log.refuse_change();
create trigger append_lock_is_static before insert or update or delete or truncate on event_log.append_lock
    for each statement execute function event_log.refuse_change();
