"""Customers to list, with what each owes and has as credit: as the latest event left it."""

from decimal import Decimal

from domain.account import ACCOUNT
from domain.credit_note import CREDIT_NOTE
from domain.credit_note.state import open_credit
from domain.customer import CUSTOMER, Customer
from domain.money import rounded
from domain.payment import PAYMENT, unapplied
from projections.adding import copy
from projections.filters import Field, folded
from projections.latest import TEXT, LatestTable
from projections.page import Listing
from projections.projection import News
from store.database import Connection, Pool

NAME = "customers"

_TABLE = LatestTable(
    "customer_list_v2",
    {
        "name": TEXT,
        "name_folded": TEXT,
        "email": TEXT,
        "vat_id": TEXT,
        "city": TEXT,
        "country": TEXT,
        "currency": TEXT,
        "active": "boolean not null",
        "hold": TEXT,
        "credit_limit": "numeric",
    },
)

DDL = f"""{_TABLE.ddl}
-- "whose name starts with", whatever the case
create index if not exists customer_list_v2_name on customer_list_v2 (book_id, name_folded, id);
-- the default order
create index if not exists customer_list_v2_created on customer_list_v2 (book_id, created_at, id);
-- "the one with this e-mail address", "with this VAT id"
create index if not exists customer_list_v2_email on customer_list_v2 (book_id, email, id);
create index if not exists customer_list_v2_vat on customer_list_v2 (book_id, vat_id, id);
-- "who lives there"
create index if not exists customer_list_v2_country on customer_list_v2
    (book_id, country, created_at, id);
create index if not exists customer_list_v2_city on customer_list_v2
    (book_id, city, created_at, id);
-- "who is archived", "who is on hold", "who may owe a lot", "what was changed since"
create index if not exists customer_list_v2_active on customer_list_v2
    (book_id, active, created_at, id);
create index if not exists customer_list_v2_hold on customer_list_v2
    (book_id, hold, created_at, id);
create index if not exists customer_list_v2_limit on customer_list_v2 (book_id, credit_limit, id);
create index if not exists customer_list_v2_updated on customer_list_v2
    (book_id, updated_at, created_at, id);

create table if not exists customer_balance_v1 (
    book_id     text not null,
    customer_id {TEXT} not null,
    currency    {TEXT} not null,
    balance     numeric not null,
    row_version bigint not null,
    primary key (book_id, customer_id, currency)
);
create table if not exists customer_credit_v1 (
    book_id     text not null,
    document    {TEXT} not null,
    customer_id {TEXT} not null,
    currency    {TEXT} not null,
    amount      numeric not null,
    row_version bigint not null,
    primary key (book_id, document)
);
-- "what credit does this customer have"
create index if not exists customer_credit_v1_customer on customer_credit_v1
    (book_id, customer_id) include (currency, amount) where amount <> 0;
"""

LISTING = Listing(
    "customers",
    table=_TABLE.name,
    columns=tuple(it for it in _TABLE.columns if it != "name_folded"),
    fields=(
        Field(name="id", column="id", kind="text", sortable=True, nullable=False),
        Field(name="name", column="name_folded", kind="text", sortable=True, fold=True),
        Field(name="email", column="email", kind="text"),
        Field(name="vatId", column="vat_id", kind="text"),
        Field(name="city", column="city", kind="text"),
        Field(name="country", column="country", kind="text"),
        Field(name="active", column="active", kind="boolean", nullable=False),
        Field(name="hold", column="hold", kind="text"),
        Field(name="creditLimit", column="credit_limit", kind="decimal"),
        Field(name="createdAt", column="created_at", kind="instant", sortable=True, nullable=False),
        Field(name="updatedAt", column="updated_at", kind="instant", nullable=False),
    ),
    order=("-createdAt",),
)

# ---------------------------------------------------------------- queries


async def balances_of(
    connection: Connection | Pool, book_id: str, customer_ids: list[str]
) -> dict[str, list[tuple[str, Decimal, Decimal]]]:
    """What these customers owe: currency, balance, and the credit that is already taken off it.

    Customers with whom there was no business yet are left out.
    """
    found: dict[str, list[tuple[str, Decimal, Decimal]]] = {}
    for row in await connection.fetch(_BALANCES, book_id, customer_ids):
        customer_id, currency, *amounts = row
        balance, credit = (rounded(it, currency) for it in amounts)
        found.setdefault(customer_id, []).append((currency, balance, credit))
    return found


_BALANCES = """
select b.customer_id, b.currency, b.balance,
       (select coalesce(sum(c.amount), 0) from customer_credit_v1 c
         where c.book_id = $1 and c.customer_id = b.customer_id and c.amount <> 0
           and c.currency = b.currency) as credit
  from customer_balance_v1 b
 where b.book_id = $1 and b.customer_id = any ($2) order by 1, 2
"""

# ---------------------------------------------------------------- keeping it up to date


async def project(connection: Connection, news: News) -> None:
    """Write the touched customers as they are now, and what their accounts and credits are."""
    await _TABLE.keep(connection, news, CUSTOMER, _values)
    owed = [
        (account.id, currency, balance, account.version)
        for account, _ in await news.entities(ACCOUNT)
        if account.state is not None
        for currency, balance in account.state.balances.items()
    ]
    if owed:
        await connection.execute(_OWED, news.book_id, *zip(*owed, strict=True))
    new: list[_Credit] = []
    credit: list[_Credit] = []
    for row, is_new in (*await _payments(news), *await _credit_notes(news)):
        (new if is_new else credit).append(row)
    await copy(connection, news.book_id, "customer_credit_v1", _CREDIT_COLUMNS, new)
    if credit:
        await connection.execute(_CREDIT, news.book_id, *zip(*credit, strict=True))


def _values(_id: str, customer: Customer) -> tuple[object, ...]:
    return (
        customer.name,
        folded(customer.name) if customer.name else None,
        customer.email,
        customer.vat_id,
        customer.city,
        customer.country,
        customer.currency,
        customer.active,
        customer.hold,
        customer.credit_limit,
    )


_Credit = tuple[str, str, str, Decimal, int]
_CREDIT_COLUMNS = ("document", "customer_id", "currency", "amount", "row_version")


async def _payments(news: News) -> list[tuple[_Credit, bool]]:
    """What is left of each payment, and whether it is new."""
    return [
        ((it.id, state.customer_id, state.currency, unapplied(state), it.version), news.is_new(by))
        for it, by in await news.entities(PAYMENT)
        if (state := it.state) is not None
    ]


async def _credit_notes(news: News) -> list[tuple[_Credit, bool]]:
    """What is left of each posted credit note, and whether it is new."""
    return [
        (
            (it.id, note.customer_id or "", note.currency or "", open_credit(note), it.version),
            news.is_new(by),
        )
        for it, by in await news.entities(CREDIT_NOTE)
        if (note := it.state) is not None and note.posted_totals is not None
    ]


_OWED = """
insert into customer_balance_v1 as t
select $1::text, * from unnest($2::text[], $3::text[], $4::numeric[], $5::bigint[])
on conflict (book_id, customer_id, currency) do update
set balance = excluded.balance, row_version = excluded.row_version
where t.row_version < excluded.row_version
"""

_CREDIT = """
insert into customer_credit_v1 as t
select $1::text, * from unnest($2::text[], $3::text[], $4::text[], $5::numeric[], $6::bigint[])
on conflict (book_id, document) do update
set amount = excluded.amount, row_version = excluded.row_version
where t.row_version < excluded.row_version
"""
