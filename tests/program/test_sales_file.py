import csv
import io
from contextlib import suppress
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daybook.sales.file import COLUMNS, Malformed, SalesInvoice, read_sales

HEADER = ",".join(COLUMNS)
ROW = "536365,85123A,WHITE LANTERN,6,13/12/2010,2.55,17850,United Kingdom"


def content(*rows: str, header: str = HEADER) -> bytes:
    return "\n".join([header, *rows, ""]).encode()


def only(*rows: str) -> SalesInvoice:
    (invoice,) = read_sales(content(*rows), date_format="dmy").invoices
    return invoice


def with_cell(column: str, text: str) -> str:
    cells = ROW.split(",")
    cells[COLUMNS.index(column)] = text
    return ",".join(cells)


def test_a_row_becomes_an_invoice_with_a_line() -> None:
    invoice = only(ROW)
    assert (invoice.number, invoice.issue_date, invoice.customer_id, invoice.country) == (
        "536365",
        date(2010, 12, 13),
        "17850",
        "GB",
    )
    (line,) = invoice.lines
    assert (line.code, line.description, line.quantity, line.unit_price) == (
        "85123A",
        "WHITE LANTERN",
        "6",
        "2.55",
    )
    assert invoice.faults == []


def test_a_byte_order_mark_crlf_blank_lines_and_spaces_change_nothing() -> None:
    plain = read_sales(content(ROW))
    spaced = ROW.replace(",", " , ")
    assert read_sales(b"\xef\xbb\xbf" + content(spaced, "").replace(b"\n", b"\r\n")) == plain


def test_columns_may_stand_in_any_order_among_others() -> None:
    header = "Extra," + ",".join(reversed(COLUMNS))
    row = "x," + ",".join(reversed(ROW.split(",")))
    moved = read_sales(content(row, header=header))
    assert moved == read_sales(content(ROW))


def test_rows_of_an_invoice_are_gathered_wherever_they_stand() -> None:
    invoices = read_sales(
        content(ROW, with_cell("InvoiceNo", "536366"), ROW.replace("6,13", "7,13"))
    ).invoices
    assert [(i.number, [line.quantity for line in i.lines], i.at) for i in invoices] == [
        ("536365", ["6", "7"], [2, 4]),
        ("536366", ["6"], [3]),
    ]


def test_invoices_come_by_date_and_then_as_they_stand() -> None:
    rows = [
        f"{number},A,B,1,{day},1,C,EIRE"
        for number, day in [("4", "15/12/2010"), ("3", "14/12/2010"), ("2", "15/12/2010")]
    ]
    assert [i.number for i in read_sales(content(*rows)).invoices] == ["3", "4", "2"]


def test_a_quoted_field_may_hold_commas_and_quotation_marks() -> None:
    invoice = only(with_cell("Description", '"SET OF 2, 12"" TALL"'))
    assert invoice.lines[0].description == 'SET OF 2, 12" TALL'


@pytest.mark.parametrize("text", ["", "?", "??", " ? "])
def test_a_question_mark_is_no_description(text: str) -> None:
    assert only(with_cell("Description", text)).lines[0].description is None


@pytest.mark.parametrize(
    ("name", "code"),
    [("EIRE", "IE"), ("united kingdom", "GB"), ("DE", "DE"), ("Unspecified", None), ("", None)],
)
def test_countries_are_known_by_many_names_and_an_unknown_one_is_left_out(
    name: str, code: str | None
) -> None:
    invoice = only(with_cell("Country", name))
    assert invoice.country == code
    assert invoice.faults == []


def test_a_row_without_a_customer_takes_that_of_its_invoice() -> None:
    assert only(with_cell("CustomerID", ""), ROW).customer_id == "17850"
    assert only(with_cell("CustomerID", "")).customer_id is None


