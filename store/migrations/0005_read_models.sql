-- What read models were built from: the definition of their tables. Another definition means that
-- the tables must be built anew from the log.
create table store.read_models (
    name        text        not null primary key,
    fingerprint text        not null,
    built_at    timestamptz not null default now()
);

-- Events that a read model could not take in. It went on without them; they wait to be tried again.
create table store.parked_events (
    book_id    text        not null,
    follower   text        not null,
    read_model text        not null,
    position   bigint      not null,
    reason     text        not null,
    parked_at  timestamptz not null default now(),
    primary key (book_id, follower, read_model, position)
);
