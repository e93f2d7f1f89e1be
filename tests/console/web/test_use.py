"""The console as people use it, against the simulated account."""

from __future__ import annotations

import psycopg
from psycopg import sql

from tests.console.web.conftest import Browser, Execute, NewBrowser, Page
from tests.fixtures.cloud import Cloud
from tests.fixtures.databases import PASSWORD, Database, PostgresServer

INSTALLED = "SELECT * FROM iasql_install('aws_cloudwatch')"
GROUP = "INSERT INTO log_group (log_group_name) VALUES ('/app')"


async def apply(browser: Browser, **more: str) -> Page:
    """Plan, apply what is shown, and follow it to its end."""
    plan = await browser.submit("/change", "/change/plan")
    page = await browser.post("/change/apply", {"token": plan.token, "plan": plan.hidden("plan"), **more})
    assert page.url.endswith("/change/progress"), page.text
    assert "event: end" in (await browser.get("/change/events")).text
    return await browser.get("/change/progress")


async def test_a_database_in_which_nothing_is_installed_has_its_pages(browser: Browser) -> None:
    for path in ("/", "/tables", "/change", "/sql"):
        assert (await browser.get(path)).status == 200
    overview = await browser.get("/")
    assert "No module is installed" in overview.text
    answer = await browser.submit("/", "/sql", statement=overview.hidden("statement"))
    assert "<td>vpc</td>" in answer.text


async def test_plan_apply_and_undo(browser: Browser, execute: Execute, simulator: Cloud) -> None:
    await execute(INSTALLED)
    assert "Nothing to do" in (await browser.submit("/change", "/change/plan")).text
    await execute(GROUP)
    plan = await browser.submit("/change", "/change/plan")
    assert "1 to create" in plan.text
    assert "<svg" not in plan.text  # one step has no order
    assert simulator.calls(mutating=True) == []
    done = await apply(browser)
    assert ">Done</h1>" in done.text
    assert "create log_group /app" in done.text
    assert simulator.called("CreateLogGroup") == 1
    assert "iasql_apply" in (await browser.get("/history")).text
    page = await browser.submit("/change/progress", "/undo")
    assert "Rows put back: 1." in page.text
    assert "1 to delete" in (await browser.submit("/change", "/change/plan")).text
    assert ">Done</h1>" in (await apply(browser)).text
    assert simulator.client("logs").describe_log_groups()["logGroups"] == []


async def test_what_would_be_lost_is_lost_only_if_that_is_said(
    browser: Browser, execute: Execute, simulator: Cloud
) -> None:
    await execute(INSTALLED, GROUP)
    await apply(browser)
    logs = simulator.client("logs")
    logs.create_log_stream(logGroupName="/app", logStreamName="s")
    logs.put_log_events(
        logGroupName="/app", logStreamName="s", logEvents=[{"timestamp": 1_790_000_000_000, "message": "x"}]
    )
    await execute("UPDATE log_group SET log_group_name = '/renamed'")
    plan = await browser.submit("/change", "/change/plan")
    assert "1 to replace" in plan.text
    assert "loses its log events" in plan.text
    failed = await apply(browser)
    assert ">Failed</h1>" in failed.text
    assert "What to do" in failed.text
    # Nothing was done, so that an undo would be of something else.
    assert "/undo" not in failed.text
    assert ">Done</h1>" in (await apply(browser, allow_loss="on")).text
    assert [each["logGroupName"] for each in logs.describe_log_groups()["logGroups"]] == ["/renamed"]


async def test_only_the_plan_that_is_shown_is_applied(
    browser: Browser, execute: Execute, simulator: Cloud
) -> None:
    await execute(INSTALLED, GROUP)
    plan = await browser.submit("/change", "/change/plan")
    await execute("INSERT INTO log_group (log_group_name) VALUES ('/other')")
    page = await browser.post("/change/apply", {"token": plan.token, "plan": plan.hidden("plan")})
    events = await browser.get("/change/events")
    assert events.headers["Content-Type"] == "text/event-stream"
    page = await browser.get("/change/progress")
    assert "40001" in page.text
    assert simulator.calls(mutating=True) == []


async def test_steps_are_told_as_they_happen(browser: Browser, execute: Execute) -> None:
    await execute(INSTALLED, GROUP)
    plan = await browser.submit("/change", "/change/plan")
    await browser.post("/change/apply", {"token": plan.token, "plan": plan.hidden("plan")})
    events = (await browser.get("/change/events")).text
    assert '"number": 1, "count": 1, "what": "create log_group /app"' in events
    assert events.index("event: step") < events.index("event: end")


async def test_a_policys_refusal_is_shown(browser: Browser, execute: Execute) -> None:
    await execute(
        INSTALLED,
        "INSERT INTO iasql.policy (name, query, advice) VALUES "
        "('no groups', 'SELECT log_group_name FROM log_group', 'Ask the platform team.')",
        GROUP,
    )
    page = await browser.submit("/change", "/change/plan")
    assert (page.status, "no groups" in page.text, "Ask the platform team." in page.text) == (409, True, True)


