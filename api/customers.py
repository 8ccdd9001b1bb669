"""Customers over HTTP."""

from typing import Any

from litestar import Controller, Response, delete, get, patch, post
from litestar.params import JSONBody

from api.allocation_schemas import OptionalReasonIn, ReasonIn
from api.commands import Ask, on
from api.customer_schemas import (
    BalanceOut,
    CreditLimitIn,
    CustomerBalance,
    CustomerIn,
    CustomerListed,
    CustomerOut,
    CustomerPage,
    CustomerPatch,
    Transition,
)
from api.editing import AUDIT, CREATE, READ, TRANSITION, By, Editing, shown
from api.history import After, EventPage, Limit, Order, history
from api.list_contract import list_operation
from api.list_routes import listed, members_of
from api.row_version import AsOf
from api.wire import CodeInPath, optional_decimal
from domain import customer as decisions
from domain.account import ACCOUNT, Account
from domain.aggregate import Change, Read
from domain.customer import CUSTOMER
from projections.customer_list import LISTING, balances_of

_EXAMPLE = {
    "id": "ACME",
    "name": "Acme Ltd",
    "email": "office@example.com",
    "street": "Hafenstr. 1",
    "postalCode": "24103",
    "city": "Kiel",
    "country": "DE",
    "currency": "EUR",
    "paymentDays": 30,
}


