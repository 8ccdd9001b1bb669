"""The contract says what webhooks bring, and its examples are such."""

from typing import Any

import msgspec
import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped] # it has no annotations

from api.openapi import finalise, openapi_config
from domain.facts import FACTS, TOPICS
from store.mapper import decode
from store.public import render
from tests.architecture.sources import ROOT
from tests.documents import published
from tests.sample_api import sample_app
from tests.store.test_public import recorded


@pytest.fixture(scope="module")
def document() -> Any:
    return published("openapi-3.1.json")


def request_of(operation: Any) -> Any:
    return operation["requestBody"]["content"]["application/json"]


def faults(document: Any, schema: Any, value: Any) -> list[str]:
    whole = {**schema, "components": document["components"]}
    return [it.message for it in Draft202012Validator(whole).iter_errors(value)]


def test_every_type_of_event_is_described_and_so_is_a_ping(document: Any) -> None:
    assert set(document["webhooks"]) == {*TOPICS, "webhook.ping"}


def test_readers_of_the_older_version_find_them_as_callbacks_of_the_creation(document: Any) -> None:
    older = published("openapi.json")
    assert set(older["x-webhooks"]) == set(document["webhooks"])
    callbacks = older["paths"]["/api/webhook-endpoints"]["post"]["callbacks"]
    [(url, item)] = callbacks["event"].items()
    assert url == "{$request.body#/url}"
    body = older["components"]["schemas"]["WebhookBody"]
    assert request_of(item["post"])["schema"] == {"$ref": "#/components/schemas/WebhookBody"}
    assert set(body["discriminator"]["mapping"]) == set(document["webhooks"])


def test_every_example_is_what_its_schema_describes(document: Any) -> None:
    for topic, item in document["webhooks"].items():
        request = request_of(item["post"])
        assert request["example"]["type"] == topic
        assert faults(document, request["schema"], request["example"]) == []


def test_a_body_of_another_type_is_not_what_a_schema_describes(document: Any) -> None:
    schema = request_of(document["webhooks"]["invoice.posted"]["post"])["schema"]
    other = request_of(document["webhooks"]["invoice.voided"]["post"])["example"]
    assert faults(document, schema, other) != []


@pytest.mark.parametrize("fact", FACTS, ids=lambda it: it.TOPIC)
def test_what_is_really_sent_is_what_the_schema_describes(document: Any, fact: Any) -> None:
    golden = ROOT / "tests" / "golden" / f"{fact.TOPIC}.v{fact.class_version}.json"
    event = recorded(decode(fact.TOPIC, golden.read_bytes()))
    body = msgspec.json.decode(render(event))
    for schema in (
        request_of(document["webhooks"][fact.TOPIC]["post"])["schema"],
        {"$ref": "#/components/schemas/WebhookBody"},
    ):
        assert faults(document, schema, body) == []


def test_a_document_of_routes_that_ask_for_no_webhooks_has_none() -> None:
    sample = sample_app(openapi_config(title="Sample", version="1"))
    assert "webhooks" not in finalise(sample)
