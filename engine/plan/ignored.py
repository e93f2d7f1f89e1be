"""Columns in which neither side follows the other: those that `iasql.ignored` names, and those that AWS sets
because of something else that is there. Pure.

Such a column is compared and sent as AWS has it, once the resource is there, and its row stays as it is.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from engine.plan.model import Desired, Found, Pending
from modules.spec import Resource

#: By table and identity; the tables of parts are names like those of columns.
Ignored = Mapping[tuple[str, str], frozenset[str]]


def both(one: Ignored, other: Ignored) -> Ignored:
    """What either ignores."""
    return {name: one.get(name, frozenset()) | other.get(name, frozenset()) for name in {*one, *other}}


def as_aws_has_them(resource: Resource, desired: Desired, found: Found, names: Collection[str]) -> Desired:
    """A row, resolved, in which some columns and parts are AWS's.

    A reference to what the same plan makes is the row's: AWS's may be to what the plan removes.
    """
    values = {
        name: value
        for name, value in found.values.items()
        if name in names and not isinstance(desired.values.get(name), Pending)
    }
    parts = {part.table: found.parts[part.table] for part in resource.parts if part.table in names}
    return Desired(desired.row, {**desired.values, **values}, {**desired.parts, **parts})
