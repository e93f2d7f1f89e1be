"""What of a plan concerns the rules about whose what is. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from engine.plan.model import Change, Found, Key, Plan, Row
from engine.plan.snapshot import Snapshot
from engine.plan.sync import Mirror
from modules import ownership
from modules.spec import Column


def owner(found: Found | None) -> str | None:
    """What else owns a resource."""
    return found.values.get(ownership.NAME) if found is not None else None


def of_others(plan: Plan) -> list[Change]:
    """The changes of what something else owns."""
    return [each for each in plan.changes if owner(each.found)]


def removals(plan: Plan) -> list[Change]:
    """The changes after which a resource is no more."""
    return [each for each in plan.changes if each.action in ("delete", "replace")]


def as_aws_has_them(
    snapshot: Snapshot,
    rows: Mapping[str, Sequence[Row]],
    pairs: Mapping[tuple[str, Key], Found],
    some: Iterable[Found],
) -> dict[str, list[dict[str, Any]]]:
    """Resources as rows that show what AWS has, whatever their rows say now: by table, in order."""
    mirror = Mirror(snapshot, rows, pairs)
    result: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for found in some:
        resource = snapshot.resources[found.table]
        values = mirror.values(resource, found)
        for column in resource.columns:
            if column.reference and values[column.name] is None:
                values[column.name] = _without_row(snapshot, column, found.values[column.name])
        key = mirror.keys.get((found.table, found.identity))
        if key is not None and resource.key == ("id",):
            values["id"] = key[0]
        result[found.table].append(values)
    return result


def _without_row(snapshot: Snapshot, column: Column, value: Any) -> Any:
    """What a foreign key would be if the row that it means were there still, as far as AWS gives that."""
    assert column.reference is not None
    found = snapshot.by(column.reference.table, column.reference.by, value) if value is not None else None
    if found is None:
        return None
    [key] = snapshot.resources[found.table].key
    return found.values.get(key)
