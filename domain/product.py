"""Product: state, decisions, evolve."""

from collections.abc import Sequence
from typing import TypeAlias, assert_never

import msgspec

from domain.aggregate import Aggregate, Change, Fact, Read
from domain.changes import differing, named, patched
from domain.errors import AlreadyExists, NotAllowed, RuleBroken, Violation
from domain.facts.lines import KINDS
from domain.facts.product import (
    ProductArchived,
    ProductChanged,
    ProductCreated,
    ProductDetails,
    ProductUnarchived,
)
from domain.limits import beyond

# ---------------------------------------------------------------- state


class Product(ProductDetails, frozen=True, kw_only=True):
    """What is sold. Its id is the code that people use, such as ``STOVE-7``."""

    active: bool = True


STATUSES = ("Active", "Discontinued", "Obsolete")


# ---------------------------------------------------------------- decisions


def create(read: Read, code: str, created: ProductCreated) -> list[Change]:
    """Create a product under its code."""
    if read(PRODUCT(code)) is not None:
        raise AlreadyExists("product", code)
    _check(created)
    return [(PRODUCT(code), [created])]


def change(product: Product, to: ProductDetails, fields: Sequence[str]) -> list[Fact]:
    """Change fields; lines that were written before keep what they copied."""
    names = differing(product, to, fields)
    _check(patched(product, to, names))
    return [ProductChanged(to=to, fields=names)] if names else []


def archive(product: Product) -> list[Fact]:
    """Offer the product no more."""
    if not product.active:
        raise NotAllowed("The product is archived already.", actions=("unarchive",))
    return [ProductArchived()]


def unarchive(product: Product) -> list[Fact]:
    """Offer the product again."""
    if product.active:
        raise NotAllowed("The product is not archived.", actions=("archive",))
    return [ProductUnarchived()]


def _check(details: ProductDetails) -> None:
    kinds = [kind for kind in KINDS if kind != "comment"]
    violations = [*beyond(details)]
    if details.kind not in kinds:
        violations.append(Violation("product-kind", "/kind", f"One of {', '.join(kinds)}."))
    if details.status not in STATUSES:
        violations.append(Violation("product-status", "/status", f"One of {', '.join(STATUSES)}."))
    if violations:
        raise RuleBroken(tuple(violations))


# ---------------------------------------------------------------- evolve

ProductFact: TypeAlias = ProductCreated | ProductChanged | ProductArchived | ProductUnarchived


def evolve(product: Product | None, fact: ProductFact) -> Product | None:
    """The product after the fact."""
    if isinstance(fact, ProductCreated):
        return Product(**named(fact))
    if product is None:
        return None
    match fact:
        case ProductChanged():
            return patched(product, fact.to, fact.fields)
        case ProductArchived():
            return msgspec.structs.replace(product, active=False)
        case ProductUnarchived():
            return msgspec.structs.replace(product, active=True)
        case _:
            assert_never(fact)


PRODUCT: Aggregate[Product] = Aggregate("product", evolve)
