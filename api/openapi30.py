"""OpenAPI 3.1 to 3.0.3, which more tools read.

3.0 describes data in an older dialect of JSON Schema. What it cannot say is said in its own way
where there is one, and left out where there is none; ``lost`` lists what was left out.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

Json = dict[str, Any]

_METHODS = frozenset({"get", "put", "post", "delete", "options", "head", "patch", "trace"})

# Words of JSON Schema 2020-12 that OpenAPI 3.0 does not have.
_UNKNOWN = frozenset(
    {
        *("$schema", "$id", "$anchor", "$dynamicRef", "$dynamicAnchor", "$vocabulary", "$comment"),
        *("if", "then", "else", "dependentSchemas", "dependentRequired", "propertyNames"),
        *("patternProperties", "unevaluatedProperties", "unevaluatedItems", "contains"),
        *("minContains", "maxContains", "contentMediaType", "contentSchema"),
    }
)

_NULL = {"type": "null"}
_ONLY_NULL = {"type": "string", "nullable": True, "enum": [None]}


def downgrade(document: Mapping[str, Any]) -> Json:
    """The document in OpenAPI 3.0.3."""
    return _Downgrade().document(document)


def lost(document: Mapping[str, Any]) -> list[str]:
    """The words that OpenAPI 3.0.3 cannot say, as ``place: word``."""
    work = _Downgrade()
    work.document(document)
    return work.lost


class _Downgrade:
    """One pass over a document. Schemas defined inside others become components on the way."""

    def __init__(self) -> None:
        self.lost: list[str] = []
        self._hoisted: Json = {}
        self._schemas: Json = {}

    def document(self, source: Mapping[str, Any]) -> Json:
        document = {key: value for key, value in source.items() if key != "jsonSchemaDialect"}
        document["openapi"] = "3.0.3"
        self._schemas = document.get("components", {}).get("schemas", {})
        document["info"] = _info(document.get("info", {}))
        paths = document.get("paths", {})
        document["paths"] = {path: self._path_item(item) for path, item in paths.items()}
        if "webhooks" in document:
            hooks = document.pop("webhooks")
            document["x-webhooks"] = {name: self._path_item(hook) for name, hook in hooks.items()}
        components = self._components(document.get("components", {}))
        if self._hoisted:
            components["schemas"] = {**components.get("schemas", {}), **self._hoisted}
        if components:
            document["components"] = components
        return document

    def _components(self, source: Json) -> Json:
        converters: dict[str, Callable[[Json], Json]] = {
            "schemas": self.schema,
            "parameters": self._parameter,
            "headers": self._parameter,
            "responses": self._response,
            "requestBodies": self._with_content,
        }
        components = {}
        for kind, members in source.items():
            if kind == "pathItems":
                self.lost.append("components: pathItems")
            elif kind == "securitySchemes":
                kept = {name: it for name, it in members.items() if it.get("type") != "mutualTLS"}
                components[kind] = kept
            elif kind in converters:
                components[kind] = _mapped(converters[kind], members)
            else:
                components[kind] = members
        return components

    # ------------------------------------------------------------ operations

    def _path_item(self, source: Json) -> Json:
        item: Json = {
            key: self._operation(it) if key in _METHODS else it for key, it in source.items()
        }
        if "parameters" in item:
            item["parameters"] = [self._parameter(it) for it in item["parameters"]]
        return item

    def _operation(self, source: Json) -> Json:
        operation = dict(source)
        operation["responses"] = _mapped(self._response, source.get("responses", {}))
        if "parameters" in source:
            operation["parameters"] = [self._parameter(it) for it in source["parameters"]]
        if "requestBody" in source:
            operation["requestBody"] = self._with_content(source["requestBody"])
        if "callbacks" in source:
            operation["callbacks"] = {
                name: callback if "$ref" in callback else _mapped(self._path_item, callback)
                for name, callback in source["callbacks"].items()
            }
        return operation

    def _response(self, source: Json) -> Json:
        response = self._with_content(source)
        if "headers" in source:
            response["headers"] = _mapped(self._parameter, source["headers"])
        return response

    def _with_content(self, source: Json) -> Json:
        if "content" not in source:
            return dict(source)
        return {**source, "content": _mapped(self._media, source["content"])}

    def _media(self, source: Json) -> Json:
        media = (
            {**source, "schema": self.schema(source["schema"])} if "schema" in source else source
        )
        return dict(media)

    def _parameter(self, source: Json) -> Json:
        return self._media(self._with_content(source))

    # ------------------------------------------------------------ schemas

    def schema(self, source: Any) -> Json:
        """A schema in the dialect of 3.0. In 3.1 it may also be true or false."""
        if isinstance(source, bool):
            return {} if source else {"not": {}}
        schema = dict(source)
        for name, inner in {**schema.pop("$defs", {}), **schema.pop("definitions", {})}.items():
            self._hoisted[name] = self.schema(inner)
        if "$ref" in schema:
            return _reference(schema)
        for word in _UNKNOWN & schema.keys():
            del schema[word]
            self.lost.append(f"schema: {word}")
        self._children(schema)
        _bounds(schema)
        _constant(schema)
        _examples(schema)
        for word, empty in (("default", None), ("required", [])):
            if schema.get(word, ...) == empty:
                del schema[word]
        return _with_null(self._nullable(schema))

    def _children(self, schema: Json) -> None:
        if "prefixItems" in schema:
            self.lost.append("schema: prefixItems")
            places = schema.pop("prefixItems")
            schema["items"] = {"anyOf": places}
            schema.update(minItems=len(places), maxItems=len(places))
        if "properties" in schema:
            schema["properties"] = _mapped(self.schema, schema["properties"])
        for word in ("items", "not"):
            if word in schema:
                schema[word] = self.schema(schema[word])
        if isinstance(schema.get("additionalProperties"), dict):
            schema["additionalProperties"] = self.schema(schema["additionalProperties"])
        for word in ("allOf", "anyOf", "oneOf"):
            if word in schema:
                schema[word] = [it if it == _NULL else self.schema(it) for it in schema[word]]

    def _nullable(self, schema: Json) -> Json:
        """``nullable`` works only beside ``type``; null as a type or a choice does not exist."""
        kinds = schema.get("type")
        if isinstance(kinds, list):
            schema = _without_type_list(schema, kinds)
        elif kinds == "null":
            return {**schema, **_ONLY_NULL}
        for word in ("anyOf", "oneOf"):
            choices = schema.get(word, [])
            if _NULL in choices:
                rest = {key: value for key, value in schema.items() if key != word}
                real = [choice for choice in choices if choice != _NULL]
                if not real:
                    return {**rest, **_ONLY_NULL}
                kind = self._kind_of({word: real})
                merged = _merged(rest, word, real)
                return {**merged, **({"type": kind} if kind else {}), "nullable": True}
        return schema

    def _kind_of(self, schema: Json) -> str | None:
        """The one type of all values that the schema allows."""
        if "$ref" in schema:
            return self._kind_of(self._schemas.get(schema["$ref"].rpartition("/")[2], {}))
        for word in ("anyOf", "oneOf", "allOf"):
            if word in schema:
                kinds = {self._kind_of(choice) for choice in schema[word]}
                return kinds.pop() if len(kinds) == 1 else None
        kind = schema.get("type")
        return kind if isinstance(kind, str) else _type_of(schema.get("enum", ()))


def _mapped(convert: Callable[[Json], Json], members: Mapping[str, Any]) -> Json:
    return {name: convert(member) for name, member in members.items()}


def _info(source: Json) -> Json:
    info = {key: value for key, value in source.items() if key != "summary"}
    if "license" in info:
        info["license"] = {k: v for k, v in info["license"].items() if k != "identifier"}
    return info


def _reference(schema: Json) -> Json:
    """Nothing may stand beside a reference in 3.0."""
    target = schema["$ref"].replace("#/$defs/", "#/components/schemas/")
    rest = {key: value for key, value in schema.items() if key != "$ref"}
    _examples(rest)
    return {"allOf": [{"$ref": target}], **rest} if rest else {"$ref": target}


def _bounds(schema: Json) -> None:
    """Exclusive bounds are flags beside the bound."""
    for exclusive, bound in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        if exclusive in schema and not isinstance(schema[exclusive], bool):
            schema[bound] = schema[exclusive]
            schema[exclusive] = True


def _constant(schema: Json) -> None:
    if "const" in schema:
        schema["enum"] = [schema.pop("const")]
    if "enum" in schema and "type" not in schema:
        kind = _type_of(schema["enum"])
        schema.update({"type": kind} if kind else {})
    if schema.pop("contentEncoding", None) == "base64":
        schema.setdefault("format", "byte")


def _examples(schema: Json) -> None:
    examples = schema.pop("examples", None)
    if examples:
        schema.setdefault("example", examples[0])


def _type_of(values: Iterable[object]) -> str | None:
    names = {str: "string", bool: "boolean", int: "integer", float: "number"}
    kinds = {names.get(type(value)) for value in values if value is not None}
    return kinds.pop() if len(kinds) == 1 else None


def _without_type_list(schema: Json, kinds: list[str]) -> Json:
    rest = {key: value for key, value in schema.items() if key != "type"}
    real = [kind for kind in kinds if kind != "null"]
    nullable = {"nullable": True} if "null" in kinds else {}
    if len(real) == 1:
        return {**rest, "type": real[0], **nullable}
    return {**rest, "anyOf": [{"type": kind, **nullable} for kind in real]}


def _with_null(schema: Json) -> Json:
    """What may be null must have null among its words, says 3.0.3."""
    words = schema.get("enum", [None])
    return (
        {**schema, "enum": [*words, None]}
        if schema.get("nullable") and None not in words
        else schema
    )


def _merged(rest: Json, word: str, choices: list[Json]) -> Json:
    """What is left of a union once null has been taken out of it."""
    if len(choices) > 1:
        return {**rest, word: choices}
    [only] = choices
    return {**rest, "allOf": [only]} if "$ref" in only else {**only, **rest}
