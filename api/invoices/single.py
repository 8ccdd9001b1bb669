"""Many operations as one command: their facts commit together, or none does."""

from collections.abc import Sequence
from typing import Any, NoReturn

import msgspec
from litestar import Response

from api.commands import DRY_RUN, Ask, run
from api.editing import Edit
from api.invoices.bulk_schemas import BulkItem, BulkOut, Operation
from api.invoices.operations import Step, step
from api.invoices.repeated import bulk_item, repeated
from api.invoices.showing import Show, showing
from api.json_reply import as_json
from api.problems import Problem
from api.translate import problem_of, refused
from domain.aggregate import Change, Read, Stream, fold
from domain.errors import NotAllowed, Refusal
from domain.invoice import INVOICE, Invoice
from store.command import Command
from store.recorded import Versioned

_TRIES = 3


class _Moved(Exception):
    """An invoice changed after its RowVersion was compared."""


class Transaction:
    """The steps as one decision, each on what those before it decided."""

    def __init__(self, steps: Sequence[Step]) -> None:
        self.at = 0
        self._steps = steps
        self._seen: dict[str, Versioned[Invoice]] = {}
        self._refusal: Exception | None = None
        self._after: dict[str, Any] = {}
        self._facts: dict[str, int] = {}

    async def compare(self, edit: Edit, show: Show) -> None:
        """Hold the invoices to the RowVersions that the client has seen.

        A refusal is kept for the decision: a request that ran before is answered without deciding.
        """
        self._seen, self._refusal = {}, None
        known = {it.invoice_id for it in self._steps if it.creates}
        for index, it in enumerate(self._steps):
            self.at = index
            if it.invoice_id in known:
                continue
            known.add(it.invoice_id)
            try:
                self._seen[it.invoice_id] = await _seen(edit, it, show)
            except (Problem, Refusal) as refusal:
                self._refusal = refusal
                return

    def decide(self, read: Read) -> Sequence[Change]:
        """All changes. Raises what a step raises; ``at`` is which one did."""
        if self._refusal is not None:
            raise self._refusal
        self._after, self._facts = {}, {}
        if any(read(INVOICE(id_)) != it.state for id_, it in self._seen.items()):
            raise _Moved
        changes: list[Change] = []
        for index, it in enumerate(self._steps):
            self.at = index
            try:
                decided = it.decide(self._reading(read))
            except NotAllowed as refusal:
                raise refused(refusal) from refusal
            for stream, facts in decided:
                self._take(read, stream, facts)
                changes.append((stream, facts))
        return changes

    def items(self, show: Show) -> list[BulkItem]:
        """What became of the operations."""
        return [self._item(it, show) for it in self._steps]

    def _item(self, it: Step, show: Show) -> BulkItem:
        stream = INVOICE(it.invoice_id)
        before = self._seen.get(it.invoice_id)
        version = (before.version if before else 0) + self._facts.get(stream.name, 0)
        return bulk_item(it, stream, self._after.get(stream.name), version, show)

    def _reading(self, read: Read) -> Read:
        def ahead(stream: Stream[Any]) -> Any:
            return self._after[stream.name] if stream.name in self._after else read(stream)

        return ahead

    def _take(self, read: Read, stream: Stream[Any], facts: Sequence[Any]) -> None:
        state = self._reading(read)(stream)
        self._after[stream.name] = fold(stream.aggregate, facts, state)
        self._facts[stream.name] = self._facts.get(stream.name, 0) + len(facts)


async def all_or_none(
    request: Ask, edit: Edit, operations: Sequence[Operation]
) -> Response[BulkOut]:
    """Run all operations as one command.

    Raises:
        Problem: That of the first operation that is refused.
    """
    show = await showing(edit.caller)
    steps = _steps(edit, operations)
    transaction = Transaction(steps)
    command = Command(
        aggregate=INVOICE,
        id=steps[0].invoice_id,
        decide=transaction.decide,
        metadata=edit.caller.metadata,
    )
    for _ in range(_TRIES):
        await transaction.compare(edit, show)
        try:
            done = await run(request, edit.caller, command, show, dry_run=edit.dry_run)
        except _Moved:
            continue
        except (Problem, Refusal) as refusal:
            _refuse(refusal, transaction.at)
        if done.replayed:
            items = await repeated(edit.caller, done, steps, show)
            return Response(BulkOut(items=items), headers={"Idempotent-Replayed": "true"})
        headers = DRY_RUN if edit.dry_run else {}
        return Response(BulkOut(items=transaction.items(show)), headers=headers)
    raise Problem("busy", "The invoices change too often at the moment: repeat the request.")


def _steps(edit: Edit, operations: Sequence[Operation]) -> list[Step]:
    refs: dict[str, str] = {}
    steps: list[Step] = []
    for index, operation in enumerate(operations):
        try:
            steps.append(step(edit, operation, refs))
        except (Problem, Refusal) as refusal:
            _refuse(refusal, index)
    return steps


def _refuse(refusal: Exception, index: int) -> NoReturn:
    """The problem of one operation becomes that of the request, with pointers into its body."""
    problem = refusal if isinstance(refusal, Problem) else problem_of(refusal)
    if problem is None:
        raise refusal
    problem.members["operation"] = index
    problem.errors = [
        msgspec.structs.replace(it, pointer=f"/operations/{index}{it.pointer}")
        if isinstance(it.pointer, str)
        else it
        for it in problem.errors
    ]
    raise problem from refusal


async def _seen(edit: Edit, it: Step, show: Show) -> Versioned[Invoice]:
    if it.seen is None:
        detail = "Send the rowVersion you have seen with the first operation on each invoice."
        raise Problem("row-version-required", detail)
    entity = await edit.caller.books.get(edit.caller.book_id, INVOICE(it.invoice_id))
    if entity.version != it.seen:
        detail = f"The invoice {it.invoice_id} is at RowVersion {entity.version}, not {it.seen}."
        current = as_json(show(entity))
        raise Problem("row-version-conflict", detail, current=current)
    return entity
