-- Replays: events that are sent to an endpoint again. A replay walks along the book's positions; how
-- far it has come is in its row, which moves in the transaction that makes deliveries due.
create table store.replays (
    book_id     text        not null,
    replay_id   text        not null,
    endpoint_id text        not null,
    kind        text        not null check (kind in ('one', 'range', 'failed', 'never-attempted')),
    -- Positions after this one and up to the other.
    after       bigint      not null,
    until       bigint      not null,
    -- Of failed deliveries, those whose last attempt is not older.
    since       timestamptz not null default '-infinity',
    -- Only events of these topics; nothing: of all.
    topics      text[],
    state       text        not null default 'pending'
                check (state in ('pending', 'running', 'done', 'cancelled')),
    -- How far its deliveries were counted, and how many they are.
    counted_to  bigint      not null,
    total       bigint      not null default 0,
    -- How far they were made due, and how many that were.
    planned_to  bigint      not null,
    planned     bigint      not null default 0,
    created_by  text        not null,
    created_at  timestamptz not null,
    started_at  timestamptz,
    ended_at    timestamptz,
    -- Whoever asks for it twice with one idempotency key gets it once.
    key         text,
    fingerprint bytea,
    primary key (book_id, replay_id),
    unique (book_id, key)
);
create index replays_under_way on store.replays (book_id, replay_id)
    where state in ('pending', 'running');
create index replays_of_endpoint on store.replays (book_id, endpoint_id, replay_id);

-- The replay that a delivery waits for, and in which state that found it.
alter table store.deliveries
    add column replay_id    text,
    add column state_before text check (state_before in ('pending', 'delivered', 'failed'));
create index deliveries_of_replay on store.deliveries (book_id, replay_id, state)
    where replay_id is not null and state <> 'delivered';

-- Pings: requests that try an endpoint out. They are no events, so they are kept apart from attempts.
create table store.pings (
    book_id         text        not null,
    endpoint_id     text        not null,
    ping_id         text        not null,
    at              timestamptz not null,
    status          integer,
    error           text,
    duration_ms     integer     not null,
    peer            text,
    response        bytea       not null,
    request_headers json,
    body_sha256     bytea,
    name_ms         real,
    connect_ms      real,
    first_byte_ms   real,
    primary key (book_id, endpoint_id, ping_id)
);
