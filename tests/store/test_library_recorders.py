"""The recorder test cases that the ``eventsourcing`` library ships, run against a book.

What is the product's and what is a facade stands in ``tests/store/blocking_recorder.py``.

All five kinds of recorders apply, with every one of their cases, the optional one about
subscriptions included. The library's further cases do not: factories and connection pools, because
the product takes neither its settings nor its connections from the library; transcoders, ciphers
and mappers, because its mapper stores JSON (``tests/store/test_mapper.py``).

``INITIAL_VERSION`` is the library's own knob for where its cases begin to count. Some of them count
from 0 whatever it says; where a class mixes both, the recorder is told by the name of the case.
"""

import io
from collections.abc import Iterator
from contextlib import redirect_stdout

import asyncpg
import pytest
from eventsourcing.tests import persistence as cases
from typing_extensions import override

import store.migrate
from store.migrate import migrate, migrations
from tests.store.blocking_recorder import (
    AggregateBookRecorder,
    BookRecorder,
    Database,
    bytes_for_json,
    database_in_a_thread,
)


@pytest.fixture
async def url_of_bytes(database_url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The URL of a database whose states are bytes, because those of the cases are not JSON."""
    with_bytes = bytes_for_json(migrations())
    monkeypatch.setattr(store.migrate, "migrations", lambda: with_bytes)
    connection = await asyncpg.connect(database_url)
    await connection.execute("drop schema store cascade")
    await migrate(connection)
    await connection.close()
    return database_url


class Quiet:
    """A case with a database, and without the figures that the library's cases print."""

    database: Database

    @pytest.fixture(autouse=True)
    def _prepare(self, url_of_bytes: str) -> Iterator[None]:
        with database_in_a_thread(url_of_bytes) as self.database, redirect_stdout(io.StringIO()):
            yield


class TestABookRecordsAggregates(Quiet, cases.AggregateRecorderTestCase):
    INITIAL_VERSION = 0

    @override
    def create_recorder(self) -> AggregateBookRecorder:
        return AggregateBookRecorder(self.database, first=0)


class TestABookRecordsAnApplication(Quiet, cases.ApplicationRecorderTestCase[BookRecorder]):
    INITIAL_VERSION = 0

    @override
    def create_recorder(self) -> BookRecorder:
        return BookRecorder(self.database, first=0)

    def test_insert_subscribe(self) -> None:
        self.optional_test_insert_subscribe()


class TestABookDoesNotInterleaveAppends(Quiet, cases.NonInterleavingNotificationIDsBaseCase):
    @override
    def create_recorder(self) -> BookRecorder:
        return BookRecorder(self.database, first=0)


class TestABookTracksWhatFollowersHaveSeen(Quiet, cases.TrackingRecorderTestCase):
    @override
    def create_recorder(self) -> BookRecorder:
        return BookRecorder(self.database, first=1)


class TestABookRecordsAProcess(Quiet, cases.ProcessRecorderTestCase):
    @override
    def create_recorder(self) -> BookRecorder:
        counts_from_zero = self._testMethodName == "test_performance"
        return BookRecorder(self.database, first=0 if counts_from_zero else 1)
