"""Send again, or try out: replays and pings of a webhook endpoint."""

import hashlib
from datetime import UTC, datetime
from typing import Annotated
from urllib.parse import quote

from litestar import Controller, Response, get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody, QueryParameter

from api.caller import Caller
from api.commands import DRY_RUN, REPLAYED, Ask, request_key
from api.delivery_schemas import PingOut, PingPage
from api.editing import ADMINISTER, DryRun
from api.history import Limit, refuse_unknown
from api.once import once
from api.replay_schemas import (
    ReplayFailed,
    ReplayIn,
    ReplayNeverAttempted,
    ReplayOne,
    ReplayOut,
    ReplayPage,
    ReplayRange,
)
from api.wire import IdInPath
from domain.errors import NotAllowed, NotFound, RuleBroken, Violation
from domain.webhook_endpoint import WEBHOOK_ENDPOINT
from store.database import Connection, Pool
from store.errors import KeyReused
from store.ids import new_id
from store.once import earlier, once_only
from store.pings import Ping, find_ping, list_pings
from store.replays import (
    Replay,
    Selection,
    cancel_replay,
    create_replay,
    find_repeated,
    find_replay,
    list_replays,
    selection_of,
    topics_wanted,
)

By = NamedDependency[Caller]
READ = {"scope": "read"}
ADMIN = {"scope": "admin"}

BeforeId = Annotated[
    str | None,
    QueryParameter(name="before", max_length=64, description="`nextBefore` of the page before."),
]


class ReplayController(Controller):
    """Replays and pings. Both send with the same checks and signatures as every delivery."""

    path = "/api/webhook-endpoints/{endpoint_id:str}"
    tags = ["Webhooks"]  # noqa: RUF012 - Litestar reads it from the class

    @post("/ping", operation_id="pingWebhookEndpoint", summary="Ping", opt=ADMIN, status_code=200)
    async def ping_endpoint(
        self, request: Ask, caller: By, endpoint_id: IdInPath
    ) -> Response[PingOut]:
        """Send a signed `webhook.ping` now, enabled or not, and answer what came of it.

        It is sent once. The answer is 200 whatever the receiver does; look at `accepted`. A ping
        changes nothing: of two with one `Idempotency-Key` that are on their way at the same moment
        both are sent, and the answer is that of the first.
        """
        doors, book_id = caller.doors, caller.book_id
        key = await once(request, caller)
        made = None if key is None else await earlier(doors.pool, book_id, key)
        kept = await _ping(caller, endpoint_id, made)
        if kept is not None:
            return Response(PingOut.of(kept), headers=REPLAYED)
        sent = await doors.ping(book_id, endpoint_id)
        if key is None or made is not None:  # the one that was made is not kept any more
            return Response(PingOut.of(sent))
        async with once_only(doors.pool, book_id, key) as turn:
            if turn.made is None:
                await turn.note(f"ping/{sent.ping_id}")
        first = await _ping(caller, endpoint_id, turn.made or f"ping/{sent.ping_id}")
        return Response(PingOut.of(first or sent), headers=REPLAYED if turn.made else {})

    @get("/pings", operation_id="listPings", summary="List pings", opt=READ)
    async def list_of_pings(
        self, caller: By, endpoint_id: IdInPath, before: BeforeId = None, limit: Limit = 50
    ) -> PingPage:
        """Pings of an endpoint, the newest first."""
        found = await list_pings(
            caller.doors.pool, caller.book_id, endpoint_id, before=before, limit=limit + 1
        )
        if not found:
            await refuse_unknown(caller, WEBHOOK_ENDPOINT(endpoint_id))
        page = found[:limit]
        following = page[-1].ping_id if len(found) > limit else None
        return PingPage(items=[PingOut.of(it) for it in page], next_before=following)

    @post(
        "/replays",
        operation_id="replay",
        summary="Replay",
        opt={**ADMINISTER, "example": {"select": {"kind": "range", "first": 1}}},
        status_code=202,
    )
    async def start_replay(
        self, request: Ask, caller: By, endpoint_id: IdInPath, data: JSONBody[ReplayIn]
    ) -> Response[ReplayOut]:
        """Send deliveries again, however many: the same ids, the same bytes.

        Workers carry it out; ask how far it is, or cancel it. Each delivery gets as many attempts
        as the endpoint's category says. With an `Idempotency-Key`, a repetition starts no other.
        """
        pool, book_id = caller.doors.pool, caller.book_id
        key = request_key(request, caller)
        endpoint = await caller.books.get(book_id, WEBHOOK_ENDPOINT(endpoint_id))
        selection = await _selection(caller, data, topics_wanted(endpoint.state))
        fingerprint = hashlib.sha256(endpoint_id.encode() + b"\n" + await request.body()).digest()
        replay_id = new_id("rpl")
        created = await create_replay(
            pool,
            (book_id, replay_id, endpoint_id),
            selection,
            by=caller.key.key_id,
            now=datetime.now(UTC),
            repeat=None if key is None else (key, fingerprint),
        )
        headers = {}
        if created:
            caller.doors.hint_replay(book_id, [replay_id])
            replay = await find_replay(pool, book_id, replay_id)
        else:
            replay = await find_repeated(pool, book_id, str(key))
            headers["Idempotent-Replayed"] = "true"
        assert replay is not None
        if not created and replay.fingerprint != fingerprint:
            raise KeyReused(str(key).partition(":")[2])
        place = f"/api/webhook-endpoints/{quote(endpoint_id)}/replays/{replay.replay_id}"
        return Response(
            ReplayOut.of(replay), headers={"Location": place, **headers}, status_code=202
        )

    @get("/replays", operation_id="listReplays", summary="List replays", opt=READ)
    async def list_of_replays(
        self, caller: By, endpoint_id: IdInPath, before: BeforeId = None, limit: Limit = 50
    ) -> ReplayPage:
        """Replays of an endpoint, the newest first."""
        found = await list_replays(
            caller.doors.pool, caller.book_id, endpoint_id, before=before, limit=limit + 1
        )
        if not found:
            await refuse_unknown(caller, WEBHOOK_ENDPOINT(endpoint_id))
        page = found[:limit]
        following = page[-1].replay_id if len(found) > limit else None
        return ReplayPage(items=[ReplayOut.of(it) for it in page], next_before=following)

    @get("/replays/{replay_id:str}", operation_id="getReplay", summary="Get a replay", opt=READ)
    async def get_replay(self, caller: By, endpoint_id: IdInPath, replay_id: IdInPath) -> ReplayOut:
        """How far a replay is."""
        pool, book_id = caller.doors.pool, caller.book_id
        return ReplayOut.of(await _replay(pool, book_id, endpoint_id, replay_id))

    @post(
        "/replays/{replay_id:str}/cancel",
        operation_id="cancelReplay",
        summary="Cancel a replay",
        opt=ADMINISTER,
        status_code=200,
    )
    async def cancel(
        self,
        request: Ask,
        caller: By,
        endpoint_id: IdInPath,
        replay_id: IdInPath,
        *,
        dry_run: DryRun = False,
    ) -> Response[ReplayOut]:
        """Send nothing more of it. What was waiting is as it was; what was sent, was sent."""
        pool, book_id = caller.doors.pool, caller.book_id
        key = await once(request, caller)
        async with once_only(pool, book_id, key, dry_run=dry_run) as turn:
            replay = await _replay(turn.connection, book_id, endpoint_id, replay_id)
            if turn.made is None:
                if replay.state == "done":
                    raise NotAllowed("The replay is done: there is nothing left to cancel.")
                now = datetime.now(UTC)
                await cancel_replay(turn.connection, book_id, replay_id, now=now)
                await turn.note(f"replay/{replay_id}")
                replay = await _replay(turn.connection, book_id, endpoint_id, replay_id)
        headers = REPLAYED if turn.made else DRY_RUN if dry_run else {}
        return Response(ReplayOut.of(replay), headers=headers)


