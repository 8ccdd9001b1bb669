"""Every benchmark there is. Each is one file with ``NAME``, ``measure`` and a sentence about it."""

from collections.abc import Awaitable, Callable
from functools import partial
from inspect import signature
from types import MappingProxyType, ModuleType

import msgspec

from benchmarks import (
    append_at_size,
    append_vs_library,
    append_vs_library_alone,
    append_vs_pgbench,
    auto_save,
    command_vs_insert,
    command_vs_noop,
    cost_of_requests,
    deliveries_vs_naive,
    delivery_isolation,
    domain_speed,
    lists_at_a_million,
    patch_vs_noop,
    posts_one_series,
    posts_two_processes,
    projection_lag,
    rebuild_vs_copy,
    reports_at_a_million,
    single_vs_independent,
    stream_open,
)
from benchmarks.figures import Figure


class Benchmark(msgspec.Struct, frozen=True):
    """``measure`` takes the URL of an empty database with every table.

    A scaled one fills it with millions of events, or with a part of them: ``scale``.
    """

    about: str
    measure: Callable[..., Awaitable[Figure]]
    scaled: bool = False

    def at(self, scale: float) -> Callable[[str], Awaitable[Figure]]:
        """``measure`` with that scale, if it matters."""
        return partial(self.measure, scale=scale) if self.scaled else self.measure


def _of(module: ModuleType) -> tuple[str, Benchmark]:
    about = (module.__doc__ or "").partition("\n")[0]
    scaled = "scale" in signature(module.measure).parameters
    return module.NAME, Benchmark(about, module.measure, scaled)


_MODULES = (
    patch_vs_noop,
    cost_of_requests,
    auto_save,
    command_vs_noop,
    command_vs_insert,
    append_vs_library,
    append_vs_library_alone,
    append_vs_pgbench,
    posts_one_series,
    posts_two_processes,
    single_vs_independent,
    domain_speed,
    stream_open,
    append_at_size,
    projection_lag,
    rebuild_vs_copy,
    lists_at_a_million,
    reports_at_a_million,
    deliveries_vs_naive,
    delivery_isolation,
)

BENCHMARKS = MappingProxyType(dict(map(_of, _MODULES)))
"""By name, in the order in which they run."""
