"""The contract says what the code does."""

from typing import Annotated, Any

import msgspec
import pytest
from litestar import get, post
from litestar.exceptions import ImproperlyConfiguredException
from litestar.openapi.spec import Tag
from litestar.params import FromQuery, JSONBody
from openapi_spec_validator import OpenAPIV30SpecValidator, OpenAPIV31SpecValidator

from api.contract import contract_bytes, contract_handlers
from api.docs_page import parameters_of
from api.openapi import finalise, openapi_config
from api.openapi30 import downgrade, lost
from api.openapi_bounds import bound
from api.problem_types import PROBLEMS
from api.strict_json import decode
from api.wire import Code
from tests.sample_api import NewOrder, OrderPatch, client_of, sample_app


def config() -> Any:
    return openapi_config(
        title="Sample", version="1", description="A test.", tags=[Tag("Orders", "What is sold.")]
    )


@pytest.fixture(scope="module")
def document() -> Any:
    return finalise(sample_app(config()))


def test_both_documents_are_valid_and_nothing_is_lost(document: Any) -> None:
    assert list(OpenAPIV31SpecValidator(document).iter_errors()) == []
    assert list(OpenAPIV30SpecValidator(downgrade(document)).iter_errors()) == []
    assert lost(document) == []


def test_the_document_is_the_same_every_time() -> None:
    first, second = (contract_bytes(finalise(sample_app(config()))) for _ in range(2))

    assert first == second
    assert first.endswith(b"\n}\n")


def test_every_operation_is_there_in_a_fixed_order(document: Any) -> None:
    operations = [
        (method, path, operation["operationId"])
        for path, item in document["paths"].items()
        for method, operation in item.items()
    ]

    assert operations == [
        ("get", "/api/orders", "listOrders"),
        ("post", "/api/orders", "takeOrder"),
        ("get", "/api/orders/{code}", "getOrder"),
        ("patch", "/api/orders/{code}", "changeOrder"),
        ("delete", "/api/orders/{code}", "deleteOrder"),
        ("post", "/api/orders/{code}/ship", "shipOrder"),
        ("get", "/api/ticks", "ticks"),
    ]


def test_schemas_are_those_of_the_validator(document: Any) -> None:
    _, schemas = msgspec.json.schema_components(
        [NewOrder], ref_template="#/components/schemas/{name}"
    )

    for name, schema in schemas.items():
        bound(schema)
        assert document["components"]["schemas"][name] == schema
    assert document["components"]["schemas"]["NewOrder"]["additionalProperties"] is False
    assert "discriminator" in str(schemas["NewOrder"]["properties"]["payment"])


def test_parameters_keep_their_bounds_and_defaults(document: Any) -> None:
    declared = parameters_of(document["paths"]["/api/orders"]["get"], document)
    parameters = [it for it in declared if it["in"] == "query"]

    assert [parameter["name"] for parameter in parameters] == ["limit", "customerId.eq", "since"]
    limit, customer, since = (parameter["schema"] for parameter in parameters)
    assert limit == {
        "type": "integer",
        "minimum": 1,
        "maximum": 200,
        "default": 50,
        "format": "int32",
    }
    assert customer == {"type": "string", "minLength": 1, "maxLength": 64}
    assert since == {"type": "string", "format": "date", "maxLength": 10}
    ticks, *_ = parameters_of(document["paths"]["/api/ticks"]["get"], document)
    assert ticks["schema"]["minimum"] == 0
    deleted = parameters_of(document["paths"]["/api/orders/{code}"]["delete"], document)
    [code] = [it for it in deleted if it["in"] == "path"]
    assert code["required"] is True
    assert code["schema"]["pattern"]


def test_bodies_say_their_media_types_and_whether_they_are_needed(document: Any) -> None:
    take = document["paths"]["/api/orders"]["post"]["requestBody"]
    change = document["paths"]["/api/orders/{code}"]["patch"]["requestBody"]
    ship = document["paths"]["/api/orders/{code}/ship"]["post"]["requestBody"]

    assert (take["required"], change["required"], ship["required"]) == (True, True, False)
    assert list(change["content"]) == ["application/merge-patch+json", "application/json"]
    reference = {"$ref": "#/components/schemas/OrderPatch"}
    assert ship["content"]["application/json"]["schema"] == reference


def test_the_examples_of_bodies_are_accepted(document: Any) -> None:
    for path, method, kind in (
        ("/api/orders", "post", NewOrder),
        ("/api/orders/{code}", "patch", OrderPatch),
    ):
        content = document["paths"][path][method]["requestBody"]["content"]
        for media in content.values():
            assert decode(kind, msgspec.json.encode(media["example"]))


def test_every_error_is_a_problem_document(document: Any) -> None:
    responses = document["components"]["responses"]
    for item in document["paths"].values():
        for operation in item.values():
            for status, response in operation["responses"].items():
                if int(status) < 400:
                    continue
                name = response.get("$ref", "").rpartition("/")[2]
                content = responses[name]["content"] if name else response["content"]
                assert list(content) == ["application/problem+json"]


