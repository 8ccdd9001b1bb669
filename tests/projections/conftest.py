"""A stage for random histories."""

from collections.abc import Iterator

import pytest

from tests.projections.stage import Stage, stage_on


@pytest.fixture
def stage(database_url: str) -> Iterator[Stage]:
    """Where Hypothesis plays histories on a database."""
    with stage_on(database_url) as stage:
        yield stage
