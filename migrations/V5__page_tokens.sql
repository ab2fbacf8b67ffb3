-- The key that page tokens are signed with. It is made here, once, so that every replica has the same
-- one and none has to be configured. Who has it can make up places to read on from, nothing more.

create schema paging;

create table paging.token_key (
    id  smallint not null,
    key bytea    not null,
    constraint token_key_pk primary key (id),
    constraint token_key_is_one_row check (id = 1),
    constraint token_key_is_32_bytes check (octet_length(key) = 32)
);

-- Two random UUIDs from the system's strong source: 244 random bits.
insert into paging.token_key (id, key)
values (1, decode(replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', ''), 'hex'));

grant usage on schema paging to handoff_reader;
grant select on paging.token_key to handoff_reader;
