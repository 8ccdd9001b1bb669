"""The documentation page: one HTML page made from the contract, without script or foreign parts."""

import json
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any, NamedTuple

from api.docs_schema import rows_of, type_of
from api.docs_style import STYLE
from api.problem_types import PROBLEMS

Json = Mapping[str, Any]

_METHODS = ("get", "post", "put", "patch", "delete")
_MANY = 10  # longer tables are folded
_ERROR = 400
_TRY = "export DAYBOOK_URL=http://localhost:8000 DAYBOOK_KEY=dbk_test_..."


class _Operation(NamedTuple):
    method: str
    path: str
    json: Json


def render(document: Json) -> str:
    """The page for an OpenAPI 3.1 document."""
    info, groups = document["info"], _groups(document)
    contract = "<a href='openapi.json'>3.0.3</a> and <a href='openapi-3.1.json'>3.1</a>"
    parts = [
        f"<h1>{escape(info['title'])}</h1>",
        f"<p class='soft'>Version {escape(info['version'])}. OpenAPI: {contract}.</p>",
        _prose(info.get("description", "")),
        f"<p>To try the commands below, say where and who you are:</p>{_pre(_TRY)}",
    ]
    meanings = {tag["name"]: tag.get("description", "") for tag in document.get("tags", ())}
    for tag, operations in groups.items():
        parts.append(f"<h2 id='{_anchor(tag)}'>{escape(tag)}</h2>{_prose(meanings.get(tag, ''))}")
        parts += ["".join(_section(operation, document)) for operation in operations]
    parts.append(_problems())
    return (
        "<!doctype html><html lang='en'><head><meta charset='utf-8'>"
        "<meta name='viewport' content='width=device-width, initial-scale=1'>"
        f"<title>{escape(info['title'])}</title><style>{STYLE}</style></head>"
        f"<body>{_contents(groups)}<main>{''.join(parts)}</main></body></html>"
    )


def _groups(document: Json) -> dict[str, list[_Operation]]:
    """Operations by their first tag; the tags that the document lists first, in its order."""
    groups: dict[str, list[_Operation]] = {tag["name"]: [] for tag in document.get("tags", ())}
    for path, item in document["paths"].items():
        for method in _METHODS:
            if method in item:
                tag = (item[method].get("tags") or ["Other"])[0]
                groups.setdefault(tag, []).append(_Operation(method, path, item[method]))
    return {tag: operations for tag, operations in groups.items() if operations}


def _contents(groups: Mapping[str, Sequence[_Operation]]) -> str:
    lists = []
    for tag, operations in groups.items():
        links = (
            f"<li><a href='#{_anchor(it.json['operationId'])}'>{_badge(it.method)} "
            f"{escape(it.json['summary'])}</a></li>"
            for it in operations
        )
        head = f"<strong><a href='#{_anchor(tag)}'>{escape(tag)}</a></strong>"
        lists.append(f"{head}<ul>{''.join(links)}</ul>")
    return f"<nav>{''.join(lists)}<strong><a href='#problems'>Problems</a></strong></nav>"


# ---------------------------------------------------------------- one operation


def _section(operation: _Operation, document: Json) -> Iterator[str]:
    json_, schemas = operation.json, document["components"]["schemas"]
    yield f"<section><h3 id='{_anchor(json_['operationId'])}'>{escape(json_['summary'])}</h3>"
    yield f"<p class='route'>{_badge(operation.method)} {escape(operation.path)}</p>"
    yield _prose(json_.get("description", ""))
    parameters = [
        (
            f"<code>{escape(it['name'])}</code> <span class='soft'>{escape(it['in'])}</span>",
            escape(type_of(it["schema"], schemas)) + _need(required=it.get("required", False)),
            _inline(it.get("description", "")),
        )
        for it in parameters_of(json_, document)
    ]
    table = _table(("Name", "Type", "Meaning"), parameters)
    is_long = len(parameters) > _MANY
    folded = _folded(f"{len(parameters)} parameters", table) if is_long else table
    yield _titled("Parameters", folded)
    body = json_.get("requestBody")
    if body:
        media_types = ", ".join(body["content"])
        media = next(iter(body["content"].values()))
        optional = "" if body.get("required") else ", may be left out"
        yield f"<h4>Body <span class='soft'>{escape(media_types)}{optional}</span></h4>"
        yield _fields(media["schema"], schemas)
    yield _titled("Try it", _pre(curl(operation.method, operation.path, json_, document)))
    yield _responses(json_["responses"], document)
    yield "</section>"


def _fields(schema: Json, schemas: Json) -> str:
    rows = [
        (
            f"<code>{escape(row.name)}</code>",
            escape(row.type) + _need(required=row.required),
            _inline(row.meaning),
        )
        for row in rows_of(schema, schemas)
    ]
    return _table(("Field", "Type", "Meaning"), rows)


