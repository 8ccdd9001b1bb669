"""Rules about what is billed: P20 to P23, P25 to P27."""

from collections.abc import Iterator
from decimal import Decimal

from domain.amounts.line import discount_exceeds
from domain.errors import Violation
from domain.facts.invoice_parts import Header, Totals
from domain.facts.lines import BilledLine, ModelLine, PackageLine, Tax
from domain.limits import TAX_RATE
from domain.money import ZERO
from domain.posting.case import Case
from domain.tax_code import CATEGORIES

_WHOLE = Decimal(100)


def check_lines(case: Case) -> Iterator[Violation]:
    """P20, then line by line P21 to P23 and P25 to P27; at last the document's own discount."""
    inside, untaxed = case.inside, _taxed_elsewhere(case)
    empty = True
    for at, line in case.billed:
        empty = False
        yield from _needed(line, at, priced=at not in inside)
        yield from _quantity(line, at)
        yield from _price(line, at)
        yield from _discount(line, at)
        if not line.taxes and at not in untaxed:
            detail = "Set the tax, with rate 0 and category Z, E or O where none is due."
            yield Violation("P27", f"{at}/taxes", detail)
        yield from check_taxes(line.taxes, at)
    if empty:
        detail = "An invoice needs at least one line that bills something; comments do not count."
        yield Violation("P20", "/lines", detail)
    yield from check_document_discount(case.invoice, case.totals)


def _taxed_elsewhere(case: Case) -> set[str]:
    """Packages, which their components may tax, and the components of those that have a tax."""
    lines = case.invoice.lines
    found: set[str] = set()
    for index, members in case.members.items():
        package = lines[index]
        taxed = isinstance(package, PackageLine) and package.taxes
        found.update(f"/lines/{it}" for it in (members if taxed else (index,)))
    return found


def _needed(line: BilledLine, at: str, *, priced: bool) -> Iterator[Violation]:
    """P21. What is inside of a package has its price from there."""
    if line.quantity is None:
        yield Violation("P21", f"{at}/quantity", "Set the quantity.")
    if not line.description:
        yield Violation("P21", f"{at}/description", "Say what was sold: set the description.")
    if not line.uom:
        detail = "Set the unit of measure, such as C62 for pieces or HUR for hours."
        yield Violation("P21", f"{at}/uom", detail)
    if line.unit_price is None and priced:
        yield Violation("P21", f"{at}/unitPrice", "Set the unit price.")


def _quantity(line: BilledLine, at: str) -> Iterator[Violation]:
    """P23."""
    if line.quantity is None:
        return
    if isinstance(line, ModelLine):
        if line.quantity <= ZERO or line.quantity != line.quantity.to_integral_value():
            detail = "Models are counted in whole pieces: set 1 or more."
            yield Violation("P23", f"{at}/quantity", detail)
    elif line.quantity == ZERO:
        yield Violation("P23", f"{at}/quantity", "The quantity cannot be zero.")


def _price(line: BilledLine, at: str) -> Iterator[Violation]:
    """P22, and of P23 the quantity that the price is for."""
    if line.unit_price is not None and line.unit_price < ZERO:
        detail = "The price cannot be negative; use a negative quantity instead."
        yield Violation("P22", f"{at}/unitPrice", detail)
    list_price: Decimal | None = getattr(line, "list_price", None)
    if list_price is not None and list_price < ZERO:
        yield Violation("P22", f"{at}/listPrice", "The list price cannot be negative.")
    if line.price_quantity is not None and line.price_quantity <= ZERO:
        detail = "The quantity that the price is for must be above zero."
        yield Violation("P23", f"{at}/priceQuantity", detail)


def _discount(line: BilledLine, at: str) -> Iterator[Violation]:
    yield from _explained(line.discount_percent, line.discount_amount, line.discount_reason, at)
    yield from _explained(None, line.charge_amount, line.charge_reason, at, name="charge")
    percent = line.discount_percent
    if percent is not None and percent > _WHOLE:
        detail = "A discount is at most 100 %: what was sold is not paid to the buyer."
        yield Violation("P26", f"{at}/discountPercent", detail)
    elif discount_exceeds(line):
        detail = "The discount is more than the line comes to: lower it."
        yield Violation("P26", f"{at}/discountAmount", detail)


def check_document_discount(header: Header, sums: Totals) -> Iterator[Violation]:
    """P25 and P26 for the discounts and charges of the document itself."""
    yield from _explained(
        header.discount_percent, header.discount_amount, header.discount_reason, ""
    )
    yield from _explained(
        header.charge_percent, header.charge_amount, header.charge_reason, "", name="charge"
    )
    percent = header.discount_percent
    if percent is not None and percent > _WHOLE:
        yield Violation("P26", "/discountPercent", "A discount is at most 100 %.")
    elif sums.discount > max(sums.lines, ZERO):
        detail = f"The discount {sums.discount} is more than the lines, {sums.lines}: lower it."
        yield Violation("P26", "/discountAmount", detail)


def _explained(
    percent: Decimal | None,
    amount: Decimal | None,
    reason: str | None,
    at: str,
    *,
    name: str = "discount",
) -> Iterator[Violation]:
    """P25: a discount or charge is not negative, and says why."""
    other = "charge" if name == "discount" else "discount"
    for field, value in (("Percent", percent), ("Amount", amount)):
        if value is not None and value < ZERO:
            detail = f"A {name} cannot be negative: make it a {other}."
            yield Violation("P25", f"{at}/{name}{field}", detail)
    if (percent or amount) and not (reason or "").strip():
        yield Violation("P25", f"{at}/{name}Reason", f"Say what the {name} is for.")


def check_taxes(taxes: tuple[Tax, ...], at: str) -> Iterator[Violation]:
    """P27: each tax has a category that EN 16931 knows, and a rate that can be one."""
    for index, tax in enumerate(taxes):
        if tax.category not in CATEGORIES:
            detail = f"{tax.category!r} is not one of {', '.join(CATEGORIES)} (UNCL 5305)."
            yield Violation("P27", f"{at}/taxes/{index}/category", detail)
        if not ZERO <= tax.rate <= TAX_RATE.highest:
            detail = f"The rate is in percent, {TAX_RATE}."
            yield Violation("P27", f"{at}/taxes/{index}/rate", detail)
