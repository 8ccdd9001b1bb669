"""The published contract as files: ``python -m daybook.contract`` renews those in ``docs/``.

It refuses to when clients would break, and says why; ``--breaking`` renews them all the same.
"""

import json
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import click

from api.app import litestar_app
from api.caller import Doors
from api.contract import contract_bytes
from api.openapi import finalise
from api.openapi30 import downgrade
from daybook import __version__
from daybook.contract_changes import breaking_changes

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


@click.command()
@click.option("--breaking", is_flag=True, help="Renew it although clients break.")
def main(*, breaking: bool) -> None:
    """Renew the contract in docs/, unless that breaks clients of the one that is there."""
    files = contract()
    kept = FOLDER / "openapi-3.1.json"
    old = json.loads(kept.read_bytes()) if kept.exists() else {"paths": {}}
    found = breaking_changes(old, json.loads(files[kept.name]))
    for sentence in found:
        click.echo(sentence, err=True)
    if found and not breaking:
        raise click.ClickException(
            "This breaks clients. Keep what they use, or say --breaking and tell of it in "
            "CHANGELOG.md."
        )
    for name, content in files.items():
        (FOLDER / name).write_bytes(content)


if __name__ == "__main__":
    main()
