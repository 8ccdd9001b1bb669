"""The published contract: paths from Litestar, schemas from msgspec, errors from the problem table.

Litestar's own schemas lose constraints; msgspec's are made by what validates. Handlers need nothing
special: the types are found in their signatures. What they may add stands in ``opt``:

``scope``     the scope an API key needs; without it the operation is public
``problems``  codes of problems that only this operation has
``example``   an example of the request body
``envelope``  its errors come in the envelope of the XAPI
``delivers``  it asks for webhooks, which the document then describes
"""

from collections.abc import Iterator, Sequence
from http import HTTPStatus
from typing import Annotated, Any, NamedTuple

import msgspec
from litestar import Litestar, Response
from litestar.di import Provide
from litestar.exceptions import ImproperlyConfiguredException
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import Tag
from litestar.params import ParameterKwarg
from litestar.response import ServerSentEvent
from litestar.router import Router
from litestar.routes import BaseRoute, HTTPRoute
from litestar.typing import FieldDefinition
from typing_extensions import override

from api.examples import example_of
from api.openapi_problems import ErrorResponses, codes_of
from api.openapi_shapes import add_dry_run, add_idempotency_key, drop_defaults, without_null
from api.openapi_webhooks import add_webhooks
from api.problems import MEDIA_TYPE, ProblemDocument
from api.strict_json import JSON, MERGE_PATCH
from api.xapi.envelope import Envelope

Json = dict[str, Any]

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
    operations = sorted(_operations(app, document), key=_place)
    typed = [use for operation in operations for use in _describe(operation)]
    kinds = [kind for _, kind in typed]
    kinds += [ProblemDocument, Envelope]
    found, schemas = msgspec.json.schema_components(kinds, ref_template=_REF)
    for (target, _), schema in zip(typed, found, strict=False):
        target["schema"] = schema
    schemas = {**components.get("schemas", {}), **schemas}
    errors = ErrorResponses(found[-2], found[-1])
    for operation in operations:
        _finish(operation, schemas, errors)
    document["paths"] = {}
    for it in operations:
        document["paths"].setdefault(it.path, {})[it.method.lower()] = it.json
    asking = [it.json for it in operations if it.handler.opt.get("delivers")]
    schemas |= add_webhooks(document, asking)
    components["responses"] = errors.responses
    components["securitySchemes"] = BEARER
    users = [document["paths"], document.get("webhooks", {}), errors.responses]
    components["schemas"] = _referred(schemas, users)
    return document


# ---------------------------------------------------------------- operations and their types


class _Operation(NamedTuple):
    handler: HTTPRouteHandler
    method: str
    path: str
    json: Json


Use = tuple[Json, Any]
"""A place in the document that wants a schema, and the type to describe there."""


def _operations(app: Litestar, document: Json) -> Iterator[_Operation]:
    for route in app.routes:
        if not isinstance(route, HTTPRoute):
            continue
        path = route.path_format or "/"
        for method, (handler, _) in route.route_handler_map.items():
            operation = document["paths"].get(path, {}).get(method.lower())
            if operation is not None:
                yield _Operation(handler, method, path, operation)


def _place(operation: _Operation) -> tuple[str, int]:
    """Litestar's own order changes from run to run."""
    return operation.path, _METHODS.index(operation.method)


def _describe(operation: _Operation) -> Iterator[Use]:
    """Shape the parts of an operation, and say of which type each is."""
    yield from _parameters(operation)
    handler, responses = operation.handler, operation.json["responses"]
    body = handler.parsed_data_field
    if body is not None:
        media: Json = {}
        types = (MERGE_PATCH, JSON) if operation.method == "PATCH" else (JSON,)
        required = not (body.is_optional or body.has_default)
        operation.json["requestBody"] = {
            "required": required,
            "content": dict.fromkeys(types, media),
        }
        yield media, body.raw
    for status in [code for code in responses if int(code) >= _ERROR]:
        del responses[status]  # Litestar's own form of errors
    yield from _success(handler, responses[str(handler.status_code)])
    for status, spec in (handler.responses or {}).items():
        media = {}
        media_type = MEDIA_TYPE if status >= _ERROR else JSON
        responses[str(status)] = {
            "description": spec.description,
            "content": {media_type: media},
        }
        yield media, spec.data_container


