"""Small faults to plant in a module: each is one place of its syntax tree that reads otherwise."""

import ast
from collections.abc import Iterator
from copy import copy
from typing import NamedTuple

_OTHER: dict[type[ast.AST], type[ast.AST]] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.And: ast.Or,
    ast.Or: ast.And,
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.FloorDiv,
    ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr,
}
_NO_BEHAVIOUR = {"annotation", "returns", "decorator_list", "bases", "type_comment"}


class Mutant(NamedTuple):
    """One fault: what stands at ``parent.field`` (at ``position`` of a list), and instead."""

    parent: ast.AST
    field: str
    position: int | None
    operator: str
    before: ast.AST
    after: ast.AST

    @property
    def line(self) -> int:
        """The line on which the fault is."""
        return int(getattr(self.before, "lineno", 0))

    @property
    def change(self) -> str:
        """What the line says, and what it says with the fault."""
        before, after = (ast.unparse(it).partition("\n")[0] for it in (self.before, self.after))
        return f"{before}  ->  {after}"

    def plant(self) -> None:
        """Change the tree."""
        value = ast.fix_missing_locations(ast.copy_location(self.after, self.before))
        if self.position is None:
            setattr(self.parent, self.field, value)
        else:
            getattr(self.parent, self.field)[self.position] = value


def mutants(tree: ast.AST) -> Iterator[Mutant]:
    """All faults of the tree, in an order that is always the same."""
    for field, value in ast.iter_fields(tree):
        if field in _NO_BEHAVIOUR:
            continue
        listed = isinstance(value, list)
        for index, node in enumerate(value if listed else [value]):
            if not isinstance(node, ast.AST) or _is_no_behaviour(node):
                continue
            place = (tree, field, index if listed else None)
            for operator, after in _faults(node, field):
                yield Mutant(*place, operator, node, after)
            yield from mutants(node)


def _is_no_behaviour(node: ast.AST) -> bool:
    """Docstrings, assertions, names of types, and sentences for people."""
    match node:
        case ast.Assert() | ast.Import() | ast.ImportFrom() | ast.Expr(value=ast.Constant()):
            return True
        case ast.Expr(value=call):
            return _is_no_behaviour(call)
        case ast.AnnAssign(annotation=ast.Name(id="TypeAlias")):
            return True
        case ast.Call(func=ast.Name(id="TypeVar" | "ParamSpec" | "cast" | "assert_never")):
            return True
        case ast.JoinedStr(values=parts):
            return any(isinstance(it, ast.Constant) and " " in str(it.value) for it in parts)
        case ast.Assign(targets=[ast.Name(id="__all__")]):
            return True
        case _:
            return False


def _faults(node: ast.AST, field: str) -> Iterator[tuple[str, ast.AST]]:
    match node:
        case ast.Compare(ops=[op, *rest]) if type(op) in _OTHER:
            yield "comparison", _changed(node, ops=[_OTHER[type(op)](), *rest])
        case ast.BinOp(op=op) | ast.BoolOp(op=op) if type(op) in _OTHER:
            kind = "arithmetic" if isinstance(node, ast.BinOp) else "boolean"
            yield kind, _changed(node, op=_OTHER[type(op)]())
        case ast.AugAssign(op=op) if type(op) in _OTHER:
            yield "arithmetic", _changed(node, op=_OTHER[type(op)]())
        case ast.UnaryOp(op=ast.Not() | ast.USub(), operand=operand):
            yield "negation", operand
        case ast.Constant(value=value):
            yield from (("constant", ast.Constant(it)) for it in _other_constants(value))
        case _:
            pass
    yield from _statement_faults(node)
    if field in {"test", "guard", "ifs"} and not isinstance(node, ast.UnaryOp | ast.Compare):
        assert isinstance(node, ast.expr)
        yield "condition", ast.UnaryOp(ast.Not(), node)


def _statement_faults(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    match node:
        case ast.Return(value=value) if value is not None and not _is_none(value):
            yield "return", ast.Return(ast.Constant(None))
        case ast.Raise() | ast.Expr() | ast.AugAssign() | ast.Continue() | ast.Break():
            yield "statement", ast.Pass()
        case ast.If(orelse=[]):
            yield "statement", ast.Pass()
        case _:
            pass


def _other_constants(value: object) -> Iterator[str | int]:
    match value:
        case bool():
            yield not value
        case int():
            yield value + 1
        case str() if value and " " not in value:
            yield f"{value}~"
        case _:
            return


def _changed(node: ast.AST, **fields: object) -> ast.AST:
    changed = copy(node)
    for name, value in fields.items():
        setattr(changed, name, value)
    return changed


def _is_none(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and node.value is None
