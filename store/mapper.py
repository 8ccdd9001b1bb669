"""Facts to stored events and back, at the seam of the ``eventsourcing`` library.

Its ``Mapper`` is the contract: the topic names the fact, ``class_version`` its shape, and
``upcast_vX_vY`` brings older shapes up to date. What is ours: JSON by msgspec, which auditors can
read, and a closed registry, so that stored data never names a module to import.
"""

import re
from typing import Any

import msgspec
from eventsourcing.domain import DomainEventProtocol
from eventsourcing.persistence import Mapper, MapperDeserialisationError, StoredEvent
from typing_extensions import override

from domain.aggregate import Fact
from domain.facts import TOPICS


class Event(msgspec.Struct, frozen=True):
    """A fact and its place in a stream: ``DomainEventProtocol[str]`` in the library's words."""

    originator_id: str
    originator_version: int
    fact: Fact


_encode = msgspec.json.Encoder().encode
_decoders = {topic: msgspec.json.Decoder(fact) for topic, fact in TOPICS.items()}
_VERSION = re.compile(rb'\{"class_version":(\d+)')


def encode(fact: Fact) -> bytes:
    """The bytes to store: the fields as JSON, after ``class_version`` when it is above 1."""
    state = _encode(fact)
    if fact.class_version == 1:
        return state
    separator = b"" if state == b"{}" else b","
    return b'{"class_version":%d%b%b' % (fact.class_version, separator, state[1:])


def decode(topic: str, state: bytes) -> Fact:
    """The fact in stored bytes, brought up to date.

    Raises:
        MapperDeserialisationError: The topic is unknown, or the bytes do not fit it.
    """
    try:
        latest = TOPICS[topic]
        version = _VERSION.match(state)
        # The decoder ignores class_version, which is no field of the fact.
        if (int(version[1]) if version else 1) == latest.class_version:
            return _decoders[topic].decode(state)
        return _upcast(latest, msgspec.json.decode(state))
    except (KeyError, AttributeError, msgspec.DecodeError) as error:
        raise MapperDeserialisationError(f"A stored {topic!r} cannot be read: {error}") from error


def _upcast(latest: type[Fact], fields: dict[str, Any]) -> Fact:
    version = fields.pop("class_version", 1)
    for older in range(version, latest.class_version):
        getattr(latest, f"upcast_v{older}_v{older + 1}")(fields)
    return msgspec.convert(fields, latest)


class FactMapper(Mapper[str]):
    """The library's mapper over ``encode`` and ``decode``."""

    def __init__(self) -> None:
        """No transcoder, compressor or cipher: what is stored stays readable."""

    @override
    def to_stored_event(self, domain_event: DomainEventProtocol[str]) -> StoredEvent:
        """The row to store for an ``Event``."""
        assert isinstance(domain_event, Event)
        return StoredEvent(
            domain_event.originator_id,
            domain_event.originator_version,
            domain_event.fact.TOPIC,
            encode(domain_event.fact),
        )

    @override
    def to_domain_event(self, stored_event: StoredEvent) -> Event:
        """The ``Event`` in a stored row."""
        return Event(
            str(stored_event.originator_id),
            stored_event.originator_version,
            decode(stored_event.topic, stored_event.state),
        )
