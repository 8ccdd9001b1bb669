"""A book with something in it: the demonstration, written through the public HTTP API.

Every request may be repeated. What creates something carries an Idempotency-Key; of an invoice that
was there already, as many changes are left out as RowVersions have gone by since it was created.
"""

import asyncio
import time
from collections.abc import Coroutine, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

import httpx
import msgspec

from daybook.demo.catalog import CUSTOMERS
from daybook.demo.plan import Body, Planned, Step, plan
from daybook.progress import Report

_CONNECTIONS = 8
_TIMEOUT_SECONDS = 20.0
_REPLAYED = "idempotent-replayed"
_POST = Step("POST", "/post", {})
_CUSTOMER_RULES = {"P04", "P06"}


class CannotWrite(Exception):
    """The demonstration cannot be written. The message says why and what to do."""


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """What the book has now."""

    customers: int
    posted: int
    voided: int
    drafts: int
    requests: int
    seconds: float

    def text(self) -> str:
        """The summary as one sentence."""
        return (
            f"{self.posted + self.voided + self.drafts} invoices for {self.customers} customers: "
            f"{self.posted} posted, {self.voided} voided, {self.drafts} drafts; "
            f"{self.requests} requests in {self.seconds:.1f} s"
        )


async def write_demo(
    url: str,
    key: str,
    *,
    invoices: int = 60,
    seed: int = 1,
    report: Report | None = None,
) -> Summary:
    """Write the demonstration of today; writing it again with the same arguments changes nothing.

    Args:
        url: Where the API is, such as http://127.0.0.1:8000.
        key: An API key of the book.
        invoices: How many, drafts and voided ones among them.
        seed: Another seed makes another demonstration.
        report: Told how many requests, of about how many, were answered.

    Raises:
        CannotWrite: Nothing answers there, or the API refuses.
    """
    try:
        async with httpx.AsyncClient(
            base_url=url,
            timeout=_TIMEOUT_SECONDS,
            limits=httpx.Limits(max_connections=_CONNECTIONS),
            trust_env=False,  # a proxy of the environment does not lead to this machine
        ) as client:
            planned = plan(invoices=invoices, seed=seed, today=datetime.now(UTC).date())
            return await write(client, key, planned, report)
    except (httpx.UnsupportedProtocol, httpx.InvalidURL) as error:
        raise CannotWrite(f"{url!r} is no address such as http://127.0.0.1:8000.") from error
    except httpx.ConnectError as error:
        raise CannotWrite(
            f"Nothing answers at {url}: start it with 'daybook up', or say where with --url."
        ) from error
    except httpx.HTTPError as error:
        raise CannotWrite(f"{url} stopped answering ({type(error).__name__}).") from error


async def write(
    client: httpx.AsyncClient, key: str, planned: Sequence[Planned], report: Report | None = None
) -> Summary:
    """As ``write_demo``, with a plan of one's own and a client that knows where the API is."""
    started = time.perf_counter()
    api = _Api(client, key, _requests(planned), report)
    run = planned[0].key.rpartition("/")[0]
    floor = await _latest_date(api)
    await _together(_create_customer(api, run, customer) for customer in CUSTOMERS)
    documents = [_Document(api, one) for one in planned]
    await _together(document.begin() for document in documents)
    # One after the other: numbers and dates rise together, and the same seed gives the same ones.
    for document in documents:
        await document.post(floor)
    await _together(document.finish() for document in documents)
    posted = [document for document in documents if document.posted]
    voided = sum(document.planned.voided for document in posted)
    return Summary(
        customers=len(CUSTOMERS),
        posted=len(posted) - voided,
        voided=voided,
        drafts=len(documents) - len(posted),
        requests=api.answered,
        seconds=time.perf_counter() - started,
    )


def _requests(planned: Iterable[Planned]) -> int:
    changes = (len(one.before) + len(one.after) + bool(one.posted_on) for one in planned)
    return len(CUSTOMERS) + 1 + sum(1 + count for count in changes)


async def _together(work: Iterable[Coroutine[Any, Any, None]]) -> None:
    """Do it all at once, or as far as the first failure."""
    tasks = [asyncio.create_task(one) for one in work]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


# ---------------------------------------------------------------- requests


