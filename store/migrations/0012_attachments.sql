-- The bytes of attached files. Events keep name, type, size and hash; what is attached twice in a
-- book is kept once.
create table store.attachments (
    book_id    text        not null,
    sha256     bytea       not null check (octet_length(sha256) = 32),
    content    bytea       not null,
    stored_at  timestamptz not null default now(),
    primary key (book_id, sha256)
);

-- Files are mostly compressed already: trying again would cost time and gain nothing.
alter table store.attachments alter column content set storage external;
