"""Rules about who sells and who buys: P04, P05, P06, P49. Credit notes keep to them as well."""

from collections.abc import Iterator, Sequence

from domain.aggregate import Read
from domain.customer import CUSTOMER, Customer
from domain.errors import Violation
from domain.facts.invoice_life import Buyer, Seller
from domain.facts.invoice_parts import Address
from domain.facts.settings import BookSettings
from domain.invoice import Invoice
from domain.tax_id import compact, standing

# ---------------------------------------------------------------- who they are


def seller_of(settings: BookSettings) -> Seller:
    """Who bills, as the book's settings say now."""
    return Seller(
        name=settings.seller_name or "",
        vat_id=settings.seller_vat_id,
        tax_id=settings.seller_tax_id,
        legal_id=settings.seller_legal_id,
        street=settings.seller_street,
        postal_code=settings.seller_postal_code,
        city=settings.seller_city,
        country=settings.seller_country,
    )


def buyer_of(customer_id: str, customer: Customer, addresses: Sequence[Address] = ()) -> Buyer:
    """Who is billed: as the document's billTo address says, else as the customer's master data.

    A street of one and a town of the other would be no address, so it is taken from one of them.
    """
    said = next((it for it in addresses if it.kind == "billTo"), Address(kind="billTo"))
    own = bool(said.line1 or said.city or said.postal_code or said.country)
    return Buyer(
        customer_id=customer_id,
        name=said.name or customer.name or "",
        vat_id=said.vat_id or customer.vat_id,
        street=said.line1 if own else customer.street,
        postal_code=said.postal_code if own else customer.postal_code,
        city=said.city if own else customer.city,
        country=said.country if own else customer.country,
        tax_id=customer.tax_id,
        email=said.email or customer.email,
    )


def addresses_of(read: Read, invoice: Invoice) -> tuple[Address, ...]:
    """The addresses of the document, with those of the customers it names where it has none."""
    kinds = {it.kind for it in invoice.addresses}
    named = (
        ("billTo", invoice.customer_id),
        ("soldTo", invoice.sold_to_id),
        ("serviceAt", invoice.service_at_id),
    )
    missing = [(kind, id_) for kind, id_ in named if id_ is not None and kind not in kinds]
    found = ((kind, id_, read(CUSTOMER(id_))) for kind, id_ in missing)
    own = (_address(kind, id_, customer) for kind, id_, customer in found if customer is not None)
    return (*invoice.addresses, *own)


def _address(kind: str, customer_id: str, customer: Customer) -> Address:
    return Address(
        kind=kind,
        customer_id=customer_id,
        name=customer.name,
        line1=customer.street,
        city=customer.city,
        region=customer.region,
        postal_code=customer.postal_code,
        country=customer.country,
        phone=customer.phone,
        email=customer.email,
        vat_id=customer.vat_id,
        endpoint_id=customer.endpoint_id,
        endpoint_scheme=customer.endpoint_scheme,
    )


# ---------------------------------------------------------------- what must be known of them


def check_customer(customer_id: str | None, customer: Customer | None) -> Iterator[Violation]:
    """P04: somebody is billed, who is active and not on hold."""
    at = "/customerId"
    if not customer_id:
        yield Violation("P04", at, "Say who is billed: set customerId.")
    elif customer is None:
        detail = f"There is no customer {customer_id!r}: create it or set another one."
        yield Violation("P04", at, detail)
    else:
        if not customer.active:
            detail = f"Customer {customer_id!r} is archived: unarchive it or set another one."
            yield Violation("P04", at, detail)
        if customer.hold is not None:
            detail = f"Customer {customer_id!r} is on hold ({customer.hold}): release it first."
            yield Violation("P04", at, detail)


def check_seller(seller: Seller) -> Iterator[Violation]:
    """P05: the name, the address and an id of the seller are in the book's settings."""
    missing = [
        (name, text)
        for name, text in (
            ("name", seller.name),
            ("city", seller.city),
            ("country", seller.country),
        )
        if not text
    ]
    for name, _ in missing:
        detail = f"Every invoice must show the seller's {name}: set it in the book's settings."
        yield Violation("P05", f"/seller/{name}", detail)
    if not (seller.vat_id or seller.tax_id or seller.legal_id):
        detail = (
            "Every invoice must show an id of the seller: set its VAT id, tax id or legal id in "
            "the book's settings."
        )
        yield Violation("P05", "/seller/vatId", detail)


def check_buyer(buyer: Buyer) -> Iterator[Violation]:
    """P06: the buyer has a name, and an address with a country."""
    for name, text in (("name", buyer.name), ("country", buyer.country)):
        if not text:
            detail = f"Customer {buyer.customer_id!r} has no {name}, which an invoice must show."
            yield Violation("P06", "/customerId", f"{detail} Set it, or a billTo address.")


def check_vat_ids(seller: Seller, buyer: Buyer | None) -> Iterator[Violation]:
    """P49: VAT ids have the prefix, the form and the check digits of their country."""
    for pointer, vat_id in _vat_ids(seller, buyer):
        if standing(vat_id) == "invalid":
            detail = f"{vat_id!r} is no VAT id of any country: check its prefix and its digits."
            yield Violation("P49", pointer, detail)


def unverified_vat_ids(seller: Seller, buyer: Buyer | None) -> Iterator[Violation]:
    """P49, a warning: VAT ids of countries whose check digits are not known here."""
    for pointer, vat_id in _vat_ids(seller, buyer):
        if standing(vat_id) == "unverified":
            detail = f"The VAT ids of {compact(vat_id)[:2]} cannot be checked here: {vat_id!r}."
            yield Violation("P49", pointer, detail)


def _vat_ids(seller: Seller, buyer: Buyer | None) -> Iterator[tuple[str, str]]:
    if seller.vat_id:
        yield "/seller/vatId", seller.vat_id
    if buyer is not None and buyer.vat_id:
        yield "/customerId", buyer.vat_id
