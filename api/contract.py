"""The contract as it is served: OpenAPI 3.0.3, OpenAPI 3.1 and the documentation page."""

import hashlib
from functools import cache
from typing import Any

import msgspec
from litestar import Litestar, Request, Response, get
from litestar.handlers import HTTPRouteHandler

from api.docs_page import render
from api.docs_style import POLICY
from api.openapi import finalise
from api.openapi30 import downgrade

_JSON = "application/json"
_HTML = "text/html"


def contract_bytes(document: dict[str, Any]) -> bytes:
    """A document as it is served and as it is kept in ``docs/``: indented, with a final newline."""
    return msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"


def contract_handlers(path: str = "/api") -> list[HTTPRouteHandler]:
    """Handlers for ``openapi.json``, ``openapi-3.1.json`` and ``docs`` under ``path``.

    They need no key and are not part of the contract. The documents are made when first asked for.
    """

    @cache
    def published(app: Litestar) -> dict[str, bytes]:
        document = finalise(app)
        return {
            "openapi.json": contract_bytes(downgrade(document)),
            "openapi-3.1.json": contract_bytes(document),
            "docs": render(document).encode(),
        }

    def serve(name: str, media_type: str, **headers: str) -> HTTPRouteHandler:
        @get(f"{path}/{name}", include_in_schema=False, media_type=media_type, sync_to_thread=False)
        def handler(request: Request[Any, Any, Any]) -> Response[bytes]:
            body = published(request.app)[name]
            etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
            return Response(body, headers={"ETag": etag, **headers})

        return handler

    return [
        serve("openapi.json", _JSON),
        serve("openapi-3.1.json", _JSON),
        serve("docs", _HTML, **{"Content-Security-Policy": POLICY}),
    ]
