-- Attempts by the day (UTC) on which they were made. Old days are dropped whole: that takes a moment
-- whatever they hold, and leaves nothing behind to clean up.
--
-- The name of a partition is its last day. Rows of a day that has no partition yet go to the default
-- one, so an attempt can always be written; the retention sweep gives each day a partition.
do $$
declare
    last_day date;
begin
    lock table store.attempts in access exclusive mode;
    select greatest((now() at time zone 'UTC')::date, (max(at) at time zone 'UTC')::date)
      into last_day from store.attempts;

    alter table store.attempts drop constraint attempts_pkey;
    alter table store.attempts rename to attempts_before;
    create table store.attempts (
        like store.attempts_before
        including defaults including constraints including storage including comments
    ) partition by range (at);
    alter table store.attempts
        add primary key (book_id, endpoint_id, position, number, at);
    create index attempts_by_time on store.attempts (book_id, endpoint_id, at);
    create index attempts_refused on store.attempts (book_id, endpoint_id, at)
        where status is null or status < 200 or status > 299;
    create table store.attempts_default partition of store.attempts default;

    if exists (select from store.attempts_before) then
        execute format(
            'alter table store.attempts_before rename to %I',
            'attempts_' || to_char(last_day, 'YYYYMMDD'));
        execute format(
            'alter table store.attempts attach partition store.%I for values from (minvalue) to (%L)',
            'attempts_' || to_char(last_day, 'YYYYMMDD'),
            (last_day + 1)::timestamp at time zone 'UTC');
    else
        drop table store.attempts_before;
    end if;
end
$$;
