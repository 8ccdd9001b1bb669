"""What even a draft must keep to: sizes, words of fixed lists, and ids that stand once."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from types import MappingProxyType

from domain.errors import RuleBroken, Violation
from domain.facts.invoice_parts import (
    Address,
    Attachment,
    Header,
    Note,
    TableEntry,
    TaxOverride,
)
from domain.facts.lines import (
    BilledLine,
    CommentLine,
    Line,
    ModelLine,
    PackageLine,
    Serial,
    Tax,
    WarrantyLine,
)
from domain.limits import PRICE, beyond

TYPES = ("Sales", "Service", "Warranty", "Estimate")
ADDRESS_KINDS = ("billTo", "soldTo", "shipTo", "serviceAt", "remitTo", "payee", "taxRep")
CONDITIONS = ("new", "open-box", "used")
PRINT_POSITIONS = ("header", "line", "footer")
TABLES = (1, 2)

MAX_LINES = 1000
MAX_TAXES = 3
MAX_NOTE = 10_000
"""The longest note, in characters."""

LIMITS = MappingProxyType(
    {
        "lines": MAX_LINES,
        "serials": 5000,
        "components": MAX_LINES,
        "covers": MAX_LINES,
        "taxes": MAX_TAXES,
        "addresses": len(ADDRESS_KINDS),
        "notes": 500,
        "tables": 50,
        "overrides": 50,
        "attachments": 100,
        "tags": 50,
        "mentions": 50,
    }
)
"""The most entries of each list; of serials, of the whole document."""


def refuse(violations: Iterable[Violation]) -> None:
    """Refuse when there is any violation."""
    found = tuple(violations)
    if found:
        raise RuleBroken(found)


def size(name: str, count: int, pointer: str | None = None) -> Iterator[Violation]:
    """Too many entries of a list."""
    most = LIMITS[name]
    if count > most:
        detail = f"There may be at most {most} {name}; this would be number {count}. Split it."
        yield Violation(f"{name}-limit", pointer or f"/{name}", detail)


def header_violations(header: Header) -> Iterator[Violation]:
    """What is wrong with header fields, even in a draft."""
    yield from _one_of(header.type, TYPES, "type", "/type")
    yield from beyond(header)
    yield from _tax_violations(header.taxes, "")
    yield from size("taxes", len(header.taxes))
    yield from size("tags", len(header.tags))


def line_violations(line: Line, at: str) -> Iterator[Violation]:
    """What is wrong with a line, even in a draft."""
    if isinstance(line, CommentLine):
        pointer = f"{at}/printPosition"
        yield from _one_of(line.print_position, PRINT_POSITIONS, "print-position", pointer)
        return
    yield from _billed_violations(line, at)
    match line:
        case ModelLine():
            for index, serial in enumerate(line.serials):
                yield from serial_violations(line, serial, f"{at}/serials/{index}")
        case PackageLine():
            yield from size("components", len(line.components), f"{at}/components")
            for index, component in enumerate(line.components):
                yield from beyond(component, f"{at}/components/{index}")
        case WarrantyLine():
            yield from size("covers", len(line.covers), f"{at}/covers")
        case _:
            pass


def _billed_violations(line: BilledLine, at: str) -> Iterator[Violation]:
    yield from beyond(line, at)
    yield from _tax_violations(line.taxes, at)
    yield from size("taxes", len(line.taxes), f"{at}/taxes")
    if line.package_id == line.id:
        detail = "A line cannot be inside of itself: name the package's line."
        yield Violation("package-id", f"{at}/packageId", detail)


def serial_violations(line: ModelLine, serial: Serial, at: str) -> Iterator[Violation]:
    """What is wrong with a serial number under a model."""
    yield from _one_of(serial.condition, CONDITIONS, "condition", f"{at}/condition")
    yield from beyond(serial, at)
    if not serial.serial_number:
        yield Violation("serial-number", f"{at}/serialNumber", "Say which serial number it is.")
    if line.code is None:
        detail = "A serial number belongs to a model: set the line's code first."
        yield Violation("serial-model", f"{at}/serialNumber", detail)


def serials_twice(lines: Sequence[Line]) -> Iterator[Violation]:
    """The same serial number of the same model, twice on one document (P28)."""
    seen: set[tuple[str | None, str]] = set()
    for index, line in enumerate(lines):
        for nth, serial in enumerate(line.serials if isinstance(line, ModelLine) else ()):
            key = (line.code, serial.serial_number)
            if key in seen:
                detail = f"Serial number {serial.serial_number!r} is on this invoice already."
                yield Violation("P28", f"/lines/{index}/serials/{nth}/serialNumber", detail)
            seen.add(key)


def address_violations(address: Address, at: str) -> Iterator[Violation]:
    """What is wrong with an address."""
    yield from _one_of(address.kind, ADDRESS_KINDS, "address-kind", f"{at}/kind")


def note_violations(note: Note, at: str) -> Iterator[Violation]:
    """What is wrong with a note."""
    if not note.text:
        yield Violation("note-text", f"{at}/text", "Write the note's text.")
    elif len(note.text) > MAX_NOTE:
        detail = f"A note has at most {MAX_NOTE} characters: write two."
        yield Violation("note-text", f"{at}/text", detail)
    yield from size("mentions", len(note.mentions), f"{at}/mentions")


def table_violations(entry: TableEntry, at: str) -> Iterator[Violation]:
    """What is wrong with an entry of table 1 or 2."""
    if entry.table not in TABLES:
        yield Violation("table", f"{at}/table", "There are the tables 1 and 2.")
    # A fee may come from the table's own entry, where prices stand.
    yield from beyond(entry, at, amount=PRICE)


def override_violations(override: TaxOverride, at: str) -> Iterator[Violation]:
    """What is wrong with a tax that is set by hand."""
    if not override.reason.strip():
        detail = "Say why the tax is not what is computed: auditors will read it."
        yield Violation("reason-required", f"{at}/reason", detail)
    yield from beyond(override, at)


def attachment_violations(attachment: Attachment, at: str) -> Iterator[Violation]:
    """What is wrong with the metadata of a file."""
    digits = set(attachment.sha256)
    if len(attachment.sha256) != 64 or not digits <= set("0123456789abcdef"):  # noqa: PLR2004 hex
        detail = "sha256 is 64 lower-case hexadecimal digits."
        yield Violation("sha256", f"{at}/sha256", detail)
    if attachment.size < 0:
        yield Violation("size", f"{at}/size", "The size is the number of bytes: 0 or more.")


def ids_twice(ids: Iterable[str], pointer: str) -> Iterator[Violation]:
    """Ids that stand more than once where each names one thing."""
    for id_, count in Counter(ids).items():
        if count > 1:
            detail = f"{id_!r} stands {count} times: each must be another one."
            yield Violation("duplicate-id", pointer, detail)


def _tax_violations(taxes: Iterable[Tax], at: str) -> Iterator[Violation]:
    for index, tax in enumerate(taxes):
        yield from beyond(tax, f"{at}/taxes/{index}")


def _one_of(word: str, words: Sequence[str], code: str, pointer: str) -> Iterator[Violation]:
    if word not in words:
        yield Violation(code, pointer, f"{word!r} is not one of {', '.join(words)}.")
