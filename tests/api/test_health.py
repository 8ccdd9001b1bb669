import httpx

from store.books import Books
from store.database import Pool
from tests.api.conftest import serving


async def test_a_process_that_reaches_its_database_is_ready(client: httpx.AsyncClient) -> None:
    assert (await client.get("/healthz")).json() == {"status": "ok"}
    assert (await client.get("/readyz")).json() == {"status": "ok"}


async def test_without_the_database_it_is_alive_but_not_ready(pool: Pool, books: Books) -> None:
    async with serving(pool, books) as client:
        pool.terminate()
        assert (await client.get("/healthz")).status_code == 200
        assert (await client.get("/readyz")).status_code == 503
