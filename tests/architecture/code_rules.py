"""House rules about what code may do, and where."""

import ast
import re
from collections.abc import Iterator

from tests.architecture.sources import Finding, Source, dotted

# ---------------------------------------------------------------- domain


def no_floats(source: Source) -> Iterator[Finding]:
    """Binary fractions cannot hold a cent: money, quantities and rates are decimals."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, float | complex):
            yield node.lineno, f"{node.value!r} is a binary fraction: write a Decimal."
        elif isinstance(node, ast.Name) and node.id in {"float", "complex"}:
            yield node.lineno, f"{node.id} is a binary fraction: use Decimal."
        elif isinstance(node, ast.Import | ast.ImportFrom):
            names = {getattr(node, "module", None), *(alias.name for alias in node.names)}
            if names & {"math", "statistics", "cmath"}:
                yield node.lineno, "math computes in binary fractions: use domain.money."


def exact_arithmetic(source: Source) -> Iterator[Finding]:
    """A quotient of decimals is cut at 28 digits, and ``round`` rounds halves to even."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.Div):
            yield node.lineno, "/ cuts digits off: use quotient of domain.money, or a Fraction."
        elif isinstance(node, ast.Call) and dotted(node.func) == "round":
            yield node.lineno, "round() rounds halves to even: use rounded of domain.money."


def exact_signs(source: Source) -> Iterator[Finding]:
    """Also a sign cuts a decimal at 28 digits, and an amount may have more."""
    for node in ast.walk(source.tree):
        match node:
            case ast.UnaryOp(op=ast.USub(), operand=ast.Name() | ast.Attribute()):
                yield node.lineno, "- cuts digits off: use negative of domain.money."
            case ast.BinOp(
                left=ast.Name() | ast.Attribute(), op=ast.Mult(), right=ast.Name() | ast.Attribute()
            ):
                yield node.lineno, "* cuts digits off: use times of domain.money."
            case _:
                pass


def no_float_values(source: Source) -> Iterator[Finding]:
    """Between the wire and the log, a decimal that becomes a binary fraction has lost its cent."""
    for node in ast.walk(source.tree):
        if not isinstance(node, ast.Call):
            continue
        called = dotted(node.func)
        if called == "float" or called.endswith(".from_float"):
            yield node.lineno, f"{called}() makes or takes a binary fraction: keep the Decimal."
        elif called == "Decimal" and any(_is_float(it) for it in node.args):
            yield node.lineno, "The Decimal of a binary fraction is not the number written."


def _is_float(node: ast.expr) -> bool:
    value = node.operand if isinstance(node, ast.UnaryOp) else node
    return isinstance(value, ast.Constant) and isinstance(value.value, float)


_SECTION = re.compile(r"^# -{10,} (\w+)$", re.MULTILINE)
_SECTIONS = ["state", "decisions", "evolve"]


def ordered_aggregates(source: Source) -> Iterator[Finding]:
    """Who has read one aggregate finds everything in the next: state, decisions, evolve.

    In a package they are files: then the aggregate is made at the end of ``evolve.py``.
    """
    made = [node for node in source.tree.body if _is_aggregate(node)]
    if not made:
        return
    if made[-1] is not source.tree.body[-1]:
        yield made[-1].lineno, "The aggregate itself stands last: it is made of all the rest."
        return
    if source.path.endswith("/evolve.py"):
        return
    found = {
        match[1]: source.text.count("\n", 0, match.start()) + 1
        for match in _SECTION.finditer(source.text)
    }
    if list(found) != _SECTIONS:
        yield 1, f"The sections are {list(found)}: make them {_SECTIONS}, in this order."
        return
    for node in source.tree.body:
        if isinstance(node, ast.ClassDef) and node.lineno > found["decisions"]:
            yield node.lineno, f"{node.name} stands behind the decisions: it belongs to the state."
        if getattr(node, "name", "") == "evolve" and node.lineno < found["evolve"]:
            yield node.lineno, "evolve stands before its section."


