import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from domain.aggregate import Change, Fact, Stream, fold
from domain.customer import CUSTOMER, Customer, archive, change, create, unarchive
from domain.customer_code import CUSTOMER_CODE, NEXT
from domain.errors import AlreadyExists, NotAllowed
from domain.facts.customer import (
    CustomerArchived,
    CustomerChanged,
    CustomerCodeAssigned,
    CustomerCreated,
    CustomerFact,
    CustomerUnarchived,
)
from tests.given import GivenStreams, given, given_streams
from tests.strategies import structs

ACME = CustomerCreated(name="Acme", country="DE", payment_days=14)


def customer(code: str) -> tuple[Stream[Customer], list[Fact]]:
    return CUSTOMER(code), [ACME]


def counter(*codes: int) -> tuple[Stream[int], list[Fact]]:
    return CUSTOMER_CODE(NEXT), [CustomerCodeAssigned(code=code) for code in codes]


def numbered(code: int) -> list[Change]:
    return [customer(str(code)), counter(code)]


# ---------------------------------------------------------------- codes


@pytest.mark.parametrize("code", ["ACME", "12", "next", "Straße 7"])
def test_a_customer_gets_the_code_that_was_asked_for(code: str) -> None:
    given_streams().when(create, code, ACME).then(customer(code))


def test_a_code_is_given_once() -> None:
    refusal = given_streams(customer("ACME")).when(create, "ACME", ACME).refuses(AlreadyExists)
    assert (refusal.kind, refusal.id) == ("customer", "ACME")
    assert str(refusal) == "There is a customer 'ACME' already."


def test_without_a_code_the_first_customer_is_number_one() -> None:
    given_streams().when(create, None, ACME).then(*numbered(1))


@pytest.mark.parametrize(
    ("history", "expected"),
    [
        (given_streams(counter(1, 2)), 3),
        (given_streams(customer("1")), 2),
        (given_streams(customer("1"), customer("2"), customer("4")), 3),
        (given_streams(customer("3"), customer("4"), counter(1, 2)), 5),
        (given_streams(customer("007"), customer("ACME")), 1),
        (given_streams(counter(7)), 8),
    ],
)
def test_the_next_free_integer_steps_over_codes_that_people_took(
    history: GivenStreams, expected: int
) -> None:
    history.when(create, None, ACME).then(*numbered(expected))


@for_all(st.lists(st.none() | st.sampled_from("123456789"), max_size=12))
def test_no_code_is_ever_given_twice(asked: list[str | None]) -> None:
    book: dict[str, list[Fact]] = {}
    for code in asked:
        if code is not None and CUSTOMER(code).name in book:
            continue
        changes = create(GivenStreams(dict(book)).read, code, ACME)
        for stream, facts in changes:
            assert stream.aggregate is not CUSTOMER or stream.name not in book
            book[stream.name] = [*book.get(stream.name, []), *facts]


# ---------------------------------------------------------------- master data


def test_a_change_names_only_what_becomes_different() -> None:
    asked = CustomerChanged(name="Acme", country="AT", payment_days=None, vat_id=None)
    given(CUSTOMER, ACME).when(change, asked).then(CustomerChanged(country="AT", payment_days=None))


def test_a_change_of_nothing_changes_nothing() -> None:
    given(CUSTOMER, ACME).when(change, CustomerChanged(name="Acme")).changes_nothing()
    given(CUSTOMER, ACME).when(change, CustomerChanged()).changes_nothing()


def test_archiving_and_unarchiving_alternate() -> None:
    archived = given(CUSTOMER, ACME, CustomerArchived())
    given(CUSTOMER, ACME).when(archive).then(CustomerArchived())
    assert archived.when(archive).refuses(NotAllowed, match="already").actions == ("unarchive",)
    archived.when(unarchive).then(CustomerUnarchived())
    again = given(CUSTOMER, ACME, CustomerArchived(), CustomerUnarchived())
    assert again.state == given(CUSTOMER, ACME).state
    assert again.when(unarchive).refuses(NotAllowed, match="not archived").actions == ("archive",)


def test_an_archived_customer_can_still_be_corrected() -> None:
    asked = CustomerChanged(name="Acme (closed)")
    given(CUSTOMER, ACME, CustomerArchived()).when(change, asked).then(asked)


ANY_FACT = st.one_of([structs(fact) for fact in CustomerFact.__args__])


@for_all(st.lists(ANY_FACT, max_size=12))
def test_no_history_makes_evolve_stumble(history: list[CustomerFact]) -> None:
    begun = any(isinstance(fact, CustomerCreated) for fact in history)
    assert (fold(CUSTOMER, history) is not None) == begun
