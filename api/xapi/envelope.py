"""The envelope in which the XAPI answers, for better or worse."""

from collections.abc import Sequence
from typing import Annotated

import msgspec
from msgspec import Meta

from api.faults import Fault
from api.wire import Reply

PREFIX = "/api/v1/"
"""Whatever is asked below this path is answered in an envelope, errors as well."""

MEDIA_TYPE = "application/json"


class EnvelopeField(Reply, kw_only=True):
    """A field of a row that was written."""

    field_name: Annotated[str, Meta(examples=["rowVersion"])]
    field_value: Annotated[str, Meta(examples=["2"])] | None


class EnvelopeRow(Reply, kw_only=True):
    """A row that was written: its id, and what else the caller may want to know of it at once."""

    key: Annotated[str, Meta(examples=["inv_01JD3K5QZ8W4X2V7N6M9T0R1PA"])]
    fields: list[EnvelopeField]


class EnvelopeTable(Reply, kw_only=True):
    """The rows of one table that were written."""

    table: Annotated[str, Meta(examples=["Invoice"])]
    keys: list[EnvelopeRow]


class Envelope(Reply, kw_only=True):
    """What came of a call.

    ``warning``: something should be looked at, which ``generalMessage`` tells; the call has
    succeeded all the same. ``exceptionMessage`` names everything that is wrong, with its place.
    """

    success: Annotated[bool, Meta(examples=[True])]
    warning: bool
    http_status_code: Annotated[int, Meta(examples=[201])]
    general_message: Annotated[str, Meta(examples=["Added."])]
    exception_message: str | None
    keys: list[EnvelopeTable]


def written(tables: Sequence[EnvelopeTable], warnings: Sequence[str]) -> Envelope:
    """The envelope of a call that has succeeded."""
    return Envelope(
        success=True,
        warning=bool(warnings),
        http_status_code=201,
        general_message=" ".join(["Added.", *warnings]),
        exception_message=None,
        keys=list(tables),
    )


def refused(status: int, title: str, detail: str, code: str, errors: Sequence[Fault]) -> bytes:
    """The envelope of a call that was refused, as JSON: nothing was changed."""
    lines = [f"{_place(it)}{it.detail} ({it.code})" for it in errors] or [f"{title} ({code})"]
    many = f"{title}: {len(errors)} faults, all of them in exceptionMessage."
    envelope = Envelope(
        success=False,
        warning=False,
        http_status_code=status,
        general_message=many if len(errors) > 1 else detail,
        exception_message="\n".join(lines),
        keys=[],
    )
    return msgspec.json.encode(envelope)


def _place(fault: Fault) -> str:
    where = fault.parameter or fault.pointer
    return f"{where}: " if where else ""


def row(key: str, **fields: object) -> EnvelopeRow:
    """A row and its fields, by their names in Python."""
    return EnvelopeRow(
        key=key,
        fields=[
            EnvelopeField(field_name=_camel(it), field_value=None if value is None else str(value))
            for it, value in fields.items()
        ],
    )


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(map(str.capitalize, rest))
