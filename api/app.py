"""The application: routes, strict bodies, problems for every error. Nothing happens at import."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from litestar import Litestar
from litestar.datastructures import State
from litestar.di import Provide
from litestar.types import ASGIApp

from api.caller import Doors, provide_caller
from api.customers import CustomerController
from api.deliveries import DeliveryController
from api.health import healthz, readyz
from api.invoices import InvoiceController
from api.problems import exception_handlers
from api.shell import shell
from api.strict_json import StrictJSON
from api.translate import problem_of
from api.webhook_endpoints import WebhookEndpointController

OpenDoors = Callable[[], AbstractAsyncContextManager[Doors]]

ROUTES = (
    InvoiceController,
    CustomerController,
    WebhookEndpointController,
    DeliveryController,
    healthz,
    readyz,
)


def create_app(open_doors: OpenDoors, *, max_body_bytes: int, access_log: bool) -> ASGIApp:
    """The ASGI application.

    Args:
        open_doors: Opens what the routes need when the server starts, closes it when it stops.
        max_body_bytes: Larger bodies are refused with 413.
        access_log: Whether to log a line per request.
    """
    return shell(litestar_app(open_doors), max_body_bytes=max_body_bytes, access_log=access_log)


def litestar_app(open_doors: OpenDoors) -> Litestar:
    """The routes alone, without the shell around them."""

    @asynccontextmanager
    async def lifespan(app: Litestar) -> AsyncIterator[None]:
        async with open_doors() as doors:
            app.state.doors = doors
            yield

    return Litestar(
        route_handlers=list(ROUTES),
        dependencies={"caller": Provide(provide_caller)},
        dto=StrictJSON,
        return_dto=None,
        exception_handlers=exception_handlers(problem_of),
        lifespan=[lifespan],
        openapi_config=None,
        state=State(),
        request_max_body_size=None,
        logging_config=None,
    )
