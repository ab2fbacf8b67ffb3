-- Searches for words in names are served by indexes on trigrams, which the extension pg_trgm has. It comes
-- with Postgres (in some distributions as a package of its own, postgresql-contrib), and since Postgres
-- 13 whoever may create schemas in a database may add it. Its own schema, so that projectors, who make the
-- indexes, can name it whatever the search path is.

create schema if not exists trigrams;

do $$
declare
    found text;
begin
    select n.nspname into found
    from pg_extension e join pg_namespace n on n.oid = e.extnamespace where e.extname = 'pg_trgm';
    if found is null then
        create extension pg_trgm with schema trigrams;
    elsif found <> 'trigrams' then
        raise exception 'the extension pg_trgm is in the schema %, where Handoff does not look for it', found
            using hint = 'As its owner run: create schema trigrams; alter extension pg_trgm set schema trigrams;';
    end if;
end
$$;

grant usage on schema trigrams to handoff_projector, handoff_reader;