def test_an_operation_tells_its_own_problems(document: Any) -> None:
    responses = document["paths"]["/api/orders/{code}"]["patch"]["responses"]

    assert [it for it in responses if it < "400"] == ["200", "204"]
    assert [it for it in responses if it >= "400"] == (
        ["400", "401", "403", "404", "409", "413", "415", "422", "428", "429", "500", "503"]
    )
    name = responses["409"]["$ref"].rpartition("/")[2]
    text = document["components"]["responses"][name]["description"]
    assert "`row-version-conflict`" in text
    assert "`field-frozen`" in text
    own = document["paths"]["/api/orders/{code}/ship"]["post"]["responses"]["409"]
    assert own["content"]["application/problem+json"]["schema"] == {
        "$ref": "#/components/schemas/Conflict"
    }


def test_operations_with_a_scope_need_a_key_and_take_idempotency_keys(document: Any) -> None:
    ship = document["paths"]["/api/orders/{code}/ship"]["post"]
    ticks = document["paths"]["/api/ticks"]["get"]

    assert ship["security"] == [{"bearer": []}]
    assert "Scope: `commands`." in ship["description"]
    assert "Idempotency-Key" in {it["name"] for it in parameters_of(ship, document)}
    assert ticks["security"] == []
    assert "401" not in ticks["responses"]
    assert document["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"


def headers_of(operation: Any, document: Any) -> set[str]:
    return {it["name"] for it in parameters_of(operation, document) if it["in"] == "header"}


def test_headers_are_described_once_and_named_wherever_they_apply(document: Any) -> None:
    orders, order = document["paths"]["/api/orders"], document["paths"]["/api/orders/{code}"]
    said = {"X-Change-Reason", "X-Correlation-Id", "X-Causation-Id"}
    in_turn = {"If-Match", "Edit-Session", "Edit-Seq", "Prefer"}

    always = {"Api-Version"}

    assert headers_of(order["patch"], document) == always | said | in_turn
    assert headers_of(orders["post"], document) == always | said | {"Idempotency-Key", "Prefer"}
    assert headers_of(order["get"], document) == always | {"If-None-Match"}
    assert headers_of(orders["get"], document) == always
    assert {it["in"] for it in document["components"]["parameters"].values()} == {"header"}


def test_what_headers_may_lead_to_is_told(document: Any) -> None:
    change = document["paths"]["/api/orders/{code}"]["patch"]["responses"]
    name = change["409"]["$ref"].rpartition("/")[2]
    told = document["components"]["responses"][name]["description"]

    assert {"Idempotent-Replayed", "Preference-Applied"} <= change["200"]["headers"].keys()
    assert "304" in document["paths"]["/api/orders/{code}"]["get"]["responses"]
    assert all(f"`{code}`" in told for code in ("sequence-gap", "edit-seq-used"))


def test_an_entity_says_that_its_etag_is_the_row_version(document: Any) -> None:
    reply = document["paths"]["/api/orders/{code}"]["patch"]["responses"]["200"]

    assert "RowVersion" in reply["headers"]["ETag"]["description"]


def test_a_stream_is_described_as_one(document: Any) -> None:
    reply = document["paths"]["/api/ticks"]["get"]["responses"]["200"]

    assert list(reply["content"]) == ["text/event-stream"]


def test_bounds_that_litestar_would_ignore_are_refused() -> None:
    @get("/lax", sync_to_thread=False)
    def lax(code: FromQuery[Annotated[Code, "a note"] | None] = None) -> str:
        return code or ""

    with pytest.raises(ImproperlyConfiguredException, match=r"does not look at msgspec\.Meta"):
        finalise(sample_app(config(), lax))


def test_an_example_may_be_given_by_the_handler() -> None:
    @post("/with", sync_to_thread=False, opt={"example": {"customerId": "12"}})
    def with_example(data: JSONBody[NewOrder]) -> None:
        del data

    document = finalise(sample_app(config(), with_example))

    content = document["paths"]["/with"]["post"]["requestBody"]["content"]
    assert content["application/json"]["example"] == {"customerId": "12"}


def test_codes_in_opt_must_be_known() -> None:
    @get("/typo", sync_to_thread=False, opt={"problems": ("no-such-code",)})
    def typo() -> None: ...

    with pytest.raises(KeyError):
        finalise(sample_app(config(), typo))


async def test_the_contract_is_served_without_a_key_and_only_where_it_should() -> None:
    app = sample_app(config(), *contract_handlers())
    async with client_of(app) as client:
        old, new = await client.get("/api/openapi.json"), await client.get("/api/openapi-3.1.json")
        again = await client.get(
            "/api/openapi.json", headers={"if-none-match": old.headers["etag"]}
        )
        stray = [(await client.get(path)).status_code for path in ("/schema", "/openapi.json")]

    assert (old.json()["openapi"], new.json()["openapi"]) == ("3.0.3", "3.1.0")
    assert old.headers["content-type"] == "application/json"
    assert new.json() == finalise(sample_app(config()))
    assert (again.status_code, again.content) == (304, b"")
    assert stray == [404, 404]


def test_every_problem_code_has_a_status_of_its_own_in_the_contract(document: Any) -> None:
    for response in document["components"]["responses"].values():
        [media] = response["content"].values()
        example = media["example"]
        assert PROBLEMS[example["code"]].status == example["status"]
