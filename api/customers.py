"""Customers over HTTP."""

from litestar import Controller, Response, delete, get, patch, post
from litestar.di import NamedDependency
from litestar.params import JSONBody

from api.caller import Caller
from api.commands import Ask, change, created, on, run
from api.customer_schemas import (
    CustomerIn,
    CustomerListed,
    CustomerOut,
    CustomerPage,
    CustomerPatch,
    Transition,
)
from api.history import After, EventPage, Limit, Order, history
from api.list_contract import list_operation
from api.list_routes import listed, members_of
from api.row_version import AsOf, IfMatch, etag, expected_version, moment
from api.wire import CodeInPath
from domain import customer as decisions
from domain.aggregate import Change, Read
from domain.customer import CUSTOMER
from projections.customer_list import LISTING
from store.command import Command

By = NamedDependency[Caller]

READ = {"scope": "read"}
CHANGE = {"scope": "commands"}


class CustomerController(Controller):
    """Customers are master data: they are archived, never deleted, because invoices name them."""

    path = "/api/customers"
    tags = ["Customers"]  # noqa: RUF012 - Litestar reads it from the class

    @post("/", operation_id="createCustomer", summary="Create a customer", opt=CHANGE)
    async def create_customer(
        self, request: Ask, caller: By, data: JSONBody[CustomerIn]
    ) -> Response[CustomerOut]:
        """Create a customer under its own code, or under the next free integer."""

        def decide(read: Read) -> list[Change]:
            return decisions.create(read, data.id, data.created())

        command = Command(aggregate=CUSTOMER, decide=decide, metadata=caller.metadata)
        done = await run(request, caller, command, CustomerOut.of)
        return created(done, CustomerOut.of, "/api/customers")

    @get(
        "/",
        operation_id="listCustomers",
        summary="List customers",
        opt=READ,
        operation_class=list_operation(LISTING, members_of(CustomerListed)),
    )
    async def list_customers(self, request: Ask, caller: By) -> Response[CustomerPage]:
        """Customers, newest first unless ``sort`` says otherwise, archived ones too."""
        return await listed(request, caller, LISTING, CustomerListed)

    @get("/{customer_id:str}", operation_id="getCustomer", summary="Get a customer", opt=READ)
    async def get_customer(
        self, caller: By, customer_id: CodeInPath, as_of: AsOf = None
    ) -> Response[CustomerOut]:
        """The customer as it is now, or as it was at a RowVersion or an instant."""
        entity = await caller.books.get(caller.book_id, CUSTOMER(customer_id), at=moment(as_of))
        return Response(CustomerOut.of(entity), headers=etag(entity.version))

    @patch("/{customer_id:str}", operation_id="changeCustomer", summary="Change fields", opt=CHANGE)
    async def change_customer(
        self,
        request: Ask,
        caller: By,
        customer_id: CodeInPath,
        data: JSONBody[CustomerPatch],
        if_match: IfMatch = None,
    ) -> Response[CustomerOut]:
        """Change fields (RFC 7396). What is so already makes no new RowVersion."""
        expected = expected_version(if_match, data.row_version)
        decide = on(CUSTOMER(customer_id), lambda it: decisions.change(it, *data.changes()))
        return await change(
            request, caller, CUSTOMER(customer_id), decide, expected=expected, show=CustomerOut.of
        )

    @delete(
        "/{customer_id:str}",
        operation_id="deleteCustomer",
        summary="Archive (DELETE)",
        opt=CHANGE,
        status_code=204,
    )
    async def delete_customer(
        self, request: Ask, caller: By, customer_id: CodeInPath, if_match: IfMatch = None
    ) -> None:
        """The same as archiving: invoices name the customer, so it is never erased."""
        expected = expected_version(if_match, None)
        decide = on(CUSTOMER(customer_id), decisions.archive)
        await change(
            request, caller, CUSTOMER(customer_id), decide, expected=expected, show=CustomerOut.of
        )

    @post(
        "/{customer_id:str}/archive",
        operation_id="archiveCustomer",
        summary="Archive",
        opt=CHANGE,
        status_code=200,
    )
    async def archive_customer(
        self,
        request: Ask,
        caller: By,
        customer_id: CodeInPath,
        data: JSONBody[Transition | None] = None,
        if_match: IfMatch = None,
    ) -> Response[CustomerOut]:
        """Bill nothing new to this customer. Its history and its invoices stay."""
        expected = expected_version(if_match, (data or Transition()).row_version)
        decide = on(CUSTOMER(customer_id), decisions.archive)
        return await change(
            request, caller, CUSTOMER(customer_id), decide, expected=expected, show=CustomerOut.of
        )

    @post(
        "/{customer_id:str}/unarchive",
        operation_id="unarchiveCustomer",
        summary="Unarchive",
        opt=CHANGE,
        status_code=200,
    )
    async def unarchive_customer(
        self,
        request: Ask,
        caller: By,
        customer_id: CodeInPath,
        data: JSONBody[Transition | None] = None,
        if_match: IfMatch = None,
    ) -> Response[CustomerOut]:
        """Bill to this customer again."""
        expected = expected_version(if_match, (data or Transition()).row_version)
        decide = on(CUSTOMER(customer_id), decisions.unarchive)
        return await change(
            request, caller, CUSTOMER(customer_id), decide, expected=expected, show=CustomerOut.of
        )

    @get(
        "/{customer_id:str}/events",
        operation_id="listCustomerEvents",
        summary="History",
        opt={"scope": "audit"},
    )
    async def list_customer_events(
        self,
        caller: By,
        customer_id: CodeInPath,
        after: After = 0,
        limit: Limit = 50,
        order: Order = "asc",
    ) -> EventPage:
        """Every event of the customer, in order: who did what when."""
        return await history(caller, CUSTOMER(customer_id), after, limit, order)
