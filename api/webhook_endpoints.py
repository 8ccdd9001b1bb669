"""Webhook endpoints over HTTP."""

import msgspec
from litestar import Controller, Response, delete, get, patch, post
from litestar.di import NamedDependency
from litestar.params import JSONBody
from msgspec import UNSET, UnsetType

from api.caller import Caller
from api.commands import Ask, change, headers_of, on, run
from api.customer_schemas import Transition
from api.editing import ADMINISTER, READ, Editing
from api.history import After, EventPage, Limit, Order, history
from api.list_contract import list_operation
from api.list_routes import listed, members_of
from api.row_version import AsOf, IfMatch, etag, expected_version, moment
from api.webhook_schemas import (
    DisableIn,
    RotateIn,
    WebhookEndpointIn,
    WebhookEndpointListed,
    WebhookEndpointOut,
    WebhookEndpointPage,
    WebhookEndpointPatch,
)
from api.webhook_secrets import (
    first_secret,
    forget_headers,
    kept_headers,
    rotated,
    undone_by,
)
from api.wire import IdInPath
from domain import webhook_endpoint as decisions
from domain.aggregate import Change, Read
from domain.webhook_endpoint import WEBHOOK_ENDPOINT
from projections.webhook_endpoints import FOLLOWER, LISTING, count_endpoints
from store.command import Command
from store.deliveries import is_sandbox
from store.ids import new_id
from store.secrets import add_secret, forget_secrets

By = NamedDependency[Caller]


