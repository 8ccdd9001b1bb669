"""Many commands in one request: all or none, or each for itself."""

from typing import get_args

from litestar import Controller, Response, post
from litestar.openapi import ResponseSpec
from litestar.params import JSONBody

from api.commands import Ask
from api.editing import Editing
from api.invoices.bulk_schemas import BulkIn, BulkOut, Change
from api.invoices.examples import BULK
from api.invoices.independent import each_for_itself
from api.invoices.refusals import creating
from api.invoices.showing import PLACE
from api.invoices.single import all_or_none

_COMMANDS = [it.__struct_config__.tag for it in get_args(Change)]
_OPT = creating(*_COMMANDS)
_PROBLEMS = ("row-version-conflict", "row-version-required", "not-found")


class InvoiceBulkController(Controller):
    """At most a hundred operations on invoices at once."""

    path = PLACE
    tags = ["Invoices"]  # noqa: RUF012 - Litestar reads it from the class

    @post(
        "/bulk",
        operation_id="changeInvoices",
        summary="Change many at once",
        opt={**_OPT, "example": BULK, "problems": (*_OPT["problems"], *_PROBLEMS)},
        status_code=200,
        responses={207: ResponseSpec(BulkOut, description="Some operations were refused")},
    )
    async def change_invoices(
        self, request: Ask, making: Editing, data: JSONBody[BulkIn]
    ) -> Response[BulkOut]:
        """Run operations in their order, as one transaction or each as its own.

        As one transaction, the first refusal refuses all: it is the problem of the whole request,
        whose ``operation`` says which one it was. Otherwise each item has its status and its
        invoice or its problem, and the answer is 207 when any was refused. With an
        ``Idempotency-Key``, nothing that was done is done again.
        """
        if data.mode == "singleTransaction":
            return await all_or_none(request, making, data.operations)
        return await each_for_itself(request, making, data.operations)
