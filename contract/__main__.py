"""``python -m contract``: every check of the published contract that needs tools or a server."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import click
from openapi_spec_validator import OpenAPIV30SpecValidator, OpenAPIV31SpecValidator

from contract.lint import lint
from contract.server import Served, served
from daybook.contract import FOLDER, contract
from daybook.contract_changes import breaking_changes

HERE = Path(__file__).parent
BUILD = Path("build/contract").absolute()
SCRIPTS = Path(".venv/_contract/bin").absolute()
"""An environment of their own: what the tools need is not what the product is tested with."""
DOCUMENTS = ("openapi.json", "openapi-3.1.json")


@click.command()
@click.option("--cases", default=5, show_default=True, help="Random cases per operation.")
@click.option("--seed", default=1, show_default=True, help="Others make other random cases.")
@click.option("--only", help="Run this step alone.")
def main(cases: int, seed: int, only: str | None) -> None:
    """Export, validate, lint, compare with the commit before, try requests, generate clients."""
    BUILD.mkdir(parents=True, exist_ok=True)
    require_tools()
    steps: dict[str, Callable[[], None]] = {
        "export": export,
        "validate": validate,
        "breaking": compare,
        "lint": lambda: lint(HERE, BUILD, DOCUMENTS),
        "server": lambda: with_server(cases, seed),
    }
    for name, step in steps.items():
        if only in {None, name} or name == "export":
            click.echo(f"== {name}", err=True)
            step()


def require_tools() -> None:
    """Say what is missing and how to get it, before anything is run."""
    missing = []
    if shutil.which("npm") is None or shutil.which("node") is None:
        missing.append("Node.js 20 or newer with npm: https://nodejs.org, or your system's package")
    missing += [
        f"{tool}: run 'make contract', which installs contract.lock"
        for tool in ("schemathesis", "openapi-python-client")
        if not (SCRIPTS / tool).exists()
    ]
    if missing:
        raise click.ClickException("Missing:\n" + "\n".join(f"  {it}" for it in missing))


def export() -> None:
    """Write the documents of the code, and refuse if they are not those that are committed."""
    for name, content in contract().items():
        (BUILD / name).write_bytes(content)
        if (FOLDER / name).read_bytes() != content:
            raise click.ClickException(f"docs/{name} is not that of the code: see CONTRIBUTING.md.")


def validate() -> None:
    """Both documents against the specification of OpenAPI."""
    for name, validator in zip(
        DOCUMENTS, (OpenAPIV30SpecValidator, OpenAPIV31SpecValidator), strict=True
    ):
        errors = list(validator(json.loads((BUILD / name).read_bytes())).iter_errors())
        if errors:
            raise click.ClickException(f"{name} is not valid OpenAPI: {errors[0]}")


def compare() -> None:
    """What breaks clients since the last commit."""
    shown = subprocess.run(
        ["git", "show", "HEAD:docs/openapi-3.1.json"],  # noqa: S607 - found on PATH like any tool
        check=False,
        capture_output=True,
    )
    if shown.returncode:
        raise click.ClickException("There is no committed contract to compare with: is it a clone?")
    new = json.loads((BUILD / "openapi-3.1.json").read_bytes())
    found = breaking_changes(json.loads(shown.stdout), new)
    if found:
        raise click.ClickException("This breaks clients:\n" + "\n".join(found))


def with_server(cases: int, seed: int) -> None:
    """Generated requests and generated clients against the API on a real database."""
    with served(BUILD) as api:
        python_client(api)
        typescript_client(api)
        requests(api, cases, seed)


def python_client(api: Served) -> None:
    """Generate a Python client, compile it, and run a flow with it."""
    target = BUILD / "python" / "daybook_client"
    run(
        *(SCRIPTS / "openapi-python-client", "generate", "--overwrite", "--meta", "none"),
        *("--path", BUILD / "openapi-3.1.json", "--output-path", target),
        *("--config", HERE / "python_client.yaml"),
    )
    run(SCRIPTS / "python", "-m", "compileall", "-q", target)
    shutil.copy(HERE / "flow.py", target.parent)
    run(SCRIPTS / "python", "flow.py", api.address, api.key, cwd=target.parent)


def typescript_client(api: Served) -> None:
    """Generate types for TypeScript, compile a flow strictly, and run it."""
    target = BUILD / "typescript"
    target.mkdir(exist_ok=True)
    for name in ("flow.ts", "tsconfig.json"):
        shutil.copy(HERE / name, target)
    (target / "package.json").write_text('{"type": "module"}')
    modules = target / "node_modules"
    if not modules.is_symlink():
        modules.symlink_to(HERE / "node_modules")
    tools = HERE / "node_modules" / ".bin"
    # A field with a default need not be sent.
    run(
        *(tools / "openapi-typescript", BUILD / "openapi-3.1.json", "-o", target / "api.d.ts"),
        "--default-non-nullable=false",
    )
    run(tools / "tsc", "--project", target)
    run("node", "flow.js", api.address, api.key, cwd=target)


def requests(api: Served, cases: int, seed: int) -> None:
    """Schemathesis with all checks over every operation."""
    run(
        *(SCRIPTS / "schemathesis", "--config-file", HERE / "schemathesis.toml", "run"),
        *(f"{api.address}/api/openapi.json", "--checks", "all", "--continue-on-failure"),
        *("--header", f"Authorization: Bearer {api.key}", "--max-examples", str(cases)),
        # Two threads that parse at once may crash in Python 3.11 (python/cpython#106905).
        *("--request-timeout", "10", "--no-shrink", "--workers", "1", "--seed", str(seed)),
        cwd=BUILD,
        CONTRACT_ADDRESS=api.address,
        CONTRACT_KEY=api.key,
        SCHEMATHESIS_HOOKS=str(HERE / "aim.py"),
    )


def run(*command: object, cwd: Path | None = None, **said: str) -> None:
    """Run a tool, which is ``said`` more by its environment; its failure is ours."""
    words = [str(word) for word in command]
    environ = {**os.environ, **said}  # noqa: TID251 - it is passed on
    done = subprocess.run(words, check=False, cwd=cwd, env=environ, stdin=subprocess.DEVNULL)
    if done.returncode:
        raise click.ClickException(f"{Path(words[0]).name} found something, or could not run.")


if __name__ == "__main__":
    main()
