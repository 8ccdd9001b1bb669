import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.program import until
from tests.embedded.support import traces


@pytest.fixture
def home() -> Iterator[Path]:
    """A home that does not exist yet, in a folder that every account may enter."""
    folder = Path(tempfile.mkdtemp(prefix="daybook-home-")).resolve()
    folder.chmod(0o755)
    yield folder / "home"
    until(lambda: _gone(folder), 60, lambda: str(traces(folder / "home")))


def _gone(folder: Path) -> bool:
    """Remove what is left. A server that is about to end may still write, or remove the same."""
    for left in [*traces(folder / "home"), folder]:
        shutil.rmtree(left, ignore_errors=True)
    return not folder.exists() and not traces(folder / "home")
