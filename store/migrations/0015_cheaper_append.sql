-- store.append as it was, for less work; what it promises is told where it was made.
--
-- A head is looked for from the version that it should have: from the end backwards, the index reads
-- everything of the stream that stands on the same page. And the statements inside are planned once:
-- for a few events, planning took longer than appending. Such a plan may be older than the table is
-- large, so that it must not rest on a table that was small.
create or replace function store.append(
    book          text,
    read_streams  text[],
    read_versions bigint[],
    event_ids     uuid[],
    streams       text[],
    versions      bigint[],
    topics        text[],
    states        json[],
    metadatas     json[],
    command_keys         text[],
    command_fingerprints bytea[],
    command_streams      text[],
    command_versions     bigint[],
    command_ends         bigint[],
    out head_before   bigint,
    out recorded      timestamptz,
    out stale_streams text[],
    out taken_keys    text[]
) language plpgsql set plan_cache_mode = force_generic_plan set enable_seqscan = off as $$
begin
    select b.head, greatest(clock_timestamp(), b.recorded_at)
      into head_before, recorded
      from store.books b where b.book_id = book for update;
    if not found then
        raise exception 'there is no book %', book using errcode = 'no_data_found';
    end if;

    -- This statement sees everything that was committed before the lock was granted. A stream that
    -- has less than was read is stale, too.
    select array_agg(r.stream) into stale_streams
      from unnest(read_streams, read_versions) as r (stream, version)
     where r.version <> coalesce(
               (select e.version from store.events e
                 where e.book_id = book and e.stream = r.stream and e.version >= r.version
                 order by e.version desc limit 1), 0);
    if cardinality(command_keys) > 0 then
        select array_agg(c.key) into taken_keys
          from store.commands c where c.book_id = book and c.key = any (command_keys);
    end if;
    if stale_streams is not null or taken_keys is not null then
        return;
    end if;

    if exists (
        select from unnest(streams, versions) as w (stream, version)
          left join unnest(read_streams, read_versions) as r (stream, version) using (stream)
         group by w.stream, r.version
        having min(w.version) is distinct from r.version + 1
            or max(w.version) - min(w.version) + 1 <> count(*)
    ) then
        raise exception 'versions do not continue their stream' using errcode = 'check_violation';
    end if;

    insert into store.events
    select book, head_before + n, stream, version, event_id, topic, state, metadata, recorded
      from unnest(event_ids, streams, versions, topics, states, metadatas) with ordinality
           as e (event_id, stream, version, topic, state, metadata, n);

    if cardinality(command_keys) > 0 then
        insert into store.commands
        select book, key, fingerprint, stream, version, head_before + ends, recorded
          from unnest(command_keys, command_fingerprints, command_streams, command_versions,
                      command_ends) as c (key, fingerprint, stream, version, ends);
    end if;

    update store.books b set head = head_before + cardinality(event_ids), recorded_at = recorded
     where b.book_id = book;
end
$$;

alter function store.append_in_lanes set plan_cache_mode = force_generic_plan;
alter function store.append_in_lanes set enable_seqscan = off;
