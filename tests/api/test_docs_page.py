"""The documentation page."""

import re
from html.parser import HTMLParser
from typing import Any

import pytest
from typing_extensions import override

from api.contract import contract_handlers
from api.docs_page import curl, parameters_of, render
from api.docs_schema import Row, rows_of, type_of
from api.openapi import finalise, openapi_config
from api.problem_types import PROBLEMS
from tests.sample_api import client_of, sample_app

ABOUT = "Orders.\n\n- first\n- `second`"

VOID = {"meta", "br", "hr", "img", "link", "input"}


class Page(HTMLParser):
    """Checks that tags are balanced, and collects what a test wants to know."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.attributes: set[str] = set()
        self.text = ""
        self.feed(html)
        assert self.open == []

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        for name, value in attrs:
            self.attributes.add(name)
            self.ids += [value or ""] if name == "id" else []
            self.links += [value or ""] if name in {"href", "src"} else []
        if tag not in VOID:
            self.open.append(tag)

    @override
    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    @override
    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture(scope="module")
def document() -> Any:
    return finalise(sample_app(openapi_config(title="Sample", version="1", description=ABOUT)))


def test_the_page_is_whole_and_comes_from_nowhere_else(document: Any) -> None:
    page = Page(render(document))

    assert "script" not in page.tags
    assert {link.partition("#")[0] for link in page.links} == (
        {"", "openapi.json", "openapi-3.1.json"}
    )
    assert "style" not in page.attributes
    assert not {name for name in page.attributes if name.startswith("on")}
    assert "url(" not in render(document)


def test_every_link_inside_the_page_leads_somewhere(document: Any) -> None:
    page = Page(render(document))

    targets = {link[1:] for link in page.links if link.startswith("#")}
    assert targets <= set(page.ids)
    assert len(page.ids) == len(set(page.ids))


def test_every_operation_field_and_problem_is_on_it(document: Any) -> None:
    text = Page(render(document)).text

    for path, item in document["paths"].items():
        for operation in item.values():
            assert path in text
            assert operation["summary"] in text
            for parameter in parameters_of(operation, document):
                assert parameter["name"] in text
    for name in ("customerId", "lines[].unitPrice", "payment.lastDigits", "items[].rowVersion"):
        assert name in text
    for code, kind in PROBLEMS.items():
        assert code in text
        assert kind.meaning.replace("`", "") in text


def test_whatever_the_contract_says_is_escaped(document: Any) -> None:
    evil = "<script>alert('x')</script>\"&`<b>`"
    operation = {
        "operationId": evil,
        "summary": evil,
        "description": evil,
        "tags": [evil],
        "parameters": [{"name": evil, "in": evil, "description": evil, "schema": {"enum": [evil]}}],
        "requestBody": {
            "content": {
                evil: {
                    "schema": {"properties": {evil: {"description": evil}}},
                    "example": {evil: evil},
                }
            }
        },
        "responses": {
            "200": {"description": evil, "headers": {evil: {"description": evil}}},
            "400": {"description": evil},
        },
    }
    info = {"title": evil, "version": evil, "description": evil}

    html = render({**document, "info": info, "paths": {f"/{evil}": {"get": operation}}})

    page = Page(html)
    assert not page.tags & {"script", "b"}
    assert "<script" not in html


def test_the_little_markdown_of_docstrings_is_shown(document: Any) -> None:
    html = render(document)

    assert "<p>Orders.</p><ul><li>first</li><li><code>second</code></li></ul>" in html


def test_a_command_can_be_copied_into_a_shell(document: Any) -> None:
    operation = document["paths"]["/api/orders/{code}"]["patch"]

    command = curl("patch", "/api/orders/{code}", operation, document)

    assert command.splitlines()[:5] == [
        'curl -X PATCH "$DAYBOOK_URL/api/orders/CODE" \\',
        '  -H "Authorization: Bearer $DAYBOOK_KEY" \\',
        "  -H 'If-Match: \"7\"' \\",
        "  -H 'Content-Type: application/merge-patch+json' \\",
        "  -d '{",
    ]
    public = curl("get", "/api/ticks", document["paths"]["/api/ticks"]["get"], document)
    assert public == 'curl "$DAYBOOK_URL/api/ticks"'


def test_an_example_cannot_break_out_of_its_quotes() -> None:
    operation = {"requestBody": {"content": {"application/json": {"example": "'; rm -rf '"}}}}

    assert """-d '"'"'"'; rm -rf '"'"'"'""" in curl("post", "/", operation, {"components": {}})


def test_fields_of_schemas_that_refer_to_themselves_end() -> None:
    node: dict[str, Any] = {
        "type": "object",
        "required": ["name"],
        "properties": {
            "name": {"type": "string", "maxLength": 9, "description": "Its name."},
            "children": {"type": "array", "items": {"$ref": "#/components/schemas/Node"}},
        },
    }

    rows = rows_of(node, {"Node": node})

    assert rows[0] == Row("name", "string ≤ 9", required=True, meaning="Its name.")
    assert rows[1].type == "array of Node"
    assert len(rows) == 10


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"type": "integer", "minimum": 1, "maximum": 2**53 - 1}, "integer ≥ 1"),
        ({"type": "integer", "minimum": 0, "maximum": 9}, "integer ≤ 9"),
        ({"type": "integer", "minimum": 1, "maximum": 9}, "integer 1…9"),
        ({"anyOf": [{"type": "string", "format": "date"}, {"type": "null"}]}, "date or null"),
        ({"enum": ["a", "b"]}, '"a" | "b"'),
        ({"$ref": "#/components/schemas/Colour"}, '"red"'),
        ({"type": "array", "items": {"type": "string"}, "maxItems": 5}, "array of string ≤ 5"),
        ({}, "any"),
    ],
)
def test_types_are_told_in_a_few_words(schema: Any, expected: str) -> None:
    assert type_of(schema, {"Colour": {"enum": ["red"]}}) == expected


async def test_the_page_is_served_with_a_policy_that_admits_only_its_own_style() -> None:
    app = sample_app(
        openapi_config(title="Sample", version="1", description=ABOUT), *contract_handlers()
    )
    async with client_of(app) as client:
        reply = await client.get("/api/docs")

    assert reply.status_code == 200
    assert reply.headers["content-type"] == "text/html; charset=utf-8"
    policy = reply.headers["content-security-policy"]
    assert re.fullmatch(r"default-src 'none'; style-src 'sha256-[A-Za-z0-9+/=]{44}'; .*", policy)
    assert "unsafe" not in policy
    assert reply.text.startswith("<!doctype html>")
