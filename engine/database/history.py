"""The schema `iasql_history`: each module table with all that its rows and AWS have agreed on, and when.

The views read what is kept of bases, whether a table is there or not; so they are made once, with the
engine's functions. They show nothing of a table to who may not read all of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from engine.database.sql import identifier, literal, relation
from modules.catalogue import Catalogue
from modules.spec import Column, EnumType, Part, Resource
from modules.spec.names import in_schema

SCHEMA = "iasql_history"

#: What each view has besides the columns of its table.
_OWN = ("region", "valid", "changed_by", "operation")


def script(catalogue: Catalogue) -> str:
    """The SQL that makes the views of all modules."""
    resources = catalogue.resources.values()
    views = [each for resource in resources for each in _views(resource)]
    return "\n".join([_SCHEMA, *views])


_SCHEMA = f"""
CREATE SCHEMA IF NOT EXISTS {SCHEMA};
GRANT USAGE ON SCHEMA {SCHEMA} TO PUBLIC;
COMMENT ON SCHEMA {SCHEMA} IS 'What the rows of each table and AWS have agreed on, and when.';
"""


def _views(resource: Resource) -> Iterator[str]:
    values = "h.state -> 'values'"
    yield _view(resource, resource.table, _columns(resource.columns, values), "")
    for part in resource.parts:
        elements = f"h.state -> 'parts' -> {literal(part.table)}"
        parent = f"h.identity AS {identifier(part.parent.name)}"
        columns = [parent, *_columns(part.columns, "e.value")]
        yield _view(resource, part.table, columns, f" CROSS JOIN LATERAL {_elements(elements, part)} AS e")


def _elements(elements: str, part: Part) -> str:
    return f"jsonb_array_elements(CASE WHEN jsonb_typeof({elements}) = 'array' THEN {elements} ELSE '[]' END)"


def _columns(columns: Iterable[Column], values: str) -> list[str]:
    return [
        f"{_value(column, values)} AS {identifier(column.name)}"
        for column in columns
        if column.name not in _OWN
    ]


def _value(column: Column, values: str) -> str:
    """A column's value; of what refers to another resource AWS's name, and of enum types the label."""
    name = literal(column.name)
    if column.reference is not None or isinstance(column.type, EnumType):
        return f"({values}) ->> {name}"
    if column.type == "jsonb":
        return f"NULLIF(({values}) -> {name}, 'null')"
    if column.type.endswith("[]"):
        elements = f"jsonb_array_elements_text(({values}) -> {name})"
        return (
            f"CASE WHEN jsonb_typeof(({values}) -> {name}) = 'array' "
            f"THEN ARRAY(SELECT * FROM {elements})::{column.type} END"
        )
    return f"(({values}) ->> {name})::{column.type}"


def _view(resource: Resource, table: str, columns: Iterable[str], more: str) -> str:
    view = relation(in_schema(SCHEMA, table))
    region = "'global'::text" if resource.is_global else "p.region"
    place = "p.is_default" if resource.is_global else "true"
    select = (
        f"SELECT {region} AS region, h.valid, h.changed_by, h.operation, {', '.join(columns)} "
        f"FROM iasql.place AS p JOIN iasql.base_table AS t ON {place} AND t.name = "
        f"CASE WHEN p.schema = 'public' THEN {literal(resource.table)} "
        f"ELSE p.schema || {literal('.' + resource.table)} END "
        f"JOIN iasql.history AS h ON h.relation = t.relation{more}"
    )
    comment = f"What the rows of {table} and AWS have agreed on, and when. References are AWS's names."
    return (
        f"CREATE OR REPLACE VIEW {view} WITH (security_barrier) AS {select};\n"
        f"GRANT SELECT ON {view} TO PUBLIC;\n"
        f"COMMENT ON VIEW {view} IS {literal(comment)};\n"
    )
