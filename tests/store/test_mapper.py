from typing import Any, ClassVar

import msgspec
import pytest
from eventsourcing.domain import DomainEventProtocol
from eventsourcing.persistence import MapperDeserialisationError, StoredEvent

from domain.aggregate import Fact
from domain.facts import TOPICS
from domain.facts.invoice import InvoiceDrafted
from store import mapper
from store.mapper import Event, FactMapper, decode, encode


class Renamed(Fact, frozen=True, kw_only=True):
    """A fact whose third shape is current."""

    TOPIC = "test.renamed"
    class_version: ClassVar[int] = 3

    name: str
    count: int

    @staticmethod
    def upcast_v1_v2(fields: dict[str, Any]) -> None:
        fields["name"] = fields.pop("title")

    @staticmethod
    def upcast_v2_v3(fields: dict[str, Any]) -> None:
        fields["count"] = 0


@pytest.fixture
def registered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(TOPICS, Renamed.TOPIC, Renamed)
    monkeypatch.setitem(mapper._decoders, Renamed.TOPIC, msgspec.json.Decoder(Renamed))


@pytest.mark.usefixtures("registered")
@pytest.mark.parametrize(
    "stored",
    [
        b'{"title":"x"}',
        b'{"class_version":2,"name":"x"}',
        b'{"class_version":3,"name":"x","count":0}',
    ],
)
def test_older_shapes_are_brought_up_to_date_step_by_step(stored: bytes) -> None:
    assert decode("test.renamed", stored) == Renamed(name="x", count=0)


@pytest.mark.usefixtures("registered")
def test_a_later_shape_is_stored_with_its_version() -> None:
    stored = encode(Renamed(name="x", count=1))
    assert stored == b'{"class_version":3,"name":"x","count":1}'
    assert decode("test.renamed", stored) == Renamed(name="x", count=1)


def test_the_librarys_mapper_contract_holds() -> None:
    event = Event("invoice/inv_1", 1, InvoiceDrafted(memo="x"))
    assert isinstance(event, DomainEventProtocol)

    stored = FactMapper().to_stored_event(event)

    assert stored == StoredEvent("invoice/inv_1", 1, "invoice.drafted", b'{"memo":"x"}')
    assert FactMapper().to_domain_event(stored) == event


@pytest.mark.parametrize(
    ("topic", "state"),
    [
        ("os:system", b"{}"),
        ("invoice.unheard_of", b"{}"),
        ("invoice.drafted", b"not json"),
        ("invoice.posted", b"{}"),
    ],
)
def test_what_is_not_in_the_closed_registry_or_does_not_fit_cannot_be_read(
    topic: str, state: bytes
) -> None:
    with pytest.raises(MapperDeserialisationError, match="cannot be read"):
        decode(topic, state)
