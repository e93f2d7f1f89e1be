"""The names that the page SQL suggests are those of who has signed in, and no others."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

import psycopg
from psycopg import sql

from tests.console.web.conftest import Browser, Execute, NewBrowser
from tests.fixtures.databases import PASSWORD, Database, PostgresServer


async def _names(browser: Browser) -> Any:
    return json.loads((await browser.get("/sql/names")).text)


async def _columns(browser: Browser, schema: str, table: str) -> list[list[str]]:
    page = await browser.get(f"/sql/columns?{urlencode({'schema': schema, 'table': table})}")
    found: list[list[str]] = json.loads(page.text)
    return found


async def test_tables_by_schema_and_their_columns_quoted_where_they_have_to_be(
    browser: Browser, execute: Execute
) -> None:
    await execute(
        "SELECT * FROM iasql_install('aws_cloudwatch')",
        'CREATE SCHEMA "My Own"',
        'CREATE TABLE "My Own"."select" ("a ""b""" integer, plain text)',
        'ALTER TABLE "My Own"."select" ADD COLUMN gone text',
        'ALTER TABLE "My Own"."select" DROP COLUMN gone',
    )
    names = await _names(browser)
    assert names["path"] == ["public"]
    assert "log_group" in names["tables"]["public"]
    assert names["tables"]['"My Own"'] == ['"select"']
    assert {"iasql_apply", "iasql_diff"} <= set(names["functions"])
    assert await _columns(browser, "My Own", "select") == [['"a ""b"""', "integer"], ["plain", "text"]]
    assert await _columns(browser, "My Own", "nothing") == []
    assert await _columns(browser, "public", "My Own.select") == []


async def test_the_search_path_is_that_of_the_statements(browser: Browser, execute: Execute) -> None:
    await execute('CREATE SCHEMA "My Own"')
    await browser.submit("/sql", "/sql", statement='SET search_path = "My Own", public')
    assert (await _names(browser))["path"] == ['"My Own"', "public"]
    await browser.submit("/sql", "/sql", statement="SELECT nonsense")
    assert (await _names(browser))["path"] == ['"My Own"', "public"]
    await browser.submit("/sql", "/sql", statement="SET statement_timeout = 1")
    assert (await browser.submit("/sql", "/sql", statement="SET search_path = public")).status == 200


async def test_no_name_is_told_to_whom_it_is_not_for(
    execute: Execute, new_browser: NewBrowser, database: Database, postgres_server: PostgresServer
) -> None:
    await execute(
        "CREATE SCHEMA closed",
        "CREATE TABLE closed.secret_one (secret_column text)",
        "CREATE TABLE secret_two (secret_column text)",
        "CREATE TABLE half (shown text, secret_column text)",
        "CREATE TABLE inbox (note text)",
    )
    other = f"reader_{database.name}"
    name = sql.Identifier(other)
    postgres_server.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(name, sql.Literal(PASSWORD)))
    try:
        await execute(
            f"GRANT SELECT ON closed.secret_one TO {other}",  # of no use without its schema
            f"GRANT SELECT (shown) ON half TO {other}",
            f"GRANT INSERT ON inbox TO {other}",
        )
        own = new_browser()
        given = {"database": database.name, "user": other, "password": PASSWORD}
        await own.submit("/sign-in", "/sign-in", **given)
        names = await _names(own)
        assert names["tables"]["public"] == ["half", "inbox"]
        assert "secret" not in json.dumps({**names["tables"], "pg_catalog": [], "information_schema": []})
        assert await _columns(own, "public", "half") == [["shown", "text"]]
        assert await _columns(own, "public", "inbox") == [["note", "text"]]
        assert await _columns(own, "public", "secret_two") == []
        assert await _columns(own, "closed", "secret_one") == []
        await own.submit("/", "/sign-out")
    finally:
        with psycopg.connect(database.url, autocommit=True) as connection:
            for each in ("closed.secret_one", "half (shown)", "inbox"):
                table, _, column = each.partition(" ")
                connection.execute(f"REVOKE ALL {column} ON {table} FROM {other}".encode())
        postgres_server.execute(sql.SQL("DROP ROLE {}").format(name))


async def test_names_are_for_who_is_signed_in_and_kept_nowhere(
    new_browser: NewBrowser, browser: Browser
) -> None:
    for path in ("/sql/names", "/sql/columns?schema=pg_catalog&table=pg_class"):
        assert (await new_browser().get(path)).url.endswith("/sign-in")
        page = await browser.get(path)
        assert page.headers["Content-Type"].startswith("application/json")
        assert page.headers["Cache-Control"] == "no-store"
        assert page.headers["X-Content-Type-Options"] == "nosniff"


async def test_injection_by_the_name_of_a_table_asks_for_that_name(browser: Browser) -> None:
    for hostile in ("' OR true; --", '"', "vpc'::regclass", "%s", "\\", "x" * 5000, "\n"):
        assert await _columns(browser, "public", hostile) == []
        assert await _columns(browser, hostile, "vpc") == []
    assert (await browser.get("/sql/columns?schema=public&table=%00")).status == 400
    assert await _columns(browser, "", "") == []
