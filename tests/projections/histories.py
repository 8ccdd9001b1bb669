"""Random histories of a book, made by real decisions."""

# ruff: noqa: ARG005 - all that can be tried is called alike

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from random import Random

from hypothesis import strategies as st

from domain import (
    credit_note,
    payment,
    settlement,
)
from domain.credit_note import CREDIT_NOTE
from domain.facts.invoice_parts import Header
from domain.invoice import change_due_date, delete, edit, release, remove_line
from domain.invoice.voiding import void
from domain.payment import PAYMENT
from domain.posting import post
from tests.projections.company import Action, Company, Step
from tests.projections.more_trials import (
    invoice_of,
    master_data,
    over_credit,
    over_payment,
    period_moved,
    refund,
    refund_credit,
    serial_reserved,
    wish,
)
from tests.projections.trials import credited, drafted, memo, on_invoice, paid, posted

ACTIONS: dict[str, Action] = {
    "draft": drafted,
    "post": posted,
    "post a draft": lambda it, step: post(
        it.read, it.existing("invoice", step.which), today=it.today
    ),
    "edit": on_invoice(lambda it, state, step: edit(state, Header(memo=f"{step}"), ["memo"])),
    "remove a line": on_invoice(lambda it, state, step: remove_line(state, "lin_0")),
    "delete": on_invoice(lambda it, state, step: delete(state)),
    "release": on_invoice(lambda it, state, step: release(state, today=it.today)),
    "due date": on_invoice(
        lambda it, state, step: change_due_date(state, it.today + timedelta(days=step.other * 9))
    ),
    "void": lambda it, step: void(
        it.read, it.existing("invoice", step.which), reason="Wrong.", today=it.today
    ),
    "pay": paid,
    "apply": over_payment(
        lambda it, id_, step: payment.apply(it.read, id_, wish(it, step), today=it.today)
    ),
    "unapply": over_payment(
        lambda it, id_, step: payment.unapply(
            it.read, id_, invoice_of(it, PAYMENT(id_), step), today=it.today
        )
    ),
    "reallocate": over_payment(
        lambda it, id_, step: payment.reallocate(
            it.read,
            id_,
            from_invoice_id=invoice_of(it, PAYMENT(id_), step),
            to_invoice_id=it.existing("invoice", step.other),
            today=it.today,
            amount=Decimal(1),
        )
    ),
    "refund": over_payment(refund),
    "reverse": over_payment(
        lambda it, id_, step: payment.reverse(it.read, id_, reason="Bounced.", today=it.today)
    ),
    "credit": credited,
    "memo": memo,
    "apply credit": over_credit(
        lambda it, id_, step: credit_note.apply(it.read, id_, wish(it, step), today=it.today)
    ),
    "unapply credit": over_credit(
        lambda it, id_, step: credit_note.unapply(
            it.read, id_, invoice_of(it, CREDIT_NOTE(id_), step), today=it.today
        )
    ),
    "refund credit": over_credit(refund_credit),
    "void credit": over_credit(
        lambda it, id_, step: credit_note.void(it.read, id_, reason="Wrong.", today=it.today)
    ),
    "write off": lambda it, step: settlement.write_off(
        it.read,
        it.existing("invoice", step.which),
        kind=settlement.BAD_DEBT,
        reason="Insolvent.",
        today=it.today,
    ),
    "recover": lambda it, step: settlement.recover(
        it.read, it.existing("invoice", step.which), reason="Found.", today=it.today
    ),
    "serial": serial_reserved,
    "period": period_moved,
    "master data": master_data,
}

# What makes something to look at is tried more often than what ends it.
_OFTEN = ["post"] * 6 + ["pay"] * 5 + ["credit", "memo", "apply", "unapply", "apply credit"] * 2

STEPS = st.lists(
    st.builds(
        Step,
        action=st.sampled_from([*ACTIONS, *_OFTEN]),
        which=st.integers(0, 30),
        other=st.integers(0, 11),
        amount=st.sampled_from([Decimal(it) for it in ("1", "10", "19", "99.95", "250")]),
        days=st.sampled_from([0, 0, 1, 5, 20]),
    ),
    min_size=15,
    max_size=60,
)


def _busy() -> list[Step]:
    """A year in which everything happens."""
    random = Random(7)  # noqa: S311 - not a secret
    actions = [*ACTIONS, *_OFTEN]
    masters = [Step("master data", 0, other, Decimal(5), 0) for other in (0, 1, 3, 5)]
    return [
        *masters,
        *(
            Step(
                action=random.choice(actions),
                which=random.randrange(31),
                other=random.randrange(12),
                amount=Decimal(random.choice(["1", "10", "19", "99.95", "250"])),
                days=random.choice([0, 0, 1, 5]),
            )
            for _ in range(250)
        ),
    ]


BUSY = _busy()


def play(company: Company, steps: Sequence[Step]) -> None:
    """Try everything, one after the other."""
    for step in steps:
        company.attempt(ACTIONS[step.action], step)
