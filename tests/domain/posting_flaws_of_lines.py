"""Ways to spoil what is billed: see ``tests.domain.posting_flaws``."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from domain.facts.invoice_parts import TaxOverride
from domain.facts.lines import (
    Component,
    Covered,
    MiscLine,
    ModelLine,
    PackageLine,
    Serial,
    Tax,
    WarrantyLine,
)
from domain.facts.serial import SerialShipped
from domain.serial import serial_of
from tests.domain.posting_book import Book, item, priced
from tests.domain.posting_flaws import (
    HEADER,
    LIMITS,
    PARTIES,
    Broken,
    Flaw,
    flaw,
    line,
    on_item,
    values,
)

D = Decimal


def _shipped_elsewhere(book: Book) -> Broken:
    serial = Serial(id="ser_x", serial_number="X")
    at = book.add(ModelLine(**priced("sold", code="SOLD", serials=(serial,))))
    sold = SerialShipped(invoice_id="inv_0", line_id="lin")
    book.others.append((serial_of("SOLD", "X"), [sold]))
    return [("P28", f"{at}/serials/0/serialNumber")]


def _obsolete_product(book: Book) -> Broken:
    book.products["OLD"] = {"status": "Obsolete"}
    return [("P33", f"{book.add(item('old', code='OLD'))}/code")]


def _obsolete_charge(book: Book) -> Broken:
    book.codes["misc", "OLD"] = {"obsolete": True}
    return [("P31", f"{book.add(MiscLine(**priced('fee', code='OLD')))}/code")]


def _override(code: str, field: str, **values: Any) -> Callable[[Book], Broken]:
    def spoil(book: Book) -> Broken:
        wanted: dict[str, Any] = {"category": "S", "rate": D(19), "amount": D(5), **values}
        id_ = f"ovr_{len(book.overrides)}"
        book.overrides.append(TaxOverride(id=id_, reason="Agreed", **wanted))
        return [(code, f"/overrides/{len(book.overrides) - 1}{field}")]

    return spoil


def _dinars(book: Book) -> Broken:
    book.header.update(currency="KWD", exchange_rate=D(3))
    book.customer.update(endpoint_id="9930:x", endpoint_scheme="0088")
    book.add(item("fils", unit_price=D("0.125")))
    return [("P50", "/totals/net")]


def _outside_scope(book: Book) -> Broken:
    tax = Tax(rate=D(0), category="O", exemption_text="Not subject to VAT")
    book.add(item("scope", taxes=(tax,)))
    return [("P48", "/lines")]


def _reverse_charge(where: str, pointer: str) -> Callable[[Book], Broken]:
    def spoil(book: Book) -> Broken:
        tax = Tax(rate=D(0), category="AE", exemption_code="VATEX-EU-AE")
        book.add(item(f"reverse {where}", taxes=(tax,)))
        if where == "buyer":
            book.customer["vat_id"] = None
        else:
            book.settings["seller_vat_id"] = None
        return [("P48", pointer)]

    return spoil


def _package(pointer: str, *components: Component, **more: Any) -> Callable[[Book], Broken]:
    def spoil(book: Book) -> Broken:
        id_ = f"pack_{len(book.lines)}"
        for component in components:
            if component.line_id.startswith("own"):
                book.add(item(component.line_id, package_id=id_))
        at = book.add(PackageLine(**priced(id_, "100"), components=components, **more))
        return [("P30", f"{at}{pointer}")]

    return spoil


def _package_in_package(book: Book) -> Broken:
    book.add(item("deep", package_id="inner"))
    at = book.add(PackageLine(**priced("inner", "9"), package_id="set"))
    return [("P30", f"{at}/packageId")]


def _component_of_another(book: Book) -> Broken:
    book.add(item("theirs", package_id="set"))
    return _package("/components/1/lineId", _component("own 5"), _component("theirs"))(book)


def _component(name: str, **share: Any) -> Component:
    return Component(line_id=name, **share)


_LINES = (
    flaw("no quantity", on_item("P21", "/quantity", quantity=None)),
    flaw("no description", on_item("P21", "/description", description="")),
    flaw("no unit", on_item("P21", "/uom", uom="")),
    flaw("no price", on_item("P21", "/unitPrice", unit_price=None)),
    flaw("negative price", on_item("P22", "/unitPrice", unit_price=D("-0.000001"))),
    flaw("negative list price", on_item("P22", "/listPrice", list_price=D(-1))),
    flaw("zero", on_item("P23", "/quantity", quantity=D("0.00"))),
    flaw("price for nothing", on_item("P23", "/priceQuantity", price_quantity=D(0))),
    flaw(
        "half a stove",
        line("P23", "/quantity", lambda it: ModelLine(**{**priced(it), "quantity": D("1.5")})),
    ),
    flaw("no reason", on_item("P25", "/discountReason", discount_percent=D(5))),
    flaw("blank reason", on_item("P25", "/chargeReason", charge_amount=D(5), charge_reason=" ")),
    flaw(
        "negative discount",
        on_item("P25", "/discountAmount", discount_amount=D(-1), discount_reason="x"),
    ),
    flaw(
        "too much discount",
        on_item("P26", "/discountAmount", discount_amount=D("10.01"), discount_reason="x"),
    ),
    flaw(
        "101 %",
        on_item("P26", "/discountPercent", discount_percent=D(101), discount_reason="x"),
    ),
    flaw("document charge", values("header", "P25", "/chargeReason", charge_amount=D(1))),
    flaw("no tax", on_item("P27", "/taxes", taxes=())),
    flaw(
        "no category",
        on_item("P27", "/taxes/0/category", taxes=(Tax(rate=D(19), category="X"),)),
        "scope",
    ),
    flaw("negative rate", on_item("P27", "/taxes/0/rate", taxes=(Tax(rate=D(-1)),))),
)
_GOODS = (
    flaw(
        "too many serials",
        line(
            "P28",
            "/serials",
            lambda it: ModelLine(
                **priced(it, code=it),
                serials=tuple(Serial(id=f"{it} {n}", serial_number=str(n)) for n in (1, 2)),
            ),
        ),
    ),
    flaw("shipped elsewhere", _shipped_elsewhere),
    flaw("covers nothing", line("P29", "/covers", lambda it: WarrantyLine(**priced(it)))),
    flaw(
        "covers no model",
        line(
            "P29",
            "/covers/0/lineId",
            lambda it: WarrantyLine(**priced(it), covers=(Covered(line_id="pipe"),)),
        ),
    ),
    flaw(
        "covers another serial",
        line(
            "P29",
            "/covers/1/serialNumber",
            lambda it: WarrantyLine(
                **priced(it),
                covers=(Covered(serial_number="any"), Covered(line_id="model", serial_number="2")),
            ),
        ),
    ),
    flaw(
        "covers who knows",
        line("P29", "/covers/0", lambda it: WarrantyLine(**priced(it), covers=(Covered(),))),
    ),
    flaw("no components", _package("/components")),
    flaw(
        "no such component", _package("/components/1/lineId", _component("own 1"), _component("x"))
    ),
    flaw(
        "component twice", _package("/components/1/lineId", _component("own 2"), _component("set"))
    ),
    flaw("package in a package", _package_in_package),
    flaw("component of another", _component_of_another),
    flaw("90 %", _package("/components", _component("own 3", share_percent=D(90)))),
    flaw("amounts differ", _package("/components", _component("own 4", amount=D(101)))),
    flaw("no such package", on_item("P30", "/packageId", package_id="nowhere")),
    flaw("obsolete charge", _obsolete_charge),
    flaw("too cheap", on_item("P32", "/unitPrice", min_price=D("10.01"))),
    flaw(
        "too much off",
        on_item(
            "P32", "/unitPrice", min_price=D(10), discount_amount=D("0.01"), discount_reason="x"
        ),
    ),
    flaw("obsolete product", _obsolete_product),
)
_TAXES = (
    flaw(
        "taxed zero",
        on_item("P48", "/taxes/0/rate", taxes=(Tax(rate=D(1), category="Z"),)),
    ),
    flaw("standard zero", on_item("P48", "/taxes/0/category", taxes=(Tax(rate=D(0)),))),
    flaw(
        "unexplained",
        on_item("P48", "/taxes/0/exemptionCode", taxes=(Tax(rate=D(0), category="E"),)),
    ),
    flaw(
        "explained",
        on_item("P48", "/taxes/0/exemptionCode", taxes=(Tax(rate=D(7), exemption_text="x"),)),
    ),
    flaw("outside of scope", _outside_scope, "scope"),
    flaw(
        "reverse charge without buyer", _reverse_charge("buyer", "/customerId"), "vat", "seller vat"
    ),
    flaw(
        "reverse charge without seller",
        _reverse_charge("seller", "/seller/vatId"),
        "seller vat",
        "vat",
    ),
    flaw("dinars", _dinars, "total", "endpoint", "enabled"),
    flaw("tenth of a cent", _override("P50", "/amount", amount=D("5.001")), "total"),
    flaw("no such tax", _override("P53", "", rate=D(23))),
)
FLAWS: tuple[Flaw, ...] = (*PARTIES, *HEADER, *_LINES, *_GOODS, *_TAXES, *LIMITS)