class CustomerController(Controller):
    """Customers are master data: they are archived, never deleted, because invoices name them."""

    path = "/api/customers"
    tags = ["Customers"]  # noqa: RUF012 - Litestar reads it from the class

    @post(
        "/",
        operation_id="createCustomer",
        summary="Create a customer",
        opt={**CREATE, "example": _EXAMPLE},
    )
    async def create_customer(
        self, making: Editing, data: JSONBody[CustomerIn]
    ) -> Response[CustomerOut]:
        """Create a customer under its own code, or under the next free integer."""

        def decide(read: Read) -> list[Change]:
            return decisions.create(read, data.id, data.created())

        return await making.create(CUSTOMER, None, decide, CustomerOut.of, "/api/customers")

    @get(
        "/",
        operation_id="listCustomers",
        summary="List customers",
        opt=READ,
        operation_class=list_operation(LISTING, members_of(CustomerListed)),
    )
    async def list_customers(self, request: Ask, caller: By) -> Response[CustomerPage]:
        """Customers, newest first unless ``sort`` says otherwise, archived ones too."""

        async def with_balances(rows: list[dict[str, Any]]) -> None:
            ids = [row["id"] for row in rows]
            found = await balances_of(caller.doors.pool, caller.book_id, ids)
            for row in rows:
                row["balances"] = [CustomerBalance(*it) for it in found.get(row["id"], ())]

        return await listed(request, caller, LISTING, CustomerListed, complete=with_balances)

    @get("/{customer_id:str}", operation_id="getCustomer", summary="Get a customer", opt=READ)
    async def get_customer(
        self, caller: By, customer_id: CodeInPath, as_of: AsOf = None
    ) -> Response[CustomerOut]:
        """The customer as it is now, or as it was at a RowVersion or an instant."""
        return await shown(caller, CUSTOMER(customer_id), as_of, CustomerOut.of)

    @get(
        "/{customer_id:str}/balance",
        operation_id="getCustomerBalance",
        summary="Get what a customer owes",
        opt=READ,
    )
    async def get_balance(
        self, caller: By, customer_id: CodeInPath, as_of: AsOf = None
    ) -> Response[BalanceOut]:
        """What the customer owes now, or owed after so many entries or at an instant."""
        await caller.books.get(caller.book_id, CUSTOMER(customer_id))
        nothing = Account(balances={})
        return await shown(caller, ACCOUNT(customer_id), as_of, BalanceOut.of, absent=nothing)

    @patch(
        "/{customer_id:str}", operation_id="changeCustomer", summary="Change fields", opt=TRANSITION
    )
    async def change_customer(
        self, edit: Editing, customer_id: CodeInPath, data: JSONBody[CustomerPatch]
    ) -> Response[CustomerOut]:
        """Change fields (RFC 7396). What is so already makes no new RowVersion."""
        decide = on(CUSTOMER(customer_id), lambda it: decisions.change(it, *data.changes()))
        return await edit.change(
            CUSTOMER(customer_id), decide, CustomerOut.of, seen=data.row_version
        )

    @delete(
        "/{customer_id:str}",
        operation_id="deleteCustomer",
        summary="Archive (DELETE)",
        opt=TRANSITION,
        status_code=204,
    )
    async def delete_customer(self, edit: Editing, customer_id: CodeInPath) -> None:
        """The same as archiving: invoices name the customer, so it is never erased."""
        decide = on(CUSTOMER(customer_id), decisions.archive)
        await edit.end(CUSTOMER(customer_id), decide, CustomerOut.of)

    @post(
        "/{customer_id:str}/archive",
        operation_id="archiveCustomer",
        summary="Archive",
        opt=TRANSITION,
        status_code=200,
    )
    async def archive_customer(
        self, edit: Editing, customer_id: CodeInPath, data: JSONBody[Transition | None] = None
    ) -> Response[CustomerOut]:
        """Bill nothing new to this customer. Its history and its invoices stay."""
        seen = (data or Transition()).row_version
        decide = on(CUSTOMER(customer_id), decisions.archive)
        return await edit.change(CUSTOMER(customer_id), decide, CustomerOut.of, seen=seen)

    @post(
        "/{customer_id:str}/unarchive",
        operation_id="unarchiveCustomer",
        summary="Unarchive",
        opt=TRANSITION,
        status_code=200,
    )
    async def unarchive_customer(
        self, edit: Editing, customer_id: CodeInPath, data: JSONBody[Transition | None] = None
    ) -> Response[CustomerOut]:
        """Bill to this customer again."""
        seen = (data or Transition()).row_version
        decide = on(CUSTOMER(customer_id), decisions.unarchive)
        return await edit.change(CUSTOMER(customer_id), decide, CustomerOut.of, seen=seen)

    @post(
        "/{customer_id:str}/hold",
        operation_id="holdCustomer",
        summary="Put on hold",
        opt=TRANSITION,
        status_code=200,
    )
    async def hold_customer(
        self, edit: Editing, customer_id: CodeInPath, data: JSONBody[ReasonIn]
    ) -> Response[CustomerOut]:
        """Post nothing for this customer until it is released. Drafts stay possible."""
        decide = on(CUSTOMER(customer_id), lambda it: decisions.hold(it, reason=data.reason))
        return await edit.change(
            CUSTOMER(customer_id), decide, CustomerOut.of, seen=data.row_version
        )

    @post(
        "/{customer_id:str}/release",
        operation_id="releaseCustomer",
        summary="Release",
        opt=TRANSITION,
        status_code=200,
    )
    async def release_customer(
        self,
        edit: Editing,
        customer_id: CodeInPath,
        data: JSONBody[OptionalReasonIn | None] = None,
    ) -> Response[CustomerOut]:
        """End the hold: post for this customer again."""
        body = data or OptionalReasonIn()
        decide = on(CUSTOMER(customer_id), lambda it: decisions.release(it, reason=body.reason))
        return await edit.change(
            CUSTOMER(customer_id), decide, CustomerOut.of, seen=body.row_version
        )

    @post(
        "/{customer_id:str}/credit-limit",
        operation_id="changeCreditLimit",
        summary="Change the credit limit",
        opt=TRANSITION,
        status_code=200,
    )
    async def change_credit_limit(
        self, edit: Editing, customer_id: CodeInPath, data: JSONBody[CreditLimitIn]
    ) -> Response[CustomerOut]:
        """Let the customer owe at most so much. What it owes already stays."""
        limit = optional_decimal(data.limit)
        decide = on(
            CUSTOMER(customer_id),
            lambda it: decisions.change_credit_limit(it, limit, reason=data.reason),
        )
        return await edit.change(
            CUSTOMER(customer_id), decide, CustomerOut.of, seen=data.row_version
        )

    @post(
        "/{customer_id:str}/anonymise",
        operation_id="anonymiseCustomer",
        summary="Anonymise",
        opt=TRANSITION,
        status_code=200,
    )
    async def anonymise_customer(
        self, edit: Editing, customer_id: CodeInPath, data: JSONBody[ReasonIn]
    ) -> Response[CustomerOut]:
        """Take out what identifies a person. Only of an archived customer; there is no way back."""
        decide = on(CUSTOMER(customer_id), lambda it: decisions.anonymise(it, reason=data.reason))
        return await edit.change(
            CUSTOMER(customer_id), decide, CustomerOut.of, seen=data.row_version
        )

    @get(
        "/{customer_id:str}/balance/events",
        operation_id="listAccountEntries",
        summary="Account",
        opt=AUDIT,
    )
    async def list_account_entries(
        self,
        caller: By,
        customer_id: CodeInPath,
        after: After = 0,
        limit: Limit = 50,
        order: Order = "asc",
    ) -> EventPage:
        """Every entry on the customer's account, in order: which document changed the balance."""
        return await history(caller, ACCOUNT(customer_id), after, limit, order)

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
