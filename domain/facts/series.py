"""What can happen in a number series. The storage format: see ``domain.aggregate.Fact``."""

from datetime import date

from domain.aggregate import Fact


class NumberAssigned(Fact, frozen=True, kw_only=True):
    """A document took the next number.

    It is the only fact of a series, so that the series' version *is* its latest number: a stream
    without a version gap is the proof that the series has no gap.
    """

    TOPIC = "series.number_assigned"

    number: int
    text: str
    document_id: str
    dated: date
