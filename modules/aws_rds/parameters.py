"""Parameters of databases: what somebody has set, how AWS takes it, and when it takes effect.

https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_WorkingWithParamGroups.html
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from modules.spec import Call, Column, Detail, Item, PerKey, Source, column

#: How many parameters one call of AWS changes at most.
MOST = 20


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


def to_set(both: Mapping[str, Any]) -> list[dict[str, str]]:
    """What sets some parameters: those that a database can take while it runs at once, and others with its
    next restart.

    Args:
        both: `item`, values by name, and `seen`, all parameters that the group has.
    """
    return [
        {"ParameterName": name, "ParameterValue": value, "ApplyMethod": _method(name, both["seen"])}
        for name, value in both["item"].items()
    ]


def to_reset(both: Mapping[str, Any]) -> list[dict[str, str]]:
    """What sets some parameters back to what AWS would have; the argument is as for `to_set`."""
    return [{"ParameterName": name, "ApplyMethod": _method(name, both["seen"])} for name in both["item"]]


def _method(name: str, known: Iterable[Mapping[str, Any]] | None) -> str:
    static = any(each["ParameterName"] == name and each.get("ApplyType") == "static" for each in known or ())
    return "pending-reboot" if static else "immediate"


def set_parameters() -> Column:
    """The column of a parameter group."""
    return column(
        "parameters",
        "jsonb",
        "Parameters",
        not_null=True,
        default="'{}'",
        read=read,
        canonical=as_texts,
        doc='What has been set, such as {"max_connections": "200"}; what is taken out is AWS\'s again.',
    )


#: What the calls could do besides.
NOT_KEPT = {"ResetAllParameters": "a row says which parameters are set back"}


def told(operation: str, group: str) -> Detail:
    """Reads what has been set in each group.

    Args:
        operation: that describes a group's parameters.
        group: the parameter with the group's name, which descriptions have by the same name.
    """
    return Detail(
        operation=operation, items="Parameters", into="Parameters", params={group: group, "Source": "'user'"}
    )


def changed(seen: str, put: str, take: str, group: str) -> tuple[PerKey, PerKey]:
    """The calls that set parameters and set them back.

    Args:
        seen, put, take: operations: describes, sets and resets a group's parameters.
        group: their parameter with the group's name.
    """
    name: dict[str, Source] = {group: "name"}
    look = Call(operation=seen, params=name, result="Parameters")
    return (
        PerKey(
            operation=put,
            column="parameters",
            which="set",
            params={**name, "Parameters": Item(read=to_set)},
            most=MOST,
            new=True,
            seen=look,
        ),
        PerKey(
            operation=take,
            column="parameters",
            which="removed",
            params={**name, "Parameters": Item(read=to_reset)},
            most=MOST,
            seen=look,
        ),
    )
