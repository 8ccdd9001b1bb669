"""The documents of the API, made or read once: a test process needs seconds for each."""

import json
from functools import cache
from typing import Any

from daybook.contract import FOLDER, contract


@cache
def made() -> dict[str, bytes]:
    """What the code makes of its routes today, by name of file. Nobody may change it."""
    return contract()


@cache
def published(name: str = "openapi.json") -> Any:
    """What stands in docs/, which tests/architecture holds against the code. Only to be read."""
    return json.loads((FOLDER / name).read_bytes())
