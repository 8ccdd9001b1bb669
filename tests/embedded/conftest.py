import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.embedded.support import traces


@pytest.fixture
def home() -> Iterator[Path]:
    """A home that does not exist yet, in a folder that every account may enter."""
    folder = Path(tempfile.mkdtemp(prefix="daybook-home-")).resolve()
    folder.chmod(0o755)
    yield folder / "home"
    for left in traces(folder / "home"):
        shutil.rmtree(left)
    shutil.rmtree(folder)
