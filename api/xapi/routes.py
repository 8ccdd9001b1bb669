"""The routes of the XAPI: three for each of its objects, all made from the list of objects."""

from collections.abc import Callable
from typing import Annotated, Any, TypeVar

import msgspec
from litestar import Response, Router, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import JSONBody, QueryParameter

from api.commands import DRY_RUN, headers_of, run
from api.editing import By, Edit, Editing
from api.invoices.refusals import refusals
from api.problems import Problem
from api.xapi import answers, objects
from api.xapi.adding import Adding, add
from api.xapi.envelope import Envelope, EnvelopeTable, written
from api.xapi.invoice_rows import Invoice as InvoiceRow
from api.xapi.keys import XapiJSON
from api.xapi.login import LOGIN
from api.xapi.objects import CHILDREN, OBJECTS, ROOT, VERSIONS, Object
from api.xapi.planning import looked_at, plan
from api.xapi.session import authenticate_session, usual_of
from api.xapi.single import add_invoice
from api.xapi.warnings import warnings_of
from domain.aggregate import Aggregate, Change, Read
from domain.invoice import INVOICE
from domain.payment import PAYMENT
from store.command import Command
from store.ids import new_id
from store.recorded import Versioned

S = TypeVar("S")

TAGS = ["XAPI"]

_ADDS = {
    "scope": "commands",
    "envelope": True,
    "problems": (
        *("not-found", "invalid-transition", "already-exists", "rule-broken"),
        *refusals("addLine", "reserveSerial", "overrideTax", "setAddress", "apply"),
    ),
}
_READS = {"scope": "read", "envelope": True}

InvoiceId = Annotated[
    str | None,
    QueryParameter(
        name="invoiceId",
        pattern=r"^[A-Za-z0-9_-]{1,64}(?![\s\S])",
        max_length=64,
        description="The invoice that the sample is to name, instead of an example.",
    ),
]
Version = Annotated[
    int | None,
    QueryParameter(name="version", ge=1, le=1000, description="Without it, the present version."),
]


def xapi_router() -> Router:
    """Everything below ``/api/v1``."""
    adders = [_adds_child(it) for it in CHILDREN if it is not objects.PAYMENT]
    shows = [show(it) for it in OBJECTS for show in (_shows_sample, _shows_schema)]
    return Router(
        path="/api/v1",
        route_handlers=[
            *LOGIN,
            _adds_invoice(),
            *adders,
            _adds_payment(objects.PAYMENT),
            *shows,
        ],
        before_request=authenticate_session,
        dto=XapiJSON,
        return_dto=None,
    )


# ---------------------------------------------------------------- adding


def _adds_invoice() -> HTTPRouteHandler:
    @post(
        f"{ROOT}/add",
        operation_id="xapiAddInvoice",
        summary="Add an invoice",
        tags=TAGS,
        opt={**_ADDS, "example": objects.INVOICE.sample()},
    )
    async def add_it(making: Editing, data: JSONBody[InvoiceRow]) -> Response[Envelope]:
        """Add a header and all of its child tables: one transaction, all or nothing."""
        planned, usual, caller = plan(data), usual_of(making.request), making.caller
        author, payments = caller.metadata.actor, len(planned.payments)
        await caller.books.warm(caller.book_id, looked_at(planned))

        def decide(read: Read) -> list[Change]:
            today = making.today(read)
            return add_invoice(read, planned, author=author, today=today, usual=usual)

        def show(entity: Versioned[Any]) -> list[EnvelopeTable]:
            return answers.of_invoice(entity, payments)

        return await _answered(making, INVOICE, planned.id, decide, show)

    return add_it


def _adds_child(object_: Object) -> HTTPRouteHandler:
    async def add_it(edit: Edit, data: Any) -> Response[Envelope]:
        id_, author = new_id(object_.prefix), edit.caller.metadata.actor

        def decide(read: Read) -> list[Change]:
            return add(read, Adding(data.invoice_id, data, id_, author, edit.today(read)))

        def show(entity: Versioned[Any]) -> list[EnvelopeTable]:
            return answers.of_child(entity, object_.table, data)

        seen = msgspec.UNSET if data.row_version is None else data.row_version
        expected = edit.seen(seen) if edit.if_match or seen is not msgspec.UNSET else None
        return await _answered(edit, INVOICE, data.invoice_id, decide, show, expected=expected)

    add_it.__annotations__["edit"] = Editing
    return _add_route(object_, add_it)


