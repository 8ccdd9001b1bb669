"""Products over HTTP."""

from litestar import Controller, Response, delete, get, patch, post
from litestar.params import JSONBody

from api.commands import Ask, on
from api.customer_schemas import Transition
from api.editing import AUDIT, CREATE, READ, TRANSITION, By, Editing, shown
from api.history import After, EventPage, Limit, Order, history
from api.list_contract import list_operation
from api.list_routes import listed, members_of
from api.product_schemas import ProductIn, ProductListed, ProductOut, ProductPage, ProductPatch
from api.row_version import AsOf
from api.wire import CodeInPath
from domain import product as decisions
from domain.aggregate import Change, Read
from domain.product import PRODUCT
from projections.product_list import LISTING

PLACE = "/api/products"


_EXAMPLE = {
    "id": "STOVE-7",
    "kind": "model",
    "description": "Stove, 7 kW",
    "currency": "EUR",
    "unitPrice": "1299.00",
    "taxes": [{"rate": "19"}],
    "gtin": "4006381333931",
    "serialised": True,
}


class ProductController(Controller):
    """What is sold, under the codes that people use. Lines copy from it when they are written."""

    path = PLACE
    tags = ["Products"]  # noqa: RUF012 - Litestar reads it from the class

    @post(
        "/",
        operation_id="createProduct",
        summary="Create a product",
        opt={**CREATE, "example": _EXAMPLE},
    )
    async def create_product(
        self, making: Editing, data: JSONBody[ProductIn]
    ) -> Response[ProductOut]:
        """Create a product under its code."""

        def decide(read: Read) -> list[Change]:
            return decisions.create(read, data.id, data.created())

        return await making.create(PRODUCT, data.id, decide, ProductOut.of, PLACE)

    @get(
        "/",
        operation_id="listProducts",
        summary="List products",
        opt=READ,
        operation_class=list_operation(LISTING, members_of(ProductListed)),
    )
    async def list_products(self, request: Ask, caller: By) -> Response[ProductPage]:
        """Products by code unless ``sort`` says otherwise, archived ones too."""
        return await listed(request, caller, LISTING, ProductListed)

    @get("/{code:str}", operation_id="getProduct", summary="Get a product", opt=READ)
    async def get_product(
        self, caller: By, code: CodeInPath, as_of: AsOf = None
    ) -> Response[ProductOut]:
        """The product as it is now, or as it was at a RowVersion or an instant."""
        return await shown(caller, PRODUCT(code), as_of, ProductOut.of)

    @patch("/{code:str}", operation_id="changeProduct", summary="Change fields", opt=TRANSITION)
    async def change_product(
        self, edit: Editing, code: CodeInPath, data: JSONBody[ProductPatch]
    ) -> Response[ProductOut]:
        """Change fields (RFC 7396). Lines that were written before keep what they copied."""
        decide = on(PRODUCT(code), lambda it: decisions.change(it, *data.changes()))
        return await edit.change(PRODUCT(code), decide, ProductOut.of, seen=data.row_version)

    @delete(
        "/{code:str}",
        operation_id="deleteProduct",
        summary="Archive (DELETE)",
        opt=TRANSITION,
        status_code=204,
    )
    async def delete_product(self, edit: Editing, code: CodeInPath) -> None:
        """The same as archiving: documents name the product, so it is never erased."""
        await edit.end(PRODUCT(code), on(PRODUCT(code), decisions.archive), ProductOut.of)

    @post(
        "/{code:str}/archive",
        operation_id="archiveProduct",
        summary="Archive",
        opt=TRANSITION,
        status_code=200,
    )
    async def archive_product(
        self, edit: Editing, code: CodeInPath, data: JSONBody[Transition | None] = None
    ) -> Response[ProductOut]:
        """Offer the product no more. Its history stays."""
        seen = (data or Transition()).row_version
        decide = on(PRODUCT(code), decisions.archive)
        return await edit.change(PRODUCT(code), decide, ProductOut.of, seen=seen)

    @post(
        "/{code:str}/unarchive",
        operation_id="unarchiveProduct",
        summary="Unarchive",
        opt=TRANSITION,
        status_code=200,
    )
    async def unarchive_product(
        self, edit: Editing, code: CodeInPath, data: JSONBody[Transition | None] = None
    ) -> Response[ProductOut]:
        """Offer the product again."""
        seen = (data or Transition()).row_version
        decide = on(PRODUCT(code), decisions.unarchive)
        return await edit.change(PRODUCT(code), decide, ProductOut.of, seen=seen)

    @get("/{code:str}/events", operation_id="listProductEvents", summary="History", opt=AUDIT)
    async def list_product_events(
        self,
        caller: By,
        code: CodeInPath,
        after: After = 0,
        limit: Limit = 50,
        order: Order = "asc",
    ) -> EventPage:
        """Every event of the product, in order: who did what when."""
        return await history(caller, PRODUCT(code), after, limit, order)
