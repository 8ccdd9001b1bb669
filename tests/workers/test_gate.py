import asyncio

from workers.gate import Gate


async def test_no_more_are_let_through_than_there_is_room_for_and_in_their_order() -> None:
    gate, inside, most, order = Gate(3), 0, 0, []

    async def visit(number: int) -> None:
        nonlocal inside, most
        async with gate:
            inside += 1
            most = max(most, inside)
            order.append(number)
            await asyncio.sleep(0)
            inside -= 1

    await asyncio.gather(*(visit(number) for number in range(20)))
    assert (inside, most, order) == (0, 3, list(range(20)))


async def test_a_turn_of_somebody_who_left_goes_to_the_next() -> None:
    gate, arrived = Gate(1), []

    async def visit(number: int) -> None:
        async with gate:
            arrived.append(number)

    await gate.__aenter__()
    first, second, third = (asyncio.create_task(visit(number)) for number in range(3))
    await asyncio.sleep(0)
    first.cancel()  # while it waits
    await gate.__aexit__()
    second.cancel()  # after it was given its turn, before it took it
    await asyncio.gather(first, second, third, return_exceptions=True)
    async with asyncio.timeout(60):
        await visit(3)
    assert arrived == [2, 3]
