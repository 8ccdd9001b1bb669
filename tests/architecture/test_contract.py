from typing import Any

import msgspec
import pytest
from openapi_spec_validator import OpenAPIV30SpecValidator, OpenAPIV31SpecValidator

from daybook.contract import FOLDER, contract


@pytest.mark.parametrize("name", ["openapi.json", "openapi-3.1.json"])
def test_the_committed_contract_is_the_served_one(name: str) -> None:
    assert (FOLDER / name).read_bytes() == contract()[name], (
        "The contract changed. Look at the difference, then: python -m daybook.contract"
    )


def test_the_contract_is_valid_openapi() -> None:
    documents: dict[str, Any] = {
        name: msgspec.json.decode(content) for name, content in contract().items()
    }
    assert list(OpenAPIV30SpecValidator(documents["openapi.json"]).iter_errors()) == []
    assert list(OpenAPIV31SpecValidator(documents["openapi-3.1.json"]).iter_errors()) == []


def test_every_operation_of_the_book_needs_a_key_and_every_other_is_meant_to_be_public() -> None:
    document = msgspec.json.decode(contract()["openapi.json"])
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
