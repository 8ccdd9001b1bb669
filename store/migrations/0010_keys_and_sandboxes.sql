-- A key may end by itself, and may open another book than the one whose id stands in its text: a
-- sandbox that was reset is a new book, which the old keys open from then on.
alter table store.api_keys
    add column expires_at  timestamptz,
    add column opens       text,
    -- The idempotency key of the request that made it: a text shown once cannot be shown again.
    add column request_key text;

create index api_keys_opens on store.api_keys (opens) where opens is not null;
create unique index api_keys_requests on store.api_keys (book_id, request_key)
    where request_key is not null;

-- What time it is in a sandbox whose clock was set: it stands still until somebody advances it.
alter table store.books
    add column clock      timestamptz,
    add column retired_at timestamptz,
    add constraint only_sandboxes_play check (mode = 'sandbox' or (clock is null and retired_at is null));
