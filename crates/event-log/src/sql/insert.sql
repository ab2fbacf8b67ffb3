insert into event_log.events
    (position, stream, version, type, type_version, partition, event_id, command_id, command_index,
     payload, metadata, hash, recorded_at)
select position, stream, version, type, type_version, partition, event_id, command_id, command_index,
       payload::json, metadata::json, hash, $13
from unnest($1::bigint[], $2::text[], $3::integer[], $4::text[], $5::smallint[], $6::smallint[],
            $7::uuid[], $8::uuid[], $9::integer[], $10::text[], $11::text[], $12::bytea[])
    as record (position, stream, version, type, type_version, partition, event_id, command_id,
               command_index, payload, metadata, hash)
