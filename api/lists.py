"""List queries from the raw query string: ``?status.in=Posted,Released&sort=-issueDate&limit=50``.

Nothing is guessed and nothing ignored: an unknown, repeated or wrong parameter is refused, and one
problem document names all of them with what is allowed instead.
"""

from collections.abc import Collection, Iterable, Sequence
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from api.faults import MAX_FAULTS, Fault
from api.list_values import MAX_LENGTH, Refused, boolean, decoded, parse_value, shown
from api.paging import MAX_CURSOR, Cursors, Page, select
from api.problems import Problem
from projections.filters import Condition, Field, Operator, Value
from projections.page import MAX_LIMIT, Listing, Place, Query, SortKey

MAX_QUERY_BYTES = 32_768
MAX_PARAMETERS = 100
MAX_VALUES = 200
MAX_SORT_KEYS = 4

_NAMED = 10
_PAGING = ("limit", "sort", "cursor")
_SPELLINGS = {"startsWith": "startswith", "isNull": "isnull"}


class BadQuery(Problem):
    """The query string cannot be understood; ``errors`` says everything that is wrong with it."""

    def __init__(self, errors: Sequence[Fault]) -> None:
        names = list(dict.fromkeys(it.parameter or "query string" for it in errors))
        more = [f"{len(names) - _NAMED} more"] if len(names) > _NAMED else []
        named = ", ".join([*names[:_NAMED], *more])
        super().__init__("invalid-parameter", f"Not valid: {named}.", errors=errors[:MAX_FAULTS])


class ListRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What a client asks of a list: one page, perhaps with chosen members of its items only.

    ``others`` holds the parameters that the handler takes care of itself.
    """

    book_id: str
    listing: Listing
    query: Query
    fields: tuple[str, ...] | None = None
    others: dict[str, str] = {}


def parse_list(
    query_string: bytes,
    listing: Listing,
    *,
    book_id: str,
    cursors: Cursors,
    selectable: Collection[str] = (),
    also: Collection[str] = (),
) -> ListRequest:
    """Read a list query.

    Args:
        query_string: As it came, percent-encoded.
        listing: What may be asked.
        book_id: The book of the client.
        cursors: Opens the cursor, if there is one.
        selectable: Members of an item that ``fields=`` may choose; without any, it is unknown.
        also: Further parameters, which are only decoded.

    Raises:
        BadQuery: With everything that is wrong.
    """
    reading = _Reading(listing, selectable, also)
    for name, value in _parameters(query_string):
        reading.take(name, value)
    reading.settle_order()
    place = reading.place(book_id, cursors)
    if reading.faults:
        raise BadQuery(reading.faults)
    return ListRequest(
        book_id=book_id,
        listing=listing,
        query=msgspec.structs.replace(reading.query, after=place),
        fields=reading.fields,
        others=reading.others,
    )


def page_of(
    asked: ListRequest,
    items: Iterable[Any],
    last: Place | None,
    cursors: Cursors,
    *,
    as_of: int | UnsetType = UNSET,
) -> Page[Any]:
    """The answer: the items, or the chosen members of them, and the cursor for what follows."""
    given = list(items) if asked.fields is None else select(items, asked.fields)
    cursor = cursors.seal(asked.book_id, asked.listing, asked.query, last) if last else None
    return Page(items=given, next_cursor=cursor, as_of=as_of)


class _Reading:
    """What has been understood of a query string so far, and everything that is wrong with it."""

    def __init__(
        self, listing: Listing, selectable: Collection[str], also: Collection[str]
    ) -> None:
        self.faults: list[Fault] = []
        self.fields: tuple[str, ...] | None = None
        self.others: dict[str, str] = {}
        self.query = Query(sort=())
        self._listing = listing
        self._selectable = tuple(selectable)
        self._also = frozenset(also)
        self._cursor: str | None = None
        self._seen: set[str] = set()

    def take(self, raw_name: bytes, raw_value: bytes) -> None:
        """Understand one parameter, or note what is wrong with it."""
        name = raw_name.decode(errors="replace")[:MAX_LENGTH]
        try:
            name = decoded(raw_name)
            self._once(name)
            self._take(name, raw_value)
        except Refused as refused:
            self._note(name, refused)

    def settle_order(self) -> None:
        """Where the client asks for no order, the list has one for what it asks for."""
        if not self.query.sort:
            self._set(sort=self._listing.order_for(self.query.where))

    def place(self, book_id: str, cursors: Cursors) -> Place | None:
        """Where the page starts; a cursor is held to its query only once that is understood."""
        if self._cursor is None:
            return None
        try:
            sealed = cursors.open(book_id, self._listing, self._cursor)
            return None if self.faults else sealed.place_in(self.query)
        except Refused as refused:
            self._note("cursor", refused)
            return None

    def _note(self, parameter: str, refused: Refused) -> None:
        self.faults += [
            Fault(code=code, detail=detail, parameter=parameter) for code, detail in refused.reasons
        ]

    def _once(self, name: str) -> None:
        field, dot, operator = name.rpartition(".")
        key = field + dot + _SPELLINGS.get(operator, operator)
        if key in self._seen:
            hint = (
                f" Several values belong into one {field}.in, with commas between." if dot else ""
            )
            raise Refused(("duplicate-parameter", f"Send it only once.{hint}"))
        self._seen.add(key)

    def _take(self, name: str, raw: bytes) -> None:
        match name:
            case "limit":
                self._set(limit=_limit(decoded(raw)))
            case "sort":
                self._set(sort=_sort(self._listing, raw))
            case "cursor":
                self._cursor = decoded(raw, MAX_CURSOR)
            case "fields" if self._selectable:
                self.fields = _fields(self._selectable, raw)
            case _ if name in self._also:
                self.others[name] = decoded(raw)
            case _:
                where = (*self.query.where, _condition(*self._operation(name), raw))
                self._set(where=where)

    def _set(self, **changes: Any) -> None:
        self.query = msgspec.structs.replace(self.query, **changes)

    def _operation(self, name: str) -> tuple[Field, Operator]:
        name, dot, spelled = name.rpartition(".")
        fields = self._listing.fields
        if not dot and spelled in fields:
            use = ", ".join(f"{spelled}.{it}" for it in fields[spelled].operators)
            sentence = f"Use {spelled}.eq to compare for equality. Allowed: {use}."
            raise Refused(("operator-required", sentence))
        if not dot:
            own = [*_PAGING, *(["fields"] if self._selectable else []), *sorted(self._also)]
            sentence = f"There is no such parameter. Allowed: {', '.join(own)}, and field.operator"
            raise Refused(("unknown-parameter", f"{sentence} with the fields {', '.join(fields)}."))
        if name not in fields:
            sentence = f"There is no field {shown(name)}. Use one of: {', '.join(fields)}."
            raise Refused(("unknown-field", sentence))
        for operator in fields[name].operators:
            if operator == _SPELLINGS.get(spelled, spelled):
                return fields[name], operator
        known = ", ".join(fields[name].operators)
        sentence = f"{name} has no operator {shown(spelled)}. Use one of: {known}."
        raise Refused(("unknown-operator", sentence))


def _parameters(query_string: bytes) -> list[tuple[bytes, bytes]]:
    if len(query_string) > MAX_QUERY_BYTES:
        sentence = f"The query string has more than {MAX_QUERY_BYTES} bytes."
        raise BadQuery([Fault(code="too-long", detail=sentence)])
    pieces = [it for it in query_string.split(b"&") if it]
    if len(pieces) > MAX_PARAMETERS:
        sentence = f"Send at most {MAX_PARAMETERS} parameters, not {len(pieces)}."
        raise BadQuery([Fault(code="too-many", detail=sentence)])
    return [(name, value) for name, _, value in (it.partition(b"=") for it in pieces)]


def _condition(field: Field, operator: Operator, raw: bytes) -> Condition:
    match operator:
        case "isnull":
            return Condition(field, operator, (boolean(decoded(raw)),))
        case "in" | "nin":
            return Condition(field, operator, _values(field, _pieces(raw, MAX_VALUES, field)))
        case "between":
            return Condition(field, operator, _bounds(field, raw))
        case "like" | "contains" | "startswith":
            if not (text := decoded(raw)):
                raise Refused(("too-short", "Send at least one character to look for."))
            return Condition(field, operator, (text,))
        case _:
            return Condition(field, operator, _values(field, [raw]))


def _values(field: Field, pieces: Iterable[bytes]) -> tuple[Value, ...]:
    values: list[Value] = []
    reasons: list[tuple[str, str]] = []
    for piece in pieces:
        try:
            values.append(parse_value(field, decoded(piece)))
        except Refused as refused:
            reasons += refused.reasons
    if reasons:
        raise Refused(*dict.fromkeys(reasons))
    return tuple(values)


def _bounds(field: Field, raw: bytes) -> tuple[Value, ...]:
    pieces = _pieces(raw, MAX_VALUES, field)
    if len(pieces) != 2:  # noqa: PLR2004 - between has two ends
        sentence = f"Send two values with a comma between them, not {len(pieces)}."
        raise Refused(("wrong-format", sentence))
    values = _values(field, pieces)
    ends: list[Any] = [field.stored(it) for it in values]
    if ends[0] > ends[1]:
        raise Refused(("out-of-range", "The first value must not be greater than the second."))
    return values


def _pieces(raw: bytes, most: int, field: Field | None = None) -> list[bytes]:
    # Commas separate before percent-decoding, so that a text may contain one as %2C. Nothing but
    # text can, so elsewhere %2C separates as well: many clients encode every comma.
    if field is None or field.kind != "text":
        raw = raw.replace(b"%2C", b",").replace(b"%2c", b",")
    pieces = raw.split(b",")
    if len(pieces) > most:
        raise Refused(("too-many", f"Send at most {most} values, not {len(pieces)}."))
    if not all(pieces):
        raise Refused(("too-short", "A value is empty: look for a comma too many."))
    return pieces


def _limit(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= MAX_LIMIT):
        sentence = f"{shown(text)} is not an integer from 1 to {MAX_LIMIT}."
        raise Refused(("out-of-range", sentence))
    return int(text)


def _sort(listing: Listing, raw: bytes) -> tuple[SortKey, ...]:
    keys = [decoded(it) for it in _pieces(raw, MAX_SORT_KEYS)]
    names = [it.removeprefix("-") for it in keys]
    reasons = []
    for name in dict.fromkeys(names):
        if name not in listing.sortable:
            use = ", ".join(listing.sortable)
            reasons.append(
                ("not-sortable", f"The list cannot be sorted by {shown(name)}, but by: {use}.")
            )
        elif names.count(name) > 1:
            reasons.append(("duplicate-value", f"Name {name} only once."))
    if reasons:
        raise Refused(*reasons)
    return listing.sort(keys)


def _fields(selectable: tuple[str, ...], raw: bytes) -> tuple[str, ...]:
    names = [decoded(it) for it in _pieces(raw, MAX_PARAMETERS)]
    use = ", ".join(selectable)
    unknown = [it for it in names if it not in selectable]
    if unknown:
        raise Refused(
            *(("unknown-field", f"There is no member {shown(it)}. Use: {use}.") for it in unknown)
        )
    return tuple(dict.fromkeys(names))
