"""What can happen to a serial number of a model. The storage format: ``domain.aggregate.Fact``."""

from domain.aggregate import Fact


class SerialReserved(Fact, frozen=True, kw_only=True):
    """A draft holds the serial number."""

    TOPIC = "serial.reserved"

    invoice_id: str
    line_id: str


class SerialReleased(Fact, frozen=True, kw_only=True):
    """The draft let the serial number go, or the invoice that sold it was voided."""

    TOPIC = "serial.released"

    invoice_id: str


class SerialShipped(Fact, frozen=True, kw_only=True):
    """The serial number was sold on a posted invoice."""

    TOPIC = "serial.shipped"

    invoice_id: str
    line_id: str


class SerialReturned(Fact, frozen=True, kw_only=True):
    """The serial number came back with a credit note, and can be sold again."""

    TOPIC = "serial.returned"

    credit_note_id: str
