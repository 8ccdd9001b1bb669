"""The API as in production, plus a route that does nothing: ``python -m benchmarks.server``.

It prints the port that the system gave it, and stops when its standard input ends, so that it never
outlives the benchmark.
"""

import os
import socket
import threading

import uvicorn
from litestar import patch
from litestar.params import JSONBody
from litestar.types import ASGIApp

from api.invoice_schemas import InvoicePatch
from api.wire import Reply
from benchmarks.http_load import HOST
from daybook import asgi


class NothingDone(Reply):
    """A small answer."""

    row_version: int


@patch("/no-op")
async def no_op(data: JSONBody[InvoicePatch]) -> NothingDone:  # noqa: ARG001 - decoding it is the point
    """Decode the body of an edit as strictly as the product does, and answer at once."""
    return NothingDone(row_version=1)


def app() -> ASGIApp:
    """The product's application with the route added."""
    return asgi.app(more_routes=[no_op])


def serve() -> None:
    """Serve until standard input ends."""
    listener = socket.create_server((HOST, 0), backlog=1024)
    print(listener.getsockname()[1], flush=True)
    server = uvicorn.Server(
        uvicorn.Config(
            app,
            factory=True,
            loop="uvloop",
            http="httptools",
            log_config=None,
            access_log=False,
            server_header=False,
        )
    )
    threading.Thread(target=_stop_after_input, args=(server,), daemon=True).start()
    server.run(sockets=[listener])


def _stop_after_input(server: uvicorn.Server) -> None:
    # Not through sys.stdin: its lock would upset an interpreter that ends for another reason.
    while os.read(0, 1):
        pass
    server.should_exit = True


if __name__ == "__main__":
    serve()
