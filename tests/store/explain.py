"""Whether what clients were told agrees with commands that ran one by one, in the book's order.

The log is the witness: it says which commands ran, and in which order. Everything else that was
answered must have been right at some moment between the question and the answer.
"""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from domain.facts.invoice import InvoiceDrafted, InvoiceHeaderChanged
from domain.facts.series import NumberAssigned
from store.recorded import Recorded
from tests.store.interleaving import Call
from tests.store.one_by_one import Asking, Model, Shown, Written


class Kept(NamedTuple):
    """What the book remembers of a command with a key."""

    asking: Asking
    version: int
    position: int


def explain(journal: Sequence[Call], log: Sequence[Recorded], kept: Sequence[Kept]) -> Model:
    """Assert that log, keys and answers follow from the model; answer the model at the end."""
    assert [event.position for event in log] == list(range(1, len(log) + 1)), "a gap in the log"
    times = [event.recorded_at for event in log]
    assert times == sorted(times), "time ran backwards"
    calls = {call.token: call for call in journal}
    models = [Model()]
    _remember(models, kept)
    answers: dict[str, Shown] = {}
    while models[-1].position < len(log):
        before = models[-1]
        call = calls[log[before.position].metadata.request_id or ""]
        assert call.token not in answers, f"{call} ran twice"
        assert call.since <= before.position, f"{call} ran before it was asked"
        model, written = before.after(call.asking)
        assert written, f"{call} ran, but {before.answer(call.asking)} was due"
        events = log[before.position : model.position]
        assert [_written(event) for event in events] == written, f"{call} wrote something else"
        assert {event.metadata.request_id for event in events} == {call.token}, "torn apart"
        answers[call.token] = model.shown_by(call.asking)
        models.append(model)
        _remember(models, kept)
    keys = {(it.asking, it.version, it.position) for it in kept}
    due = {(asking, it.version, it.position) for asking, it in models[-1].keys.values()}
    assert keys == due, f"{keys} is kept of commands, and {due} was due"
    unchanged = Counter(c.asking.key for c in journal if c.shown and c.shown.how == "unchanged")
    assert all(n == 1 for key, n in unchanged.items() if key), f"ran again: {unchanged}"
    for call in journal:
        if call.shown is not None:
            _check(call, answers.get(call.token), models)
    return models[-1]


def _remember(models: list[Model], kept: Sequence[Kept]) -> None:
    """Let those commands run that changed nothing at this position, and had a key."""
    for asking, _, position in kept:
        now = models[-1]
        if position == now.position and asking.key not in now.keys:
            due = now.answer(asking)
            assert due.how == "unchanged", f"{asking} is kept as unchanged, but {due} was due"
            models.append(now.remembering(asking))


def _check(call: Call, ran: Shown | None, models: Sequence[Model]) -> None:
    if ran is not None:
        assert call.shown == ran, f"{call} ran, and {ran} was due"
        return
    right = {
        model.answer(call.asking)
        for model in models
        if call.since <= model.position and (call.until is None or model.position <= call.until)
    }
    assert call.shown in right, f"{call} was told what was never so; right was {right}"


def _written(event: Recorded) -> Written:
    fact = event.fact
    value = None
    if isinstance(fact, InvoiceDrafted):
        value = str(fact.memo)
    elif isinstance(fact, InvoiceHeaderChanged):
        value = str(fact.to.memo)
    elif isinstance(fact, NumberAssigned):
        value = str(fact.number)
    return Written(event.stream, event.version, event.topic, value)
