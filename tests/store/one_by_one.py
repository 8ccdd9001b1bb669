"""What a book would do if commands came one by one: the model behind every interleaving.

It is as plain as can be and shares no code with the product: a dictionary of invoices, their
versions, the latest number, and what each idempotency key was answered.
"""

from copy import deepcopy
from typing import Literal, TypeAlias

import msgspec

Kind: TypeAlias = Literal["draft", "change", "delete", "number", "copy", "look"]


class Asking(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that a client asks for.

    - draft: open the invoice with a memo
    - change: give it this memo
    - delete: throw it away
    - number: open it with the next number of the one series
    - copy: give it the memo of another one, which is read and not changed
    - look: read it

    ``expected`` is the version that it is based on, ``key`` its idempotency key.
    """

    kind: Kind
    invoice: str
    other: str = "inv_a"
    memo: str = ""
    expected: int | None = None
    key: str | None = None


class Shown(msgspec.Struct, frozen=True):
    """An answer as far as the model speaks of it. ``position`` is that of a command's last event.

    ``how``: done, unchanged, replayed, stale, seen, or the name of a refusal. A refusal shows
    nothing; an invoice that is gone has no memo and no number.
    """

    how: str
    version: int = 0
    memo: str | None = None
    number: str | None = None
    position: int = 0


class Written(msgspec.Struct, frozen=True):
    """An event: its place, and the one value that matters in it."""

    stream: str
    version: int
    topic: str
    value: str | None


class _Invoice(msgspec.Struct):
    version: int = 0
    exists: bool = False
    memo: str | None = None
    number: str | None = None


class Model:
    """A book at a position, between two commands."""

    def __init__(self) -> None:
        self.position = 0
        self.keys: dict[str, tuple[Asking, Shown]] = {}
        self._invoices: dict[str, _Invoice] = {}
        self._latest = 0

    def after(self, asking: Asking) -> tuple["Model", list[Written]]:
        """The book after the command, and the events that it wrote; none if it does not run."""
        if self.answer(asking) != Shown("done"):
            return self, []
        model = deepcopy(self)
        return model, model._run(asking)

    def answer(self, asking: Asking) -> Shown:
        """What is answered now. A bare ``done`` stands for a command that would run.

        A key remembers a command that was done, also one that changed nothing. One that was
        refused is decided anew when it is asked again.
        """
        invoice = self._invoice(asking.invoice)
        if asking.kind == "look":
            return self._show("seen", invoice) if invoice.exists else Shown("NotFound")
        if asking.key is not None and asking.key in self.keys:
            first, shown = self.keys[asking.key]
            if first != asking:
                return Shown("KeyReused")
            return msgspec.structs.replace(shown, how="replayed")
        if asking.expected is not None:
            if not invoice.exists:
                return Shown("NotFound")
            if asking.expected != invoice.version:
                return self._show("stale", invoice)
        return self._decide(asking, invoice)

    def remembering(self, asking: Asking) -> "Model":
        """The book after a command with a key that changed nothing."""
        model = deepcopy(self)
        assert asking.key is not None
        shown = self._show("done", self._invoice(asking.invoice))
        model.keys[asking.key] = (asking, shown)
        return model

    def _decide(self, asking: Asking, invoice: _Invoice) -> Shown:
        if asking.kind in {"draft", "number"}:
            return Shown("AlreadyExists") if invoice.exists else Shown("done")
        if not invoice.exists:
            return Shown("NotFound")
        memo = asking.memo
        if asking.kind == "copy":
            other = self._invoice(asking.other)
            if not other.exists:
                return Shown("NotFound")
            memo = other.memo or ""
        if asking.kind != "delete" and invoice.memo == memo:
            return self._show("unchanged", invoice)
        return Shown("done")

    def _run(self, asking: Asking) -> list[Written]:
        invoice = self._invoices.setdefault(asking.invoice, _Invoice())
        invoice.version += 1
        topic = "invoice.header_changed"
        match asking.kind:
            case "draft" | "number":
                invoice.exists, invoice.memo = True, asking.memo
                topic = "invoice.drafted"
            case "delete":
                invoice.exists, invoice.memo, invoice.number = False, None, None
                topic = "invoice.draft_deleted"
            case "copy":
                invoice.memo = self._invoice(asking.other).memo
            case _:
                invoice.memo = asking.memo
        written = [Written(f"invoice/{asking.invoice}", invoice.version, topic, invoice.memo)]
        if asking.kind == "number":
            self._latest += 1
            invoice.number = str(self._latest)
            assigned = Written("series/s", self._latest, "series.number_assigned", invoice.number)
            written.append(assigned)
        self.position += len(written)
        if asking.key is not None:
            shown = self._show("done", invoice)
            self.keys[asking.key] = (asking, shown)
        return written

    def _invoice(self, id_: str) -> _Invoice:
        return self._invoices.get(id_) or _Invoice()

    def _show(self, how: str, invoice: _Invoice) -> Shown:
        position = self.position if how == "done" else 0
        return Shown(how, invoice.version, invoice.memo, invoice.number, position)

    def shown_by(self, asking: Asking) -> Shown:
        """What the command that ran last was answered."""
        return self._show("done", self._invoice(asking.invoice))
