-- A lane: the changes that one open editor (actor and Edit-Session) sends to one entity, which count
-- 1, 2, 3 ... by Edit-Seq. It remembers how far it came and what was refused, so that a change that
-- is sent twice is made once, and one that overtook its forerunner waits.
create table store.lanes (
    book_id  text        not null,
    stream   text        not null,
    actor    text        not null,
    session  text        not null,
    last_seq bigint      not null,
    -- The latest refusals, to answer a repetition the same: see store.lanes in the program.
    refused  json        not null,
    seen_at  timestamptz not null,
    primary key (book_id, stream, actor, session)
) with (fillfactor = 70);

-- Append as store.append does, and let lanes move in the same transaction; when anything is stale,
-- nothing happens. It is again the only statement of its transaction.
--
-- before and after: the last seq of each lane as the decisions saw it (0: there was no such lane),
-- and as it is after them.
create function store.append_in_lanes(
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
    lane_streams  text[],
    lane_actors   text[],
    lane_sessions text[],
    lane_before   bigint[],
    lane_after    bigint[],
    lane_refused  json[],
    out head_before   bigint,
    out recorded      timestamptz,
    out stale_streams text[],
    out taken_keys    text[],
    out stale_lanes   boolean
) language plpgsql as $$
begin
    perform from store.books b where b.book_id = book for update;
    select exists (
        select from unnest(lane_streams, lane_actors, lane_sessions, lane_before)
               as n (stream, actor, session, seq)
          left join store.lanes l
            on l.book_id = book and (l.stream, l.actor, l.session) = (n.stream, n.actor, n.session)
         where coalesce(l.last_seq, 0) <> n.seq
    ) into stale_lanes;
    if stale_lanes then
        select b.head, b.recorded_at into head_before, recorded
          from store.books b where b.book_id = book;
        return;
    end if;

    select a.head_before, a.recorded, a.stale_streams, a.taken_keys
      into head_before, recorded, stale_streams, taken_keys
      from store.append(book, read_streams, read_versions, event_ids, streams, versions, topics,
                        states, metadatas, command_keys, command_fingerprints, command_streams,
                        command_versions, command_ends) a;
    if stale_streams is not null or taken_keys is not null then
        return;
    end if;

    -- seen_at moves once an hour only: what does not change needs no new entry in an index.
    insert into store.lanes as l (book_id, stream, actor, session, last_seq, refused, seen_at)
    select book, n.stream, n.actor, n.session, n.seq, n.refused, recorded
      from unnest(lane_streams, lane_actors, lane_sessions, lane_after, lane_refused)
           as n (stream, actor, session, seq, refused)
        on conflict (book_id, stream, actor, session) do update
       set last_seq = excluded.last_seq,
           refused  = excluded.refused,
           seen_at  = case when l.seen_at < excluded.seen_at - interval '1 hour'
                           then excluded.seen_at else l.seen_at end;
end
$$;

-- Old lanes are forgotten: this finds them without reading those that are still in use.
create index lanes_by_age on store.lanes (book_id, seen_at);
