"""What somebody who means ill tries with the console."""

from __future__ import annotations

import csv
import io
import re
from html.parser import HTMLParser
from urllib.parse import quote

import pytest
from structlog.testing import capture_logs

from console.web.server import Console
from console.web.visits import OF_ADDRESS, OF_USER, WINDOW, Attempts
from tests.console.web.conftest import Browser, Clock, Execute, NewBrowser
from tests.fixtures.databases import Database, PostgresServer
from tests.fixtures.proxies import IasqlProcess

PAGES = ("/", "/tables", "/map", "/change", "/history", "/sql")
HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"


class _Parts(HTMLParser):
    """The elements and attributes of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.scripts: list[str | None] = []
        self.attributes: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag == "script":
            self.scripts.append(dict(attrs).get("src"))


def check_harmless(text: str) -> None:
    """Nothing of the page is other than what the console has written."""
    parts = _Parts(text)
    assert "img" not in parts.tags
    assert set(parts.scripts) <= {"/static/console.js", "/static/suggestions.js"}
    assert not [each for each in parts.attributes if each.startswith("on") or each == "style"]


async def test_csrf_without_the_token_nothing_is_done(browser: Browser) -> None:
    for path in ("/sign-out", "/change/plan", "/change/apply", "/change/stop", "/undo", "/sql"):
        for data in ({}, {"token": ""}, {"token": "0" * 64}):
            page = await browser.post(path, {**data, "statement": "SELECT 1"})
            assert page.status == 403, path
    assert (await browser.get("/")).url == browser.url + "/"


async def test_csrf_the_token_of_another_session_is_none(
    browser: Browser, new_browser: NewBrowser, database: Database
) -> None:
    other = new_browser()
    await other.sign_in(database)
    token = (await other.get("/")).token
    assert (await browser.post("/sql", {"token": token, "statement": "SELECT 1"})).status == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site"},
    ],
)
async def test_csrf_what_another_site_sends_is_refused_even_with_the_token(
    browser: Browser, headers: dict[str, str]
) -> None:
    token = (await browser.get("/")).token
    page = await browser.post("/sql", {"token": token, "statement": "SELECT 1"}, **headers)
    assert (page.status, "another site" in page.text) == (403, True)


async def test_csrf_nobody_is_signed_in_by_another_site(new_browser: NewBrowser, database: Database) -> None:
    own = new_browser()
    given = {"database": database.name, "user": database.role, "password": database.password}
    assert (await own.post("/sign-in", {**given, "token": "x"})).status == 403
    assert own.id is None


async def test_csrf_a_get_changes_nothing(browser: Browser) -> None:
    for path in ("/sign-out", "/change/plan", "/change/apply", "/undo"):
        assert (await browser.get(path)).status == 405


async def test_fixation_an_id_that_was_there_before_is_worth_nothing(
    new_browser: NewBrowser, database: Database
) -> None:
    own = new_browser()
    own.plant("planted")
    await own.sign_in(database)
    first = own.id
    assert first not in (None, "planted")
    await own.sign_in(database)
    assert own.id not in (first, "planted")
    thief = new_browser()
    for stolen in ("planted", first):
        thief.plant(stolen)
        assert (await thief.get("/")).url.endswith("/sign-in")


async def test_clickjacking_and_injection_are_forbidden_by_headers_on_every_answer(browser: Browser) -> None:
    for path in (
        *PAGES,
        "/sign-in",
        "/nowhere",
        "/static/console.css",
        "/static/none",
        "/tables/public/none",
    ):
        headers = (await browser.get(path)).headers
        policy = headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in policy
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cache-Control"] == "no-store"


async def test_cookies_are_not_for_scripts_and_not_for_other_sites(
    new_browser: NewBrowser, database: Database
) -> None:
    page = await new_browser().sign_in(database)
    assert page.cookies
    assert all("HttpOnly" in each and "SameSite=Strict" in each for each in page.cookies)


async def test_without_a_session_no_page_is_shown(new_browser: NewBrowser) -> None:
    own = new_browser()
    for path in (*PAGES, "/tables/public/log_group", "/history/1", "/change/progress", "/change/events"):
        assert (await own.get(path)).url.endswith("/sign-in")


async def test_injection_by_cells_names_and_plans(browser: Browser, execute: Execute) -> None:
    quoted = HOSTILE.replace("'", "''")
    await execute(
        "SELECT * FROM iasql_install('aws_cloudwatch')",
        "ALTER TABLE log_group ADD COLUMN \"<img src=x onerror=alert(2)>\" text DEFAULT '<img src=y>'",
        f"INSERT INTO log_group (log_group_name) VALUES ('{quoted}')",
    )
    table = await browser.get("/tables/public/log_group")
    assert "&lt;script&gt;alert(1)" in table.text
    plan = await browser.submit("/change", "/change/plan")
    assert "script&gt;" in plan.text
    for page in (table, plan, await browser.get("/")):
        check_harmless(page.text)
    failed = await browser.post("/change/apply", {"token": plan.token, "plan": plan.hidden("plan")})
    check_harmless(failed.text)


async def test_injection_by_what_is_asked_for(browser: Browser, execute: Execute) -> None:
    await execute("SELECT * FROM iasql_install('aws_cloudwatch')")
    for path in (
        "/tables/public/%3Cimg%20src=x%3E",
        "/tables/public/log_group?column=%22%3E%3Cimg%3E&has=%22%3E%3Cimg%3E",
        "/tables/public/log_group?column=log_group_name&has=%22%3E%3Cimg%3E",
    ):
        check_harmless((await browser.get(path)).text)
    for form in ({"only": HOSTILE}, {"region": HOSTILE}):
        check_harmless((await browser.submit("/change", "/change/plan", **form)).text)
    found = await browser.submit("/sql", "/sql", statement=f'SELECT $${HOSTILE}$$ AS "<img src=x>"')
    assert "alert(1)" in found.text
    check_harmless(found.text)
    failed = await browser.submit(
        "/sql", "/sql", statement=f"DO $$BEGIN RAISE '%', $x${HOSTILE}$x$ USING HINT = $x${HOSTILE}$x$; END$$"
    )
    assert failed.status == 409
    check_harmless(failed.text)


async def test_sql_injection_by_names_and_filters(browser: Browser, execute: Execute) -> None:
    await execute("SELECT * FROM iasql_install('aws_cloudwatch')", "CREATE TABLE own (id integer)")
    assert (await browser.get("/tables/public/own")).status == 404
    assert (await browser.get("/tables/pg_catalog/pg_roles")).status == 404
    assert (await browser.get("/tables/iasql/base")).status == 404
    for given in ("' OR 1=1; DROP TABLE own; --", '"', "%", "\\"):
        page = await browser.get(f"/tables/public/log_group?column=log_group_name&has={quote(given)}")
        assert (page.status, "No rows." in page.text) == (200, True)
    await execute("SELECT FROM own")
    for given in ("log_group'); DROP TABLE own; --",):
        await browser.submit("/change", "/change/plan", only=given, region=given)
    await execute("SELECT FROM own")


async def test_brute_force_of_an_address_is_stopped(
    new_browser: NewBrowser, database: Database, clock: Clock
) -> None:
    own = new_browser()
    for _ in range(OF_ADDRESS):
        assert (await own.sign_in(database, "wrong")).status == 401
    assert (await own.sign_in(database, "wrong")).status == 429
    # The right password as well, or it would be found.
    assert (await new_browser().sign_in(database)).status == 429
    clock.now += WINDOW + 1
    assert (await own.sign_in(database)).url == own.url + "/"


def test_brute_force_of_a_user_from_many_addresses_is_stopped(clock: Clock) -> None:
    attempts = Attempts(clock)
    tried = [attempts.begin(f"192.0.2.{number}", "admin") for number in range(OF_USER + 5)]
    assert tried.count(True) == OF_USER
    assert attempts.begin("192.0.2.1", "other")
    clock.now += WINDOW + 1
    assert attempts.begin("192.0.2.1", "admin")


def test_brute_force_who_knows_a_password_has_no_more_attempts_by_it(clock: Clock) -> None:
    attempts = Attempts(clock)
    for _ in range(OF_ADDRESS - 1):
        assert attempts.begin("192.0.2.1", "victim")
    for _ in range(5):
        assert attempts.begin("192.0.2.1", "own")
        attempts.succeeded("192.0.2.1", "own")
    assert attempts.begin("192.0.2.1", "victim")
    assert not attempts.begin("192.0.2.1", "victim")


async def test_guessing_wrong_users_databases_and_passwords_are_said_alike(
    new_browser: NewBrowser, database: Database
) -> None:
    answers = set()
    for given in (
        {"database": database.name, "user": database.role, "password": "wrong"},
        {"database": database.name, "user": "nobody_of_that_name", "password": "wrong"},
        {"database": "nothing_of_that_name", "user": database.role, "password": "wrong"},
    ):
        page = await new_browser().submit("/sign-in", "/sign-in", **given)
        answers.add((page.status, re.search(r'role="alert">([^<]*)', page.text)[1]))  # type: ignore[index]
    assert len(answers) == 1


@pytest.mark.parametrize(
    "where", ["host=192.0.2.1 dbname=x", "postgresql://192.0.2.1/x", "x' host='192.0.2.1"]
)
async def test_a_database_that_is_a_connection_string_leads_nowhere_else(
    new_browser: NewBrowser, database: Database, where: str
) -> None:
    given = {"database": where, "user": database.role, "password": database.password}
    page = await new_browser().submit("/sign-in", "/sign-in", **given)
    assert page.status == 401


async def test_the_servers_own_password_is_nobodys(
    new_browser: NewBrowser, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGPASSWORD", database.password)
    own = new_browser()
    for password in ("", "wrong"):
        given = {"database": database.name, "user": database.role, "password": password}
        page = await own.submit("/sign-in", "/sign-in", **given)
        assert page.status in (400, 401)


async def test_another_databases_session_shows_nothing_of_this_one(
    browser: Browser,
    execute: Execute,
    new_browser: NewBrowser,
    postgres_server: PostgresServer,
    iasql: IasqlProcess,
) -> None:
    await execute(
        "SELECT * FROM iasql_install('aws_cloudwatch')",
        "INSERT INTO log_group (log_group_name) VALUES ('/secret-of-the-first')",
    )
    other = postgres_server.create()
    try:
        stranger = new_browser()
        page = await stranger.sign_in(iasql.serves(other))
        assert page.url == stranger.url + "/"
        for path in (*PAGES, "/tables/public/log_group"):
            assert "/secret-of-the-first" not in (await stranger.get(path)).text
        assert "/secret-of-the-first" in (await browser.get("/tables/public/log_group")).text
        await stranger.submit("/", "/sign-out")
    finally:
        postgres_server.drop(other)


async def test_another_sessions_plan_cannot_be_applied(
    browser: Browser, execute: Execute, new_browser: NewBrowser, database: Database
) -> None:
    await execute(
        "SELECT * FROM iasql_install('aws_cloudwatch')",
        "INSERT INTO log_group (log_group_name) VALUES ('/app')",
    )
    plan = (await browser.submit("/change", "/change/plan")).hidden("plan")
    other = new_browser()
    await other.sign_in(database)
    page = await other.submit("/change", "/change/apply", plan=plan)
    assert (page.status, "not the plan" in page.text) == (409, True)


async def test_a_secret_is_in_no_page_no_address_and_no_log(
    new_browser: NewBrowser, database: Database
) -> None:
    own = new_browser()
    seen: list[str] = []
    with capture_logs() as logs:
        seen.append((await own.sign_in(database, "hunter2-wrong")).text)
        page = await own.sign_in(database)
        seen += [page.text, page.url, str(page.headers), str(page.cookies)]
        for path in PAGES:
            got = await own.get(path)
            seen += [got.text, got.url]
    for text in (*seen, str(logs)):
        assert database.password not in text
        assert "hunter2" not in text
        assert (own.id or "") not in text or "Set-Cookie" in text or text == seen[4]
    assert [each["event"] for each in logs if each["log_level"] == "warning"] == ["sign-in refused"]


async def test_a_secret_of_a_row_is_in_no_plan_no_journal_no_address_and_no_log(
    browser: Browser, execute: Execute
) -> None:
    await execute(
        "SELECT * FROM iasql_install('aws_lambda')",
        """INSERT INTO role (role_name, assume_role_policy_document) VALUES ('r', '{"Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
        "Principal": {"Service": "lambda.amazonaws.com"}}]}')""",
        """INSERT INTO lambda_function (name, runtime, handler, role_name, zip_b64, environment)
        VALUES ('f', 'python3.13', 'i.h', 'r', 'UEsFBgAAAAAAAAAAAAAAAAAAAAAAAA==', '{"KEY": "hunter2"}')""",
    )
    with capture_logs() as logs:
        seen = [await browser.submit("/change", "/change/plan")]
        seen.append(await browser.submit("/change", "/change/apply", plan=seen[0].hidden("plan")))
        assert "event: end" in (await browser.get("/change/events")).text
        seen += [
            await browser.get(each) for each in ("/change/progress", "/history/2", "/history", "/", "/map")
        ]
    assert "create lambda_function f" in seen[2].text
    assert "lambda_function" in seen[0].text
    assert "environment" in seen[0].text
    assert "hunter2" not in "".join(each.text + each.url for each in seen) + str(logs)


