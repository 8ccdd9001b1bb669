-- What is sent to webhook endpoints. An event is stored once, in store.events; a delivery only says
-- that it is for an endpoint, and how far that has come.
create table store.deliveries (
    book_id     text        not null,
    endpoint_id text        not null,
    position    bigint      not null,
    state       text        not null default 'pending'
                check (state in ('pending', 'delivered', 'failed')),
    attempts    integer     not null default 0,
    -- When the next attempt is due; nothing when there will be none.
    next_at     timestamptz check ((next_at is not null) = (state = 'pending')),
    primary key (book_id, endpoint_id, position)
);

-- What is due at an endpoint, in the order in which it is sent.
create index deliveries_due on store.deliveries (book_id, endpoint_id, next_at, position)
    where state = 'pending';
create index deliveries_failed on store.deliveries (book_id, endpoint_id, position)
    where state = 'failed';

-- Every try of every delivery: what was answered, by whom, how fast, or why nothing was.
create table store.attempts (
    book_id     text        not null,
    endpoint_id text        not null,
    position    bigint      not null,
    number      integer     not null,
    at          timestamptz not null,
    status      integer,
    error       text,
    duration_ms integer     not null,
    peer        text,
    -- The first bytes of the answer, as they came: they need not be text.
    response    bytea       not null,
    epoch       bigint      not null,
    primary key (book_id, endpoint_id, position, number)
);

-- Who may send to an endpoint. Each lease has a higher epoch than the one before; results carry it,
-- so a sender that was thought dead cannot write after another one took over.
create table store.endpoint_leases (
    book_id      text        not null,
    endpoint_id  text        not null,
    epoch        bigint      not null default 0,
    leased_until timestamptz not null default '-infinity',
    -- Nothing is sent before this: infinity while the endpoint is disabled.
    paused_until timestamptz not null default '-infinity',
    primary key (book_id, endpoint_id)
);

-- Signing secrets, encrypted. An endpoint has several while one is being replaced.
create table store.webhook_secrets (
    book_id     text        not null,
    endpoint_id text        not null,
    secret_id   text        not null,
    secret      bytea       not null,
    created_at  timestamptz not null default now(),
    expires_at  timestamptz,
    primary key (book_id, endpoint_id, secret_id)
);
