"""What can happen to an entry of a code table. The storage format: ``domain.aggregate.Fact``."""

from datetime import date
from decimal import Decimal

import msgspec

from domain.aggregate import Fact


class CodeDetails(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An entry of a code table, such as a salesperson, a branch, a misc charge or a comment.

    ``amount`` is what the table counts: the price of a misc charge or labor rate, the fee of an
    entry of table 1 or 2, the days of payment terms. ``text`` is what a comment prints.
    """

    description: str | None = None
    text: str | None = None
    type: str | None = None
    amount: Decimal | None = None
    tax_code: str | None = None
    reason_code: str | None = None
    gl_account: str | None = None
    start_date: date | None = None
    end_date: date | None = None
    obsolete: bool = False


class CodeCreated(CodeDetails, Fact, frozen=True, kw_only=True):
    """An entry was added to a code table."""

    TOPIC = "code.created"


class CodeChanged(Fact, frozen=True, kw_only=True):
    """The fields named in ``fields`` got the values that they have in ``to``."""

    TOPIC = "code.changed"

    to: CodeDetails
    fields: tuple[str, ...]


class CodeRemoved(Fact, frozen=True, kw_only=True):
    """The entry was taken off its table; documents that name it keep what they copied from it."""

    TOPIC = "code.removed"
