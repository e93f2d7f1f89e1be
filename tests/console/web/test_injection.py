"""A hostile text wherever one can stand, and every page to which a link leads, whatever it is about."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape, unescape
from urllib.parse import urldefrag

import psycopg
import pytest
from psycopg import sql

from tests.console.web.conftest import Browser, NewBrowser
from tests.console.web.test_attacks import check_harmless
from tests.fixtures.cloud import Cloud
from tests.fixtures.databases import PASSWORD, Database, PostgresServer
from tests.fixtures.proxies import IasqlProcess

HOSTILE = """<img src=x onerror=alert(1)>"'<script>alert(2)</script>"""
#: As much of it as a name may have.
NAME = """<img src=x onerror=a()>"'<b onclick=b()>"""
MODULES = ("aws_cloudwatch", "aws_sns", "aws_sqs", "aws_ssm", "aws_vpc", "aws_security_group")
#: Pages to which no link leads, or of which each has many alike.
FIRST = ("/", "/tables", "/map", "/change", "/history", "/sql", "/nowhere")
MOST = 160
_LINK = re.compile(r'href="(/[^"]*)"')
_FIELD = re.compile(r'name="(is\\.[^"]*)"')
_COLUMNS = """
    SELECT a.attname::text, format_type(a.atttypid, NULL), a.attnotnull, a.atthasdef, (
        SELECT format('SELECT min(%%I::text) FROM %%s', f.attname, k.confrelid::regclass)
        FROM pg_constraint AS k JOIN pg_attribute AS f ON f.attrelid = k.confrelid AND f.attnum = k.confkey[1]
        WHERE k.conrelid = a.attrelid AND k.contype = 'f' AND k.conkey[1] = a.attnum LIMIT 1)
    FROM pg_attribute AS a WHERE a.attrelid = %s::regclass AND a.attnum > 0 AND NOT a.attisdropped
    AND a.attgenerated = '' AND a.attidentity = ''
"""
_TABLES = """
    SELECT n.nspname::text, c.relname::text
    FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
    JOIN iasql.module_table AS m ON m.table_name = c.relname
    WHERE c.relkind = 'r' AND n.nspname IN (SELECT schema FROM iasql.place)
"""


@pytest.fixture
def hostile(iasql: IasqlProcess, postgres_server: PostgresServer) -> Iterator[Database]:
    """A database and a role with hostile names."""
    database = Database(name=NAME, role=NAME, host=postgres_server.host, port=postgres_server.port)
    postgres_server.execute(
        sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(sql.Identifier(NAME), sql.Literal(PASSWORD)),
        sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(NAME), sql.Identifier(NAME)),
    )
    yield iasql.serves(database)
    postgres_server.drop(database)


def _connected(database: Database) -> psycopg.Connection[tuple[object, ...]]:
    return psycopg.connect(
        host=database.host,
        port=database.port,
        dbname=database.name,
        user=database.role,
        password=database.password,
        autocommit=True,
    )


_JSON = f'{{"{HOSTILE.replace(chr(34), "")}": "<img src=y>"}}'
#: A value of each type; of texts a hostile one.
_VALUES: dict[str, object] = {
    **dict.fromkeys(("text", "character varying"), HOSTILE),
    "text[]": [HOSTILE],
    "character varying[]": [HOSTILE],
    **dict.fromkeys(("json", "jsonb"), _JSON),
    **dict.fromkeys(("integer", "bigint", "numeric", "double precision"), 1),
    "boolean": True,
}
_TEXTS = {type for type, value in _VALUES.items() if "img" in str(value)}


def _fill(connection: psycopg.Connection[tuple[object, ...]], schema: str, table: str) -> bool:
    """Add a row with a hostile text in every column of text, and say whether the table takes one."""
    name = sql.Identifier(schema, table)
    given: dict[str, object] = {}
    for column, type, needed, has_default, others in connection.execute(_COLUMNS, [name.as_string()]):
        if others is not None:
            [(given[str(column)],)] = connection.execute(str(others).encode()).fetchall()
        elif type in _TEXTS or (needed and not has_default):
            given[str(column)] = _VALUES.get(str(type))
    statement = sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(
        name,
        sql.SQL(", ").join(map(sql.Identifier, given)),
        sql.SQL(", ").join([sql.Placeholder()] * len(given)),
    )
    try:
        connection.execute(statement, list(given.values()))
    except psycopg.Error:
        return False  # a check or another constraint wants something else
    return True


