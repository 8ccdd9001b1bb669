# ruff: noqa: INP001 - an example to copy, not a part of any package.
"""An editor that saves while somebody types: the reference client of docs/auto-save.md.

It needs nothing but httpx. Give it a client that has the address and the API key, and what was
loaded; then tell it what is typed and chosen:

    editor = Editor(client, "/api/invoices/inv_01...", loaded)
    editor.type("memo", "Deliver after 5 pm")
    editor.choose("dueDate", "2026-12-31")
    await editor.settled()
"""

import asyncio
import secrets
from typing import Any

import httpx

DEBOUNCE_SECONDS = 0.4
_PAUSE_SECONDS = 0.2
_OK = 200
_CONFLICT = 409

Fields = dict[str, Any]


def _new_session() -> str:
    return f"ses_{secrets.token_hex(8)}"


class Editor:
    """One entity, open in one window.

    ``shown`` is what the window shows. ``conflict`` is the problem document of a change that met
    somebody else's, ``conflicts`` the fields that both changed: nothing is saved any more until
    ``merge``, ``overwrite`` or ``discard``. ``refused`` are changes that the server does not accept
    as they are, with its reasons.
    """

    def __init__(self, client: httpx.AsyncClient, path: str, loaded: Fields) -> None:
        self.shown = loaded
        self.conflict: Fields | None = None
        self.conflicts: list[Fields] = []
        self.refused: list[tuple[Fields, Fields]] = []
        self._client = client
        self._path = path
        self._base: int = loaded["rowVersion"]  # the newest RowVersion that was seen
        self._unsaved: Fields = {}
        self._lost: Fields = {}  # refused because of the conflict
        self._timer: asyncio.TimerHandle | None = None
        self._on_their_way: dict[int, tuple[Fields, asyncio.Task[None]]] = {}
        self._stranded: dict[int, Fields] = {}  # of a session that the server has forgotten
        self._session = _new_session()
        self._next_seq = 1

    def type(self, field: str, text: str) -> None:
        """Somebody types: save once they pause for 400 ms."""
        self._note(field, text)
        self._timer = asyncio.get_running_loop().call_later(DEBOUNCE_SECONDS, self.save)

    def choose(self, field: str, value: object) -> None:
        """A number was left, or something was chosen: save at once."""
        self._note(field, value)
        self.save()

    def save(self) -> None:
        """Send what is unsaved, and do not wait for what was sent before."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._unsaved and self.conflict is None and not self._stranded:
            fields, self._unsaved = self._unsaved, {}
            seq, self._next_seq = self._next_seq, self._next_seq + 1
            task = asyncio.create_task(self._send(fields, seq, self._base))
            self._on_their_way[seq] = (fields, task)

    async def settled(self) -> None:
        """Wait until all that was typed is saved, or met a conflict."""
        self.save()
        while self._on_their_way:
            await asyncio.wait([task for _, task in self._on_their_way.values()])

    async def merge(self, **values: object) -> None:
        """End the conflict with these values of the fields; others keep their current ones."""
        await self.discard()
        self._unsaved.update(values)
        self.shown = {**self.shown, **values}
        self.save()

    async def overwrite(self) -> None:
        """End the conflict with everything as it was typed here."""
        await self.settled()
        await self.merge(**self._lost)

    async def discard(self) -> None:
        """End the conflict with the entity as it is now."""
        await self.settled()
        if self.conflict is not None:
            self._base = self.conflict["currentRowVersion"]
            self.shown = {**self.conflict["current"], **self._unsaved}
        self.conflict, self.conflicts, self._lost = None, [], {}

    def _note(self, field: str, value: object) -> None:
        self._unsaved[field] = value
        self.shown = {**self.shown, field: value}
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    async def _send(self, fields: Fields, seq: int, base: int) -> None:
        answer = await self._answer(
            fields,
            {"If-Match": f'"{base}"', "Edit-Session": self._session, "Edit-Seq": str(seq)},
        )
        del self._on_their_way[seq]
        document: Fields = answer.json()
        if answer.status_code == _OK:
            self._accept(document)
        elif document["code"] == "row-version-conflict":
            self._lost.update(fields)
            self.conflicts += document["conflicts"]
            newest = (self.conflict or {}).get("currentRowVersion", 0)
            if document["currentRowVersion"] >= newest:
                self.conflict = document
        elif document["code"] == "sequence-gap":
            self._stranded[seq] = fields
        else:
            self.refused.append((fields, document))
        if self._stranded and not self._on_their_way:
            self._begin_anew()

    def _begin_anew(self) -> None:
        """The server does not know the session any more: a new one sends what is left."""
        left: Fields = {}
        for seq in sorted(self._stranded):
            left |= self._stranded[seq]
        self._stranded = {}
        self._session, self._next_seq = _new_session(), 1
        self._unsaved = {**left, **self._unsaved}
        self.save()

    async def _answer(self, fields: Fields, headers: dict[str, str]) -> httpx.Response:
        """Send until there is an answer. The same Edit-Seq is never done twice."""
        while True:
            try:
                answer = await self._client.patch(self._path, json=fields, headers=headers)
            except httpx.TransportError:
                await asyncio.sleep(_PAUSE_SECONDS)
                continue
            overtook = answer.status_code == _CONFLICT and (
                answer.json().get("expectedSeq") in self._on_their_way
            )
            if answer.status_code not in {429, 502, 503, 504} and not overtook:
                return answer
            await asyncio.sleep(float(answer.headers.get("retry-after", _PAUSE_SECONDS)))

    def _accept(self, saved: Fields) -> None:
        if saved["rowVersion"] < self._base:
            return  # a newer answer was here first
        self._base = saved["rowVersion"]
        unsaved: Fields = {}
        for fields, _ in self._on_their_way.values():
            unsaved |= fields
        self.shown = {**saved, **unsaved, **self._lost, **self._unsaved}
