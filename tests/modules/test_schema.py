"""The tables that an install creates, against each module's `schema.tsv`: what users' SQL is written for.

Its lines give each column's type, nullability, default, key, reference and unique constraints
as PostgreSQL shows them. An enum type may have more labels than listed there, never fewer.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from engine.database import ddl
from modules.catalogue import find_modules, in_reference_order
from tests.fixtures.databases import PostgresServer

CATALOGUE = find_modules()

_CATALOG = """
SELECT c.relname AS "table", a.attname AS "column", pg_catalog.format_type(a.atttypid, NULL) AS type,
  CASE WHEN a.attnotnull THEN 'not null' ELSE 'null' END AS nullable,
  coalesce(pg_catalog.pg_get_expr(d.adbin, d.adrelid), '') AS "default",
  coalesce((SELECT 'key' FROM pg_catalog.pg_constraint AS k
    WHERE k.conrelid = c.oid AND k.contype = 'p' AND a.attnum = ANY (k.conkey)), '') AS key,
  coalesce((SELECT f.confrelid::regclass::text || '.' || g.attname
      || CASE WHEN f.confupdtype = 'c' AND f.confdeltype = 'c' THEN ' cascade' ELSE '' END
    FROM pg_catalog.pg_constraint AS f
    JOIN pg_catalog.pg_attribute AS g ON g.attrelid = f.confrelid AND g.attnum = f.confkey[1]
    WHERE f.conrelid = c.oid AND f.contype = 'f' AND f.conkey[1] = a.attnum), '') AS refers_to,
  coalesce((SELECT string_agg(u.names || u.given, '; ') FROM (
      SELECT string_agg(n.attname, ', ' ORDER BY array_position(k.conkey, n.attnum)) AS names, '' AS given
      FROM pg_catalog.pg_constraint AS k
      JOIN pg_catalog.pg_attribute AS n ON n.attrelid = c.oid AND n.attnum = ANY (k.conkey)
      WHERE k.conrelid = c.oid AND k.contype = 'u' AND a.attnum = ANY (k.conkey) GROUP BY k.oid
    UNION ALL
      SELECT a.attname, ' if not null' FROM pg_catalog.pg_index AS i
      WHERE i.indrelid = c.oid AND i.indisunique AND i.indkey[0] = a.attnum
        AND pg_catalog.pg_get_expr(i.indpred, c.oid) = format('(%I IS NOT NULL)', a.attname)
    ) AS u), '') AS "unique",
  coalesce((SELECT string_agg(e.enumlabel, ',' ORDER BY e.enumsortorder)
    FROM pg_catalog.pg_enum AS e WHERE e.enumtypid = a.atttypid), '') AS labels
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
LEFT JOIN pg_catalog.pg_attrdef AS d ON d.adrelid = c.oid AND d.adnum = a.attnum
WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace
ORDER BY c.oid, a.attnum
"""

_Columns = dict[tuple[str, str], dict[str, str]]


def expected() -> _Columns:
    records: list[dict[str, str]] = []
    for module in CATALOGUE.by_name:
        file = Path(__file__).parent / module / "schema.tsv"
        lines = file.read_text().splitlines() if file.exists() else []
        for record in csv.DictReader(lines, delimiter="\t"):
            records.append({name: value or "" for name, value in record.items()})
    return {(record["table"], record["column"]): record for record in records}


def lines(records: Iterable[dict[str, str]]) -> str:
    """Records as `schema.tsv` has them."""
    some = list(records)
    head = "\t".join(some[0]) if some else ""
    return "\n".join([head, *("\t".join(each.values()).rstrip() for each in some)])


@pytest.fixture(scope="module")
def connection(postgres_server: PostgresServer) -> Iterator[psycopg.Connection[dict[str, Any]]]:
    """A database with the tables of all modules."""
    database = postgres_server.create()
    with psycopg.connect(database.url, row_factory=psycopg.rows.dict_row) as connection:
        for statement in ddl.create(in_reference_order(CATALOGUE.resources), CATALOGUE.resources):
            connection.execute(statement.encode())
        yield connection
        connection.rollback()
    postgres_server.drop(database)


@pytest.fixture(scope="module")
def created(connection: psycopg.Connection[dict[str, Any]]) -> _Columns:
    return {(each["table"], each["column"]): each for each in connection.execute(_CATALOG)}


def test_the_columns_are_those_that_users_sql_is_written_for(created: _Columns) -> None:
    wanted = expected()
    assert wanted.keys() <= created.keys()
    lacking = [record for name, record in created.items() if name not in wanted]
    assert not lacking, f"no schema.tsv has these lines:\n{lines(lacking)}"


@pytest.mark.parametrize("aspect", ["type", "nullable", "default", "key", "refers_to", "unique"])
def test_each_column_is_made_as_expected(created: _Columns, aspect: str) -> None:
    wanted = expected()
    differing = {
        ".".join(name): f"{created[name][aspect]!r}, not {record[aspect]!r}"
        for name, record in wanted.items()
        if created[name][aspect] != record[aspect]
    }
    assert differing == {}


def test_each_enum_type_has_at_least_the_expected_labels(created: _Columns) -> None:
    lacking = {
        ".".join(name): labels
        for name, record in expected().items()
        if (labels := set(record["labels"].split(",")) - set(created[name]["labels"].split(",")))
    }
    assert lacking == {}


@pytest.mark.parametrize(
    ("values", "fits"),
    [
        ("('c', 'nginx', NULL, NULL)", True),
        ("('c', 'nginx', 'latest', NULL)", True),
        ("('c', 'nginx', NULL, 'sha256:0')", True),
        ("('c', 'nginx', 'latest', 'sha256:0')", False),
        ("('c', NULL, 'latest', NULL)", False),
    ],
)
def test_a_container_has_an_image_and_not_both_tag_and_digest(
    connection: psycopg.Connection[dict[str, Any]], values: str, fits: bool
) -> None:
    statement = f"INSERT INTO container_definition (name, image, tag, digest) VALUES {values}".encode()
    if fits:
        connection.execute(statement)
    else:
        with pytest.raises(psycopg.errors.CheckViolation), connection.transaction():
            connection.execute(statement)


def test_every_table_and_column_has_a_comment(connection: psycopg.Connection[dict[str, Any]]) -> None:
    bare = connection.execute(
        "SELECT c.relname, a.attname FROM pg_class AS c LEFT JOIN pg_attribute AS a "
        "ON a.attrelid = c.oid AND a.attnum > 0 AND a.attname <> 'id' "
        "WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace "
        "AND (obj_description(c.oid, 'pg_class') IS NULL OR col_description(c.oid, a.attnum) IS NULL)"
    ).fetchall()
    assert bare == []
