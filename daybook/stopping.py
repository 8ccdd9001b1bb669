"""Tell streams to end when the server is told to stop.

The server waits for the answers that are under way, and a stream does not end by itself: without
this, a stop would take as long as the server's patience does.
"""

import asyncio
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def told_to_stop(end: Callable[[], None]) -> Iterator[None]:
    """While the block runs, call ``end`` on the running loop at SIGTERM or Ctrl-C.

    What was to happen at these signals happens all the same, and right after.
    """
    loop = asyncio.get_running_loop()
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}

    def stop(number: int, frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(end)
        handler = before[signal.Signals(number)]
        if callable(handler):
            handler(number, frame)

    replaced = [number for number, handler in before.items() if callable(handler)]
    for number in replaced:
        signal.signal(number, stop)
    try:
        yield
    finally:
        for number in replaced:
            signal.signal(number, before[number])