@pytest.mark.parametrize(
    ("row", "code", "part"),
    [
        (with_cell("Quantity", "six"), "bad-row", "Line 2: Quantity 'six' is no number"),
        (with_cell("Quantity", "1e3"), "bad-row", "Quantity '1e3'"),
        (with_cell("Quantity", "NaN"), "bad-row", "Quantity 'NaN'"),
        (with_cell("UnitPrice", "2.5500001"), "bad-row", "UnitPrice '2.5500001' is no price"),
        (with_cell("UnitPrice", "£2"), "bad-row", "UnitPrice '£2'"),
        (with_cell("UnitPrice", "9" * 200), "bad-row", "..."),
        (with_cell("StockCode", "A/B"), "bad-row", "StockCode 'A/B' is no code"),
        (with_cell("Description", "x" * 201), "bad-row", "Description"),
        (with_cell("Description", "a\x00b"), "bad-row", "Description 'a\\x00b'"),
        (with_cell("InvoiceDate", "31/2/2010"), "bad-row", "InvoiceDate '31/2/2010' is no date"),
        (with_cell("InvoiceDate", ""), "bad-row", "InvoiceDate '' is no date"),
        (with_cell("CustomerID", "../x"), "bad-row", "CustomerID '../x' is no code"),
        (with_cell("InvoiceNo", ""), "bad-row", "Line 2 names no invoice"),
        (with_cell("InvoiceNo", "x" * 201), "bad-row", "InvoiceNo"),
        (ROW + ",more", "bad-row", "Line 2 has not as many fields"),
        (ROW.rpartition(",")[0], "bad-row", "Line 2 has not as many fields"),
    ],
)
def test_a_bad_row_is_a_fault_of_its_invoice_alone(row: str, code: str, part: str) -> None:
    good = with_cell("InvoiceNo", "536366")
    by_number = {i.number: i for i in read_sales(content(row, good), date_format="dmy").invoices}
    assert by_number.pop("536366").faults == []
    (bad,) = by_number.values()
    assert bad.faults[0].code == code
    assert part in bad.faults[0].detail


def test_an_invoice_has_one_date_and_one_customer() -> None:
    dates = only(ROW, with_cell("InvoiceDate", "14/12/2010"))
    assert [fault.code for fault in dates.faults] == ["mixed-dates"]
    customers = only(ROW, with_cell("CustomerID", "17851"))
    assert [fault.code for fault in customers.faults] == ["mixed-customers"]


@pytest.mark.parametrize(
    ("file", "part"),
    [
        (b"", "InvoiceNo, StockCode"),
        (content(header="InvoiceNo;StockCode"), "separated by commas"),
        (content(header=HEADER.replace(",Country", "")), "Country is missing"),
        (content(header=HEADER + ",Country"), "Country more than once"),
        (content(ROW) + b"1,A,\xa3 5,1,1/1/2010,1,C,UK\n", "Line 3 is not UTF-8 (byte 0xa3)"),
        (content(ROW).decode().encode("utf-16"), "Line 1 is not UTF-8"),
        (content(ROW, with_cell("Description", '"open'), ROW), "is no CSV"),
        (content(with_cell("Description", "x" * 200_000)), "Line 2 is no CSV"),
        (content(with_cell("InvoiceDate", "1/12/2010")), "--date-format"),
    ],
)
def test_a_file_that_cannot_be_understood_is_refused_with_the_place(file: bytes, part: str) -> None:
    with pytest.raises(Malformed) as refused:
        read_sales(file)
    assert part in str(refused.value)


def test_a_file_without_rows_has_no_invoices() -> None:
    assert read_sales(content()) == ([], 0)


@given(st.lists(st.lists(st.text(max_size=12), min_size=1, max_size=9), max_size=12))
def test_whatever_stands_in_the_rows_each_is_accounted_for(rows: list[list[str]]) -> None:
    stream = io.StringIO(newline="")
    csv.writer(stream).writerows([COLUMNS, *rows])
    try:
        sales = read_sales(stream.getvalue().encode(), date_format="dmy")
    except Malformed:
        return
    assert sum(len(invoice.at) for invoice in sales.invoices) == sales.rows
    assert all(invoice.faults for invoice in sales.invoices if invoice.issue_date is None)


@given(st.binary(max_size=200))
def test_bytes_that_are_no_sales_file_are_refused_never_a_failure(noise: bytes) -> None:
    with pytest.raises(Malformed):
        read_sales(noise)
    with suppress(Malformed):
        read_sales(content(ROW) + noise)
