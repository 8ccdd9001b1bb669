"""The refusals of the domain. Nothing is changed when one is raised.

Refusal
├── NotFound         there is no such entity in this book
├── AlreadyExists    the id is taken
├── NotAllowed       the state of the entity forbids the command
└── RuleBroken       one or more rules of content are broken; all of them are listed
"""

import msgspec


class Violation(msgspec.Struct, frozen=True):
    """One broken rule.

    ``code`` is stable (``P20``); ``pointer`` is a JSON Pointer (RFC 6901) into the entity;
    ``detail`` is a sentence that says what to do.
    """

    code: str
    pointer: str
    detail: str


class Refusal(Exception):
    """A decision said no."""


class NotFound(Refusal):
    """There is no such entity in this book."""

    def __init__(self, kind: str, id_: str) -> None:
        super().__init__(f"There is no {kind.replace('-', ' ')} {id_!r} in this book.")
        self.kind = kind
        self.id = id_


class AlreadyExists(Refusal):
    """An entity with this id exists already."""

    def __init__(self, kind: str, id_: str) -> None:
        super().__init__(f"There is a {kind.replace('-', ' ')} {id_!r} already.")
        self.kind = kind
        self.id = id_


class NotAllowed(Refusal):
    """The state of the entity forbids the command.

    ``code`` names the reason, ``actions`` the commands that its state does allow, ``preview`` what
    another command would make instead, where that is known.
    """

    def __init__(
        self,
        detail: str,
        *,
        code: str = "invalid-transition",
        actions: tuple[str, ...] = (),
        preview: msgspec.Struct | None = None,
    ) -> None:
        super().__init__(detail)
        self.code = code
        self.actions = actions
        self.preview = preview


class RuleBroken(Refusal):
    """Rules of content are broken. All are listed, so that one round of mending is enough."""

    def __init__(self, violations: tuple[Violation, ...]) -> None:
        assert violations, "a refusal without a broken rule"
        super().__init__("; ".join(violation.detail for violation in violations))
        self.violations = violations
