"""The functions of modules: a call's input from their arguments, and their rows from its answer. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.errors import OperationError
from engine.plan.descriptions import search
from engine.plan.requests import Facts, structure
from modules.spec import Function, Result


def document(function: Function, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The input of the operation that a function calls.

    Raises:
        OperationError: 22004, an argument that it needs is NULL; 22023, one is not what it must be.
    """
    for name, type in function.parameters.items():
        if arguments.get(name) is None and "DEFAULT" not in type:
            raise OperationError(f"{function.name}() needs {name}, not NULL", sqlstate="22004")
    try:
        return structure(function.params, Facts(values=dict(arguments), parts={}, context={}))
    except ValueError as error:
        raise OperationError(
            f"an argument of {function.name}() is not what it must be", sqlstate="22023", detail=str(error)
        ) from error


def rows(function: Function, answer: Mapping[str, Any], asked: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The rows of a function.

    Args:
        asked: the input of the call, which columns can show as `Asked`.
    """
    items = [answer] if function.items is None else search(function.items, answer) or []
    return [
        {each.name: _value(each, {**item, "Asked": asked}) for each in function.columns} for item in items
    ]


def _value(column: Result, item: Mapping[str, Any]) -> Any:
    there = item if column.path is None else search(column.path, item)
    return there if column.read is None else column.read(there)