async def test_tables_are_browsed_filtered_and_followed(browser: Browser, execute: Execute) -> None:
    await execute(
        INSTALLED,
        "INSERT INTO log_group (log_group_name) SELECT '/app/' || n FROM generate_series(1, 150) AS n",
    )
    page = await browser.get("/tables/public/log_group")
    assert "Rows 1 to 100." in page.text
    assert "Rows 101 to 150." in (await browser.get("/tables/public/log_group?rows=100&from=100")).text
    page = await browser.get("/tables/public/log_group?column=log_group_name&has=APP/14")
    assert "Rows 1 to 11." in page.text
    assert (
        "Rows 1 to 1."
        in (await browser.get("/tables/public/log_group?column=log_group_name&is=/app/14")).text
    )


async def test_tables_come_before_their_past_and_without_that_of_others(
    browser: Browser, execute: Execute
) -> None:
    await execute(INSTALLED)
    page = (await browser.get("/tables")).text
    assert 0 < page.index("/tables/public/log_group") < page.index("/tables/iasql_history/log_group")
    assert "/vpc" not in page


async def test_a_reference_leads_to_its_row(browser: Browser, execute: Execute, simulator: Cloud) -> None:
    await execute("SELECT * FROM iasql_install('aws_vpc')")
    page = await browser.get("/tables/public/subnet")
    assert 'href="/tables/public/vpc?column=id&amp;is=1"' in page.text
    followed = await browser.get("/tables/public/vpc?column=id&is=1")
    assert "Rows 1 to 1." in followed.text


async def test_the_past_of_a_row_is_shown(browser: Browser, execute: Execute) -> None:
    await execute(INSTALLED, GROUP)
    await apply(browser)
    page = await browser.get("/tables/iasql_history/log_group?column=log_group_name&is=/app")
    assert "Rows 1 to 1." in page.text
    operations = await browser.get("/history")
    assert "/history/2" in operations.text
    steps = await browser.get("/history/2")
    assert "&#34;logGroupName&#34;" in steps.text


async def test_a_statement_is_run_and_its_answer_limited(browser: Browser) -> None:
    page = await browser.submit(
        "/sql", "/sql", statement="SELECT n, NULL AS nothing FROM generate_series(1, 1200) AS n"
    )
    assert "the first 1000 rows are shown, 200 are not" in page.text
    assert "<td>1000</td>" in page.text
    assert "<td>1001</td>" not in page.text
    page = await browser.submit("/sql", "/sql", statement="CREATE TABLE own (n integer)")
    assert "Done, without rows" in page.text
    page = await browser.submit(
        "/sql", "/sql", statement="INSERT INTO own SELECT * FROM generate_series(1, 1200) RETURNING n"
    )
    assert "1200 rows" in page.text
    page = await browser.submit("/sql", "/sql", statement="SELECT count(*) FROM own")
    assert "<td>1200</td>" in page.text
    page = await browser.submit("/sql", "/sql", statement="SELECT nonsense")
    assert "42703" in page.text
    assert "SELECT nonsense</textarea>" in page.text
    await browser.submit("/sql", "/sql", statement="BEGIN")
    await browser.submit("/sql", "/sql", statement="DELETE FROM own")
    page = await browser.submit(
        "/sql", "/sql", statement="SELECT '12:00'::time, 'infinity'::timestamptz, true"
    )
    assert "<td>infinity</td>" in page.text


async def test_lines_of_a_statement_end_as_they_were_written(browser: Browser) -> None:
    page = await browser.submit("/sql", "/sql", statement="SELECT length('a\r\nb')")  # as browsers send it
    assert "<td>3</td>" in page.text


async def test_a_copy_that_nobody_answers_hangs_nothing(browser: Browser, database: Database) -> None:
    for statement in ("COPY (SELECT 1) TO STDOUT", "COPY own FROM STDIN"):
        await browser.submit("/sql", "/sql", statement="CREATE TABLE IF NOT EXISTS own (n integer)")
        page = await browser.submit("/sql", "/sql", statement=statement)
        assert page.status == 409
        if (await browser.get("/")).url.endswith("/sign-in"):
            await browser.sign_in(database)


async def test_what_a_role_may_not_do_is_not_offered(
    execute: Execute, new_browser: NewBrowser, database: Database, postgres_server: PostgresServer
) -> None:
    await execute(INSTALLED, GROUP)
    reader = f"reader_{database.name}"
    name = sql.Identifier(reader)
    postgres_server.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(name, sql.Literal(PASSWORD)))
    try:
        await execute(f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {reader}")
        own = new_browser()
        given = {"database": database.name, "user": reader, "password": PASSWORD}
        page = await own.submit("/sign-in", "/sign-in", **given)
        assert "/history" not in page.text
        assert (await own.get("/history")).status == 404
        assert (await own.get("/tables/public/log_group")).status == 200
        plan = await own.submit("/change", "/change/plan")
        assert "1 to create" in plan.text
        assert "Apply exactly this" not in plan.text
        assert "/undo" not in plan.text
        await own.submit("/", "/sign-out")
    finally:
        with psycopg.connect(database.url, autocommit=True) as connection:
            connection.execute(f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {reader}".encode())
        postgres_server.execute(sql.SQL("DROP ROLE {}").format(name))
