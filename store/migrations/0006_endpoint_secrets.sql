-- Secrets that replace one another are counted: the number is the order in which they sign. One that
-- has none is not in force yet; the event that puts it in force may still be on its way.
alter table store.webhook_secrets add column number integer;
update store.webhook_secrets s
   set number = n.number
  from (select book_id, endpoint_id, secret_id,
               row_number() over (partition by book_id, endpoint_id order by secret_id) as number
          from store.webhook_secrets) as n
 where (s.book_id, s.endpoint_id, s.secret_id) = (n.book_id, n.endpoint_id, n.secret_id);
create unique index webhook_secrets_by_number
    on store.webhook_secrets (book_id, endpoint_id, scheme, number);

-- Values of the headers that integrators have sent along, encrypted: they are often credentials.
-- Events name a header and the id of its value.
create table store.webhook_headers (
    book_id     text        not null,
    endpoint_id text        not null,
    value_id    text        not null,
    value       bytea       not null,
    created_at  timestamptz not null default now(),
    primary key (book_id, endpoint_id, value_id)
);
