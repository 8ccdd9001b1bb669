"""Every benchmark there is. Each is one file with ``NAME``, ``measure`` and a sentence about it."""

from collections.abc import Awaitable, Callable
from types import MappingProxyType, ModuleType

import msgspec

from benchmarks import command_vs_insert, deliveries_vs_naive, patch_vs_noop, posts_one_series
from benchmarks.figures import Figure


class Benchmark(msgspec.Struct, frozen=True):
    """``measure`` takes the URL of an empty database with every table."""

    about: str
    measure: Callable[[str], Awaitable[Figure]]


def _of(module: ModuleType) -> tuple[str, Benchmark]:
    about = (module.__doc__ or "").partition("\n")[0]
    return module.NAME, Benchmark(about, module.measure)


BENCHMARKS = MappingProxyType(
    dict(
        _of(module)
        for module in (patch_vs_noop, command_vs_insert, posts_one_series, deliveries_vs_naive)
    )
)
"""By name, in the order in which they run."""
