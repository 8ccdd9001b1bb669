"""``to=null`` in a query: a word where a date is wanted, which Litestar would take for nothing."""

from functools import cache
from typing import Any, get_args

import msgspec
from litestar import Request
from litestar.di import Provide
from litestar.handlers import BaseRouteHandler
from litestar.params import ParameterKwarg

from api.problems import Problem


def refuse_null(request: Request[Any, Any, Any]) -> None:
    """Refuse the word ``null`` for a parameter that is no text: a filter would be lost silently.

    Raises:
        Problem: 400, with the name of the parameter.
    """
    for name, value in request.query_params.multi_items():
        if value.lower() == "null" and name in _not_texts(request.route_handler):
            raise Problem("invalid-parameter", f"{name}=null means nothing: leave {name} out.")


@cache
def _not_texts(handler: BaseRouteHandler) -> frozenset[str]:
    """The query parameters of a route that may be left out, and are no text."""
    names = set()
    sources: list[BaseRouteHandler | Provide] = [handler, *handler.resolve_dependencies().values()]
    for source in sources:
        fields = source.parsed_fn_signature.parameters
        for member in msgspec.structs.fields(source.signature_model):
            definition = fields[member.name].kwarg_definition
            if isinstance(definition, ParameterKwarg) and not _may_be_text(member.type):
                names.add(definition.name or member.name)
    return frozenset(names)


def _may_be_text(kind: Any) -> bool:
    return kind is str or any(_may_be_text(it) for it in get_args(kind))
