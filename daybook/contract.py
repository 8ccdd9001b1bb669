"""The published contract as files: ``python -m daybook.contract`` renews those in ``docs/``."""

from contextlib import AbstractAsyncContextManager
from pathlib import Path

from api.app import litestar_app
from api.caller import Doors
from api.contract import contract_bytes
from api.openapi import finalise
from api.openapi30 import downgrade
from daybook import __version__

FOLDER = Path(__file__).parents[1] / "docs"


def contract() -> dict[str, bytes]:
    """Name and content of each file."""
    document = finalise(litestar_app(_closed, version=__version__))
    return {
        "openapi.json": contract_bytes(downgrade(document)),
        "openapi-3.1.json": contract_bytes(document),
    }


def _closed() -> AbstractAsyncContextManager[Doors]:
    """Describing the routes opens nothing."""
    raise NotImplementedError


if __name__ == "__main__":
    for name, content in contract().items():
        (FOLDER / name).write_bytes(content)
