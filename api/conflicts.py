"""A conflict, field by field: what others did since, what is in the way, and what to do."""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from api.caller import Caller
from api.json_reply import as_json
from api.preferences import prefers
from api.problems import Problem
from domain.errors import NotFound, Refusal
from store.basis import author_of
from store.cache import Author
from store.command import Command
from store.errors import StaleRowVersion
from store.preview import Trial
from store.public import public_fact
from store.recorded import Recorded, Versioned
from store.touched import EVERYTHING, overlap, touched

REBASE = "conflict=rebase"
"""The preference (RFC 7240) to be applied over changes of other fields."""

_CHANGES_SHOWN = 100
_CHANGES_READ = 1000

Show = Callable[[Versioned[Any]], msgspec.Struct]


def prefers_rebase(prefer: str | None) -> bool:
    """Whether a Prefer header asks for ``conflict=rebase``."""
    return prefers(prefer, REBASE)


async def conflict(
    caller: Caller, command: Command[Any], stale: StaleRowVersion, show: Show
) -> Problem:
    """Tell where the entity stands now, and what happened since the client's RowVersion."""
    current = stale.current
    read = await caller.books.history(
        caller.book_id, current.stream, after=stale.expected, limit=_CHANGES_READ
    )
    since = [event for event in read if _is_foreign(event, author_of(command))]
    fields = await _Fields.of(caller, command, stale, show)
    others = [pointer for event in since for pointer in touched(event.fact)]
    both = fields.conflicts(others)
    free = not both and fields.known and EVERYTHING not in {*others, *fields.yours}
    name = f"{current.stream.aggregate.name.replace('-', ' ')} {current.id}"
    detail = (
        f"The {name} is at RowVersion {current.version}; your change was based on "
        f"{stale.expected}. Look at `current`, then merge and send again with If-Match "
        f'"{current.version}", or discard your change.'
    )
    return Problem(
        "row-version-conflict",
        detail,
        headers={"ETag": f'"{current.version}"'},
        baseRowVersion=stale.expected,
        currentRowVersion=current.version,
        current=fields.current,
        changes=[_change(event) for event in since[:_CHANGES_SHOWN]],
        conflicts=both,
        mergeable=free and len(read) < _CHANGES_READ,
        resolve=_resolve(current.version, mergeable=free),
    )


def _resolve(version: int, *, mergeable: bool) -> dict[str, str]:
    hints = {
        "merge": f'Send what is still to be changed again, with If-Match: "{version}".',
        "overwrite": f'Send the same again with If-Match: "{version}", or * whatever comes.',
        "discard": "Take `current`.",
    }
    if mergeable:
        hints["rebase"] = f"Send the same again with Prefer: {REBASE}."
    return hints


def _is_foreign(event: Recorded, author: Author) -> bool:
    said = event.metadata
    return author.session is None or author != Author(said.actor, said.edit_session)


class _Fields:
    """The fields that a change is about, before it, now, and as it wants them."""

    def __init__(self, base: object, current: object, trials: Sequence[tuple[Any, object]]) -> None:
        self.base = base
        self.current = current
        self.trials = trials

    @classmethod
    async def of(
        cls, caller: Caller, command: Command[Any], stale: StaleRowVersion, show: Show
    ) -> "_Fields":
        """Try the change on what its client saw and on what is there now."""
        current = stale.current
        shown = as_json(show(current))
        base = await _shown(caller, stale, show)
        trials: list[tuple[Any, object]] = []
        for version in (stale.expected, current.version):
            if 0 < version <= current.version:
                trial = await _try(caller, command, version)
                if trial is not None:
                    entity = Versioned(current.stream, trial.state, version)
                    wanted = None if trial.state is None else as_json(show(entity))
                    trials.append((trial, wanted))
        return cls(base, shown, trials)

    @property
    def known(self) -> bool:
        """Whether it is known what the change is about: it may be refused for other reasons."""
        return bool(self.trials)

    @property
    def yours(self) -> list[str]:
        """What the change is about."""
        facts = [fact for trial, _ in self.trials for fact in trial.facts]
        return list(dict.fromkeys(pointer for fact in facts for pointer in touched(fact)))

    def conflicts(self, others: Sequence[str]) -> list[dict[str, object]]:
        """The fields that others changed as well, and to something else."""
        if not self.trials:
            return []
        _, wanted = self.trials[0]
        values = [
            {
                "pointer": pointer,
                "base": _at(self.base, pointer),
                "current": _at(self.current, pointer),
                "yours": _at(wanted, pointer),
            }
            for pointer in overlap(self.yours, others)
            if pointer != EVERYTHING
        ]
        return [it for it in values if it["current"] != it["yours"]]


async def _shown(caller: Caller, stale: StaleRowVersion, show: Show) -> object:
    """The entity as the client saw it; ``None`` if there was none then."""
    if not 0 < stale.expected < stale.current.version:
        return None
    try:
        entity = await caller.books.get(caller.book_id, stale.current.stream, at=stale.expected)
    except NotFound:
        return None
    return as_json(show(entity))


async def _try(caller: Caller, command: Command[Any], version: int) -> Trial[Any] | None:
    try:
        return await caller.books.attempt(caller.book_id, command, at=version)
    except Refusal:
        return None


def _at(document: object, pointer: str) -> object:
    """The value there; parts of lists are found by their ids. ``None`` if there is none."""
    value = document
    for token in pointer.split("/")[1:]:
        name = token.replace("~1", "/").replace("~0", "~")
        if isinstance(value, dict):
            value = value.get(name)
        elif isinstance(value, list):
            value = next((it for it in value if name in _names_of(it)), None)
        else:
            return None
    return value


def _names_of(part: object) -> tuple[object, ...]:
    if not isinstance(part, dict):
        return ()
    return (part.get("id"), part.get("lineId"), part.get("kind") if "id" not in part else None)


def _change(event: Recorded) -> dict[str, object]:
    return {
        "rowVersion": event.version,
        "type": event.topic,
        "fields": [*touched(event.fact)],
        "by": {"id": event.metadata.actor},
        "at": event.recorded_at,
        "eventId": event.event_id,
        "data": public_fact(event.fact),
    }
