-- Bytes come before the command that attaches them, and that command may be refused, or never come.
-- pending names the uploads that brought the bytes, as invoice/attachment, until it is known whether
-- an event names the bytes; from then on they are attached, and stay as long as the log does.
alter table store.attachments
    add column attached boolean not null default true,
    add column pending  text[]  not null default '{}';
alter table store.attachments alter column attached set default false;

create index attachments_in_doubt on store.attachments (book_id, stored_at) where not attached;
