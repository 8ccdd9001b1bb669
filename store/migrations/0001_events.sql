-- A book: one company's event log. Nothing ever crosses books, so every key starts with book_id.
create table store.books (
    book_id     text        not null primary key,
    mode        text        not null check (mode in ('live', 'sandbox')),
    name        text        not null,
    -- The latest position, and when it was recorded. The row is also the book's one lock.
    head        bigint      not null default 0,
    recorded_at timestamptz not null default now(),
    created_at  timestamptz not null default now()
);

create table store.events (
    book_id     text        not null,
    position    bigint      not null,
    stream      text        not null,
    version     bigint      not null,
    event_id    uuid        not null,
    topic       text        not null,
    -- json, not jsonb: the exact bytes that were written, readable in psql.
    state       json        not null,
    metadata    json        not null,
    recorded_at timestamptz not null,
    primary key (book_id, position),
    unique (book_id, stream, version)
);

create function store.refuse_change() returns trigger language plpgsql as $$
begin
    raise exception 'store.% is append-only: % is refused', tg_table_name, tg_op
        using errcode = 'insufficient_privilege';
end
$$;

create trigger events_are_never_changed before update or delete or truncate on store.events
    for each statement execute function store.refuse_change();

-- What a command with an idempotency key did: kept in the transaction of its events.
create table store.commands (
    book_id     text        not null,
    key         text        not null,
    fingerprint bytea       not null,
    stream      text        not null,
    version     bigint      not null,
    position    bigint      not null,
    recorded_at timestamptz not null,
    primary key (book_id, key)
);

-- Append the events of a batch of commands to one book, all or none, in one round trip.
--
-- The lock on the book's row is what makes positions contiguous and commit-ordered: a reader's
-- "position > $1" can never skip an event that commits later. It must be the only statement of its
-- transaction, so that a frozen client cannot hold the lock.
--
-- read_streams and read_versions: what the decisions were based on. When a stream has another head,
-- or a command key is taken, nothing is written and the answer says which.
-- Versions that do not continue their stream without a gap are an error of the caller.
create function store.append(
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
    command_ends         bigint[],  -- how many of the batch's events are its and its forerunners'
    out head_before   bigint,
    out recorded      timestamptz,
    out stale_streams text[],
    out taken_keys    text[]
) language plpgsql as $$
begin
    select b.head, greatest(clock_timestamp(), b.recorded_at)
      into head_before, recorded
      from store.books b where b.book_id = book for update;
    if not found then
        raise exception 'there is no book %', book using errcode = 'no_data_found';
    end if;

    -- This statement sees everything that was committed before the lock was granted.
    select array_agg(r.stream) into stale_streams
      from unnest(read_streams, read_versions) as r (stream, version)
     where r.version <> coalesce(
               (select e.version from store.events e
                 where e.book_id = book and e.stream = r.stream
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
