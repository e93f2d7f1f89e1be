"""The SQL that makes and drops a module's tables, from their declarations."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from engine.database.sql import identifier, literal, names, relation
from modules.spec import Column, EnumType, Part, Resource

EMPTYING = "iasql_emptied"

#: Resources by their tables, all that others refer to.
Tables = Mapping[str, Resource]


def create(resources: Sequence[Resource], tables: Tables) -> Iterator[str]:
    """Statements that make the types, tables, constraints and comments of some resources.

    Args:
        resources: in reference order.
    """
    for resource in resources:
        yield from _types(resource.columns)
        yield _table(tables, resource)
        yield from _comments(resource.table, resource.doc, resource.columns)
        for name in resource.unique_if_not_null:
            yield (
                f"CREATE UNIQUE INDEX ON {relation(resource.table)} ({identifier(name)}) "
                f"WHERE {identifier(name)} IS NOT NULL"
            )
        yield from _reference_indexes(resource.table, resource.columns)
    for resource in resources:
        for part in resource.parts:
            yield from _types(part.columns)
            yield _part(tables, part)
            yield from _comments(part.relation, part.doc, (part.parent, *part.columns))
            yield from _reference_indexes(part.relation, (part.parent, *part.columns))


def notice_emptying(table: str) -> Iterator[str]:
    """Statements for the trigger that tells rows which are gone by TRUNCATE from deleted ones.

    It fires in a session that replicates, too.
    """
    yield (
        f"CREATE TRIGGER {EMPTYING} AFTER TRUNCATE ON {relation(table)} "
        "FOR EACH STATEMENT EXECUTE FUNCTION iasql.emptied()"
    )
    yield f"ALTER TABLE {relation(table)} ENABLE ALWAYS TRIGGER {EMPTYING}"


def drop(resources: Sequence[Resource]) -> Iterator[str]:
    """Statements that drop them again. They fail if something else of the user's depends on a table."""
    tables = [table for each in resources for table in tables_of(each)]
    yield "DROP TABLE IF EXISTS " + ", ".join(relation(table) for table in tables)
    types = [each.name for each in enum_types(resources)]
    if types:
        yield "DROP TYPE IF EXISTS " + ", ".join(relation(name) for name in types)


def add_column(tables: Tables, table: str, column: Column) -> Iterator[str]:
    """Statements that give an older table a column of this version, whose type is there."""
    yield f"ALTER TABLE {relation(table)} ADD COLUMN {_column(tables, column)}"
    yield _column_comment(table, column)
    yield from _reference_indexes(table, (column,))


def complete_type(type: EnumType, labels: Collection[str]) -> Iterator[str]:
    """Statements that make a type, or add the labels of this version to an older one.

    Args:
        labels: those that it has, none if there is no such type.
    """
    if labels:
        for label in type.values:
            if label not in labels:
                yield f"ALTER TYPE {relation(type.name)} ADD VALUE {literal(label)}"
    else:
        yield _type(type)


def tables_of(resource: Resource) -> tuple[str, ...]:
    """Its table and those of its parts."""
    return (resource.table, *(part.relation for part in resource.parts))


def enum_types(resources: Iterable[Resource]) -> Iterator[EnumType]:
    for resource in resources:
        for columns in (resource.columns, *(part.columns for part in resource.parts)):
            yield from (column.type for column in columns if isinstance(column.type, EnumType))


def columns_of(resources: Iterable[Resource]) -> Iterator[tuple[str, Column]]:
    """Every declared column of some resources with its table."""
    for resource in resources:
        yield from ((resource.table, column) for column in resource.columns)
        for part in resource.parts:
            yield from ((part.relation, column) for column in (part.parent, *part.columns))


def _types(columns: Iterable[Column]) -> Iterator[str]:
    for column in columns:
        if isinstance(column.type, EnumType):
            yield _type(column.type)


def _type(type: EnumType) -> str:
    labels = ", ".join(literal(each) for each in type.values)
    return f"CREATE TYPE {relation(type.name)} AS ENUM ({labels})"


def _table(tables: Tables, resource: Resource) -> str:
    lines = _key(resource.key) + [_column(tables, column) for column in resource.columns]
    lines.append(f"PRIMARY KEY ({names(resource.key)})")
    lines += [f"UNIQUE ({names(each)})" for each in resource.unique]
    lines += [f"CONSTRAINT {identifier(name)} CHECK ({rule})" for name, rule in resource.checks]
    return f"CREATE TABLE {relation(resource.table)} (\n  " + ",\n  ".join(lines) + "\n)"


def _part(tables: Tables, part: Part) -> str:
    lines = _key(part.key) + [_column(tables, column) for column in (part.parent, *part.columns)]
    lines.append(f"PRIMARY KEY ({names(part.key)})")
    lines += [f"CONSTRAINT {identifier(name)} CHECK ({rule})" for name, rule in part.checks]
    return f"CREATE TABLE {relation(part.relation)} (\n  " + ",\n  ".join(lines) + "\n)"


def _key(key: tuple[str, ...]) -> list[str]:
    return ['"id" serial'] if key == ("id",) else []


def _column(tables: Tables, column: Column) -> str:
    words = [identifier(column.name), sql_type(column)]
    if column.not_null:
        words.append("NOT NULL")
    if column.default is not None:
        words.append(f"DEFAULT {column.default}")
    if column.reference is not None:
        target = tables[column.reference.table]
        words.append(f"REFERENCES {relation(target.table)} ({names(target.key)})")
        if column.reference.cascade:
            words.append("ON UPDATE CASCADE ON DELETE CASCADE")
    return " ".join(words)


def sql_type(column: Column) -> str:
    return relation(column.type.name) if isinstance(column.type, EnumType) else column.type


def _reference_indexes(table: str, columns: Iterable[Column]) -> Iterator[str]:
    """An index for each foreign key, so that deleting what it refers to does not read the whole table."""
    for column in columns:
        if column.reference is not None:
            yield f"CREATE INDEX ON {relation(table)} ({identifier(column.name)})"


def _comments(table: str, doc: str, columns: Iterable[Column]) -> Iterator[str]:
    yield f"COMMENT ON TABLE {relation(table)} IS {literal(doc)}"
    yield from (_column_comment(table, column) for column in columns)


def _column_comment(table: str, column: Column) -> str:
    doc = column.doc or _plain_doc(column)
    return f"COMMENT ON COLUMN {relation(table)}.{identifier(column.name)} IS {literal(doc)}"


def _plain_doc(column: Column) -> str:
    if column.reference is not None:
        return f"The {column.reference.table} that " + ("AWS refers to." if column.path else "it is part of.")
    return f"{column.path or column.name}: {column.on_change.value}."
