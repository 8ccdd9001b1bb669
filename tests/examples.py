"""An example of every fact in every shape that was ever stored, by the name of its golden file.

Each example names every field of its fact, so that a renamed or dropped field cannot pass
unnoticed. An older shape stands beside the newer one, as what its upcast must make of it. After a
hyphen stands what a further example of the same shape shows: another kind of line, or a fact from
before it got fields that may be missing.
"""

from domain.aggregate import Fact
from tests.examples_of_invoice_life import LIFE_EXAMPLES
from tests.examples_of_invoices import INVOICE_EXAMPLES
from tests.examples_of_masters import MASTER_EXAMPLES
from tests.examples_of_money import MONEY_EXAMPLES

EXAMPLES: dict[str, Fact] = {
    **INVOICE_EXAMPLES,
    **LIFE_EXAMPLES,
    **MONEY_EXAMPLES,
    **MASTER_EXAMPLES,
}


def shape(name: str) -> str:
    """The topic and version of an example, such as ``invoice.line_added.v2``."""
    return name.partition("-")[0]
