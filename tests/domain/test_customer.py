from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from domain.aggregate import Change, Fact, Stream, fold
from domain.customer import (
    CUSTOMER,
    Customer,
    anonymise,
    archive,
    available_actions,
    change,
    change_credit_limit,
    create,
    hold,
    release,
    unarchive,
)
from domain.customer_code import CUSTOMER_CODE, NEXT
from domain.errors import AlreadyExists, NotAllowed
from domain.facts.customer import (
    CustomerAnonymised,
    CustomerArchived,
    CustomerChanged,
    CustomerCodeAssigned,
    CustomerCreated,
    CustomerCreditLimitChanged,
    CustomerDetails,
    CustomerFact,
    CustomerPutOnHold,
    CustomerReleased,
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
    to = CustomerDetails(name="Acme", country="AT")
    asked = ("name", "country", "payment_days", "vat_id")
    expected = CustomerChanged(to=to, fields=("country", "payment_days"))
    given(CUSTOMER, ACME).when(change, to, asked).then(expected)


def test_a_change_of_nothing_changes_nothing() -> None:
    given(CUSTOMER, ACME).when(change, CustomerDetails(name="Acme"), ("name",)).changes_nothing()
    given(CUSTOMER, ACME).when(change, CustomerDetails(), ()).changes_nothing()


def test_archiving_and_unarchiving_alternate() -> None:
    archived = given(CUSTOMER, ACME, CustomerArchived())
    given(CUSTOMER, ACME).when(archive).then(CustomerArchived())
    assert "unarchive" in archived.when(archive).refuses(NotAllowed, match="archived").actions
    archived.when(unarchive).then(CustomerUnarchived())
    again = given(CUSTOMER, ACME, CustomerArchived(), CustomerUnarchived())
    assert again.state == given(CUSTOMER, ACME).state
    assert "archive" in again.when(unarchive).refuses(NotAllowed, match="active").actions


def test_an_archived_customer_can_still_be_corrected() -> None:
    to = CustomerDetails(name="Acme (closed)")
    archived = given(CUSTOMER, ACME, CustomerArchived())
    archived.when(change, to, ("name",)).then(CustomerChanged(to=to, fields=("name",)))


def test_a_hold_begins_and_ends_with_a_reason() -> None:
    held = given(CUSTOMER, ACME, CustomerPutOnHold(reason="Insolvent"))
    assert held.state is not None
    assert held.state.hold == "Insolvent"
    refusal = held.when(hold, reason="Again").refuses(NotAllowed, match="Insolvent")
    assert "release" in refusal.actions
    held.when(release, reason="Paid up").then(CustomerReleased(reason="Paid up"))
    given(CUSTOMER, ACME).when(release).refuses(NotAllowed, match="not on hold")


def test_a_credit_limit_can_be_set_and_lifted() -> None:
    limit = CustomerCreditLimitChanged(limit=Decimal(500), reason="New customer")
    given(CUSTOMER, ACME).when(change_credit_limit, Decimal(500), reason="New customer").then(limit)
    limited = given(CUSTOMER, ACME, limit)
    limited.when(change_credit_limit, Decimal("500.00")).changes_nothing()
    limited.when(change_credit_limit, None).then(CustomerCreditLimitChanged())


def test_what_identifies_a_person_goes_and_the_rest_stays() -> None:
    person = CustomerCreated(name="Ada", email="ada@acme.example", street="Ring 1", city="Köln")
    gone = given(CUSTOMER, person, CustomerArchived(), CustomerAnonymised(reason="Asked for"))
    assert gone.state is not None
    assert (gone.state.name, gone.state.email, gone.state.street) == (None, None, None)
    assert gone.state.city == "Köln"
    assert available_actions(gone.state) == ()
    gone.when(change, CustomerDetails(name="Ada"), ("name",)).refuses(NotAllowed, match="anonym")


def test_a_refusal_says_how_the_customer_stands() -> None:
    open_, gone = given(CUSTOMER, ACME), given(CUSTOMER, ACME, CustomerArchived())
    open_.when(unarchive).refuses(NotAllowed, match="the customer is active and not on hold")
    gone.when(archive).refuses(NotAllowed, match="the customer is archived and not on hold")
    held = given(CUSTOMER, ACME, CustomerPutOnHold(reason="Late"))
    held.when(unarchive).refuses(NotAllowed, match=r"the customer is active and on hold \(Late\)")


def test_a_customer_in_use_is_not_anonymised() -> None:
    refusal = given(CUSTOMER, ACME).when(anonymise, reason="Asked for").refuses(NotAllowed)
    assert "archive" in refusal.actions


@for_all(st.lists(st.sampled_from([archive, unarchive, release, hold, anonymise]), max_size=12))
def test_a_command_is_accepted_exactly_when_it_is_among_the_available_actions(
    commands: list[Any],
) -> None:
    state = fold(CUSTOMER, [ACME])
    for command in commands:
        assert state is not None
        reason = {"reason": "R"} if command in {hold, anonymise} else {}
        if command.__name__ in available_actions(state):
            state = fold(CUSTOMER, command(state, **reason), state)
        else:
            with pytest.raises(NotAllowed):
                command(state, **reason)


ANY_FACT = st.one_of([structs(fact) for fact in CustomerFact.__args__])


@for_all(st.lists(ANY_FACT, max_size=12))
def test_no_history_makes_evolve_stumble(history: list[CustomerFact]) -> None:
    begun = any(isinstance(fact, CustomerCreated) for fact in history)
    assert (fold(CUSTOMER, history) is not None) == begun
