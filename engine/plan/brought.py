"""What AWS has made of its own accord along with something else. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from engine.plan.model import Found
from engine.plan.resolve import natural_key
from modules.spec import Resource
from modules.spec.names import bare


def came_of_itself(resources: Mapping[str, Resource], found: Found) -> bool:
    """Whether AWS has made a resource along with another, and nobody has touched it."""
    resource = resources[found.table]
    touched = (
        found.values[column.name] not in (None, {}, [])
        for column in resource.columns
        if column.name not in resource.natural_key and not column.is_aws_to_say
    )
    made = (
        natural_key(resource, {**dict.fromkeys(found.values), **each.values, each.by: found.values[each.by]})
        for other in resources.values()
        for each in other.comes_with
        if each.table == bare(found.table)
    )
    return natural_key(resource, found.values) in made and not any(touched)
