"""The published contract: paths from Litestar, schemas from msgspec, errors from the problem table.

Litestar's own schemas lose constraints; msgspec's are made by what validates. Handlers need nothing
special: the types are found in their signatures. What they may add stands in ``opt``:

``scope``     the scope an API key needs; without it the operation is public
``problems``  codes of problems that only this operation has
``example``   an example of the request body
``envelope``  its errors come in the envelope of the XAPI
``uploads``   its body is a file, whose bytes are not looked at
``delivers``  it asks for webhooks, which the document then describes
``outOfTurn`` it changes an entity, but not in the turn of an edit session
"""

import copy
from collections.abc import Sequence
from typing import Any

import msgspec
from litestar import Litestar
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import License, Tag
from litestar.router import Router
from litestar.routes import BaseRoute
from typing_extensions import override

from api.examples import example_of
from api.openapi_bounds import bound_all, describe_form
from api.openapi_headers import share_headers, take_headers
from api.openapi_operations import Json, Operation, describe, operations, place
from api.openapi_problems import ErrorResponses, codes_of
from api.openapi_replies import HEADERS, add_headers, allow_selection, complete_replies
from api.openapi_shapes import add_dry_run, drop_defaults, rename, without_null
from api.openapi_webhooks import add_webhooks
from api.problems import ProblemDocument
from api.xapi.envelope import Envelope

_REF = "#/components/schemas/{name}"
_ERROR = 400
_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE")

BEARER = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "description": "An API key: `Authorization: Bearer dbk_...`. The key names the book.",
    }
}

SERVER = {
    "url": "/",
    "description": "Where this document comes from, in production.",
    "x-internal": False,
}


class _Unserved(Router):
    """Litestar serves its unfinished document as soon as it makes one. This forgets the routes."""

    @override
    def register(self, value: Any) -> list[BaseRoute]:
        return []


def openapi_config(
    *, title: str, version: str, description: str = "", tags: Sequence[Tag] = ()
) -> OpenAPIConfig:
    """For ``Litestar(openapi_config=...)``: lets ``finalise`` find the paths, serves nothing."""
    return OpenAPIConfig(
        title=title,
        version=version,
        description=description or None,
        license=License(name="Apache-2.0", url="https://www.apache.org/licenses/LICENSE-2.0"),
        tags=list(tags) or None,
        use_handler_docstrings=True,
        operation_id_creator=_operation_id,
        openapi_router=_Unserved("/", route_handlers=[]),
        render_plugins=[JsonRenderPlugin()],
    )


def _operation_id(handler: HTTPRouteHandler, _method: Any, _path: Any) -> str:
    first, *rest = handler.handler_name.split("_")
    return first + "".join(word.title() for word in rest)


def finalise(app: Litestar) -> Json:
    """The OpenAPI 3.1 document of the app."""
    document: Json = msgspec.json.decode(msgspec.json.encode(app.openapi_schema.to_schema()))
    components = document.setdefault("components", {})
    described = sorted(operations(app, document), key=place)
    typed = [use for operation in described for use in describe(operation)]
    kinds = [kind for _, kind in typed]
    kinds += [ProblemDocument, Envelope]
    found, schemas = msgspec.json.schema_components(kinds, ref_template=_REF)
    for (target, _), schema in zip(typed, found, strict=False):
        target["schema"] = schema
    schemas = {**components.get("schemas", {}), **schemas}
    complete_replies(kinds, schemas)
    schemas = rename(schemas, [target for target, _ in typed] + list(found))
    errors = ErrorResponses(found[-2], found[-1])
    for operation in described:
        _finish(operation, schemas, errors)
    document["paths"] = {}
    for it in described:
        document["paths"].setdefault(it.path, {})[it.method.lower()] = it.json
    asking = [it.json for it in described if it.handler.opt.get("delivers")]
    schemas |= add_webhooks(document, asking)
    components["responses"] = errors.responses
    components["headers"] = copy.deepcopy(dict(HEADERS))
    components["securitySchemes"] = BEARER
    users = [document["paths"], document.get("webhooks", {}), errors.responses]
    components["schemas"] = _referred(schemas, users)
    document["servers"] = [SERVER]
    bound_all(document)
    share_headers(document)
    return document


# ---------------------------------------------------------------- finishing touches


def _finish(operation: Operation, schemas: Json, errors: ErrorResponses) -> None:
    json, opt = operation.json, operation.handler.opt
    scope = opt.get("scope")
    json["security"] = [{"bearer": []}] if scope else []
    if scope:
        json["description"] = f"{json.get('description', '')}\n\nScope: `{scope}`.".strip()
    codes = take_headers(json, operation.method, opt)
    for parameter in json.get("parameters", ()):
        parameter["schema"] = without_null(parameter["schema"])
        parameter["schema"].pop("description", None)
        describe_form(parameter)
        drop_defaults(parameter)
    for media in json.get("requestBody", {}).get("content", {}).values():
        media["schema"] = without_null(media["schema"])
        media["example"] = opt.get("example") or example_of(media["schema"], schemas)
    for response in json["responses"].values():
        headers = response.pop("headers", {})
        for header in headers.values():
            if "$ref" not in header:
                header.setdefault("schema", {"type": "string"})
        response.update({"headers": headers} if headers else {})
    add_dry_run(json)
    allow_selection(json, schemas)
    for status, response in json["responses"].items():
        add_headers(status, response)
    codes |= codes_of(json, operation.method, opt)
    for status, reference in errors.of(codes, enveloped=bool(opt.get("envelope"))):
        json["responses"].setdefault(status, reference)
    json["responses"] = dict(sorted(json["responses"].items()))
    drop_defaults(json)


def _referred(schemas: Json, roots: list[Any]) -> Json:
    """The schemas that are used, by way of others too, in the order of their names."""
    kept: set[str] = set()
    waiting = list(roots)
    while waiting:
        node = waiting.pop()
        children = node.values() if isinstance(node, dict) else node
        waiting += [child for child in children if isinstance(child, dict | list)]
        name = node.get("$ref", "").rpartition("/")[2] if isinstance(node, dict) else ""
        if name in schemas and name not in kept:
            kept.add(name)
            waiting.append(schemas[name])
    return {name: schemas[name] for name in sorted(kept)}