def _is_aggregate(node: ast.stmt) -> bool:
    value = node.value if isinstance(node, ast.Assign | ast.AnnAssign) else None
    return isinstance(value, ast.Call) and dotted(value.func).endswith("Aggregate")


# ---------------------------------------------------------------- one place for each thing

_ENVIRONMENT = frozenset({"environ", "environb", "getenv", "getenvb", "putenv"})


def no_environment(source: Source) -> Iterator[Finding]:
    """What is read in one place can be listed, checked at the start, and replaced in a test."""
    for node in ast.walk(source.tree):
        names: list[str] = []
        if isinstance(node, ast.Attribute) and dotted(node.value) == "os":
            names = [node.attr]
        elif isinstance(node, ast.ImportFrom) and node.module == "os":
            names = [alias.name for alias in node.names]
        if _ENVIRONMENT.intersection(names):
            yield getattr(node, "lineno", 1), "Only daybook reads the environment: take a value."


# Written in one case throughout: "Select ..." and "Create ..." begin sentences for people.
_SQL = re.compile(
    r"\s*(?:select\s+[\w*($]|insert\s+into\s|update\s+\S+\s+set\s|delete\s+from\s|truncate\s"
    r"|(?:create|alter|drop)\s+(?:or\s+replace\s+|unique\s+|materialized\s+|temp\w*\s+)?"
    r"(?:table|index|schema|function|view|type|extension|trigger|sequence)\s"
    r"|with\s+\w+\s+as\s+\(|set\s+(?:local|session)\s|(?:listen|notify)\s+\w+;?$)"
)


def no_sql(source: Source) -> Iterator[Finding]:
    """Tables change: what knows their columns stands beside them, in store and projections."""
    for line, text in _texts(source.tree):
        verb = text.split(maxsplit=1)[0] if text.strip() else ""
        if verb in {verb.lower(), verb.upper()} and _SQL.match(text.lower()):
            yield line, f"SQL ({text.strip()[:30]!r}): give it a name in store or projections."


def _texts(node: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and text of every string that is no docstring; a question mark for what is put in."""
    if isinstance(node, ast.JoinedStr):
        parts = (part.value if isinstance(part, ast.Constant) else "?" for part in node.values)
        yield node.lineno, "".join(map(str, parts))
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.lineno, node.value
    elif not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)):
        for child in ast.iter_child_nodes(node):
            yield from _texts(child)


# ---------------------------------------------------------------- import

_RESOURCES = re.compile(
    r"(?:^|\.)(?:open|connect|create_pool|open_pool|from_url|Redis|StrictRedis|Litestar|Popen"
    r"|read_text|read_bytes|urlopen|now|utcnow|today|new_id|uuid[147]|getenv|load_settings"
    r"|subprocess\.run|asyncio\.run|Thread|[A-Za-z]*(?:Broker|Session|Client|ConnectionPool"
    r"|Executor))$"
)


def nothing_at_import(source: Source) -> Iterator[Finding]:
    """An import that connects or reads makes tests depend on its order and slows every start."""
    for node in _at_import(source.tree):
        if isinstance(node, ast.Call) and _RESOURCES.search(name := dotted(node.func)):
            yield node.lineno, f"{name}() runs at import: make it in a function, and hand it on."


def _at_import(node: ast.AST) -> Iterator[ast.AST]:
    yield node
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        at_once: list[ast.AST] = [*node.decorator_list, *node.args.defaults]
        at_once += [default for default in node.args.kw_defaults if default is not None]
    elif isinstance(node, ast.Lambda) or _is_main(node):
        at_once = []
    else:
        at_once = [*ast.iter_child_nodes(node)]
    for child in at_once:
        yield from _at_import(child)


def _is_main(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and "__main__" in ast.unparse(node.test)