async def _crawl(browser: Browser) -> dict[str, str]:
    """Every page that links lead to, by its address, of those that are alike a few."""
    pages: dict[str, str] = {}
    alike: dict[str, int] = {}
    waiting = list(FIRST)
    while waiting and len(pages) < MOST:
        path = waiting.pop(0)
        kind = re.sub(r"=[^&]*|\d+", "", path)
        alike[kind] = alike.get(kind, 0) + 1
        if path in pages or alike[kind] > 3 or path.startswith("/static"):
            continue
        page = await browser.get(path)
        assert page.status < 500, path
        pages[path] = page.text
        waiting += [urldefrag(unescape(each)).url for each in _LINK.findall(page.text)]
    return pages


async def test_injection_in_every_cell_and_name_on_every_page(
    new_browser: NewBrowser, hostile: Database, simulator: Cloud
) -> None:
    for region in ("us-east-1", "eu-west-1"):
        logs, ec2 = (simulator.at(region).client(each) for each in ("logs", "ec2"))
        logs.create_log_group(logGroupName="/theirs", tags={"by": HOSTILE})
        ec2.create_vpc(CidrBlock="10.0.0.0/16", TagSpecifications=_named("vpc", HOSTILE))
        named = _named("security-group", HOSTILE)
        ec2.create_security_group(GroupName="theirs", Description="x", TagSpecifications=named)
    with _connected(hostile) as connection:
        connection.execute(f"SELECT * FROM iasql_install(VARIADIC ARRAY{[*MODULES]})")
        with pytest.raises(psycopg.errors.InvalidName):  # so no schema of iasql's is called like that
            connection.execute(
                f"SELECT * FROM iasql_add_region('eu-west-1', {sql.Literal(NAME).as_string()})"
            )
        connection.execute("SELECT * FROM iasql_add_region('eu-west-1')")
        connection.execute(f"SELECT * FROM iasql_install(ARRAY{[*MODULES]}, region => '*')")
        connection.execute(
            "ALTER TABLE log_group ADD COLUMN \"<img src=x onerror=c()>\" text DEFAULT '<img>'"
        )
        tables = [(str(schema), str(table)) for schema, table in connection.execute(_TABLES)]
        taken = [each for each in sorted(tables, reverse=True) if _fill(connection, *each)]
        taken += [each for each in tables if each not in taken and _fill(connection, *each)]
        assert len(taken) > len(tables) * 0.7, sorted(set(tables) - set(taken))
        logs.tag_log_group(logGroupName="/theirs", tags={"by": f"{HOSTILE} again"})
        browser = new_browser()
        signed_in = await browser.sign_in(hostile)
        assert escape(NAME, quote=False) in signed_in.text.replace("&#34;", '"').replace("&#39;", "'")
        plan = await browser.submit("/change", "/change/plan", region="*")
        done = await browser.submit("/change", "/change/apply", plan=plan.hidden("plan"))
        progress = await browser.get("/change/progress")
        pages = await _crawl(browser)
        for path in [each for each in pages if each.endswith("/row")][:10]:
            given = dict.fromkeys(map(unescape, _FIELD.findall(pages[path])), HOSTILE)
            pages[f"insert {path}"] = (await browser.submit(path, path, do="insert", **given)).text
    pages |= {"plan": plan.text, "done": done.text, "progress": progress.text}
    for path, text in pages.items():
        try:
            check_harmless(text)
        except AssertionError as error:
            raise AssertionError(path) from error
    # So the texts were there: more than once, since each page says who is signed in.
    assert sum(text.count("onerror=") > 1 for text in pages.values()) > 100


def _named(type: str, name: str) -> list[dict[str, object]]:
    return [{"ResourceType": type, "Tags": [{"Key": "Name", "Value": name}]}]
