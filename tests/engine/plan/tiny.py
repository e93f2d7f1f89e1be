"""Tiny declared resources, and rows and finds of them, for tests that show one rule each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from engine.plan import descriptions
from engine.plan.apply import plan_apply
from engine.plan.model import Change, Found, Plan, Row, Values
from engine.plan.snapshot import Snapshot
from modules.spec import Call, Column, List, Resource, assigned, fixed

_CREATE = Call(operation="create", params={"Name": "name"})
_DELETE = Call(operation="delete", params={"Name": "name"})


def resource(table: str, *columns: Column, **more: Any) -> Resource:
    """A resource whose row has a serial number, AWS's name for it (`arn`), a `name` that AWS allows once and
    cannot change, and some more columns.
    """
    declared: dict[str, Any] = {
        "service": "test",
        "doc": "",
        "key": ("id",),
        "identity": "arn",
        "natural_key": ("name",),
        "columns": (assigned("arn", "text", "arn"), fixed("name", "text", "name"), *columns),
        "listing": List(operation="list", items="items"),
        "create": (_CREATE,),
        "delete": (_DELETE,),
    }
    return Resource(table=table, **{**declared, **more})


def row(table: str, key: Any, parts: Mapping[str, Sequence[Values]] | None = None, **values: Any) -> Row:
    """A row; what is not given is NULL."""
    some = {name: tuple(elements) for name, elements in (parts or {}).items()}
    return Row(table=table, key=(key,), values={"id": key, **values}, parts=some)


def found(resource: Resource, arn: str, **description: Any) -> Found:
    """A resource that AWS describes so."""
    return descriptions.found(resource, {"arn": arn, **description})


def snapshot(resources: Sequence[Resource], finds: Sequence[Found], rows: Sequence[Row] = ()) -> Snapshot:
    """AWS with some resources in it."""
    listed = {each.table: [one for one in finds if one.table == each.table] for each in resources}
    return Snapshot(resources, listed, by_table(resources, rows))


def by_table(resources: Sequence[Resource], rows: Sequence[Row]) -> dict[str, list[Row]]:
    return {each.table: [one for one in rows if one.table == each.table] for each in resources}


def plan(resources: Sequence[Resource], finds: Sequence[Found], rows: Sequence[Row]) -> Plan:
    """What an apply would do."""
    return plan_apply(snapshot(resources, finds, rows), by_table(resources, rows))


def only(changes: Sequence[Change]) -> Change:
    """The one change of a plan."""
    [change] = changes
    return change


def in_order(planned: Plan) -> list[str]:
    """A plan's steps as words, in its order."""
    return [f"{step.kind} {step.change.table} {step.change.name}" for step in planned.steps]
