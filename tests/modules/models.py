"""botocore's service models: operations, waiters and error codes by name, and the two kinds of paths."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import botocore.session
import jmespath
from botocore import xform_name
from botocore.exceptions import UnknownServiceError

Shape = Any


class NoPathError(Exception):
    """A path leads nowhere."""


class Service:
    """What botocore knows of one service."""

    def __init__(self, name: str) -> None:
        session = botocore.session.get_session()
        self.model = session.get_service_model(name)
        self.operations = {xform_name(each): each for each in self.model.operation_names}
        self.waiters: dict[str, str] = {}
        try:
            waiters = session.get_waiter_model(name)
        except UnknownServiceError:
            return
        self.waiters = {
            xform_name(each): xform_name(waiters.get_waiter(each).operation) for each in waiters.waiter_names
        }

    def input(self, operation: str) -> Shape:
        return self.model.operation_model(self.operations[operation]).input_shape

    def output(self, operation: str) -> Shape:
        return self.model.operation_model(self.operations[operation]).output_shape

    @property
    def error_codes(self) -> set[str]:
        """The codes of its modelled errors; EC2 has none."""
        return {shape.metadata.get("error", {}).get("code", shape.name) for shape in self.model.error_shapes}


@cache
def service(name: str) -> Service:
    return Service(name)


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
        if shape.type_name == "map":
            shape = shape.value
        else:
            way.append((shape, name))
            shape = _member(shape, name)
        if segment["first"]:
            shape = _element(shape, name)
    return shape, way


def found(shape: Shape, path: str) -> Shape:
    """The shape that a JMESPath expression finds in an output; of a projection the element's.

    Raises:
        NoPathError: there is no such member, or the expression is of a kind that declarations do not use.
    """
    return _found(shape, jmespath.compile(path).parsed)


def _found(shape: Shape, node: dict[str, Any]) -> Shape:
    match node["type"], node["children"]:
        case (("current" | "identity"), _):
            return shape
        case "field", _:
            return shape.value if shape.type_name == "map" else _member(shape, node["value"])
        case "index", _:
            return _element(shape, "[…]")
        case "flatten", [inner]:
            return _element(_found(shape, inner), "[]")
        case (("subexpression" | "index_expression" | "projection"), children):
            for each in children:
                shape = _found(shape, each)
            return shape
    raise NoPathError(f"the expression has a {node['type']}")


def _member(shape: Shape, name: str) -> Shape:
    members = shape.members if shape.type_name == "structure" else {}
    if name not in members:
        raise NoPathError(f"{shape.name} has no member {name}")
    return members[name]


def _element(shape: Shape, name: str) -> Shape:
    if shape.type_name != "list":
        raise NoPathError(f"{name} is not a list in {shape.name}")
    return shape.member
