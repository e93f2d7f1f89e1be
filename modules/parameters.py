"""Parameters of databases and caches: the column of a parameter group, and the calls about it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from modules.spec import Call, Column, Detail, Item, PerKey, Source, column

#: Makes what a call takes of values by name, or of names.
Taken = Callable[[Any], list[dict[str, str]]]
#: How many parameters one call of AWS changes at most.
_MOST = 20


def what_is_set(example: str) -> Column:
    """The column of what has been set.

    Args:
        example: such a value.
    """
    return column(
        "parameters",
        "jsonb",
        "Parameters",
        not_null=True,
        default="'{}'",
        read=read,
        canonical=as_texts,
        doc=f"What has been set, such as {example}; what is taken out is AWS's again.",
    )


def told(operation: str, group: str) -> Detail:
    """Reads what has been set in each group.

    Args:
        operation: that describes a group's parameters.
        group: the parameter with the group's name, which descriptions have by the same name.
    """
    return Detail(
        operation=operation, items="Parameters", into="Parameters", params={group: group, "Source": "'user'"}
    )


def changed(
    name: Mapping[str, Source],
    path: str,
    *,
    put: str,
    to_set: Taken,
    take: str,
    to_reset: Taken,
    seen: Call | None = None,
) -> tuple[PerKey, PerKey]:
    """The calls that set parameters and set them back.

    Args:
        name: their parameter with the group's name.
        path: their parameter with what is to be changed.
        put, take: the operations.
        to_set, to_reset: what is to be changed, as these take it.
        seen: what has to be seen before.
    """
    return (
        PerKey(
            operation=put,
            column="parameters",
            which="set",
            params={**name, path: Item(read=to_set)},
            most=_MOST,
            new=True,
            seen=seen,
        ),
        PerKey(
            operation=take,
            column="parameters",
            which="removed",
            params={**name, path: Item(read=to_reset)},
            most=_MOST,
            seen=seen,
        ),
    )


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
