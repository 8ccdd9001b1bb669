"""Which decisions make which facts, as the code of the domain says: for the catalogue of events."""

import importlib
import inspect
import pkgutil
import typing
from collections.abc import Callable, Iterator
from types import CodeType, FunctionType, ModuleType
from typing import Any

import domain

_NO_DECISION = {"evolve"}


def makers_of_facts() -> dict[str, list[str]]:
    """By the name of a fact, the decisions that make it, each with what it does.

    A decision makes what it names, and what the functions make that it calls.
    """
    found: dict[str, list[str]] = {}
    for function in _decisions():
        meaning = (inspect.getdoc(function) or "").split("\n\n")[0].replace("\n", " ")
        meaning = meaning.replace("``None``", "null").replace("``", "`")
        entry = f"`{_place(function)}`: {meaning}"
        for mentioned in _names(function, set()):
            found.setdefault(mentioned, []).append(entry)
    return found


def _decisions() -> Iterator[FunctionType]:
    """The public functions of the domain; of a package that exports some, those and no others."""
    for module in _modules():
        package = importlib.import_module(module.__name__.rpartition(".")[0])
        exported = {*getattr(package, "__all__", ())}
        own = [
            it
            for name, it in inspect.getmembers(module, inspect.isfunction)
            if it.__module__ == module.__name__ and name not in _NO_DECISION and name[0] != "_"
        ]
        chosen = [it for it in own if it.__name__ in exported]
        yield from chosen or own


def _modules() -> list[ModuleType]:
    names = (it.name for it in pkgutil.walk_packages(domain.__path__, "domain.") if not it.ispkg)
    return [importlib.import_module(name) for name in names if ".facts" not in name]


def _place(function: FunctionType) -> str:
    """``invoice.edit`` for a decision of a package, ``series.assign`` for one of a module."""
    package = function.__module__.split(".")[1]
    return f"{package}.{function.__name__}"


def _names(function: Callable[..., Any], seen: set[str]) -> set[str]:
    """What a function names in its signature or its body, and what those name that it calls."""
    assert isinstance(function, FunctionType)
    seen.add(f"{function.__module__}.{function.__name__}")
    hints = {getattr(it, "__name__", "") for it in typing.get_type_hints(function).values()}
    named = {*_names_in(function.__code__)}
    for name in named - _NO_DECISION:
        other = function.__globals__.get(name)
        if not isinstance(other, FunctionType) or not other.__module__.startswith("domain."):
            continue
        if f"{other.__module__}.{other.__name__}" not in seen:
            hints |= _names(other, seen)
    return hints | named


def _names_in(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names_in(constant)
