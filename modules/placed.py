"""What a resource is in another schema: the same declaration, with the tables of that schema."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from modules.spec import Column, EnumType, Part, Resource
from modules.spec.names import in_schema


def placed(resource: Resource, schema: str, name_of: Callable[[str], str]) -> Resource:
    """A resource whose table is in a schema.

    Args:
        name_of: what a table that it refers to goes by there.
    """
    listing, per = resource.listing, resource.listing.per
    if per is not None:
        listing = replace(listing, per=replace(per, table=name_of(per.table)))
    return replace(
        resource,
        table=in_schema(schema, resource.table),
        columns=tuple(_column(each, schema, name_of) for each in resource.columns),
        parts=tuple(_part(each, schema, name_of) for each in resource.parts),
        listing=listing,
        comes_with=tuple(replace(each, table=name_of(each.table)) for each in resource.comes_with),
        brings=tuple(name_of(each) for each in resource.brings),
        after=tuple(replace(each, table=name_of(each.table)) for each in resource.after),
    )


def _part(part: Part, schema: str, name_of: Callable[[str], str]) -> Part:
    return replace(
        part,
        schema=schema,
        parent=_column(part.parent, schema, name_of),
        columns=tuple(_column(each, schema, name_of) for each in part.columns),
        chosen=replace(part.chosen, table=name_of(part.chosen.table)) if part.chosen else None,
    )


def _column(column: Column, schema: str, name_of: Callable[[str], str]) -> Column:
    if not (column.reference or column.refers or column.chosen or isinstance(column.type, EnumType)):
        return column  # as most are
    type = column.type
    return replace(
        column,
        type=replace(type, name=in_schema(schema, type.name)) if isinstance(type, EnumType) else type,
        reference=replace(column.reference, table=name_of(column.reference.table))
        if column.reference
        else None,
        refers=name_of(column.refers) if column.refers else None,
        chosen=replace(column.chosen, table=name_of(column.chosen.table)) if column.chosen else None,
    )
