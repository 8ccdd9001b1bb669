"""What the HTTP server imports: a factory, so that nothing happens at import."""

import gc
from collections.abc import Sequence
from functools import partial

from litestar.handlers import HTTPRouteHandler
from litestar.types import ASGIApp

from api.app import create_app
from daybook import __version__, logs
from daybook.settings import API_NEEDS, load
from daybook.wiring import open_doors


def app(more_routes: Sequence[HTTPRouteHandler] = ()) -> ASGIApp:
    """The ASGI application, from the environment. ``more_routes``: see ``create_app``."""
    settings = load(need=API_NEEDS)
    logs.set_up(settings.log_level)
    application = create_app(
        partial(open_doors, settings),
        version=__version__,
        max_body_bytes=settings.max_body_bytes,
        access_log=settings.access_log,
        cors_origins=settings.cors_origins,
        more_routes=more_routes,
    )
    _collect_seldom()
    return application


def _collect_seldom() -> None:
    """Let the garbage collector leave alone what lives as long as the process.

    Requests leave hardly any cycles behind. At the default thresholds a busy server made two full
    collections a second, of up to 54 ms each, which freed next to nothing.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