class WebhookEndpointController(Controller):
    """Where events are sent. Deliveries are signed by Standard Webhooks 1.0.0."""

    path = "/api/webhook-endpoints"
    tags = ["Webhooks"]  # noqa: RUF012 - Litestar reads it from the class

    @post(
        "/",
        operation_id="createWebhookEndpoint",
        summary="Create an endpoint",
        opt={**ADMINISTER, "delivers": True, "whole": True},
    )
    async def create_endpoint(
        self, request: Ask, caller: By, data: JSONBody[WebhookEndpointIn]
    ) -> Response[WebhookEndpointOut]:
        """Send the events from now on. The answer shows the signing secret, this once."""
        doors, book_id, id_ = caller.doors, caller.book_id, new_id("whe")
        loopback = await _loopback(caller)
        others = await count_endpoints(doors.pool, book_id)
        kept = await kept_headers(caller, id_, data.headers)
        secret: str | UnsetType = await add_secret(doors.pool, doors.keyring, book_id, id_)

        def decide(_read: Read) -> list[Change]:
            facts = decisions.create(
                data.created(), headers=kept.changes, others=others, loopback=loopback
            )
            return [(WEBHOOK_ENDPOINT(id_), facts)]

        command = Command(
            aggregate=WEBHOOK_ENDPOINT, id=id_, decide=decide, metadata=caller.metadata
        )
        async with undone_by(lambda: forget_secrets(doors.pool, book_id, id_)):
            done = await run(request, caller, command, WebhookEndpointOut.of)
        if done.replayed:
            await forget_secrets(doors.pool, book_id, id_)
            secret = await first_secret(caller, done.stream.id)
        shown = msgspec.structs.replace(WebhookEndpointOut.of(done.entity), secret=secret)
        location = {"Location": f"/api/webhook-endpoints/{done.stream.id}"}
        return Response(shown, headers={**headers_of(done), **location}, status_code=201)

    @get(
        "/",
        operation_id="listWebhookEndpoints",
        summary="List endpoints",
        opt=READ,
        operation_class=list_operation(LISTING, members_of(WebhookEndpointListed)),
    )
    async def list_endpoints(self, request: Ask, caller: By) -> Response[WebhookEndpointPage]:
        """Webhook endpoints, newest first unless ``sort`` says otherwise."""
        return await listed(request, caller, LISTING, WebhookEndpointListed, follower=FOLLOWER)

    @get(
        "/{endpoint_id:str}",
        operation_id="getWebhookEndpoint",
        summary="Get an endpoint",
        opt=READ,
    )
    async def get_endpoint(
        self, caller: By, endpoint_id: IdInPath, as_of: AsOf = None
    ) -> Response[WebhookEndpointOut]:
        """The endpoint as it is now, or as it was at a RowVersion or an instant; no secret."""
        stream = WEBHOOK_ENDPOINT(endpoint_id)
        entity = await caller.books.get(caller.book_id, stream, at=moment(as_of))
        return Response(WebhookEndpointOut.of(entity), headers=etag(entity.version))

    @patch(
        "/{endpoint_id:str}",
        operation_id="changeWebhookEndpoint",
        summary="Change fields",
        opt=ADMINISTER,
    )
    async def change_endpoint(
        self,
        request: Ask,
        caller: By,
        endpoint_id: IdInPath,
        data: JSONBody[WebhookEndpointPatch],
        if_match: IfMatch = None,
    ) -> Response[WebhookEndpointOut]:
        """Change fields (RFC 7396). It takes effect at a position of the book."""
        expected = expected_version(if_match, data.row_version)
        loopback = await _loopback(caller)
        given = {} if data.headers is UNSET else data.headers
        kept = await kept_headers(caller, endpoint_id, given, expected=expected)
        decide = on(
            WEBHOOK_ENDPOINT(endpoint_id),
            lambda it: decisions.change(
                it, data.changes(), headers=kept.changes, loopback=loopback
            ),
        )
        async with undone_by(lambda: forget_headers(caller, endpoint_id, kept)):
            return await change(
                request,
                caller,
                WEBHOOK_ENDPOINT(endpoint_id),
                decide,
                expected=expected,
                show=WebhookEndpointOut.of,
            )

    @post(
        "/{endpoint_id:str}/rotate-secret",
        operation_id="rotateWebhookSecret",
        summary="Rotate the secret",
        opt={**ADMINISTER, "outOfTurn": True, "whole": True},
        status_code=200,
    )
    async def rotate_secret(
        self, edit: Editing, endpoint_id: IdInPath, data: JSONBody[RotateIn | None] = None
    ) -> Response[WebhookEndpointOut]:
        """Sign with a new secret, which the answer shows this once.

        Until the overlap ends every webhook is signed with the earlier ones as well, so receivers
        change over at leisure. A dry run makes no secret, and so shows none.
        """
        return await rotated(edit, endpoint_id, data or RotateIn())

    @post(
        "/{endpoint_id:str}/disable",
        operation_id="disableWebhookEndpoint",
        summary="Disable",
        opt=ADMINISTER,
        status_code=200,
    )
    async def disable_endpoint(
        self, edit: Editing, endpoint_id: IdInPath, data: JSONBody[DisableIn]
    ) -> Response[WebhookEndpointOut]:
        """Stop sending. What is waiting goes out when the endpoint is enabled again."""
        stream = WEBHOOK_ENDPOINT(endpoint_id)
        decide = on(stream, lambda it: decisions.disable(it, reason=data.reason))
        return await edit.change(stream, decide, WebhookEndpointOut.of, seen=data.row_version)

    @post(
        "/{endpoint_id:str}/enable",
        operation_id="enableWebhookEndpoint",
        summary="Enable",
        opt=ADMINISTER,
        status_code=200,
    )
    async def enable_endpoint(
        self, edit: Editing, endpoint_id: IdInPath, data: JSONBody[Transition | None] = None
    ) -> Response[WebhookEndpointOut]:
        """Send again: what was waiting, and the events from here on."""
        stream, seen = WEBHOOK_ENDPOINT(endpoint_id), (data or Transition()).row_version
        return await edit.change(
            stream, on(stream, decisions.enable), WebhookEndpointOut.of, seen=seen
        )

    @delete(
        "/{endpoint_id:str}",
        operation_id="deleteWebhookEndpoint",
        summary="Delete",
        opt=ADMINISTER,
        status_code=204,
    )
    async def delete_endpoint(self, edit: Editing, endpoint_id: IdInPath) -> None:
        """Forget the endpoint; what was waiting for it is not sent. Its record stays."""
        stream = WEBHOOK_ENDPOINT(endpoint_id)
        await edit.end(stream, on(stream, decisions.delete), WebhookEndpointOut.of)

    @get(
        "/{endpoint_id:str}/events",
        operation_id="listWebhookEndpointEvents",
        summary="History",
        opt={"scope": "audit"},
    )
    async def list_endpoint_events(
        self,
        caller: By,
        endpoint_id: IdInPath,
        after: After = 0,
        limit: Limit = 50,
        order: Order = "asc",
    ) -> EventPage:
        """Every event of the endpoint, in order, also after its deletion: who did what when."""
        return await history(caller, WEBHOOK_ENDPOINT(endpoint_id), after, limit, order)


async def _loopback(caller: Caller) -> bool:
    """Whether this book's webhooks may go to this machine: a sandbox's, if the operator says so."""
    doors = caller.doors
    return doors.allow_loopback_webhooks and await is_sandbox(doors.pool, caller.book_id)
