"""The kinds of problems, told to whoever follows the ``type`` of a problem document."""

from typing import Annotated, Any

from litestar import get
from litestar.params import PathParameter

from api.problem_advice import ADVICE, example
from api.problem_types import PROBLEMS
from api.problems import Problem
from api.wire import Reply


class ProblemMember(Reply):
    """A member that problem documents of this kind may have beyond the common ones."""

    name: str
    meaning: str


class ProblemTypeOut(Reply):
    """A kind of problem: what it means, and what to do about it."""

    code: str
    status: int
    title: str
    meaning: str
    to_do: str
    members: list[ProblemMember]
    example: dict[str, Any]


ProblemCode = Annotated[
    str,
    PathParameter(
        name="code",
        max_length=64,
        pattern=r"^[a-z-]{1,64}(?![\s\S])",
        description="The `code` of a problem document.",
    ),
]


@get(
    "/problems/{code:str}",
    operation_id="getProblemType",
    summary="Explain a problem",
    tags=["Operation"],
    sync_to_thread=False,
)
def get_problem_type(problem_code: ProblemCode) -> ProblemTypeOut:
    """What a kind of problem means, and what to do about it: where `type` points to.

    It needs no key.
    """
    kind, advice = PROBLEMS.get(problem_code), ADVICE.get(problem_code)
    if kind is None or advice is None:
        raise Problem("not-found", f"There is no problem of the code {problem_code!r}.")
    return ProblemTypeOut(
        code=problem_code,
        status=kind.status,
        title=kind.title,
        meaning=kind.meaning,
        to_do=advice.to_do,
        members=[ProblemMember(name=name, meaning=text) for name, text in advice.members],
        example=example(problem_code),
    )
