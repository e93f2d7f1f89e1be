"""SQLAlchemy's reflection through three drivers, and Django's commands, over one of everything."""

from __future__ import annotations

import asyncio
import ssl
import sys
import warnings
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from pprint import pformat
from typing import Any

import sqlalchemy
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from tests.clients.commands import Commands
from tests.clients.outcomes import Outcome, Outcomes, of_output
from tests.clients.packages import installed
from tests.clients.psql_suite import SCHEMA
from tests.clients.suite import Suite
from tests.clients.target import DATABASE, HOST, USER, Target

_ASPECTS = (
    "columns", "pk_constraint", "foreign_keys", "indexes", "unique_constraints", "check_constraints",
    "table_comment", "table_options",
)  # fmt: skip

_DJANGO = (
    ("inspectdb", "--include-views", "--include-partitions"),
    ("migrate",),
    ("inspectdb",),
    ("check", "--database=default"),
    ("sqlsequencereset", "auth"),
    ("dumpdata", "--indent=1"),
    ("flush", "--no-input"),
)


def run(target: Target, folder: Path, wanted: Collection[str]) -> Outcomes:
    """Run all of it."""
    commands = Commands(target, folder)
    schema = SCHEMA.read_text() + "ALTER DATABASE postgres SET search_path = public, shop;\n"
    made = commands("psql", "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", script=schema)
    outcomes = {"the schema is made": of_output(made.text, failed=made.status != 0)}
    for driver in ("psycopg", "pg8000"):
        with _engine(target, driver) as engine, engine.connect() as connection:
            outcomes |= _reflected(driver, connection)
    outcomes |= asyncio.run(_reflected_by_asyncpg(target))
    for arguments in _DJANGO:
        options = ["-m", "django", *arguments, "--settings=tests.clients.django_settings"]
        printed = commands(sys.executable, *options)
        outcomes[f"Django: {' '.join(arguments)}"] = of_output(printed.text, failed=printed.status != 0)
    return outcomes


def _reflected(driver: str, connection: sqlalchemy.Connection) -> dict[str, Outcome]:
    """What SQLAlchemy reads, each thing a test."""
    inspector = sqlalchemy.inspect(connection)
    views = inspector.get_view_names("shop")
    reads: dict[str, Callable[[], object]] = {
        "schemas": inspector.get_schema_names,
        "views": lambda: [(view, inspector.get_view_definition(view, "shop")) for view in views],
        "materialized views": lambda: inspector.get_materialized_view_names("shop"),
        "sequences": lambda: inspector.get_sequence_names("shop"),
        "enums": lambda: getattr(inspector, "get_enums")("shop"),  # noqa: B009
        "domains": lambda: getattr(inspector, "get_domains")("shop"),  # noqa: B009
        "all of the schema": lambda: _metadata(connection),
    }
    for table in sorted(inspector.get_table_names("shop")):
        for aspect in _ASPECTS:
            reads[f"{aspect} of {table}"] = partial(getattr(inspector, f"get_{aspect}"), table, "shop")
    with warnings.catch_warnings():
        # It does not know composite types, and says so.
        warnings.simplefilter("ignore", sqlalchemy.exc.SAWarning)
        shown = {name: pformat(read()) for name, read in reads.items()}
    return {f"SQLAlchemy, {driver}: {name}": of_output(text) for name, text in shown.items()}


def _metadata(connection: sqlalchemy.Connection) -> list[object]:
    metadata = sqlalchemy.MetaData(schema="shop")
    metadata.reflect(connection, views=True)
    return [
        (table.name, [(column.name, repr(column.type), column.nullable) for column in table.columns])
        for table in metadata.sorted_tables
    ]


async def _reflected_by_asyncpg(target: Target) -> dict[str, Outcome]:
    engine = create_async_engine(
        _url(target, "asyncpg"), connect_args={"ssl": _context(target) or False}, poolclass=NullPool
    )
    async with engine.connect() as connection:
        outcomes = await connection.run_sync(lambda each: _reflected("asyncpg", each))
    await engine.dispose()
    return outcomes


@contextmanager
def _engine(target: Target, driver: str) -> Iterator[sqlalchemy.Engine]:
    words: dict[str, Any] = target.parameters if driver == "psycopg" else {"ssl_context": _context(target)}
    engine = sqlalchemy.create_engine(_url(target, driver), connect_args=words, poolclass=NullPool)
    yield engine
    engine.dispose()


def _url(target: Target, driver: str) -> sqlalchemy.URL:
    return sqlalchemy.URL.create(f"postgresql+{driver}", USER, target.password, HOST, target.port, DATABASE)


def _context(target: Target) -> ssl.SSLContext | None:
    return ssl.create_default_context(cafile=target.root) if target.root else None


SUITE = Suite(
    name="SQLAlchemy, Django",
    version=lambda: f"{installed('SQLAlchemy')}, {installed('Django')}",
    run=run,
    origin="their own reflection, of a schema written for this project",
)
