"""Rules about taxes: P48, P50 and P53. What P40 to P47 ask for holds by how sums are computed."""

from collections.abc import Iterator, Sequence
from decimal import Decimal

from domain.errors import Violation
from domain.facts.invoice_life import Buyer, Seller
from domain.facts.invoice_parts import TaxOverride, Totals
from domain.facts.lines import Tax
from domain.money import ZERO, difference, rounded, total
from domain.posting.case import Case
from domain.tax_code import UNTAXED

_EXPLAINED = frozenset({"E", "AE", "K", "G", "O"})
_BETWEEN_TAXABLE_PERSONS = {"AE": "reverse charge", "K": "supply to another member state"}
_TWO_DECIMALS = "EUR"
"""EN 16931 shows every amount as if the currency were one of two decimals (BR-DEC)."""


def check_tax_rules(case: Case, seller: Seller, buyer: Buyer | None) -> Iterator[Violation]:
    """P48 line by line and for the document, P50, P53."""
    for at, line in case.billed:
        for index, tax in enumerate(line.taxes):
            yield from check_category(tax, f"{at}/taxes/{index}")
    every = [tax for _, line in case.billed for tax in line.taxes]
    yield from check_categories_together(every, seller, buyer)
    yield from _overrides(case)
    customer = case.customer
    if customer is not None and customer.endpoint_id:
        yield from check_decimals(case.totals, case.nets)


def check_category(tax: Tax, at: str) -> Iterator[Violation]:
    """P48: the rate and the exemption are those of the category (BR-S-05 to BR-O-10)."""
    if tax.category in UNTAXED and tax.rate != ZERO:
        detail = f"The rate of category {tax.category} is 0."
        yield Violation("P48", f"{at}/rate", detail)
    if tax.category == "S" and tax.rate == ZERO:
        yield Violation("P48", f"{at}/category", "A rate of zero is category Z, E or O, not S.")
    exempted = bool(tax.exemption_code or tax.exemption_text)
    if tax.category in _EXPLAINED and not exempted:
        detail = f"Say why no tax is due (category {tax.category}): an exemption code or text."
        yield Violation("P48", f"{at}/exemptionCode", detail)
    if exempted and tax.category not in _EXPLAINED:
        detail = f"Category {tax.category} is no exemption: leave the exemption out."
        yield Violation("P48", f"{at}/exemptionCode", detail)


def check_categories_together(
    taxes: Sequence[Tax], seller: Seller, buyer: Buyer | None
) -> Iterator[Violation]:
    """P48: who needs a VAT id for a category (BR-AE-02, BR-IC-02), and that O stands alone."""
    categories = {tax.category for tax in taxes}
    for category, meaning in _BETWEEN_TAXABLE_PERSONS.items():
        if category not in categories:
            continue
        if buyer is not None and not buyer.vat_id:
            detail = f"A {meaning} ({category}) needs the buyer's VAT id: set it at the customer."
            yield Violation("P48", "/customerId", detail)
        if not seller.vat_id:
            detail = f"A {meaning} ({category}) needs the seller's VAT id: set it in the settings."
            yield Violation("P48", "/seller/vatId", detail)
    if "O" in categories and len(categories) > 1:
        detail = "What is outside the scope of tax (O) stands on an invoice of its own."
        yield Violation("P48", "/lines", detail)


def check_decimals(sums: Totals, nets: Sequence[Decimal]) -> Iterator[Violation]:
    """P50: an e-invoice after EN 16931 has at most two decimals (BR-DEC), whatever the currency."""
    amounts = {
        "net": sums.net,
        "tax": sums.tax,
        "gross": sums.gross,
        "discount": sums.discount,
        "charge": sums.charge,
        **{f"taxes/{index}/amount": tax.amount for index, tax in enumerate(sums.taxes)},
        **{f"lines/{index}": net for index, net in enumerate(nets)},
    }
    for name, amount in amounts.items():
        if rounded(amount, _TWO_DECIMALS) != amount:
            detail = (
                f"An e-invoice shows two decimals, but this is {amount}: change the prices, or "
                "take the customer's endpoint away."
            )
            yield Violation("P50", f"/totals/{name}", detail)
            return


def _overrides(case: Case) -> Iterator[Violation]:
    """P53: a tax set by hand is that of a group on this invoice, at the digits of the currency."""
    groups = {(it.category, it.rate, it.exemption_code) for it in case.totals.taxes}
    for index, override in enumerate(case.invoice.overrides):
        at = f"/overrides/{index}"
        if _group(override) not in groups:
            detail = (
                f"No line has the tax {override.category} {override.rate} % that is set by hand: "
                "remove the override."
            )
            yield Violation("P53", at, detail)
        elif override.category in UNTAXED and override.amount != ZERO:
            detail = f"No tax is due in category {override.category}: remove the override."
            yield Violation("P48", f"{at}/amount", detail)
        if override.amount != rounded(override.amount, case.invoice.currency):
            detail = f"{override.amount} has more decimals than the currency: round it."
            yield Violation("P50", f"{at}/amount", detail)


def _group(override: TaxOverride) -> tuple[str, Decimal, str | None]:
    return (override.category, override.rate, override.exemption_code)


def check_sums(sums: Totals) -> Iterator[Violation]:
    """P42, P45, P46: the sums agree with each other. They always do: see ``domain.amounts``."""
    net = total([difference(sums.lines, sums.discount), sums.charge])
    tax = total(it.amount for it in sums.taxes)
    gross = total([sums.net, sums.tax])
    for code, name, sum_, computed in (
        ("P42", "net", sums.net, net),
        ("P45", "tax", sums.tax, tax),
        ("P46", "gross", sums.gross, gross),
    ):
        if sum_ != computed:
            detail = f"It is {sum_}, but what it consists of comes to {computed}."
            yield Violation(code, f"/totals/{name}", detail)
