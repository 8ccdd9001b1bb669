"""Rules about totals, money and what may be written: P51, P52, P60 to P63."""

import re
from collections.abc import Iterator
from decimal import Decimal

from domain.account import ACCOUNT
from domain.changes import in_json
from domain.checksums import luhn
from domain.errors import Violation
from domain.invoice import Invoice
from domain.money import ZERO, product, total
from domain.posting.case import ON_ACCOUNT, Case


def check_limits(case: Case) -> Iterator[Violation]:
    """P51, P52, P60 to P63, in this order."""
    gross, expected = case.totals.gross, case.asked.expected_total
    if gross < ZERO:
        detail = f"The total is {gross}: an invoice cannot be negative, make a credit note."
        yield Violation("P51", "/totals/gross", detail)
    if expected is not None and expected != gross:
        detail = f"You expected a total of {expected}, but it is {gross}."
        yield Violation("P52", "/totals/gross", detail)
    if case.settings.credit_check == "refuse" and "P60" not in case.asked.overrides:
        yield from _credit_limit(case)
    if case.terms == ON_ACCOUNT and case.customer is not None and not case.customer.on_account:
        detail = "The customer does not buy on account: set other terms, such as COD."
        yield Violation("P61", "/terms", detail)
    yield from check_no_card_numbers(case.invoice)


def warn_of_limits(case: Case) -> Iterator[Violation]:
    """P60 where the book or the caller lets it pass, and P62."""
    check = case.settings.credit_check
    if check == "warn" or (check == "refuse" and "P60" in case.asked.overrides):
        yield from _credit_limit(case)
    for other in case.asked.similar:
        detail = f"{other} is of the same customer, with the same reference and total."
        yield Violation("P62", "/poNumber", detail)


def _credit_limit(case: Case) -> Iterator[Violation]:
    """P60: what the customer owes, with this invoice, is within its limit.

    Counted in the book's currency: what is owed in it, and what is owed in the invoice's currency
    at the invoice's rate.
    """
    limit = case.customer.credit_limit if case.customer else None
    if limit is None or case.base_gross is None or case.terms != ON_ACCOUNT:
        return
    owed = total([_owed(case), case.base_gross])
    if owed > limit:
        detail = f"With this invoice the customer would owe {owed}; its credit limit is {limit}."
        yield Violation("P60", "/totals/gross", detail)


def _owed(case: Case) -> Decimal:
    account = case.read(ACCOUNT(case.invoice.customer_id or ""))
    currency, rate = case.invoice.currency or "", case.invoice.exchange_rate
    base = case.settings.base_currency or currency
    if account is None:
        return ZERO
    if currency == base or rate is None:
        return account.owed(base)
    return total([account.owed(base), product(account.owed(currency), rate)])


# ---------------------------------------------------------------- card numbers

_RUN = re.compile(r"[0-9]+(?:[ -][0-9]+)*")
_CARD = re.compile(
    r"4[0-9]{12}(?:[0-9]{3}){0,2}"  # Visa
    r"|5[1-5][0-9]{14}|2(?:22[1-9]|2[3-9][0-9]|[3-6][0-9]{2}|7[01][0-9]|720)[0-9]{12}"  # Mastercard
    r"|3[47][0-9]{13}"  # American Express
    r"|3(?:0[0-5]|[689][0-9])[0-9]{11}"  # Diners Club
    r"|6(?:011|5[0-9]{2}|4[4-9][0-9])[0-9]{12}"  # Discover
    r"|35(?:2[89]|[3-8][0-9])[0-9]{12}"  # JCB
    r"|62[0-9]{14,17}"  # UnionPay
)
_LONGEST = 19

_TEXTS = (
    *("memo", "reference", "po_number", "buyer_reference", "contract_reference"),
    *("project_reference", "finance_company", "discount_reason", "charge_reason"),
)
_TEXTS_OF = {
    "lines": ("description", "discount_reason", "charge_reason"),
    "addresses": ("name", "attention", "line1", "line2", "line3", "delivery_instructions"),
    "notes": ("text",),
    "tables": ("description",),
    "attachments": ("file_name", "description"),
}


def check_no_card_numbers(invoice: Invoice) -> Iterator[Violation]:
    """P63: nowhere stands the full number of a payment card (BR-51, PCI DSS 3.4)."""
    for pointer, text in _texts(invoice):
        if text and has_card_number(text):
            detail = "This looks like the number of a payment card: keep its last four digits."
            yield Violation("P63", pointer, detail)


def has_card_number(text: str) -> bool:
    """Whether digits of the text, in groups or not, are a payment card's number."""
    for run in _RUN.findall(text):
        groups = re.split("[ -]", run)
        for first in range(len(groups)):
            digits = ""
            for group in groups[first:]:
                digits += group
                if len(digits) > _LONGEST:
                    break
                if _CARD.fullmatch(digits) and luhn(digits):
                    return True
    return False


def _texts(invoice: Invoice) -> Iterator[tuple[str, str | None]]:
    for name in _TEXTS:
        yield f"/{in_json(name)}", getattr(invoice, name)
    for part, names in _TEXTS_OF.items():
        for index, it in enumerate(getattr(invoice, part)):
            for name in names:
                yield f"/{part}/{index}/{in_json(name)}", getattr(it, name, None)
