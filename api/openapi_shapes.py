"""Shapes that many operations of the contract share."""

from typing import Any

Json = dict[str, Any]


def add_dry_run(json: Json) -> None:
    """A creation that can be tried answers 200 then: nothing was created."""
    responses = json["responses"]
    if "201" in responses and any(it["name"] == "dryRun" for it in json.get("parameters", ())):
        said = {"description": "OK: a dry run answers what would be created"}
        responses["200"] = {**responses["201"], **said}


def drop_defaults(json: Json) -> None:
    """Leave out what says no more than its absence."""
    for word in ("deprecated", "allowEmptyValue", "allowReserved"):
        if json.get(word) is False:
            del json[word]


def without_null(schema: Json) -> Json:
    """A parameter or a body is absent or there; it is not null."""
    choices = [it for it in schema.get("anyOf", ()) if it != {"type": "null"}]
    rest = {key: value for key, value in schema.items() if key != "anyOf"}
    if rest.get("default", ...) is None:
        del rest["default"]
    match choices:
        case []:
            return rest
        case [only]:
            return {**rest, **only}
        case _:
            return {**rest, "anyOf": choices}


def rename(schemas: Json, users: Any) -> Json:
    """Schemas under names without dots, which generators of clients stumble over; in place.

    msgspec names types of the same name by their modules: `api.report_schemas.TaxOut`.
    """
    names = {name: _plain_name(name) for name in schemas if "." in name}
    if len({*names.values()} | schemas.keys()) < len(names) + len(schemas):
        raise ValueError(f"Two types of the contract get one name: {sorted(names)}.")
    _rename_references([schemas, users], names)
    for name, plain in names.items():
        schemas[name]["title"] = plain
    return {names.get(name, name): schema for name, schema in schemas.items()}


def _plain_name(name: str) -> str:
    *_, module, last = name.split(".")
    words = module.removesuffix("_schemas").split("_")
    return "".join(map(str.capitalize, words)) + last


def _rename_references(root: Any, names: dict[str, str]) -> None:
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            for key, value in node.items():
                start, _, name = value.rpartition("/") if isinstance(value, str) else ("", "", "")
                if start == "#/components/schemas" and name in names:
                    node[key] = f"{start}/{names[name]}"
        children = node.values() if isinstance(node, dict) else node
        waiting += [it for it in children if isinstance(it, dict | list)]
