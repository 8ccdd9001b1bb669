"""The operations of the app, and of which type each part of them is.

Litestar knows the routes; the types stand in the signatures of their handlers.
"""

from collections.abc import Iterator
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any, NamedTuple, get_args

import msgspec
from litestar import Litestar, Response
from litestar.di import Provide
from litestar.exceptions import ImproperlyConfiguredException
from litestar.handlers import HTTPRouteHandler
from litestar.params import ParameterKwarg
from litestar.response import ServerSentEvent
from litestar.routes import HTTPRoute
from litestar.typing import FieldDefinition

from api.problems import MEDIA_TYPE
from api.strict_json import JSON, MERGE_PATCH
from api.wire import Instant

Json = dict[str, Any]

BYTES = "application/octet-stream"

_ERROR = 400
_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE")


class Operation(NamedTuple):
    """A method of a path: its handler, and its part of the document, which is still changed."""

    handler: HTTPRouteHandler
    method: str
    path: str
    json: Json


Use = tuple[Json, Any]
"""A place in the document that wants a schema, and the type to describe there."""


def operations(app: Litestar, document: Json) -> Iterator[Operation]:
    """Every operation that the document describes."""
    for route in app.routes:
        if not isinstance(route, HTTPRoute):
            continue
        path = route.path_format or "/"
        for method, (handler, _) in route.route_handler_map.items():
            operation = document["paths"].get(path, {}).get(method.lower())
            if operation is not None:
                yield Operation(handler, method, path, operation)


def place(operation: Operation) -> tuple[str, int]:
    """Litestar's own order changes from run to run."""
    return operation.path, _METHODS.index(operation.method)


def describe(operation: Operation) -> Iterator[Use]:
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
    elif handler.opt.get("uploads"):
        operation.json["requestBody"] = {"required": True, "content": _file()}
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


def _file() -> Json:
    """Bytes of any type. Of generators of clients, some know no more than the first."""
    return {it: {"schema": {"type": "string", "format": "binary"}} for it in (BYTES, "*/*")}


def _success(handler: HTTPRouteHandler, response: Json) -> Iterator[Use]:
    phrase = HTTPStatus(handler.status_code).phrase
    response["description"] = handler.response_description or phrase
    field = handler.parsed_fn_signature.return_type
    if field.is_subclass_of(ServerSentEvent):
        response["content"] = {"text/event-stream": {"schema": {"type": "string"}}}
    elif field.is_subclass_of(Response):
        field = field.inner_types[0] if field.inner_types else FieldDefinition.from_annotation(Any)
    if field.is_subclass_of(bytes):
        response["content"] = _file()
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


def _parameters(operation: Operation) -> Iterator[Use]:
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
    if datetime in (member.type, *get_args(member.type)):
        return Instant  # a handler refuses one without its offset
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