def _adds_payment(object_: Object) -> HTTPRouteHandler:
    async def add_it(making: Edit, data: Any) -> Response[Envelope]:
        id_, author = new_id(object_.prefix), making.caller.metadata.actor
        row = _with_usual(data, making)

        def decide(read: Read) -> list[Change]:
            return add(read, Adding(data.invoice_id, row, id_, author, making.today(read)))

        return await _answered(making, PAYMENT, id_, decide, answers.of_payment)

    add_it.__annotations__["making"] = Editing
    return _add_route(object_, add_it)


def _add_route(object_: Object, add_it: Any) -> HTTPRouteHandler:
    add_it.__doc__ = f"{object_.row.__doc__}\n\nA transaction of its own."
    add_it.__annotations__["data"] = _body_of(object_.body)
    return post(
        f"{ROOT}{object_.path}/add",
        operation_id=f"xapiAdd{object_.table}",
        summary=f"Add to the table {object_.table}",
        tags=TAGS,
        opt={**_ADDS, "example": object_.sample()},
    )(add_it)


def _body_of(kind: Any) -> Any:
    annotated: Any = JSONBody
    return annotated[kind]


def _with_usual(row: Any, edit: Edit) -> Any:
    usual = usual_of(edit.request)
    missing = {name: value for name, value in usual.items() if getattr(row, name) is None}
    return msgspec.structs.replace(row, **missing)


async def _answered(
    edit: Edit,
    aggregate: Aggregate[S],
    id_: str,
    decide: Callable[[Read], list[Change]],
    show: Callable[[Versioned[S]], list[EnvelopeTable]],
    *,
    expected: int | None = None,
) -> Response[Envelope]:
    """Execute, and answer in an envelope, with what somebody should look at. Raises as ``run``."""
    warnings: list[str] = []

    def deciding(read: Read) -> list[Change]:
        changes = decide(read)
        warnings[:] = dict.fromkeys(warnings_of(read, changes, edit.today(read)))
        return changes

    def shown(entity: Versioned[S]) -> Envelope:
        return written(show(entity), warnings)

    command = Command(
        aggregate=aggregate,
        id=id_,
        decide=deciding,
        metadata=edit.caller.metadata,
        expected=expected,
    )
    done = await run(edit.request, edit.caller, command, _unshown, dry_run=edit.dry_run)
    if edit.dry_run:
        return Response(shown(done.entity), headers=DRY_RUN, status_code=200)
    return Response(shown(done.entity), headers=headers_of(done), status_code=201)


def _unshown(_entity: Versioned[Any]) -> Envelope:
    """The present state is not told in the envelope of a refusal."""
    return written([], [])


# ---------------------------------------------------------------- samples and schemas


def _shows_sample(object_: Object) -> HTTPRouteHandler:
    async def show_sample(caller: Any, invoice_id: InvoiceId = None) -> Response[Any]:  # noqa: ARG001 - a key is needed
        return Response(object_.sample(None if object_ is objects.INVOICE else invoice_id))

    show_sample.__doc__ = (
        f"A body for the table {object_.table}, valid as it stands: every key at its default."
    )
    return _shown(object_, show_sample, "add/getrequest", "Sample")


def _shows_schema(object_: Object) -> HTTPRouteHandler:
    async def show_schema(caller: Any, version: Version = None) -> Response[Any]:  # noqa: ARG001 - a key is needed
        if version not in {None, *VERSIONS}:
            known = ", ".join(map(str, VERSIONS))
            detail = f"There is no version {version} of {object_.table}. There are: {known}."
            raise Problem("not-found", detail)
        return Response(object_.schema(version or VERSIONS[-1]))

    show_schema.__doc__ = f"The JSON Schema of the body that adds to the table {object_.table}."
    return _shown(object_, show_schema, "getschema", "Schema")


def _shown(object_: Object, show: Any, path: str, what: str) -> HTTPRouteHandler:
    show.__annotations__["caller"] = By
    show.__annotations__["return"] = Response[dict[str, Any]]
    return get(
        f"{ROOT}{object_.path}/{path}",
        operation_id=f"xapi{what}Of{object_.table}",
        summary=f"{what} of {object_.table}",
        tags=TAGS,
        opt={**_READS, "problems": ("not-found",)} if what == "Schema" else _READS,
    )(show)
