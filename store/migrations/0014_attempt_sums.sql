-- What the attempts of each day (UTC) come to, by endpoint: reports add up days, not attempts. Sums
-- stay when the attempts of their day are dropped.
create table store.attempt_sums (
    book_id           text        not null,
    endpoint_id       text        not null,
    day               date        not null,
    attempts          bigint      not null,
    -- Those that were answered with 2xx; the others failed.
    delivered         bigint      not null,
    duration_ms_sum   bigint      not null,
    duration_ms_max   integer     not null,
    last_at           timestamptz not null,
    last_delivered_at timestamptz,
    primary key (book_id, endpoint_id, day)
) with (fillfactor = 50);  -- The rows of today change all the time: room for that beside them.

-- A trigger, so that the sums are right whoever writes attempts: also a sender of an earlier release
-- that is still running. Rows are taken in one order by all, so that nobody waits in a circle. What
-- retention moves from one partition to another does not come through here, and is not added again.
create function store.sum_attempts() returns trigger language plpgsql as $$
begin
    insert into store.attempt_sums as s
    select n.book_id, n.endpoint_id, (n.at at time zone 'UTC')::date, count(*),
           count(*) filter (where n.status between 200 and 299), sum(n.duration_ms),
           max(n.duration_ms), max(n.at), max(n.at) filter (where n.status between 200 and 299)
      from made n group by 1, 2, 3 order by 1, 2, 3
        on conflict (book_id, endpoint_id, day) do update set
           attempts = s.attempts + excluded.attempts,
           delivered = s.delivered + excluded.delivered,
           duration_ms_sum = s.duration_ms_sum + excluded.duration_ms_sum,
           duration_ms_max = greatest(s.duration_ms_max, excluded.duration_ms_max),
           last_at = greatest(s.last_at, excluded.last_at),
           last_delivered_at = greatest(s.last_delivered_at, excluded.last_delivered_at);
    return null;
end
$$;

-- From here on senders wait until this is done, so that no attempt is left out or added twice.
create trigger attempts_are_summed after insert on store.attempts
    referencing new table as made for each statement execute function store.sum_attempts();

-- Thirty days of attempts may take longer to read than migrations usually have.
set local statement_timeout = '30min';
insert into store.attempt_sums
select book_id, endpoint_id, (at at time zone 'UTC')::date, count(*),
       count(*) filter (where status between 200 and 299), sum(duration_ms), max(duration_ms),
       max(at), max(at) filter (where status between 200 and 299)
  from store.attempts group by 1, 2, 3;
