"""Statements of a function's policy, as AddPermission makes them. Pure functions only."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

_ROOT = re.compile(r"arn:[^:]+:iam::(\d{12}):root", re.ASCII)


def principal(told: Any) -> str | None:
    """Who a statement lets in, as AddPermission takes it; None if it says more than that can."""
    if isinstance(told, dict):
        some = list(told.values())
        told = some[0] if len(some) == 1 else None
    one = told[0] if isinstance(told, list) and len(told) == 1 else told
    return one if isinstance(one, str) else None


def same_principal(value: Any) -> Any:
    """An account, which AWS tells as the root of it, by its number."""
    root = _ROOT.fullmatch(value) if isinstance(value, str) else None
    return root[1] if root else value


def condition(key: str) -> Callable[[Any], Any]:
    """Reads what a statement's conditions want a key to be, whatever the operator.

    Args:
        key: as AWS names it; the case of its letters means nothing.
    """

    def read(told: Any) -> Any:
        for each in (told or {}).values():
            for name, value in each.items():
                if name.lower() == key.lower():
                    return value
        return None

    return read


def flag(key: str) -> Callable[[Any], bool | None]:
    """The same of what is true or false."""
    read = condition(key)

    def of(told: Any) -> bool | None:
        value = read(told)
        return None if value is None else str(value).lower() == "true"

    return of
