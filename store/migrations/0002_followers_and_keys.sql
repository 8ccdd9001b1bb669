-- How far a follower has come in a book.
create table store.checkpoints (
    book_id    text        not null,
    follower   text        not null,
    position   bigint      not null default 0,
    updated_at timestamptz not null default now(),
    primary key (book_id, follower)
);

-- API keys. Only a hash is kept: a key has 160 random bits, so that a plain SHA-256 cannot be searched.
create table store.api_keys (
    book_id    text        not null,
    key_id     text        not null,
    hash       bytea       not null,
    name       text        not null,
    scopes     text[]      not null,
    created_at timestamptz not null default now(),
    revoked_at timestamptz,
    primary key (book_id, key_id),
    unique (book_id, hash)
);
