"""Parameters of databases and caches, as the column of a parameter group has them. Pure functions only."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any


def read(parameters: Iterable[Mapping[str, Any]] | None) -> dict[str, str] | None:
    """The parameters that somebody has set, by name; None if AWS has not been asked for them."""
    if parameters is None:
        return None
    return {
        each["ParameterName"]: each["ParameterValue"]
        for each in parameters
        if each.get("ParameterValue") is not None
    }


def as_texts(value: Any) -> Any:
    """The same with the values as AWS has them, which are texts; a key whose value is null is not set."""
    if not isinstance(value, Mapping):
        return {} if value is None else value
    return {name: _text(each) for name, each in sorted(value.items()) if each is not None}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
