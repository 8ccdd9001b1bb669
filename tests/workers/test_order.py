"""Order of deliveries under failures: what an endpoint asked for is what it gets."""

from collections import defaultdict
from typing import Any

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typing_extensions import override

from domain.customer import CUSTOMER
from domain.facts.customer import CustomerChanged, CustomerCreated, CustomerDetails
from store.books import create_book
from store.ids import new_id
from store.secrets import add_secret
from tests.workers.stage import Stage
from tests.workers.webhooks import new_endpoint, tell
from workers.deliver import Deliverer
from workers.fan_out import fan_out_follower
from workers.sender import TIMEOUT, Answer, Request, Sender


def _renamed(place: int) -> CustomerChanged:
    return CustomerChanged(to=CustomerDetails(name=str(place)), fields=("name",))


class Scripted(Sender):
    """Refuses each event as often as told, and notes what was tried and what was accepted."""

    def __init__(self, failures: dict[int, int], status: int) -> None:
        self.left = dict(failures)  # by the event's place: from 0, in the order of the book
        self.status = status
        self.log: list[tuple[str, int, bool]] = []
        self.places: dict[tuple[str, int], int] = {}

    @override
    async def send(self, request: Request, *, timeout: float = TIMEOUT) -> Answer:
        body = msgspec.json.decode(request.body)
        place = self.places[body["aggregate"]["id"], body["rowVersion"]]
        refused = self.left.get(place, 0) > 0
        self.left[place] = self.left.get(place, 0) - 1
        self.log.append((body["aggregate"]["id"], place, not refused))
        return Answer(status=self.status if refused else 200)


scripts = st.fixed_dictionaries(
    {
        "documents": st.lists(st.integers(0, 3), min_size=1, max_size=12),
        "failures": st.dictionaries(st.integers(0, 11), st.integers(1, 3), max_size=6),
        "status": st.sampled_from([400, 500]),
    }
)
with_a_database = settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


async def play(stage: Stage, order: str, script: dict[str, Any]) -> tuple[Scripted, int]:
    """Let it happen to a book of its own; answers the sender, and how much came of one round."""
    documents = script["documents"]
    sender = Scripted(script["failures"], script["status"])
    book = await create_book(stage.pool, name="Order", mode="sandbox")
    endpoint = await new_endpoint(
        stage.books, book.book_id, stage.receiver.url, category="standard", order=order
    )
    await add_secret(stage.pool, stage.keyring, book.book_id, endpoint)
    ids = [new_id("cus") for _ in range(4)]
    versions: dict[str, int] = defaultdict(int)
    for place, document in enumerate(documents):
        id_ = ids[document]
        versions[id_] += 1
        sender.places[id_, versions[id_]] = place
        fact = CustomerCreated(name="A") if versions[id_] == 1 else _renamed(place)
        await tell(stage.books, book.book_id, CUSTOMER, id_, fact)
    await fan_out_follower(stage.pool, lambda _book, _ids: None).catch_up()
    deliverer = Deliverer(msgspec.structs.replace(stage.means, sender=sender))
    first_round = 0
    for number in range(60):
        while await deliverer.sweep():
            await deliverer.settled()
        first_round = first_round if number else len(sender.log)
        if sum(accepted for _, _, accepted in sender.log) == len(documents):
            return sender, first_round
        stage.clock.pass_(86_400)
    raise AssertionError(f"not everything was delivered: {sender.log}")


def in_turn(log: list[tuple[str, int, bool]], places: list[int]) -> bool:
    """Whether each was tried until it was accepted, before the next one was tried at all."""
    tried = [place for _, place, _ in log if place in places]
    accepted = [place for _, place, accepted in log if accepted and place in places]
    return tried == sorted(tried) and accepted == places


@with_a_database
@given(script=scripts)
async def test_aggregate_keeps_each_document_in_order_and_lets_no_other_wait(
    stage: Stage, script: dict[str, Any]
) -> None:
    sender, first_round = await play(stage, "aggregate", script)
    documents: dict[str, list[int]] = defaultdict(list)
    for (id_, _), place in sorted(sender.places.items(), key=lambda item: item[1]):
        documents[id_].append(place)
    for places in documents.values():
        assert in_turn(sender.log, places)
        if script["status"] == 400 and not script["failures"].keys() & set(places):
            early = [place for _, place, _ in sender.log[:first_round] if place in places]
            assert early == places, "a document without failures does not wait for others"


@with_a_database
@given(script=scripts)
async def test_strict_keeps_everything_in_order(stage: Stage, script: dict[str, Any]) -> None:
    sender, _ = await play(stage, "strict", script)
    assert in_turn(sender.log, sorted(sender.places.values()))


@with_a_database
@given(script=scripts)
async def test_without_order_nothing_waits_for_another(
    stage: Stage, script: dict[str, Any]
) -> None:
    sender, first_round = await play(stage, "none", script)
    if script["status"] == 400:
        tried = {place for _, place, _ in sender.log[:first_round]}
        assert tried == set(sender.places.values())
