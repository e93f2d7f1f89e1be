"""Parameters of the query protocol, by what botocore's models say of them. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any


def read_form(shape: Any, form: Mapping[str, Any], within: str = "") -> Any:
    """What a form says of a shape; None if it says nothing.

    Args:
        form: flat names and values.
        within: name of the shape in it.
    """
    match shape.type_name:
        case "structure":
            begin = f"{within}." if within else ""
            found = {
                name: read_form(member, form, begin + member.serialization.get("name", name))
                for name, member in shape.members.items()
            }
            return {name: value for name, value in found.items() if value is not None} or None
        case "list":
            return list(_elements(shape, form, within)) or None
    value = form.get(within)
    if value is None:
        return None
    match shape.type_name:
        case "boolean":
            return value == "true"
        case "integer" | "long":
            return int(value)
    return value


def _elements(shape: Any, form: Mapping[str, Any], within: str) -> Iterator[Any]:
    number = 0
    while True:
        number += 1
        element = f"{within}.{shape.member.serialization.get('name', 'member')}.{number}"
        value = read_form(shape.member, form, element)
        if value is None:
            return
        yield value