def _responses(responses: Json, document: Json) -> str:
    components = document["components"]
    parts: list[str] = []
    problems: list[str] = []
    for status, given in responses.items():
        name = given.get("$ref", "").rpartition("/")[2]
        response = components["responses"][name] if name else given
        if int(status) >= _ERROR:
            codes = re.findall(r"`([a-z-]+)`:", response["description"])
            links = ", ".join(f"<a href='#problem-{code}'>{code}</a>" for code in codes)
            text = links or _inline(response["description"])
            problems.append(f"<li><code>{escape(status)}</code> {text}</li>")
        else:
            parts += _success(f"<code>{escape(status)}</code>", response, components["schemas"])
    listed = f"<ul class='problems'>{''.join(problems)}</ul>" if problems else ""
    return _titled("Response", "".join(parts)) + _titled("Problems", listed)


def _success(status: str, response: Json, schemas: Json) -> Iterator[str]:
    title = f"{status} {_inline(response['description'])}"
    if not response.get("content"):
        yield f"<p>{title}</p>"
    for media_type, media in response.get("content", {}).items():
        schema = media.get("schema", {})
        fields = _fields(schema, schemas)
        kind = f"{title}: {escape(type_of(schema, schemas))}"
        line = f"{kind} <span class='soft'>{escape(media_type)}</span>"
        yield _folded(line, fields) if fields else f"<p>{line}</p>"
    for header, it in response.get("headers", {}).items():
        yield f"<p><code>{escape(header)}</code>: {_inline(it.get('description', ''))}</p>"


def parameters_of(operation: Json, document: Json) -> list[Json]:
    """The parameters of an operation; headers stand among the components of the document."""
    shared = document["components"].get("parameters", {})
    given = operation.get("parameters", ())
    return [shared[it["$ref"].rpartition("/")[2]] if "$ref" in it else it for it in given]


def curl(method: str, path: str, operation: Json, document: Json) -> str:
    """The operation as a command for a shell, with the examples of the contract."""
    parameters = parameters_of(operation, document)
    for it in parameters:
        if it["in"] == "path":
            path = path.replace("{" + it["name"] + "}", it["name"].upper())
    option = "" if method == "get" else f" -X {method.upper()}"
    lines = [f'curl{option} "$DAYBOOK_URL{path}"']
    if operation.get("security"):
        lines.append('-H "Authorization: Bearer $DAYBOOK_KEY"')
    headers = {it["name"] for it in parameters if it["in"] == "header"}
    lines += ['-H "Idempotency-Key: $(uuidgen)"'] if "Idempotency-Key" in headers else []
    lines += ["-H 'If-Match: \"7\"'"] if "If-Match" in headers else []
    for media_type, media in list(operation.get("requestBody", {}).get("content", {}).items())[:1]:
        example = json.dumps(media.get("example"), indent=2, ensure_ascii=False)
        lines += [f"-H 'Content-Type: {media_type}'", f"-d {shlex.quote(example)}"]
    return " \\\n  ".join(lines)


def _problems() -> str:
    rows = [
        (
            f"<code id='problem-{escape(code)}'>{escape(code)}</code>",
            str(kind.status),
            _inline(kind.meaning),
        )
        for code, kind in PROBLEMS.items()
    ]
    intro = (
        "Whatever cannot be served is answered with `application/problem+json` (RFC 9457): `type`, "
        "`title`, `status`, `detail`, `instance`, `code`, `requestId`, and `errors` with a JSON "
        "pointer or the name of a parameter for each fault. Branch on `code`: it never changes."
    )
    head = f"<h2 id='problems'>Problems</h2>{_prose(intro)}"
    return head + _table(("Code", "Status", "Meaning"), rows)


# ---------------------------------------------------------------- pieces of HTML


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table of cells that are HTML already; nothing when it would be empty."""
    if not rows:
        return ""
    heads = "".join(f"<th>{name}</th>" for name in head)
    lines = ("".join(f"<td>{cell}</td>" for cell in row) for row in rows)
    body = "".join(f"<tr>{line}</tr>" for line in lines)
    return f"<div class='scroll'><table><tr>{heads}</tr>{body}</table></div>"


def _folded(title: str, html: str) -> str:
    return f"<details><summary>{title}</summary>{html}</details>"


def _titled(title: str, html: str) -> str:
    return f"<h4>{title}</h4>{html}" if html else ""


def _need(*, required: bool) -> str:
    return " <span class='need'>required</span>" if required else ""


def _badge(method: str) -> str:
    return f"<span class='method {method}'>{method.upper()}</span>"


def _pre(text: str) -> str:
    return f"<pre>{escape(text)}</pre>"


def _anchor(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-")


def _prose(text: str) -> str:
    """Paragraphs, lists and code of a docstring: the little Markdown that ours use."""
    html = []
    for block in re.split(r"\n\s*\n", text.strip()):
        items = re.split(r"^- ", block, flags=re.MULTILINE)
        if items[0].strip():
            html.append(f"<p>{_inline(items[0])}</p>")
        if items[1:]:
            html.append(f"<ul>{''.join(f'<li>{_inline(item)}</li>' for item in items[1:])}</ul>")
    return "".join(html)


def _inline(text: str) -> str:
    return re.sub(r"(`{1,2})(.+?)\1", r"<code>\2</code>", escape(text.strip()))
