"""The schemas of events as files: ``python -m daybook.event_schemas`` renews ``docs/events/``.

A file of an older version stays for good: events of that shape are with somebody.
"""

from pathlib import Path

from store.public_schema import event_schemas, schema_bytes

FOLDER = Path(__file__).parents[1] / "docs" / "events"


def schema_files() -> dict[str, bytes]:
    """Name and content of each file: every type in its current version."""
    return {
        f"{topic}.v{version}.json": schema_bytes(schema)
        for (topic, version), schema in event_schemas().items()
    }


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name, content in schema_files().items():
        (FOLDER / name).write_bytes(content)
