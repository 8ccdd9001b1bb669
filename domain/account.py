"""Account: what a customer owes, document by document. State, decisions, evolve."""

from datetime import date
from decimal import Decimal

import msgspec

from domain.aggregate import Aggregate, Change, Read
from domain.facts.account import BalanceChanged
from domain.money import ZERO, Money, total

# ---------------------------------------------------------------- state


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """What a customer owes in each currency; below zero while the customer has credit."""

    balances: dict[str, Decimal]

    def owed(self, currency: str) -> Decimal:
        """The balance in this currency."""
        return self.balances.get(currency, ZERO)


# ---------------------------------------------------------------- decisions


def entry(
    read: Read,
    customer_id: str,
    *,
    document_type: str,
    document_id: str,
    amount: Money,
    dated: date,
) -> Change:
    """Write on the customer's account that it owes so much more, or less if below zero.

    It stands in the same append as the document that is its reason, so that a balance always
    equals the sum of the open documents.
    """
    account = read(ACCOUNT(customer_id))
    before = account.owed(amount.currency) if account else ZERO
    changed = BalanceChanged(
        document_type=document_type,
        document_id=document_id,
        amount=amount.amount,
        currency=amount.currency,
        balance=total([before, amount.amount]),
        dated=dated,
    )
    return (ACCOUNT(customer_id), [changed])


# ---------------------------------------------------------------- evolve


def evolve(account: Account | None, fact: BalanceChanged) -> Account:
    """The account after the entry."""
    before = account.balances if account else {}
    return Account(balances={**before, fact.currency: fact.balance})


ACCOUNT: Aggregate[Account] = Aggregate("account", evolve)
