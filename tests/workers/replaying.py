"""A process that carries out replays until it is killed, a few deliveries at a time."""

import asyncio
import sys

from store.books import open_books
from store.database import open_pool
from workers.replay import Replayer


async def main(url: str) -> None:
    async with open_pool(url, name="replaying", size=2) as pool, open_books(pool) as books:
        await Replayer(pool, books, lambda _book, _ids: None, window=7).run()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
