-- What is needed to send in order, to spare a failing receiver, and to account for every request.

-- A delivery that is replayed gets a fresh set of attempts; those of before stay on the record.
alter table store.deliveries add column attempts_before integer not null default 0;

-- What is waiting for an endpoint, in the order of the book.
create index deliveries_waiting on store.deliveries (book_id, endpoint_id, position)
    where state = 'pending';

alter table store.attempts
    -- The headers as they were sent; of an integrator's own headers only the names.
    add column request_headers json,
    add column body_sha256     bytea,
    -- How long it took until the name was known, until there was a connection, and until the answer
    -- began. Nothing where a connection was reused, or where it did not come that far.
    add column name_ms         real,
    add column connect_ms      real,
    add column first_byte_ms   real;

alter table store.endpoint_leases
    add column leased_at     timestamptz,
    -- Failures in a row, since when there was no success, and until when nothing is sent for it.
    add column failures      integer     not null default 0,
    add column failing_since timestamptz,
    add column open_until    timestamptz not null default '-infinity',
    -- The rate limit allows the next request at this instant.
    add column next_send_at  timestamptz not null default '-infinity';

-- Leases that ran out in somebody's hands. What that sender sent between the two instants may not
-- be on the record, and may have been sent again.
create table store.lost_leases (
    book_id     text        not null,
    endpoint_id text        not null,
    epoch       bigint      not null,
    leased_at   timestamptz not null,
    lost_at     timestamptz not null,
    primary key (book_id, endpoint_id, epoch)
);

-- 'v1': a secret for HMAC. 'v1a': a private key for ed25519, which some endpoints have besides.
alter table store.webhook_secrets add column scheme text not null default 'v1'
    check (scheme in ('v1', 'v1a'));
