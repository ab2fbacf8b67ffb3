-- The floor: what one event costs in this Postgres when it is a row and a commit of its own.
create table if not exists floor (
    position    bigserial   primary key,
    stream      text        not null,
    version     integer     not null,
    type        text        not null,
    payload     json        not null,
    recorded_at timestamptz not null default now(),
    unique (stream, version)
);
truncate floor;