async def _replay(
    connection: Connection | Pool, book_id: str, endpoint_id: str, replay_id: str
) -> Replay:
    replay = await find_replay(connection, book_id, replay_id)
    if replay is None or replay.endpoint_id != endpoint_id:
        raise NotFound("replay", replay_id)
    return replay


async def _ping(caller: Caller, endpoint_id: str, made: str | None) -> Ping | None:
    """The ping that a request made before, while it is kept."""
    if made is None:
        return None
    pool, ping_id = caller.doors.pool, made.partition("/")[2]
    return await find_ping(pool, caller.book_id, endpoint_id, ping_id)


async def _selection(caller: Caller, data: ReplayIn, topics: tuple[str, ...]) -> Selection:
    """The selection that was asked for, of what has happened so far."""
    pool, book_id = caller.doors.pool, caller.book_id
    match data.select:
        case ReplayOne(position=position):
            if position > await caller.books.head(book_id):
                raise NotFound("event", str(position))
            return await selection_of(pool, book_id, "one", first=position, last=position)
        case ReplayRange(first=first, last=last):
            if last is not None and last < first:
                detail = "The range ends before it begins: last is below first."
                raise RuleBroken((Violation("replay-range", "/select/last", detail),))
            return await selection_of(pool, book_id, "range", first=first, last=last, topics=topics)
        case ReplayFailed(since=since):
            return await selection_of(pool, book_id, "failed", since=since)
        case ReplayNeverAttempted(since=since):
            return await selection_of(pool, book_id, "never-attempted", since=since, topics=topics)
