"""A throw-away API that uses every part of the HTTP toolkit, declared the way controllers are."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from types import MappingProxyType
from typing import Annotated, Any, Literal

import httpx
import msgspec
from litestar import Controller, Litestar, Request, Response, delete, get, patch, post
from litestar.datastructures import ResponseHeader
from litestar.di import NamedDependency, Provide
from litestar.exceptions import NotAuthorizedException
from litestar.openapi import ResponseSpec
from litestar.openapi.config import OpenAPIConfig
from litestar.params import FromPath, FromQuery, HeaderParameter, JSONBody, QueryParameter
from litestar.response import ServerSentEvent
from litestar.types import ASGIApp
from msgspec import UNSET, Meta

from api.problems import Problem, exception_handlers
from api.shell import shell
from api.strict_json import StrictJSON
from api.wire import (
    Code,
    CodeInPath,
    Currency,
    Instant,
    Money,
    Patch,
    Percent,
    Price,
    Quantity,
    Reply,
    RowVersion,
    ShortText,
    Text,
    Wire,
    sent,
)


class Line(Wire, kw_only=True):
    """A line to sell."""

    description: ShortText
    quantity: Quantity = "1"
    unit_price: Price
    discount: Percent | None = None


class Cash(Wire, tag="cash", tag_field="method", kw_only=True):
    """Paid in notes and coins."""

    amount: Money


class Card(Wire, tag="card", tag_field="method", kw_only=True):
    """Paid by card."""

    amount: Money
    last_digits: Annotated[str, Meta(pattern="^[0-9]{4}", max_length=4)]


class NewOrder(Wire, kw_only=True):
    """What an order needs to be taken."""

    customer_id: Code
    currency: Currency = "EUR"
    due_on: date | None = None
    memo: Text | None = None
    priority: Literal["low", "high"] = "low"
    lines: Annotated[list[Line], Meta(max_length=1000)] = msgspec.field(default_factory=list)
    payment: Cash | Card | None = None


class OrderPatch(Wire, kw_only=True):
    """What may change later. Absent keeps, null clears."""

    row_version: RowVersion | msgspec.UnsetType = UNSET
    memo: Patch[Text] = UNSET
    due_on: Patch[date] = UNSET


class Order(Reply, kw_only=True):
    """An order as it stands."""

    id: Code
    row_version: RowVersion
    currency: Currency
    total: Money
    created_at: Instant | None = None
    memo: Text | None = None


class OrderPage(Reply, kw_only=True):
    """A page of orders."""

    items: list[Order]
    next_cursor: str | None = None


class Conflict(Reply, kw_only=True):
    """Someone else was faster."""

    code: str
    current: Order


class Unknown(Exception):
    """A refusal that the translation knows."""


def translate(error: Exception) -> Problem | None:
    return Problem("not-found", "No such order.") if isinstance(error, Unknown) else None


async def provide_actor(request: Request[Any, Any, Any]) -> str:
    if request.headers.get("x-broken"):
        raise Problem("busy", "Try again.")
    return "key_1"


async def provide_clock() -> int:
    return 7


class Orders(Controller):
    path = "/api/orders"
    tags = ("Orders",)
    dependencies = MappingProxyType(
        {"actor": Provide(provide_actor), "clock": Provide(provide_clock)}
    )

    @post(summary="Take an order", opt={"scope": "commands", "problems": ("already-exists",)})
    async def take_order(
        self,
        data: JSONBody[NewOrder],
        actor: NamedDependency[str],
        clock: NamedDependency[int],
        idempotency_key: Annotated[
            str | None,
            HeaderParameter(
                name="Idempotency-Key", max_length=255, description="Makes a repeat harmless."
            ),
        ] = None,
    ) -> Response[Order]:
        """Take an order.

        Repeating it with the same `Idempotency-Key` returns the first answer.
        """
        order = Order(id=data.customer_id, row_version=clock, currency=data.currency, total="0.00")
        headers = {"ETag": '"1"', "x-actor": actor, "x-key": idempotency_key or "none"}
        return Response(order, headers=headers, status_code=201)

    @get(summary="List orders", opt={"scope": "read"})
    async def list_orders(
        self,
        limit: Annotated[int, QueryParameter(ge=1, le=200, description="Page size.")] = 50,
        customer: Annotated[
            str | None, QueryParameter(name="customerId.eq", min_length=1, max_length=64)
        ] = None,
        since: FromQuery[date | None] = None,
    ) -> OrderPage:
        """Orders, newest first."""
        return OrderPage(items=[], next_cursor=f"{limit}{customer}{since}")

    @get(
        "/{code:str}",
        summary="Get an order",
        opt={"scope": "read"},
        response_headers=[
            ResponseHeader(name="ETag", description="The RowVersion.", documentation_only=True)
        ],
    )
    async def get_order(self, code: CodeInPath) -> Response[Order]:
        """One order."""
        if code == "none":
            raise Unknown
        if code == "boom":
            raise RuntimeError("the secret")
        order = Order(id=code, row_version=7, currency="EUR", total="12.50")
        return Response(order, headers={"ETag": '"7"'})

    @patch(
        "/{code:str}",
        summary="Change an order",
        opt={"scope": "commands", "problems": ("field-frozen",)},
    )
    async def change_order(
        self,
        code: CodeInPath,
        data: JSONBody[OrderPatch],
        if_match: Annotated[
            str | None,
            HeaderParameter(
                name="If-Match", max_length=64, description="The RowVersion you have seen."
            ),
        ] = None,
    ) -> Order:
        """Change single fields."""
        if if_match == '"1"':
            current = Order(id=code, row_version=9, currency="EUR", total="1")
            raise Problem("row-version-conflict", "Stale.", current=current, currentRowVersion=9)
        memo = f"{sent(data)}"
        return Order(id=code, row_version=8, currency="EUR", total="0", memo=memo)

    @delete("/{code:str}", summary="Delete an order", opt={"scope": "commands"})
    async def delete_order(self, code: CodeInPath) -> None:
        """Delete it."""
        if code == "secret":
            raise NotAuthorizedException

    @post(
        "/{code:str}/ship",
        summary="Ship an order",
        status_code=200,
        opt={"scope": "commands"},
        responses={409: ResponseSpec(Conflict, description="Someone else was faster.")},
    )
    async def ship_order(self, code: CodeInPath, data: JSONBody[OrderPatch | None] = None) -> Order:
        """Ship it. The body may be left out."""
        return Order(id=code, row_version=9, currency="EUR", total="0", memo=repr(data))


@get("/api/ticks", summary="Follow the clock", tags=["Clock"])
async def ticks(count: Annotated[int, QueryParameter(ge=0, le=9)] = 2) -> ServerSentEvent:
    """Ticks as server-sent events."""

    async def events() -> AsyncIterator[str]:
        for tick in range(count):
            yield str(tick)

    return ServerSentEvent(events())


@post("/api/echo/{rest:str}", include_in_schema=False)
async def echo(request: Request[Any, Any, Any], rest: FromPath[str]) -> dict[str, Any]:
    return {"rest": rest, "size": len(await request.body()), "id": request.state.request_id}


def sample_app(openapi_config: OpenAPIConfig | None = None, *handlers: Any) -> Litestar:
    return Litestar(
        [Orders, ticks, echo, *handlers],
        dto=StrictJSON,
        return_dto=None,
        exception_handlers=exception_handlers(translate),
        openapi_config=openapi_config,
        logging_config=None,
    )


@asynccontextmanager
async def client_of(app: ASGIApp, **options: Any) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the app inside the shell."""
    transport = httpx.ASGITransport(shell(app, **options), raise_app_exceptions=False)  # type: ignore[arg-type]  # httpx types ASGI more loosely
    async with httpx.AsyncClient(transport=transport, base_url="http://daybook.test") as client:
        yield client
