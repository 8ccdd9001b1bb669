"""The examples in docs/webhooks.md, run in every language that is here."""

import asyncio
import base64
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import msgspec
import pytest
from standardwebhooks.webhooks import Webhook

from store import replaying
from tests.documents import published
from tests.workers.receiver import receiving
from workers import breaker, sender
from workers.schedule import MAX_RETRY_AFTER, POLICIES
from workers.signing import TOLERANCE_SECONDS, sign

PAGE = (Path(__file__).parents[2] / "docs" / "webhooks.md").read_text(encoding="utf-8")
SECRETS = tuple(f"whsec_{base64.b64encode(bytes([n]) * 32).decode()}" for n in (1, 2, 3))
BODY = '{"type":"customer.created","data":{"name":"Ofen Müller & Söhne"}}'.encode()
ED25519 = f"whsk_{base64.b64encode(bytes(range(32))).decode()}"


class Case(NamedTuple):
    """A request, and the secret it is verified with."""

    headers: dict[str, str]
    body: bytes
    secret: str


def examples(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


# ---------------------------------------------------------------- running them


def answers(command: Sequence[str], script: Path, cases: Sequence[Case]) -> list[bool]:
    """What a script says that reads the cases as JSON and writes an array of booleans."""
    sent = [(case.headers, base64.b64encode(case.body).decode(), case.secret) for case in cases]
    done = subprocess.run(
        [*command, str(script)], input=msgspec.json.encode(sent), capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr.decode()
    return msgspec.json.decode(done.stdout, type=list[bool])


def python(folder: Path, cases: Sequence[Case]) -> list[bool]:
    script = folder / "verify.py"
    script.write_text(
        examples("python")[0]
        + "\nimport json, sys\n"
        + "cases = json.load(sys.stdin)\n"
        + "print(json.dumps([verify(h, base64.b64decode(b), s) for h, b, s in cases]))\n",
        encoding="utf-8",
    )
    return answers([sys.executable], script, cases)


def node(folder: Path, cases: Sequence[Case]) -> list[bool]:
    types = r": (?:Record<string, string>|Buffer|string|boolean)(?=[,) ])"
    script = folder / "verify.mjs"
    script.write_text(
        re.sub(types, "", examples("typescript")[0])
        + 'import { readFileSync } from "node:fs";\n'
        + 'const cases = JSON.parse(readFileSync(0, "utf8"));\n'
        + 'const said = cases.map(([h, b, s]) => verify(h, Buffer.from(b, "base64"), s));\n'
        + "console.log(JSON.stringify(said));\n",
        encoding="utf-8",
    )
    return answers(["node"], script, cases)


def php(folder: Path, cases: Sequence[Case]) -> list[bool]:
    script = folder / "verify.php"
    script.write_text(
        examples("php")[0]
        + "$said = [];\n"
        + "foreach (json_decode(file_get_contents('php://stdin'), true) as [$h, $b, $s]) {\n"
        + "    $said[] = verify($h, base64_decode($b), $s);\n"
        + "}\necho json_encode($said);\n",
        encoding="utf-8",
    )
    return answers(["php"], script, cases)


def openssl(folder: Path, cases: Sequence[Case]) -> list[bool]:
    script = folder / "verify.sh"
    script.write_text(examples("sh")[0], encoding="utf-8")
    body = folder / "body"
    said = []
    for case in cases:
        body.write_bytes(case.body)
        variables = {
            "ID": case.headers["webhook-id"],
            "TIMESTAMP": case.headers["webhook-timestamp"],
            "SIGNATURE": case.headers["webhook-signature"],
            "SECRET": case.secret,
            "BODY": str(body),
        }
        done = subprocess.run(["sh", str(script)], env={**os.environ, **variables}, check=False)
        said.append(done.returncode == 0)
    return said


RUNNERS: MappingProxyType[str, Callable[[Path, Sequence[Case]], list[bool]]] = MappingProxyType(
    {"python": python, "node": node, "php": php, "openssl": openssl}
)
FOUND = [name for name in RUNNERS if name == "python" or shutil.which(name)]


def test_there_is_an_example_in_every_language_and_most_of_them_can_be_run() -> None:
    for language in ("python", "typescript", "php", "sh", "bash"):
        assert examples(language), language
    assert {"python", "openssl"} <= set(FOUND)


# ---------------------------------------------------------------- what they must say


def signed(secrets: Sequence[str], *, age: int = 0, body: bytes = BODY) -> dict[str, str]:
    return sign("evt_01K9VXEH3T0000000000000004", int(time.time()) - age, body, secrets)


@pytest.mark.parametrize("language", FOUND)
def test_an_example_accepts_what_we_sign_with_either_secret_of_an_overlap(
    language: str, tmp_path: Path
) -> None:
    both, alone = SECRETS[:2], signed(SECRETS[:1])
    cases = [
        Case(alone, BODY, SECRETS[0]),
        Case(signed(both), BODY, both[0]),
        Case(signed(both), BODY, both[1]),
        Case(signed([ED25519, both[0]]), BODY, both[0]),
        Case(signed(both, age=200), BODY, both[0]),
        Case(signed(both, age=-200), BODY, both[0]),
        Case(signed(both, body=bytes(range(256))), bytes(range(256)), both[0]),
    ]
    assert RUNNERS[language](tmp_path, cases) == [True] * len(cases)


def mutations() -> list[Case]:
    """A request that is right, with each of its parts changed in turn."""
    headers = signed(SECRETS[:2])
    stamp, signature = int(headers["webhook-timestamp"]), headers["webhook-signature"]
    first, second = signature.split(" ")
    bodies = [BODY[:at] + bytes([BODY[at] ^ 1]) + BODY[at + 1 :] for at in (0, 20, len(BODY) - 1)]
    changed: list[dict[str, str]] = [
        {"webhook-id": headers["webhook-id"] + "x"},
        {"webhook-id": "evt_01K9VXEH3T0000000000000005"},
        {"webhook-timestamp": str(stamp - 1)},
        {"webhook-timestamp": str(stamp + 1)},
        {"webhook-signature": ""},
        {"webhook-signature": "v1,"},
        {"webhook-signature": signature.replace("v1,", "v2,")},
        {"webhook-signature": signature.replace("v1,", "v1a,")},
        {"webhook-signature": second},
        {"webhook-signature": first[3:]},
        {"webhook-signature": first.lower()},
        *({"webhook-signature": _flipped(first, at)} for at in range(3, len(first) - 1)),
    ]
    return [
        *(Case(headers, body, SECRETS[0]) for body in [*bodies, BODY + b" ", BODY[:-1], b""]),
        *(Case({**headers, **change}, BODY, SECRETS[0]) for change in changed),
        Case(headers, BODY, SECRETS[2]),
        Case(signed(SECRETS[:1], age=301), BODY, SECRETS[0]),
        Case(signed(SECRETS[:1], age=-400), BODY, SECRETS[0]),
    ]


def _flipped(text: str, at: int) -> str:
    return text[:at] + ("A" if text[at] != "A" else "B") + text[at + 1 :]


@pytest.mark.parametrize("language", FOUND)
def test_an_example_refuses_every_mutation(language: str, tmp_path: Path) -> None:
    cases = mutations()
    accepted = [
        case for case, said in zip(cases, RUNNERS[language](tmp_path, cases), strict=True) if said
    ]
    assert accepted == []


async def test_the_curl_example_sends_what_an_independent_verifier_accepts(tmp_path: Path) -> None:
    assert shutil.which("curl"), "curl is needed for this test: install it."
    body = tmp_path / "body"
    body.write_bytes(BODY)
    async with receiving() as receiver:
        receiver.check = False
        variables = {"ID": "msg_1", "SECRET": SECRETS[0], "BODY": str(body)}
        process = await asyncio.create_subprocess_exec(
            *("bash", "-euc", examples("bash")[0]),
            env={**os.environ, **variables, "RECEIVER": receiver.url},
        )
        assert await process.wait() == 0
    (request,) = receiver.requests
    assert request.body == BODY
    Webhook(SECRETS[0]).verify(request.body, request.headers)


# ---------------------------------------------------------------- what else the page says


def test_the_example_of_places_tells_new_from_old_and_finds_gaps() -> None:
    namespace: dict[str, Any] = {}
    exec(examples("python")[1], namespace)  # noqa: S102 - it is our own example
    place = namespace["place"]
    seen: dict[str, int] = {}

    def event(version: int) -> dict[str, Any]:
        return {
            "aggregate": {"id": "inv_1"},
            "rowVersion": version,
            "previousRowVersion": version - 1,
        }

    said = [place(event(version), seen) for version in (1, 1, 3, 2, 3, 2)]
    assert said == ["take", "drop", "wait", "take", "take", "drop"]


def test_the_table_of_retries_is_the_policy() -> None:
    for policy in POLICIES.values():
        pauses = ", ".join(_duration(delay) for delay in policy.delays)
        assert f"| `{policy.category}` | {policy.attempts} | {pauses} |" in PAGE
        assert policy.jitter == 0.2


def test_the_numbers_of_the_page_are_those_of_the_program() -> None:
    assert f"within {sender.TIMEOUT:.0f} seconds" in PAGE
    assert f"first {sender.MAX_RESPONSE // 1024} KiB" in PAGE
    assert f"to {MAX_RETRY_AFTER / 3600:.0f} hours at most" in PAGE
    assert f"After {breaker.FAILURES} failures in a row" in PAGE
    assert f"{breaker.HOPELESS_AFTER.days} days without a success" in PAGE
    assert f"after {breaker.HOPELESS_FAILURES} failures at least" in PAGE
    assert f"At most {replaying.WINDOW:,} of its deliveries" in PAGE
    assert (TOLERANCE_SECONDS, "more than five minutes" in PAGE) == (300, True)


def test_every_request_on_the_page_is_in_the_contract() -> None:
    paths = published()["paths"]
    named = {
        (method.lower(), re.sub(r"\{\w+\}", "{}", path))
        for method, path in re.findall(r"^(GET|POST|PATCH) (/api[^ ?\n]*)", PAGE, re.MULTILINE)
    }
    known = {
        (method, re.sub(r"\{\w+\}", "{}", path))
        for path, operations in paths.items()
        for method in operations
    }
    assert len(named) > 10
    assert named - known == set()


def _duration(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 3600 else f"{seconds / 3600:.0f} h"
