"""The table of all rules of posting: docs/posting-rules.md is made from it."""

import msgspec

ERROR = "error"
WARNING = "warning"
BOTH = "error or warning"
ALWAYS = "always so"


class Rule(msgspec.Struct, frozen=True):
    """One rule. ``source`` names where it comes from: a BR rule of EN 16931, or trade practice.

    ``kind``: an ``error`` stops posting, a ``warning`` does not. What is ``always so`` cannot be
    broken by a client: ``place`` says what sees to it.
    """

    code: str
    rule: str
    source: str
    kind: str
    place: str


def _rule(code: str, rule: str, source: str, place: str, kind: str = ERROR) -> Rule:
    return Rule(code, rule, source, kind, place)


RULES: tuple[Rule, ...] = (
    _rule("P01", "It is a draft or approved, and no estimate.", "practice", "invoice.guard"),
    _rule("P02", "The RowVersion is the current one.", "practice", "the store, for any command"),
    _rule(
        "P03",
        "From the book's limit on, just this content is approved, and not by its author.",
        "separation of duties",
        "header",
    ),
    _rule("P04", "The customer is there, active and not on hold.", "practice", "parties"),
    _rule(
        "P05",
        "The seller has a name, a town, a country, and a VAT id, tax id or legal id.",
        "BR-06, BR-08, BR-09, BR-CO-26",
        "parties",
    ),
    _rule("P06", "The buyer has a name and a country.", "BR-07, BR-10, BR-11", "parties"),
    _rule("P07", "The currency is in ISO 4217, and enabled in the book.", "BR-05", "header"),
    _rule("P08", "The issue date is not too far ahead; it is today if not set.", "BR-03", "header"),
    _rule("P09", "The tax point has a date or a code, not both.", "BR-CO-03", "header"),
    _rule("P10", "The due date is not before the issue date.", "BR-CO-25", "header"),
    _rule(
        "P11",
        "The accounting date is in a period that is not locked. It is refused, never moved.",
        "practice",
        "period",
    ),
    _rule(
        "P12",
        "Numbers and dates of a series rise together; a series by branch needs the branch.",
        "VAT Directive 226(2)",
        "series",
    ),
    _rule(
        "P13",
        "Periods end after they begin; those of lines lie inside of the invoice's.",
        "BR-29, BR-30, BR-CO-19, BR-CO-20",
        "header",
    ),
    _rule("P14", "The document type is one of an invoice.", "BR-04, UNTDID 1001", "header"),
    _rule("P15", "A foreign currency has a rate above zero, with its day.", "BR-53", "header"),
    _rule("P20", "At least one line bills something.", "BR-16", "lines"),
    _rule(
        "P21",
        "Each line has a quantity, a unit of measure, a description and a price.",
        "BR-21 to BR-26",
        "lines",
    ),
    _rule("P22", "No price is negative.", "BR-27, BR-28", "lines"),
    _rule(
        "P23",
        "No quantity is zero; models come in whole pieces; prices are for more than nothing.",
        "practice",
        "lines",
    ),
    _rule(
        "P24",
        "The line net is quantity x price - discount + charge, rounded once.",
        "PEPPOL-EN16931-R120",
        "amounts",
        ALWAYS,
    ),
    _rule(
        "P25",
        "Discounts and charges are not negative, and say what they are for.",
        "BR-33, BR-38, BR-41 to BR-44",
        "lines",
    ),
    _rule("P26", "A discount is not more than what it is taken from.", "practice", "lines"),
    _rule("P27", "Each line has a tax of a known category.", "BR-CO-04", "lines"),
    _rule(
        "P28",
        "Not more serials than pieces, each once, none held or sold by another invoice.",
        "practice",
        "goods",
    ),
    _rule("P29", "A warranty covers a model line or a named serial.", "practice", "goods"),
    _rule(
        "P30",
        "A package has components that are no packages, and come to its price.",
        "practice",
        "goods",
    ),
    _rule(
        "P31",
        "A charge's code is not obsolete. Unknown, or outside of its dates: a warning.",
        "practice",
        "goods",
        BOTH,
    ),
    _rule(
        "P32",
        "The price after discount is not below the lowest one. Allowed to: a warning.",
        "practice",
        "goods",
        BOTH,
    ),
    _rule(
        "P33",
        "What is sold is not obsolete. Unknown or discontinued: a warning.",
        "practice",
        "goods",
        BOTH,
    ),
    _rule("P40", "The sum of lines is the sum of the line nets.", "BR-CO-10", "amounts", ALWAYS),
    _rule(
        "P41",
        "The document's discounts and charges are summed.",
        "BR-CO-11, BR-CO-12",
        "amounts",
        ALWAYS,
    ),
    _rule("P42", "Net = lines - discount + charge.", "BR-CO-13", "taxes", ALWAYS),
    _rule(
        "P43",
        "Each tax's base is the sum of what it is on.",
        "BR-S-08, BR-Z-08, ...",
        "amounts",
        ALWAYS,
    ),
    _rule("P44", "Each tax is base x rate, rounded once.", "BR-CO-17", "amounts", ALWAYS),
    _rule("P45", "The tax is the sum of the taxes.", "BR-CO-14", "taxes", ALWAYS),
    _rule("P46", "Gross = net + tax.", "BR-CO-15", "taxes", ALWAYS),
    _rule("P47", "What is owed = gross - settled.", "BR-CO-16", "invoice.balance", ALWAYS),
    _rule(
        "P48",
        "Rate, exemption and VAT ids are those of the category; O stands alone.",
        "BR-S-05 to BR-O-14",
        "taxes",
    ),
    _rule(
        "P49",
        "VAT ids have their country's prefix and check digits. Unknown country: a warning.",
        "BR-CO-09",
        "parties",
        BOTH,
    ),
    _rule(
        "P50",
        "Amounts of an e-invoice have two decimals; taxes set by hand those of the currency.",
        "BR-DEC-*",
        "taxes",
    ),
    _rule("P51", "The total is not negative.", "practice", "limits"),
    _rule("P52", "The total is the one that the client expects.", "practice", "limits"),
    _rule("P53", "A tax set by hand is one that the lines have.", "practice", "taxes"),
    _rule(
        "P60",
        "On account, the customer stays within its credit limit. As set, or allowed: a warning.",
        "practice",
        "limits",
        BOTH,
    ),
    _rule("P61", "The customer may buy on account.", "practice", "limits"),
    _rule("P62", "No other document seems to be the same sale.", "practice", "limits", WARNING),
    _rule("P63", "No text has the full number of a payment card.", "BR-51, PCI DSS", "limits"),
    _rule("P70", "A credit note names the invoice and its date.", "BR-55", "credit_note"),
    _rule(
        "P71",
        "No more is credited of a line or invoice than was billed.",
        "practice",
        "credit_note",
    ),
    _rule(
        "P72",
        "A credit note has the invoice's currency and taxes.",
        "practice",
        "credit_note",
    ),
    _rule("P73", "A credit note says why.", "practice", "credit_note"),
    _rule(
        "P80",
        "The e-invoice passes the official EN 16931 schematron.",
        "EN 16931",
        "not posting: the e-invoice, before release",
        ALWAYS,
    ),
)
"""Ordered by code. P01 is refused as an invalid transition when posting, listed in a dry run."""


def page() -> str:
    """docs/posting-rules.md."""
    rows = [f"| {it.code} | {it.rule} | {it.source} | {it.kind} | {it.place} |" for it in RULES]
    return _PAGE.format(rows="\n".join(rows))


_PAGE = """# Rules of posting

<!-- Made by `python -m daybook.posting_rules > docs/posting-rules.md`: change the table. -->

A draft may be incomplete in any way; an invoice is posted only when it keeps all of these rules.
Every broken rule is reported at once, each with its code and a JSON Pointer to its place. Errors
stop posting; warnings are shown by the dry run and stop nothing. *Always so* means that no request
can break the rule: it holds by construction, and is listed for those who compare. Where a rule's
place is `amounts`, the property tests of the amounts prove it; where it is `taxes`, posting also
checks it each time. P80 is not a rule of posting: the e-invoice is made and validated by a worker
before release, so that posting never waits for it.

What needs more than the documents at hand is given by the caller: documents that may be the same
sale (P62), and which rules the user may break (P32, P60). Credit notes keep to P04 to P08, P11,
P12, P15, P48 and P49 as well.

| code | rule | source | kind | place |
|---|---|---|---|---|
{rows}
"""
