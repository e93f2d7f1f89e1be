"""Rows that are changed, added and deleted, with the statement shown first; and what they have been."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from html import unescape
from urllib.parse import quote

import psycopg
import pytest
from psycopg import sql

from console.web.past_page import versions
from tests.console.web.conftest import Browser, Execute, NewBrowser, Page
from tests.console.web.test_attacks import HOSTILE, check_harmless
from tests.console.web.test_use import GROUP, INSTALLED, apply
from tests.fixtures.databases import PASSWORD, Database, PostgresServer

TABLE = "/tables/public/log_group"
ROW = f"{TABLE}/row?key=/app"


def statement(page: Page) -> str:
    found = re.search(r'<pre class="statement"[^>]*>(.*?)</pre>', page.text, re.DOTALL)
    assert found is not None, page.text
    return unescape(found[1])


async def shown(browser: Browser, path: str, do: str = "update", **values: str) -> Page:
    """What a form of a row is answered with; values by column, or `null.` and the column."""
    form = await browser.get(path)
    inputs = re.findall(r'<input id="[^"]+" name="(is\.[^"]+)" value="([^"]*)"', form.text)
    sent = {name: unescape(value) for name, value in inputs}
    sent |= dict.fromkeys(re.findall(r'name="(null\.[^"]+)" value="on" checked', form.text), "on")
    sent |= {name if "." in name else f"is.{name}": value for name, value in values.items()}
    if do != "insert":
        sent["version"] = form.hidden("version")
    return await browser.post(path, {"token": form.token, "do": do, **sent})


async def run(browser: Browser, page: Page, table: str = TABLE) -> Page:
    return await browser.post(f"{table}/run", {"token": page.token, "id": page.hidden("id")})


async def asked(database: Database, query: str) -> list[tuple[object, ...]]:
    async with await psycopg.AsyncConnection.connect(database.url) as connection:
        return await (await connection.execute(query.encode())).fetchall()


GROUPS = "SELECT log_group_name, retention_in_days FROM log_group ORDER BY 1"


async def test_a_cell_is_changed_by_the_statement_that_is_shown(
    browser: Browser, execute: Execute, database: Database
) -> None:
    await execute(INSTALLED, GROUP)
    assert f'href="{ROW}"' in (await browser.get(TABLE)).text
    page = await shown(browser, ROW, retention_in_days="7")
    assert re.fullmatch(
        r"""UPDATE "public"\."log_group" SET "retention_in_days" = '7' """
        r"""WHERE "log_group_name" = '/app' AND xmin = '\d+'""",
        statement(page),
    )
    assert await asked(database, GROUPS) == [("/app", None)]
    done = await run(browser, page)
    assert done.url.endswith(TABLE)
    assert "Done. AWS is as before" in done.text
    assert await asked(database, GROUPS) == [("/app", 7)]
    assert "1 to create" in (await browser.submit("/change", "/change/plan")).text


async def test_a_value_is_taken_away(browser: Browser, execute: Execute, database: Database) -> None:
    await execute(
        INSTALLED, "INSERT INTO log_group VALUES ('/app')", "UPDATE log_group SET retention_in_days = 7"
    )
    page = await shown(browser, ROW, retention_in_days="")
    assert '"retention_in_days" = NULL' in statement(page)
    await run(browser, page)
    assert await asked(database, GROUPS) == [("/app", None)]


async def test_nothing_and_null_are_told_apart_in_text(
    browser: Browser, execute: Execute, database: Database
) -> None:
    await execute(INSTALLED, GROUP)
    assert "nothing was changed" in (await shown(browser, ROW)).text
    await run(browser, await shown(browser, ROW, **{"null.kms_key_id": ""}))
    assert await asked(database, "SELECT kms_key_id FROM log_group") == [("",)]
    await run(browser, await shown(browser, ROW, **{"null.kms_key_id": "on"}))
    assert await asked(database, "SELECT kms_key_id FROM log_group") == [(None,)]
    # Who writes something, and leaves the tick, means what they have written.
    await run(browser, await shown(browser, ROW, kms_key_id="x"))
    assert await asked(database, "SELECT kms_key_id FROM log_group") == [("x",)]


async def test_a_row_is_added_and_deleted(browser: Browser, execute: Execute, database: Database) -> None:
    await execute(INSTALLED)
    assert f'href="{TABLE}/row"' in (await browser.get(TABLE)).text
    page = await shown(browser, f"{TABLE}/row", "insert", log_group_name="/app", retention_in_days="14")
    assert statement(page) == (
        """INSERT INTO "public"."log_group" ("log_group_name", "retention_in_days") VALUES ('/app', '14')"""
    )
    await run(browser, page)
    assert await asked(database, GROUPS) == [("/app", 14)]
    page = await shown(browser, ROW, "delete")
    assert statement(page).startswith('DELETE FROM "public"."log_group" WHERE "log_group_name" = ')
    await run(browser, page)
    assert await asked(database, GROUPS) == []


async def test_what_a_column_can_refer_to_is_offered(browser: Browser, execute: Execute) -> None:
    await execute("SELECT * FROM iasql_install('aws_vpc')")
    page = await browser.get("/tables/public/subnet/row")
    assert re.search(r'list="of\.vpc_id"', page.text)
    assert re.search(r'<option value="1">[^<]+</option>', page.text)


@pytest.mark.parametrize("do", ["update", "delete"])
@pytest.mark.parametrize("when", ["before the form is sent", "after the statement is shown"])
async def test_a_row_that_has_changed_meanwhile_stays(
    browser: Browser, execute: Execute, database: Database, do: str, when: str
) -> None:
    await execute(INSTALLED, GROUP)
    form = await browser.get(ROW)
    changes = "UPDATE log_group SET retention_in_days = 3"
    if when.startswith("before"):
        await execute(changes)
    sent = {"token": form.token, "version": form.hidden("version"), "do": do, "is.retention_in_days": "7"}
    page = await browser.post(ROW, {**sent, "null.kms_key_id": "on", "null.log_group_arn": "on"})
    if when.startswith("after"):
        await execute(changes)
        page = await run(browser, page)
    assert (page.status, "has changed since it was shown" in page.text) == (409, True), page.text
    assert await asked(database, GROUPS) == [("/app", 3)]


async def test_what_the_database_refuses_is_said_and_not_done(
    browser: Browser, execute: Execute, database: Database
) -> None:
    await execute(INSTALLED, GROUP)
    page = await run(browser, await shown(browser, ROW, retention_in_days="seven"))
    assert (page.status, "22P02" in page.text) == (409, True)
    assert await asked(database, GROUPS) == [("/app", None)]


async def test_sql_injection_by_values_and_keys(
    browser: Browser, execute: Execute, database: Database
) -> None:
    await execute(INSTALLED, GROUP, "CREATE TABLE own ()")
    for given in (
        "'; DROP TABLE own; --",
        "\\'; DROP TABLE own; --",
        "$$; DROP TABLE own",
        "%s %(x)s",
        HOSTILE,
    ):
        page = await shown(browser, ROW, kms_key_id=given)
        check_harmless(page.text)
        await run(browser, page)
        assert await asked(database, "SELECT kms_key_id FROM log_group") == [(given,)]
        check_harmless((await browser.get(ROW)).text)
        check_harmless((await browser.get(TABLE)).text)
        assert (await browser.get(f"{TABLE}/row?key={quote(given)}")).status == 404
    for path in (
        "/tables/public/own/row",
        "/tables/pg_catalog/pg_authid/row",
        "/tables/iasql_history/log_group/row",
    ):
        assert (await browser.get(path)).status == 404
    await execute("SELECT FROM own")


async def test_csrf_no_row_is_changed_without_the_token(browser: Browser, execute: Execute) -> None:
    await execute(INSTALLED, GROUP)
    for path in (ROW, f"{TABLE}/run"):
        assert (await browser.post(path, {"do": "delete", "id": "x"})).status == 403


async def test_tampering_only_the_statement_that_was_shown_last_is_run(
    browser: Browser, execute: Execute, database: Database, new_browser: NewBrowser
) -> None:
    await execute(INSTALLED, GROUP)
    first = await shown(browser, ROW, retention_in_days="7")
    second = await shown(browser, ROW, retention_in_days="14")
    other = new_browser()
    await other.sign_in(database)
    token = (await other.get("/")).token
    stolen = await other.post(f"{TABLE}/run", {"token": token, "id": second.hidden("id")})
    for page in (stolen, await run(browser, first)):
        assert (page.status, "not the statement" in page.text) == (409, True)
    await run(browser, second)
    assert (await run(browser, second)).status == 409
    assert await asked(database, GROUPS) == [("/app", 14)]


@pytest.fixture
async def reader(
    execute: Execute, new_browser: NewBrowser, database: Database, postgres_server: PostgresServer
) -> AsyncIterator[tuple[Browser, str]]:
    """A browser of a role that may read what the owner has, and the role."""
    await execute(INSTALLED, GROUP)
    role = f"reader_{database.name}"
    name = sql.Identifier(role)
    postgres_server.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(name, sql.Literal(PASSWORD)))
    own = new_browser()
    await execute(f"GRANT SELECT ON log_group TO {role}")
    given = {"database": database.name, "user": role, "password": PASSWORD}
    await own.submit("/sign-in", "/sign-in", **given)
    yield own, role
    await own.submit("/", "/sign-out")
    await execute(f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {role}")
    await execute(f"REVOKE ALL (retention_in_days) ON log_group FROM {role}")
    postgres_server.execute(sql.SQL("DROP ROLE {}").format(name))


async def test_what_a_role_may_not_write_is_not_offered(
    reader: tuple[Browser, str], execute: Execute
) -> None:
    own, role = reader
    page = await own.get(TABLE)
    assert "/row" not in page.text
    for path in (ROW, f"{TABLE}/row"):
        assert (await own.get(path)).status == 404
    await execute(f"GRANT UPDATE (retention_in_days) ON log_group TO {role}")
    form = await own.get(ROW)
    assert 'name="is.retention_in_days"' in form.text
    assert 'name="is.log_group_name"' not in form.text
    assert 'value="delete"' not in form.text
    # What is sent nevertheless is not written.
    sent = {"token": form.token, "version": form.hidden("version"), "do": "update"}
    page = await own.post(ROW, {**sent, "is.retention_in_days": "7", "is.log_group_name": "/other"})
    assert "\"log_group_name\" = '/other'" not in statement(page)
    assert "/app" in (await run(own, page)).text
    page = await own.post(
        ROW, {"token": form.token, "version": (await own.get(ROW)).hidden("version"), "do": "delete"}
    )
    assert "42501" in (await run(own, page)).text


async def test_a_rows_past_is_beside_it(browser: Browser, execute: Execute) -> None:
    await execute(INSTALLED, GROUP)
    await apply(browser)
    await execute("UPDATE log_group SET retention_in_days = 7")
    await apply(browser)
    assert 'href="/past/log_group?column=log_group_name&amp;is=/app"' in (await browser.get(TABLE)).text
    page = await browser.get("/past/log_group?column=log_group_name&is=/app")
    assert "<mark>7</mark>" in page.text
    assert page.text.count("until now") == 1
    assert 'href="/history/3"' in page.text
    check_harmless((await browser.get(f"/past/log_group?column=log_group_name&is={quote(HOSTILE)}")).text)
    for path in ("/past/nothing?column=a&is=b", "/past/log_group?column=nothing&is=b"):
        assert (await browser.get(path)).status == 404


def test_versions_mark_what_the_one_before_has_otherwise() -> None:
    names = ("valid", "name", "size")
    rows = [("c", None, "x", "a", "3"), ("b", "c", "y", "a", "2"), ("a", "b", "z", "a", "2")]
    assert [sorted(each.changed) for each in versions(names, rows)] == [["size"], [], []]


async def test_rows_are_shown_as_they_were(browser: Browser, execute: Execute, database: Database) -> None:
    await execute(INSTALLED, GROUP)
    await apply(browser)
    ((then,),) = await asked(database, "SELECT clock_timestamp()::text")
    await execute("UPDATE log_group SET retention_in_days = 7")
    await apply(browser)
    assert 'action="/history/as-of"' in (await browser.get("/history")).text
    page = await browser.get(f"/history/as-of?table=log_group&at={quote(str(then))}")
    assert "/tables/iasql_history/log_group?at=" in page.url
    assert ("Rows 1 to 1." in page.text, "<td>7</td>" in page.text) == (True, False)
    assert "No rows." in (await browser.get("/tables/iasql_history/log_group?at=2020-01-01")).text
    assert (await browser.get("/tables/iasql_history/log_group?at=never")).status == 400
    assert (await browser.get("/history/as-of?table=x/../../sql&at=")).status == 404
