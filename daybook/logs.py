"""Structured logs: one JSON object a line on standard error, set up once a process."""

import logging
import sys
from datetime import UTC, datetime
from typing import Any

import msgspec
from typing_extensions import override


class JsonLines(logging.Formatter):
    """Formats a record as one JSON object. A message that is an object already is merged in."""

    @override
    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return msgspec.json.encode(line).decode()


def set_up(level: str) -> None:
    """Send everything of this level and above to standard error."""
    stream = logging.StreamHandler(sys.stderr)
    stream.setFormatter(JsonLines())
    logging.basicConfig(level=level, handlers=[stream], force=True)
    logging.getLogger("asyncio").setLevel("WARNING")
    logging.getLogger("uvicorn.access").disabled = True
