"""The application: routes, strict bodies, problems for every error. Nothing happens at import."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from litestar import Litestar
from litestar.config.compression import CompressionConfig
from litestar.config.cors import CORSConfig
from litestar.datastructures import State
from litestar.di import Provide
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.spec import Tag
from litestar.types import ASGIApp

from api.api_keys import ApiKeyController
from api.audit_trail import audit_trail
from api.caller import Doors, authenticate, provide_caller
from api.codes import CodeController
from api.contract import contract_handlers
from api.credit_notes import CreditNoteController
from api.customers import CustomerController
from api.deliveries import DeliveryController
from api.delivery_report import delivery_report
from api.editing import provide_edit, provide_making
from api.event_types import get_event_schema, list_event_types
from api.events import list_events
from api.health import healthz, readyz
from api.invoice_money import InvoiceMoneyController
from api.invoices import INVOICE_ROUTES
from api.lanes import with_turns
from api.metrics import Meters, metrics
from api.openapi import openapi_config
from api.payments import PaymentController
from api.periods import PeriodController
from api.problem_docs import get_problem_type
from api.problems import exception_handlers
from api.products import ProductController
from api.replays import ReplayController
from api.reports import ReportController
from api.sandbox import SandboxController
from api.series import SeriesController
from api.settings import SettingsController
from api.shell import MEBIBYTE, shell
from api.sold_goods import list_invoice_lines, list_serials
from api.strict_json import StrictJSON
from api.tax_codes import TaxCodeController
from api.translate import problem_of
from api.webhook_endpoints import WebhookEndpointController
from api.xapi.routes import xapi_router

OpenDoors = Callable[[], AbstractAsyncContextManager[Doors]]

ROUTES = (
    *INVOICE_ROUTES,
    CustomerController,
    PaymentController,
    CreditNoteController,
    InvoiceMoneyController,
    ProductController,
    TaxCodeController,
    CodeController,
    SettingsController,
    PeriodController,
    SeriesController,
    WebhookEndpointController,
    DeliveryController,
    ReplayController,
    ReportController,
    audit_trail,
    delivery_report,
    list_invoice_lines,
    list_serials,
    list_event_types,
    get_event_schema,
    ApiKeyController,
    SandboxController,
    list_events,
    get_problem_type,
    healthz,
    readyz,
    metrics,
)

_EXPOSED = (
    *("ETag", "Location", "Link", "Idempotent-Replayed", "Preference-Applied", "Retry-After"),
    *("RateLimit", "RateLimit-Policy", "X-Request-Id", "Api-Version"),
)

_DESCRIPTION = """
Daybook keeps invoices as an event log. Every entity carries a `rowVersion`; a change says which one
it is based on, by `If-Match` or in the body, and a stale one gets `409` with the current state.
Drafts accept any partial state; `post` applies the strict rules and answers all violations at once.
Amounts are decimal strings, instants are UTC, and unknown fields are refused.

What a request changes is recorded with its key, its `X-Request-Id` and, when sent, its
`X-Correlation-Id`, `X-Causation-Id`, `Edit-Session`, `Edit-Seq` and `X-Change-Reason`.

