"""Tax codes over HTTP."""

from litestar import Controller, Response, delete, get, patch, post
from litestar.params import JSONBody

from api.commands import Ask, on
from api.customer_schemas import Transition
from api.editing import AUDIT, CREATE, READ, TRANSITION, By, Editing, shown
from api.history import After, EventPage, Limit, Order, history
from api.list_contract import list_operation
from api.list_routes import listed, members_of
from api.row_version import AsOf
from api.tax_code_schemas import TaxCodeIn, TaxCodeListed, TaxCodeOut, TaxCodePage, TaxCodePatch
from api.wire import CodeInPath
from domain import tax_code as decisions
from domain.aggregate import Change, Read
from domain.tax_code import TAX_CODE
from projections.tax_code_list import LISTING

PLACE = "/api/tax-codes"


_EXAMPLE = {"id": "STD", "name": "Standard rate", "category": "S", "rate": "19"}


class TaxCodeController(Controller):
    """Taxes under the codes that people use. Lines copy the tax when they are written."""

    path = PLACE
    tags = ["Tax codes"]  # noqa: RUF012 - Litestar reads it from the class

    @post(
        "/",
        operation_id="createTaxCode",
        summary="Create a tax code",
        opt={**CREATE, "example": _EXAMPLE},
    )
    async def create_tax_code(
        self, making: Editing, data: JSONBody[TaxCodeIn]
    ) -> Response[TaxCodeOut]:
        """Create a tax code under its code."""

        def decide(read: Read) -> list[Change]:
            return decisions.create(read, data.id, data.created())

        return await making.create(TAX_CODE, data.id, decide, TaxCodeOut.of, PLACE)

    @get(
        "/",
        operation_id="listTaxCodes",
        summary="List tax codes",
        opt=READ,
        operation_class=list_operation(LISTING, members_of(TaxCodeListed)),
    )
    async def list_tax_codes(self, request: Ask, caller: By) -> Response[TaxCodePage]:
        """Tax codes by code unless ``sort`` says otherwise, archived ones too."""
        return await listed(request, caller, LISTING, TaxCodeListed)

    @get("/{code:str}", operation_id="getTaxCode", summary="Get a tax code", opt=READ)
    async def get_tax_code(
        self, caller: By, code: CodeInPath, as_of: AsOf = None
    ) -> Response[TaxCodeOut]:
        """The tax code as it is now, or as it was at a RowVersion or an instant."""
        return await shown(caller, TAX_CODE(code), as_of, TaxCodeOut.of)

    @patch("/{code:str}", operation_id="changeTaxCode", summary="Change fields", opt=TRANSITION)
    async def change_tax_code(
        self, edit: Editing, code: CodeInPath, data: JSONBody[TaxCodePatch]
    ) -> Response[TaxCodeOut]:
        """Change fields (RFC 7396). Lines that were written before keep the tax that they got."""
        decide = on(TAX_CODE(code), lambda it: decisions.change(it, *data.changes()))
        return await edit.change(TAX_CODE(code), decide, TaxCodeOut.of, seen=data.row_version)

    @delete(
        "/{code:str}",
        operation_id="deleteTaxCode",
        summary="Archive (DELETE)",
        opt=TRANSITION,
        status_code=204,
    )
    async def delete_tax_code(self, edit: Editing, code: CodeInPath) -> None:
        """The same as archiving: documents name the tax code, so it is never erased."""
        await edit.end(TAX_CODE(code), on(TAX_CODE(code), decisions.archive), TaxCodeOut.of)

    @post(
        "/{code:str}/archive",
        operation_id="archiveTaxCode",
        summary="Archive",
        opt=TRANSITION,
        status_code=200,
    )
    async def archive_tax_code(
        self, edit: Editing, code: CodeInPath, data: JSONBody[Transition | None] = None
    ) -> Response[TaxCodeOut]:
        """Offer the tax code no more. Its history stays."""
        seen = (data or Transition()).row_version
        decide = on(TAX_CODE(code), decisions.archive)
        return await edit.change(TAX_CODE(code), decide, TaxCodeOut.of, seen=seen)

    @post(
        "/{code:str}/unarchive",
        operation_id="unarchiveTaxCode",
        summary="Unarchive",
        opt=TRANSITION,
        status_code=200,
    )
    async def unarchive_tax_code(
        self, edit: Editing, code: CodeInPath, data: JSONBody[Transition | None] = None
    ) -> Response[TaxCodeOut]:
        """Offer the tax code again."""
        seen = (data or Transition()).row_version
        decide = on(TAX_CODE(code), decisions.unarchive)
        return await edit.change(TAX_CODE(code), decide, TaxCodeOut.of, seen=seen)

    @get("/{code:str}/events", operation_id="listTaxCodeEvents", summary="History", opt=AUDIT)
    async def list_tax_code_events(
        self,
        caller: By,
        code: CodeInPath,
        after: After = 0,
        limit: Limit = 50,
        order: Order = "asc",
    ) -> EventPage:
        """Every event of the tax code, in order: who did what when."""
        return await history(caller, TAX_CODE(code), after, limit, order)
