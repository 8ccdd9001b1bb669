"""A draft to which every child can be added."""

import httpx
import pytest

from tests.api.xapi.calls import acme, draft


@pytest.fixture
async def invoice_id(client: httpx.AsyncClient) -> str:
    """A draft of ACME with one model."""
    await acme(client)
    return await draft(
        client,
        billToCode="ACME",
        currency="EUR",
        models=[{"modelCode": "M-1", "sellingPrice": "9"}],
    )
