"""Two ways to append that look right, refuse what is stale, and let readers skip events.

Each replaces ``store.append`` in the database of a test, so that everything around it stays the
same. Positions come from a sequence, which hands them out in another order than that of commits.
How often that shows depends on how long a commit takes: ``slow_commits`` makes it the same for
every way, the right one included.
"""

from store.database import Pool

_SEQUENCE = "create sequence store.positions"

_LOCK = "from store.books b where b.book_id = book for update;"
_POSITION = "select book, head_before + n, "
_HEAD = """
    update store.books b set head = head_before + cardinality(event_ids), recorded_at = recorded
     where b.book_id = book;
"""

_BODY_WITHOUT_A_LOCK = """
begin
    set local lock_timeout = '5s';
    perform pg_notify('recorded', '');
    insert into store.events
    select book, nextval('store.positions'), stream, version, event_id, topic, state, metadata,
           clock_timestamp()
      from unnest(event_ids, streams, versions, topics, states, metadatas)
           as e (event_id, stream, version, topic, state, metadata);
end
$function$
"""

_SLOW_COMMITS = """
create function store.dawdle() returns trigger language plpgsql as $$
begin
    perform pg_sleep(case when random() < 0.02 then 0.05 else random() * 0.001 end);
    return null;
end
$$;
create constraint trigger commits_take_time after insert on store.events
    deferrable initially deferred for each row execute function store.dawdle();
"""


async def slow_commits(pool: Pool) -> None:
    """Let commits take up to 1 ms more an event, and now and then 50 ms, as on a slow disk.

    The long ones are for a busy machine, on which readers look less than once in a millisecond.
    """
    await pool.execute(_SLOW_COMMITS)


async def take_positions_from_a_sequence(pool: Pool) -> None:
    """The product's own function without its lock and its head."""
    definition = await _definition(pool)
    for good, bad in (
        (_LOCK, _LOCK.replace(" for update", "")),
        (_POSITION, "select book, nextval('store.positions'), "),
        (_HEAD, ""),
    ):
        assert definition.count(good) == 1, f"store.append has changed: it lacks {good!r}"
        definition = definition.replace(good, bad)
    await pool.execute(f"{_SEQUENCE}; {definition}")


async def append_like_the_librarys_function(pool: Pool) -> None:
    """What the library's recorder does with ``POSTGRES_ENABLE_DB_FUNCTIONS``: it takes no lock."""
    head, begin, _ = (await _definition(pool)).partition("\nbegin\n")
    assert begin, "store.append is no plpgsql function any more"
    await pool.execute(f"{_SEQUENCE}; {head}{_BODY_WITHOUT_A_LOCK}")


async def _definition(pool: Pool) -> str:
    definition: str = await pool.fetchval("select pg_get_functiondef('store.append'::regproc)")
    return definition
