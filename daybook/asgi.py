"""What the HTTP server imports: a factory, so that nothing happens at import."""

from collections.abc import Sequence
from functools import partial

from litestar.handlers import HTTPRouteHandler
from litestar.types import ASGIApp

from api.app import create_app
from daybook import __version__, logs
from daybook.garbage import collect_seldom
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
        max_upload_bytes=settings.max_attachment_bytes,
        access_log=settings.access_log,
        cors_origins=settings.cors_origins,
        more_routes=more_routes,
    )
    collect_seldom()
    return application
