"""What the HTTP server imports: a factory, so that nothing happens at import."""

from functools import partial

from litestar.types import ASGIApp

from api.app import create_app
from daybook import __version__, logs
from daybook.settings import load
from daybook.wiring import open_doors

NEEDS = ("DATABASE_URL", "DAYBOOK_SECRET_KEYS")


def app() -> ASGIApp:
    """The ASGI application, from the environment."""
    settings = load(need=NEEDS)
    logs.set_up(settings.log_level)
    return create_app(
        partial(open_doors, settings),
        version=__version__,
        max_body_bytes=settings.max_body_bytes,
        access_log=settings.access_log,
    )
