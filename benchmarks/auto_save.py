"""Forty saves of one invoice at 50 ms a round trip: under way together, against one by one."""

import asyncio
import importlib.util
import time
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
from typing_extensions import override

from benchmarks.figures import Figure, figure
from benchmarks.http_load import HOST, WrongAnswer
from benchmarks.rounds import Run, alternate
from benchmarks.testbed import Api, serving

NAME = "auto_save"
SAVES = 40
ROUND_TRIP_SECONDS = 0.05

_EXAMPLE = Path(__file__).parents[1] / "docs" / "examples" / "auto_save.py"
_OK = 200
_PATIENCE_SECONDS = 60.0  # the server is still starting


async def measure(database_url: str) -> Figure:
    """The baseline waits for each answer, as a client must that has no edit session.

    Raises:
        WrongAnswer: A save was refused, or is not in the invoice.
    """
    example = example_client()
    async with serving(database_url) as api, _far(api) as client:
        path, seen = await _opened(client)

        async def ours() -> Run:
            return await _together(example, client, path)

        async def baseline() -> Run:
            return await _one_by_one(client, path)

        runs = await alternate(ours, baseline)
        saved = (await client.get(path)).json()["rowVersion"] - seen
    rounds = len(runs[0]) + 1
    if saved != 2 * rounds * SAVES:
        raise WrongAnswer(f"{2 * rounds * SAVES} saves were acknowledged, and {saved} made.")
    together, alone = (1000 * min(it.seconds for it in side) for side in runs)
    note = f"{SAVES} saves at best: {together:.0f} ms together, {alone:.0f} ms one by one"
    return figure(NAME, "saves/s", *runs, [note])


class _Distant(httpx.AsyncBaseTransport):
    """A server far away: half of the time there, half of it back."""

    def __init__(self) -> None:
        self._near = httpx.AsyncHTTPTransport(limits=httpx.Limits(max_connections=SAVES))

    @override
    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(ROUND_TRIP_SECONDS / 2)
        answer = await self._near.handle_async_request(request)
        await answer.aread()
        await asyncio.sleep(ROUND_TRIP_SECONDS / 2)
        return answer

    @override
    async def aclose(self) -> None:
        await self._near.aclose()


def _far(api: Api) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        base_url=f"http://{HOST}:{api.port}",
        headers={"Authorization": f"Bearer {api.key}"},
        transport=_Distant(),
        timeout=_PATIENCE_SECONDS,
    )


async def _opened(client: httpx.AsyncClient) -> tuple[str, int]:
    invoice = (await client.post("/api/invoices", json={"memo": "base"})).json()
    return f"/api/invoices/{invoice['id']}", invoice["rowVersion"]


async def _together(example: ModuleType, client: httpx.AsyncClient, path: str) -> Run:
    editor = example.Editor(client, path, (await client.get(path)).json())
    begun = time.perf_counter()
    for number in range(SAVES):
        editor.choose("memo", f"number {number}")
    await editor.settled()
    seconds = time.perf_counter() - begun
    if editor.conflict is not None or editor.refused:
        raise WrongAnswer(f"Saves were refused: {editor.conflict or editor.refused}.")
    return Run(seconds, [seconds] * SAVES)


async def _one_by_one(client: httpx.AsyncClient, path: str) -> Run:
    seen: dict[str, Any] = (await client.get(path)).json()
    latencies = []
    for number in range(SAVES):
        begun = time.perf_counter()
        answer = await client.patch(
            path,
            json={"memo": f"number {number}"},
            headers={"If-Match": f'"{seen["rowVersion"]}"'},
        )
        if answer.status_code != _OK:
            raise WrongAnswer(f"A save was refused: {answer.text}")
        seen = answer.json()
        latencies.append(time.perf_counter() - begun)
    return Run(sum(latencies), latencies)


def example_client() -> ModuleType:
    """The reference client of docs/auto-save.md. It is no module of a package: users copy it."""
    spec = importlib.util.spec_from_file_location("auto_save_example", _EXAMPLE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
