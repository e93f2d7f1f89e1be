"""Constant values, against the shapes that they are sent as."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from engine.check.fault import Fault, fault
from engine.check.models import Shape, documented, is_documented, keys_of

_TYPES: Mapping[str, type] = {
    "string": str,
    "boolean": bool,
    "integer": int,
    "long": int,
    "list": list,
    "structure": Mapping,
    "map": Mapping,
}


def constant(where: str, shape: Shape, value: object) -> Iterator[Fault]:
    """What is wrong with a constant that is sent as a shape."""
    if not isinstance(value, _TYPES.get(shape.type_name, object)):
        yield fault(f"{where}: constant {value!r} is no {shape.type_name}")
        return
    match value:
        case list():
            for each in value:
                yield from constant(where, shape.member, each)
        case Mapping():
            yield from _members(where, shape, value)
        case _:
            allowed = getattr(shape, "enum", None)
            if allowed and value not in allowed:
                yield fault(f"{where}: constant {value!r} is none of {shape.name}", str(value), allowed)


def _members(where: str, shape: Shape, value: Mapping[str, object]) -> Iterator[Fault]:
    known = keys_of(shape) if shape.type_name == "map" else shape.members
    for name, each in value.items():
        if known and name not in known:
            yield fault(f"{where} has no {name}", name, known)
        else:
            yield from constant(where, shape.value if shape.type_name == "map" else shape.members[name], each)


def documented_name(where: str, shape: Shape, name: object) -> Iterator[Fault]:
    """Nothing if a shape's documentation lists a name, or lists none."""
    names = documented(shape)
    if names and not is_documented(str(name), names):
        yield fault(f"{where}: no filter {name}", str(name), names)
