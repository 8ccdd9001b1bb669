import json
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV30SpecValidator, OpenAPIV31SpecValidator

from daybook.contract import FOLDER
from tests.documents import made


@pytest.mark.parametrize("name", ["openapi.json", "openapi-3.1.json"])
def test_the_committed_contract_is_the_served_one(name: str) -> None:
    assert (FOLDER / name).read_bytes() == made()[name], (
        "The contract changed. Look at the difference, then: python -m daybook.contract"
    )


@pytest.mark.parametrize(
    ("name", "validator"),
    [("openapi.json", OpenAPIV30SpecValidator), ("openapi-3.1.json", OpenAPIV31SpecValidator)],
)
def test_the_contract_is_valid_openapi(name: str, validator: Any) -> None:
    assert list(validator(json.loads(made()[name])).iter_errors()) == []


def test_every_operation_of_the_book_needs_a_key_and_every_other_is_meant_to_be_public() -> None:
    document = json.loads(made()["openapi.json"])
    public = {
        (method, path)
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
        if isinstance(operation, dict) and not operation.get("security")
    }
    own = {"/healthz", "/readyz", "/metrics", "/problems/{code}"}
    log_in = {
        ("post", "/api/v1/authentication/login"),
        ("put", "/api/v1/authentication/tokenrefresh"),
    }
    assert public == {*(("get", path) for path in own), *log_in}