`Api-Version` names the version of this API that a client was written for, and every answer tells
by which one it was made. A version only ever grows: clients ignore fields that they do not know.
"""

_TAGS = (
    Tag(name="Invoices", description="Draft, edit line by line or at once, post, void."),
    Tag(name="Customers", description="Who is billed, under the codes that people use."),
    Tag(name="Payments", description="Money that came in, and which invoices it settles."),
    Tag(name="Credit notes", description="Credit for what was billed, and what is done with it."),
    Tag(name="Products", description="What is sold, under the codes that people use."),
    Tag(name="Tax codes", description="Taxes, under the codes that people use."),
    Tag(name="Codes", description="Tables of codes: branches, salespeople, misc charges, ..."),
    Tag(name="Settings", description="Who sells, in which currencies, by which rules."),
    Tag(name="Periods", description="Months of the books: lock, reopen, close."),
    Tag(name="Series", description="Numbers of documents, and the proof that none is missing."),
    Tag(
        name="Reports",
        description="What is owed, taxed and sold, as of any date and as known at any moment.",
    ),
    Tag(name="Webhooks", description="Where events are sent, and what became of each delivery."),
    Tag(name="Events", description="Everything that happened in the book, in order."),
    Tag(name="API keys", description="Who may call, and what for."),
    Tag(name="Sandbox", description="For tests: set the clock, begin again."),
    Tag(name="XAPI", description="The External API: the same invoices, table by table."),
    Tag(name="Operation", description="For load balancers and operators."),
)


def create_app(
    open_doors: OpenDoors,
    *,
    version: str,
    max_body_bytes: int,
    max_upload_bytes: int = 10 * MEBIBYTE,
    access_log: bool,
    cors_origins: Sequence[str] = (),
    more_routes: Sequence[HTTPRouteHandler] = (),
) -> ASGIApp:
    """The ASGI application.

    Args:
        open_doors: Opens what the routes need when the server starts, closes it when it stops.
        version: The program's version, for the contract.
        max_body_bytes: Larger bodies are refused with 413.
        max_upload_bytes: Larger files are; they may be larger than other bodies.
        access_log: Whether to log a line per request.
        cors_origins: Web pages of these origins may call the API from a browser.
        more_routes: Routes beside those of the product, which the benchmarks compare with.
    """
    meters = Meters()
    routes = litestar_app(
        open_doors,
        version=version,
        cors_origins=cors_origins,
        meters=meters,
        more_routes=more_routes,
    )
    return shell(
        with_turns(routes),
        max_body_bytes=max_body_bytes,
        max_upload_bytes=max_upload_bytes,
        access_log=access_log,
        meters=meters,
    )


def litestar_app(
    open_doors: OpenDoors,
    *,
    version: str,
    cors_origins: Sequence[str] = (),
    meters: Meters | None = None,
    more_routes: Sequence[HTTPRouteHandler] = (),
) -> Litestar:
    """The routes alone, without the shell around them."""

    @asynccontextmanager
    async def lifespan(app: Litestar) -> AsyncIterator[None]:
        async with open_doors() as doors:
            app.state.doors = doors
            yield

    return Litestar(
        route_handlers=[*ROUTES, xapi_router(), *contract_handlers(), *more_routes],
        before_request=authenticate,
        dependencies={
            "caller": Provide(provide_caller, sync_to_thread=False),
            "edit": Provide(provide_edit, sync_to_thread=False),
            "making": Provide(provide_making, sync_to_thread=False),
        },
        dto=StrictJSON,
        return_dto=None,
        exception_handlers=exception_handlers(problem_of),
        lifespan=[lifespan],
        openapi_config=openapi_config(
            title="Daybook", version=version, description=_DESCRIPTION, tags=_TAGS
        ),
        state=State({"meters": meters}),
        # Of answers only: compressing a stream of events would hold them back.
        compression_config=CompressionConfig(
            backend="brotli",
            brotli_quality=4,
            minimum_size=1024,
            exclude=["^/api/events", "^/api/invoices/[^/]+/attachments/"],
        ),
        cors_config=_cors(cors_origins) if cors_origins else None,
        request_max_body_size=None,
        logging_config=None,
    )


def _cors(origins: Sequence[str]) -> CORSConfig:
    """Pages of these origins may call; keys go in a header, so cookies are never needed."""
    return CORSConfig(
        allow_origins=list(origins),
        allow_methods=["GET", "POST", "PATCH", "PUT", "DELETE"],
        allow_headers=[
            *("Authorization", "Content-Type", "If-Match", "If-None-Match", "Idempotency-Key"),
            *("Prefer", "Edit-Session", "Edit-Seq", "Read-After", "X-Request-Id", "Api-Version"),
            *("X-Correlation-Id", "X-Causation-Id", "X-Change-Reason", "traceparent"),
        ],
        expose_headers=list(_EXPOSED),
    )
