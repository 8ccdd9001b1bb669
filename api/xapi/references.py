"""How rows name lines of their invoice: by id, or by number."""

from collections.abc import Mapping

import msgspec

from domain.errors import RuleBroken, Violation
from domain.facts.lines import ModelLine
from domain.invoice import Invoice


class Lines(msgspec.Struct, frozen=True):
    """The lines that a row may refer to: ids by number, and the ids of the models among them."""

    numbers: Mapping[str, str]
    models: tuple[str, ...]

    def line(self, ref: str, pointer: str) -> str:
        """The id that a reference means. An id stands for itself.

        Raises:
            RuleBroken: There is no line of that number.
        """
        if not ref.isdigit():
            return ref
        number = ref.lstrip("0") or "0"
        if number not in self.numbers:
            detail = f"There is no line {number} on this invoice."
            raise RuleBroken((Violation("no-such-line", pointer, detail),))
        return self.numbers[number]

    def model(self, ref: str | None) -> str:
        """The model that a serial number belongs to; without a reference, the only one.

        Raises:
            RuleBroken: There is none, or more than one, or it is a line of another kind.
        """
        at = "/modelLineId"
        if ref is not None:
            line_id = self.line(ref, at)
            if line_id in self.numbers.values() and line_id not in self.models:
                detail = "Only models have serial numbers: this line is none."
                raise RuleBroken((Violation("serial-model", at, detail),))
            return line_id
        if len(self.models) != 1:
            detail = f"There are {len(self.models)} models on this invoice: say which one."
            raise RuleBroken((Violation("serial-model", at, detail),))
        return self.models[0]


def lines_of(invoice: Invoice) -> Lines:
    """The lines of an invoice by their place, from 1."""
    return Lines(
        numbers={str(number): line.id for number, line in enumerate(invoice.lines, 1)},
        models=tuple(line.id for line in invoice.lines if isinstance(line, ModelLine)),
    )
