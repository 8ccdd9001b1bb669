"""Many operations, each a command for itself, one after another."""

import hashlib
from collections.abc import Sequence
from typing import Any

import msgspec
from litestar import Request, Response

from api.commands import DRY_RUN, Ask, request_key, run
from api.editing import Edit
from api.invoices.bulk_schemas import BulkItem, BulkOut, Operation, problem_item
from api.invoices.operations import Step, step
from api.invoices.repeated import bulk_item
from api.invoices.showing import Show, showing
from api.problems import Problem, answer, internal_error
from api.translate import problem_of
from domain.invoice import INVOICE
from store.command import Command

_OK, _MIXED = 200, 207
_ERROR = 400


async def each_for_itself(
    request: Ask, edit: Edit, operations: Sequence[Operation]
) -> Response[BulkOut]:
    """Run each operation as the route of its own would; 207 when any of them was refused."""
    running = _Running(request, edit, await showing(edit.caller), await request.body())
    items = [await running.item(index, it) for index, it in enumerate(operations)]
    mixed = any(it.status >= _ERROR for it in items)
    headers = DRY_RUN if edit.dry_run else {}
    return Response(BulkOut(items=items), status_code=_MIXED if mixed else _OK, headers=headers)


class _Running:
    """The operations so far: which drafts they opened, and where the invoices stand."""

    def __init__(self, request: Ask, edit: Edit, show: Show, body: bytes) -> None:
        self._edit = edit
        self._show = show
        key = request_key(request, edit.caller)
        self._key = None if edit.dry_run else key
        self._fingerprint = hashlib.sha256(body).digest()
        self._refs: dict[str, str] = {}
        self._base: dict[str, int] = {}
        self._versions: dict[str, int] = {}
        # The key of the request is that of all operations together; each gets one of its own.
        headers = [it for it in request.scope["headers"] if it[0] != b"idempotency-key"]
        # Its state is its own: what was parsed of the other headers is remembered there.
        scope: Any = {**request.scope, "headers": headers, "state": {}}
        self._request: Ask = Request(scope)
        self._scope = request.scope

    async def item(self, index: int, operation: Operation) -> Any:
        """What becomes of one operation. Nothing that goes wrong with it stops the others."""
        try:
            return await self._run(index, step(self._edit, operation, self._refs), operation)
        except Exception as error:  # noqa: BLE001 - every operation has an answer of its own
            problem = error if isinstance(error, Problem) else problem_of(error)
            problem = problem or internal_error(error, self._scope)
            status, _, body = answer(problem, self._scope)
            return problem_item(status, body)

    async def _run(self, index: int, it: Step, operation: Operation) -> BulkItem:
        caller = self._edit.caller
        command = Command(
            aggregate=INVOICE,
            id=it.invoice_id,
            decide=it.decide,
            metadata=caller.metadata,
            expected=None if it.creates else self._expected(it),
        )
        if self._key is not None:
            key = f"{self._key}#{index}"
            command = msgspec.structs.replace(command, key=key, fingerprint=self._fingerprint)
        done = await run(self._request, caller, command, self._show, dry_run=self._edit.dry_run)
        ref = getattr(operation, "ref", None)
        if it.creates and isinstance(ref, str):
            self._refs[ref] = done.stream.id  # of a request that ran before, it is that of then
        self._base.setdefault(done.stream.id, done.version if it.seen is None else it.seen)
        self._versions[done.stream.id] = done.version
        return bulk_item(it, done.stream, done.state, done.version, self._show)

    def _expected(self, it: Step) -> int:
        """The RowVersion that the client knows: also by what its operations did before this one."""
        moved = self._versions.get(it.invoice_id)
        if moved is not None and it.seen in {None, self._base[it.invoice_id]}:
            return moved
        if it.seen is None:
            detail = "Send the rowVersion you have seen with the first operation on each invoice."
            raise Problem("row-version-required", detail)
        return it.seen