class _Api:
    """Sends requests, counts them, and turns refusals into sentences."""

    def __init__(
        self, client: httpx.AsyncClient, key: str, expected: int, report: Report | None
    ) -> None:
        self._client = client
        self._key = key
        self._expected = expected
        self._report = report
        self._turns = asyncio.Semaphore(_CONNECTIONS)
        self.answered = 0

    async def send(
        self,
        method: str,
        path: str,
        body: Body | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        but: tuple[str, ...] = (),
    ) -> httpx.Response:
        """The answer. A refusal whose code is in ``but`` is one, and so is an archived customer.

        Raises:
            CannotWrite: The API refuses.
        """
        sent = {"Authorization": f"Bearer {self._key}", **(headers or {})}
        async with self._turns:
            response = await self._client.request(method, path, json=body, headers=sent)
        self.answered += 1
        if self._report is not None:
            self._report(self.answered, max(self.answered, self._expected))
        answer = _object_in(response)
        if answer and (response.is_success or answer.get("code") in but):
            return response
        if _concerns_customer(answer):
            return response
        raise CannotWrite(_refusal(method, path, response))


def _concerns_customer(problem: Body) -> bool:
    broken = {error["code"] for error in problem.get("errors", ())}
    return bool(broken) and broken <= _CUSTOMER_RULES


def _object_in(response: httpx.Response) -> Body:
    """The JSON object of an answer; an empty one for anything else, which Daybook never sends."""
    try:
        found = response.json()
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _refusal(method: str, path: str, response: httpx.Response) -> str:
    detail = _object_in(response).get("detail")
    if detail is None:
        return f"What answers there is not Daybook ({response.status_code} to {method} {path})."
    if response.status_code == httpx.codes.UNAUTHORIZED:
        return f"The key was refused: {detail}"
    return f"{method} {path} was refused: {detail}"


async def _create_customer(api: _Api, run: str, customer: Body) -> None:
    """Create the customer, unless there is one under this code."""
    headers = {"Idempotency-Key": f"{run}/customer/{customer['id']}"}
    await api.send("POST", "/api/customers", customer, headers=headers, but=("already-exists",))


async def _latest_date(api: _Api) -> date:
    """The latest issue date in the book: nothing can be posted before it in the same year."""
    query = "status.in=Posted,Voided&sort=-issueDate&limit=1"
    items = (await api.send("GET", f"/api/invoices?{query}")).json().get("items", ())
    return max((date.fromisoformat(one["issueDate"]) for one in items), default=date.min)


# ---------------------------------------------------------------- invoices


class _Document:
    """An invoice of the plan on its way into the book."""

    def __init__(self, api: _Api, planned: Planned) -> None:
        self._api = api
        self._path = ""
        self._version = 0
        self._lines: list[str] = []
        self._done = 0
        self._moved = False
        self.planned = planned
        self.posted = False

    async def begin(self) -> None:
        """Open the draft and edit it."""
        headers = {"Idempotency-Key": self.planned.key}
        response = await self._api.send("POST", "/api/invoices", self.planned.body, headers=headers)
        created = response.json()
        self._path = f"/api/invoices/{created['id']}"
        self._version = created["rowVersion"]
        self._lines = [line["id"] for line in created["lines"]]
        if _REPLAYED in response.headers:
            await self._catch_up()
        for step in self.planned.before:
            await self._change(step)

    async def post(self, floor: date) -> None:
        """Post it, unless it is to stay a draft; under the latest date of the book, if need be."""
        day = self.planned.posted_on
        if day is None:
            return
        if self._moved or (day < floor and not self._done):
            await self._change(Step("PATCH", "", {"issueDate": str(floor)}))
        self.posted = await self._change(_POST)

    async def finish(self) -> None:
        """Make the changes that come after posting."""
        for step in self.planned.after if self.posted else ():
            await self._change(step)

    async def _catch_up(self) -> None:
        """An earlier run began with it: see how many of the changes are made already."""
        response = await self._api.send("GET", self._path, but=("not-found",))
        if response.is_success:
            now = response.json()
            self._done = now["rowVersion"] - self._version
            self._moved = now["issueDate"] != self.planned.body.get("issueDate")
        else:
            self._done = 1_000_000  # somebody deleted the draft: leave it at that

    async def _change(self, step: Step) -> bool:
        """Make the change, unless an earlier run made it; answer whether it is made.

        It is not when somebody archived a customer of the cast: then a draft stays one.
        """
        if self._done:
            self._done -= 1
            self._version += 1
            return True
        path = self._path + step.path
        if step.line is not None:
            path = f"{self._path}/lines/{self._lines[step.line]}"
        headers = {"If-Match": f'"{self._version}"'}
        if step.why is not None:
            headers["X-Change-Reason"] = step.why
        response = await self._api.send(step.method, path, step.body, headers=headers)
        if response.is_success:
            self._version = response.json()["rowVersion"]
        return response.is_success
