"""What rows call resources whose names AWS gives several times, and a table once. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from engine.plan.model import Found, Row, Values
from modules.spec import Qualified, Resource


@dataclass(frozen=True, slots=True)
class Named:
    """A resource, and what it is the only one of its name in.

    Attributes:
        within: the name of that; None: AWS does not show it.
        by_default: a row means that if it says nothing.
    """

    found: Found
    within: str | None
    by_default: bool


def named(
    resource: Resource, qualified: Qualified, some: Iterable[Named], rows: Sequence[Row]
) -> list[Found]:
    """Resources, each with the name that its row gives it, or is to give it.

    What has a row keeps the name that it has there. What has none has AWS's name, unless another resource or
    row has that too.
    """
    each_named, name = list(some), qualified.name
    identity = resource.identity or ""
    own = {row.values[identity]: row.values[name] for row in rows if row.values.get(identity) is not None}
    new = {row.values[name]: row.values.get(qualified.by) for row in rows if row.values.get(identity) is None}
    taken = Counter(qualified.plain(each.found.values[name]) for each in each_named)
    taken.update({row.values[name] for row in rows})

    def called(each: Named) -> str:
        there: str = each.found.values[name]
        plain = qualified.plain(there)
        if each.within is None:
            return there
        long = f"{each.within}/{plain}"
        if own.get(each.found.identity) in (plain, long):
            return str(own[each.found.identity])
        meant = (each.within, None) if each.by_default else (each.within,)
        for one in (plain, long):
            if one in new and new[one] in meant:
                return one
        return there if there != plain or taken[plain] == 1 else long

    return [replace(each.found, values={**each.found.values, name: called(each)}) for each in each_named]


def as_in(qualified: Qualified, values: Values, row: Row) -> Values:
    """A resource's values, with the name that its row gives it."""
    return {**values, qualified.name: row.values.get(qualified.name, values[qualified.name])}
