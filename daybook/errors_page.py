"""Print docs/errors.md: ``python -m daybook.errors_page > docs/errors.md``."""

import json
import sys
from collections.abc import Iterator
from http import HTTPStatus

from api.problem_advice import ADVICE, example
from api.problem_types import PROBLEMS

_HEAD = """# Errors

<!-- Made by `python -m daybook.errors_page > docs/errors.md`: change the tables in
api/problem_types.py and api/problem_advice.py. -->

Whatever cannot be served is answered with `application/problem+json` (RFC 9457). Every such
document has these members; some kinds have more, which are listed with them.

| member | meaning |
|---|---|
| `type` | `/problems/` and the code: `GET` it, without a key, for what is said here |
| `title` | the kind of problem in a few words |
| `status` | the HTTP status |
| `detail` | what is wrong this time, for people; its wording may change |
| `instance` | the path of the request |
| `code` | the kind of problem, for programs: it never changes its meaning and never vanishes |
| `requestId` | which request it was: also in the header `X-Request-Id`, and in the log |
| `errors` | each thing that is wrong: `code`, `detail`, and a JSON `pointer` or a `parameter` |

Clients branch on `code` and ignore members that they do not know. New codes may appear: treat one
that you do not know by its status. What breaks a rule of posting is reported within `rule-broken`
under the codes of [the rules of posting](posting-rules.md).

| code | status | meaning |
|---|---|---|
"""


def page() -> str:
    """The page as Markdown."""
    rows = [
        f"| [`{code}`](#{code}) | {kind.status} | {kind.meaning} |\n"
        for code, kind in PROBLEMS.items()
    ]
    return _HEAD + "".join(rows) + "".join(map("".join, map(_section, PROBLEMS)))


def _section(code: str) -> Iterator[str]:
    kind, advice = PROBLEMS[code], ADVICE[code]
    yield f"\n## {code}\n\n**{kind.status} {HTTPStatus(kind.status).phrase}: {kind.title}.** "
    yield f"{kind.meaning}\n\nWhat to do: {advice.to_do}\n"
    if advice.members:
        yield "\n| member | meaning |\n|---|---|\n"
        yield from (f"| `{name}` | {meaning} |\n" for name, meaning in advice.members)
    for name, value in kind.headers:
        yield f"\nHeader: `{name}: {value}`.\n"
    shown = json.dumps(example(code), indent=2, ensure_ascii=False)
    yield f"\n```json\n{shown}\n```\n"


if __name__ == "__main__":
    sys.stdout.write(page())