def _success(handler: HTTPRouteHandler, response: Json) -> Iterator[Use]:
    phrase = HTTPStatus(handler.status_code).phrase
    response["description"] = handler.response_description or phrase
    field = handler.parsed_fn_signature.return_type
    if field.is_subclass_of(ServerSentEvent):
        response["content"] = {"text/event-stream": {"schema": {"type": "string"}}}
    elif field.is_subclass_of(Response):
        field = field.inner_types[0] if field.inner_types else FieldDefinition.from_annotation(Any)
    if not response.get("content") or field.is_subclass_of((bytes, str, Response)):
        return
    [media] = response["content"].values()
    if streams := handler.opt.get("streams"):
        response["content"][streams] = {"schema": {"type": "string"}}
    if any(member.encode_name == "rowVersion" for member in _members(field)):
        response.setdefault("headers", {})["ETag"] = {
            "description": "The RowVersion in quotes. Send it back as `If-Match`.",
            "schema": {"type": "string", "maxLength": 18},
        }
    yield media, field.raw


def _members(field: FieldDefinition) -> tuple[msgspec.structs.FieldInfo, ...]:
    is_struct = field.is_subclass_of(msgspec.Struct)
    return msgspec.structs.fields(field.annotation) if is_struct else ()


def _parameters(operation: _Operation) -> Iterator[Use]:
    """Parameters are described by the model that validates them, as bodies are."""
    handler = operation.handler
    declared = {(it["in"], it["name"]): it for it in operation.json.get("parameters", ())}
    sources: list[HTTPRouteHandler | Provide] = [handler, *handler.resolve_dependencies().values()]
    for source in sources:
        fields = source.parsed_fn_signature.parameters
        for member in msgspec.structs.fields(source.signature_model):
            definition = fields[member.name].kwarg_definition
            if not isinstance(definition, ParameterKwarg):
                continue
            _refuse_meta(handler, fields[member.name])
            key = (definition.param_type.value, definition.name or member.name)
            if key in declared:
                yield declared[key], _with_default(member)


def _with_default(member: msgspec.structs.FieldInfo) -> Any:
    if member.default in (None, msgspec.NODEFAULT, msgspec.UNSET):
        return member.type
    extra = {"default": msgspec.to_builtins(member.default)}
    return Annotated[member.type, msgspec.Meta(extra_json_schema=extra)]


def _refuse_meta(handler: HTTPRouteHandler, field: FieldDefinition) -> None:
    if any(part.has_metadata(msgspec.Meta) for part in (field, *field.inner_types)):
        message = (
            f"{handler}: Litestar does not look at msgspec.Meta on the parameter {field.name!r}. "
            "Say the bounds in PathParameter, QueryParameter or HeaderParameter."
        )
        raise ImproperlyConfiguredException(message)


# ---------------------------------------------------------------- finishing touches


def _finish(operation: _Operation, schemas: Json, errors: ErrorResponses) -> None:
    json, opt = operation.json, operation.handler.opt
    scope = opt.get("scope")
    json["security"] = [{"bearer": []}] if scope else []
    if scope:
        json["description"] = f"{json.get('description', '')}\n\nScope: `{scope}`.".strip()
        if operation.method == "POST":
            add_idempotency_key(json)
    for parameter in json.get("parameters", ()):
        parameter["schema"] = without_null(parameter["schema"])
        parameter["schema"].pop("description", None)
        drop_defaults(parameter)
    for media in json.get("requestBody", {}).get("content", {}).values():
        media["schema"] = without_null(media["schema"])
        media["example"] = opt.get("example") or example_of(media["schema"], schemas)
    for response in json["responses"].values():
        headers = response.pop("headers", {})
        for header in headers.values():
            header.setdefault("schema", {"type": "string"})
        response.update({"headers": headers} if headers else {})
    add_dry_run(json)
    codes, enveloped = codes_of(json, operation.method, opt), bool(opt.get("envelope"))
    for status, reference in errors.of(codes, enveloped=enveloped):
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
