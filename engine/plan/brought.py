"""What AWS has made of its own accord along with something else. Pure."""

from __future__ import annotations

from engine.plan.model import Found
from engine.plan.resolve import natural_key
from engine.plan.snapshot import Snapshot
from modules.spec import Column, ComesWith
from modules.spec.names import bare


def tables(snapshot: Snapshot) -> frozenset[str]:
    """The tables of what AWS makes of its own accord along with others."""
    made = {each.table for resource in snapshot.resources.values() for each in resource.comes_with}
    return frozenset(table for table in snapshot.resources if bare(table) in made)


def came_of_itself(snapshot: Snapshot, found: Found) -> bool:
    """Whether AWS has made a resource along with another, and nobody has touched it."""
    return kind_of(snapshot, found) is not None


def kind_of(snapshot: Snapshot, found: Found) -> ComesWith | None:
    """As what AWS has made a resource along with another, if nobody has touched it."""
    kinds = (
        each
        for other in snapshot.resources.values()
        for each in other.comes_with
        if each.table == bare(found.table)
    )
    return next((each for each in kinds if _is_untouched(snapshot, found, each)), None)


def _is_untouched(snapshot: Snapshot, found: Found, kind: ComesWith) -> bool:
    """Whether a resource is such as AWS makes it."""
    resource = snapshot.resources[found.table]
    made = {**dict.fromkeys(found.values), **kind.values, kind.by: found.values[kind.by]}
    if natural_key(resource, found.values) != natural_key(resource, made):
        return False
    return not any(
        _is_set(snapshot, found, column)
        for column in resource.columns
        if column.name not in resource.natural_key
        and not column.is_aws_to_say
        and found.values[column.name] != kind.values.get(column.name)
    )


def _is_set(snapshot: Snapshot, found: Found, column: Column) -> bool:
    """Whether a column says something else than what AWS has made along with it."""
    value = found.values[column.name]
    if value in (None, {}, []):
        return False
    target = snapshot.target(column, value) if column.reference else None
    other = snapshot.by(target[0], None, target[1]) if target else None
    return other is None or not came_of_itself(snapshot, other)