async def test_a_failing_page_tells_nothing_of_how_it_failed(
    browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("hunter2")

    monkeypatch.setattr("console.web.queries.may", fail)
    with capture_logs() as logs:
        page = await browser.get("/tables")
    assert page.status == 500
    assert "hunter2" not in page.text + str(logs)
    assert "Traceback" not in page.text


async def test_expiry_idle_and_absolute(browser: Browser, console: Console, clock: Clock) -> None:
    clock.now += 29 * 60
    assert (await browser.get("/")).url == browser.url + "/"
    clock.now += 31 * 60
    assert (await browser.get("/")).url.endswith("/sign-in")


async def test_expiry_after_eight_hours_whatever_is_done(browser: Browser, clock: Clock) -> None:
    for _ in range(16):
        assert (await browser.get("/tables")).url == browser.url + "/tables"
        clock.now += 30 * 60
    clock.now += 1
    assert (await browser.get("/")).url.endswith("/sign-in")


async def test_sign_out_ends_the_session_for_who_has_copied_its_cookie(
    browser: Browser, new_browser: NewBrowser
) -> None:
    copied = browser.id
    await browser.submit("/", "/sign-out")
    thief = new_browser()
    thief.plant(copied)
    assert (await thief.get("/")).url.endswith("/sign-in")


async def test_a_csv_is_a_download_and_no_page(browser: Browser) -> None:
    page = await browser.submit(
        "/sql", "/sql", **{"statement": f"SELECT $x${HOSTILE}$x$ AS a, 1 AS b", "as": "csv"}
    )
    assert page.headers["Content-Type"].startswith("text/csv")
    assert page.headers["Content-Disposition"].startswith("attachment")
    assert list(csv.reader(io.StringIO(page.text))) == [["a", "b"], [HOSTILE, "1"]]
