"""What every route that changes a book is given: who asks, on which RowVersion, and if for real.

async def void_it(self, edit: Editing, id_: IdInPath, data: JSONBody[VoidIn]) -> Response[Out]:
    return await edit.change(THING(id_), on(THING(id_), void), Out.of, seen=data.row_version)
"""

from collections.abc import Callable
from datetime import date, datetime
from typing import Annotated, Any, TypeVar
from urllib.parse import quote

import msgspec
from litestar import Response
from litestar.di import NamedDependency
from litestar.params import QueryParameter
from msgspec import UNSET, UnsetType

from api.caller import Caller, provide_caller
from api.clock import day_in
from api.commands import DRY_RUN, Ask, editing, end, existing, headers_of, run
from api.json_reply import JSONReply
from api.row_version import IfMatch, etag, expected_version, moment
from domain.aggregate import Aggregate, Decision, Read, Stream
from domain.book_settings import settings_of
from domain.errors import NotFound
from store.command import Command
from store.recorded import Versioned

S = TypeVar("S")
R = TypeVar("R", bound=msgspec.Struct)

By = NamedDependency[Caller]

READ = {"scope": "read"}
CHANGE = {"scope": "commands"}
TRANSITION = {**CHANGE, "problems": ("invalid-transition", "rule-broken")}
CREATE = {**CHANGE, "problems": ("already-exists", "rule-broken", "precondition-failed")}
ADMINISTER = {"scope": "admin", "problems": ("invalid-transition", "rule-broken")}
AUDIT = {"scope": "audit"}

DryRun = Annotated[
    bool,
    QueryParameter(
        name="dryRun",
        description="Only answer what would be: the entity as it would be then, with the header "
        "`Dry-Run: true`, or the problem. Nothing is changed.",
    ),
]


class Edit(msgspec.Struct, frozen=True):
    """One request to change a book. ``now`` is the book's instant when the request came in."""

    request: Any  # Ask; msgspec cannot look into it
    caller: Caller
    now: datetime
    dry_run: bool = False
    if_match: str | None = None

    @property
    def author(self) -> str:
        """Who asks, as it is recorded."""
        return self.caller.metadata.actor

    def today(self, read: Read) -> date:
        """The calendar day of ``now`` in the book's time zone, for a decision."""
        return day_in(settings_of(read).time_zone, self.now)

    def seen(self, row_version: int | UnsetType = UNSET) -> int | None:
        """The RowVersion that the client has seen: see ``expected_version``."""
        return expected_version(self.if_match, row_version)

    async def create(
        self,
        aggregate: Aggregate[S],
        id_: str | None,
        decide: Decision,
        show: Callable[[Versioned[S]], R],
        collection: str,
    ) -> Response[R]:
        """Create an entity: 201, and its place under ``collection``. Raises as ``run``.

        Without ``id_``, it is that of the first change.
        """
        command = Command(aggregate=aggregate, id=id_, decide=decide, metadata=self.caller.metadata)
        done = await run(self.request, self.caller, command, show, dry_run=self.dry_run)
        if self.dry_run:
            return JSONReply(show, done.entity, headers=DRY_RUN)
        path = quote(done.stream.id, safe="/" if collection == "/api/codes" else "")
        headers = {**headers_of(done), "Location": f"{collection}/{path}"}
        return JSONReply(show, done.entity, headers=headers, status_code=201)

    async def change(
        self,
        stream: Stream[S],
        decide: Decision,
        show: Callable[[Versioned[S]], R],
        *,
        seen: int | UnsetType = UNSET,
        absent: S | None = None,
        place: Callable[[S], str] | None = None,
    ) -> Response[R]:
        """Change an entity and answer it as it is then. Raises as ``run``.

        ``seen`` is the RowVersion in the body; ``absent`` the state of what nobody touched yet;
        ``place`` tells from the state where that is which came of it.
        """
        command = editing(self.request, self.caller, stream, decide, self.seen(seen))
        done = await run(self.request, self.caller, command, show, dry_run=self.dry_run)
        state = absent if done.state is None and absent is not None else existing(done).state
        headers = DRY_RUN if self.dry_run else headers_of(done)
        if place is not None and not self.dry_run:
            headers["Location"] = place(state)
        return JSONReply(show, Versioned(stream, state, done.version), headers=headers)

    async def end(
        self, stream: Stream[S], decide: Decision, show: Callable[[Versioned[S]], R]
    ) -> None:
        """End the life of an entity. Raises as ``run``."""
        await end(
            self.request,
            self.caller,
            stream,
            decide,
            expected=self.seen(),
            show=show,
            dry_run=self.dry_run,
        )


Editing = NamedDependency[Edit]
"""``edit`` of a route that changes what exists; ``making`` of one that creates."""


def provide_edit(request: Ask, *, if_match: IfMatch = None, dry_run: DryRun = False) -> Edit:
    """For routes that change what exists."""
    caller = provide_caller(request)
    return Edit(request, caller, caller.now, dry_run, if_match)


def provide_making(request: Ask, *, dry_run: DryRun = False) -> Edit:
    """For routes that create: there is no RowVersion yet that a client could have seen."""
    caller = provide_caller(request)
    return Edit(request, caller, caller.now, dry_run)


async def shown(
    caller: Caller,
    stream: Stream[S],
    as_of: str | None,
    show: Callable[[Versioned[S]], R],
    *,
    absent: S | None = None,
) -> Response[R]:
    """The entity as it is now or as it was at ``as_of``: see ``moment``.

    ``absent`` is the state, at RowVersion 0, of what nobody touched yet.

    Raises:
        NotFound: There is none, or there was none then.
        Problem: ``as_of`` is neither a RowVersion nor an instant.
    """
    try:
        entity = await caller.books.get(caller.book_id, stream, at=moment(as_of))
    except NotFound:
        if absent is None:
            raise
        entity = Versioned(stream, absent, 0)
    return JSONReply(show, entity, headers=etag(entity.version))
