"""botocore's service models: operations, waiters and error codes by name, and the two kinds of paths."""

from __future__ import annotations

import html
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Any

import botocore.session
import jmespath
from botocore import xform_name
from botocore.exceptions import UnknownServiceError

from engine.check.error_codes import COMMON, VETTED

#: One of botocore's shapes; None is a string that a declaration has put into a description.
Shape = Any


class NoPathError(Exception):
    """A path leads nowhere.

    Attributes:
        name: the name in it that there is not.
        allowed: the names that could stand in its place.
    """

    def __init__(self, message: str, name: str = "", allowed: Collection[str] = ()) -> None:
        super().__init__(message)
        self.name = name
        self.allowed = allowed


class Service:
    """What botocore knows of one service."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.model = _session().get_service_model(name)
        self.operations = {xform_name(each): each for each in self.model.operation_names}

    def input(self, operation: str) -> Shape:
        return self.model.operation_model(self.operations[operation]).input_shape

    def output(self, operation: str) -> Shape:
        return self.model.operation_model(self.operations[operation]).output_shape

    @cached_property
    def waiters(self) -> dict[str, str]:
        """The operation that each waiter calls."""
        try:
            waiters = _session().get_waiter_model(self.name)
        except UnknownServiceError:
            return {}
        return {
            xform_name(each): xform_name(waiters.get_waiter(each).operation) for each in waiters.waiter_names
        }

    @cached_property
    def error_codes(self) -> Collection[str]:
        """The codes by which the client tells errors; none if they are not known.

        The codes of AWS's query-compatible protocol are others than the model's.
        """
        if self.name in VETTED:
            return VETTED[self.name] | COMMON
        if "awsQueryCompatible" in self.model.metadata:
            return frozenset()
        # Answers about several things name what became of some of them.
        in_answers = (each for each in self.model.shape_names if each.endswith("FailureCode"))
        return (
            COMMON
            | {shape.metadata.get("error", {}).get("code", shape.name) for shape in self.model.error_shapes}
            | {code for each in in_answers for code in getattr(self.model.shape_for(each), "enum", ())}
        )


@cache
def service(name: str) -> Service:
    """One service.

    Raises:
        UnknownServiceError: botocore has none of that name.
    """
    return Service(name)


@cache
def _session() -> Any:
    return botocore.session.get_session()


@dataclass(frozen=True)
class Described:
    """The shape of a description, with what declarations put into it.

    Attributes:
        shape: of AWS's part of it.
        joined: the shapes of the rest, by key; None is a string.
    """

    shape: Shape
    joined: Mapping[str, Shape] = field(default_factory=dict)


@dataclass(frozen=True)
class Listed:
    """The shape of a list that an expression makes.

    Attributes:
        member: the shape of its elements.
    """

    member: Shape
    type_name: str = "list"
    name: str = "list"


@dataclass(frozen=True)
class Keyed:
    """The shape of a structure that an expression makes.

    Attributes:
        members: the shapes of what it has, by key.
    """

    members: Mapping[str, Shape]
    type_name: str = "structure"
    name: str = "structure"


@dataclass(frozen=True)
class Unknown:
    """The shape of what no model has: what a JSON text says, and all that is in it."""

    type_name: str = "unknown"
    name: str = "a JSON text"

    @property
    def member(self) -> Shape:
        """An element, if it is a list."""
        return self


_SEGMENT = re.compile(r"(?P<name>[^.\[]+)(?P<first>\[0\])?(?:\.|$)")


def parameter(shape: Shape, path: str) -> tuple[Shape, list[tuple[Shape, str]]]:
    """The shape that `a.b[0].c` leads to in an input, and the members on the way, each with its structure.

    Raises:
        NoPathError: there is no such member.
    """
    way: list[tuple[Shape, str]] = []
    at = 0
    while at < len(path):
        segment = _SEGMENT.match(path, at)
        if segment is None:
            raise NoPathError(f"{path[at:]!r} is no path")
        at, name = segment.end(), segment["name"]
        if shape.type_name != "map":
            way.append((shape, name))
        shape = _member(shape, name)
        if segment["first"]:
            shape = _element(shape, name)
    return shape, way


def found(described: Shape | Described, path: str) -> Shape:
    """What a JMESPath expression finds in an output; of a projection the element.

    Raises:
        NoPathError: there is no such member, or the expression is of a kind that declarations do not use.
    """
    return _found(described, jmespath.compile(path).parsed)


def _found(shape: Shape | Described, node: dict[str, Any]) -> Shape:
    match node["type"], node["children"]:
        case (("current" | "identity"), _):
            return shape.shape if isinstance(shape, Described) else shape
        case "literal", _:
            return None
        case "function_expression", [inner] if node["value"] == "from_json":
            _found(shape, inner)
            return Unknown()
        case "field", _:
            return _member(shape, node["value"])
        case "index", _:
            return _element(shape, "[…]")
        case "slice", _:
            return _element(shape, "[…]")
        case "flatten", [inner]:
            return _element(_found(shape, inner), "[]")
        case "filter_projection", [inner, each, _]:
            return _found(_element(_found(shape, inner), "[?]"), each)
        case "multi_select_list", [only]:
            return Listed(_found(shape, only))
        case "multi_select_dict", children:
            return Keyed({each["value"]: _found(shape, each["children"][0]) for each in children})
        case "multi_select_list", children:
            for each in children:
                _found(shape, each)
            return None
        case (("subexpression" | "index_expression" | "projection"), children):
            for each in children:
                shape = _found(shape, each)
            return shape
    raise NoPathError(f"the expression has a {node['type']}")


def _member(described: Shape | Described, name: str) -> Shape:
    joined = described.joined if isinstance(described, Described) else {}
    if name in joined:
        return joined[name]
    shape: Shape = described.shape if isinstance(described, Described) else described
    if isinstance(shape, Unknown):
        return shape
    if shape is not None and shape.type_name == "map":
        keys = keys_of(shape)
        if keys and name not in keys:
            raise NoPathError(f"{shape.name} has no key {name}", name, keys)
        return shape.value
    members = shape.members if shape is not None and shape.type_name == "structure" else {}
    if name not in members:
        raise NoPathError(f"{_name(shape)} has no member {name}", name, members)
    return members[name]


def _element(shape: Shape, name: str) -> Shape:
    if shape is None or shape.type_name not in ("list", "unknown"):
        raise NoPathError(f"{name} is not a list in {_name(shape)}")
    return shape.member


def _name(shape: Shape) -> str:
    return "a string" if shape is None else str(shape.name)


def keys_of(shape: Shape) -> Collection[str]:
    """The keys that a map can have; none if the model does not tell."""
    return list(getattr(shape.key, "enum", ()))


_NAMED = re.compile(r"<li>\s*<p>\s*<code>([^<]+)</code>(?::(&lt;key&gt;))?")


def documented(shape: Shape) -> Collection[str]:
    """The names of filters that a shape's documentation lists. `tag:` stands for all that begin with it."""
    names = ((html.unescape(name), key) for name, key in _NAMED.findall(shape.documentation))
    return list(dict.fromkeys(name.partition("<")[0] + (":" if key else "") for name, key in names))


def is_documented(name: str, names: Collection[str]) -> bool:
    """Whether a name is one of those that `documented` gives."""
    return name in names or any(each.endswith(":") and name.startswith(each) for each in names)
