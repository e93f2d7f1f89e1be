"""What is done with a page by the keyboard alone: nothing keeps the focus, and nothing loses it."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, TimeoutError, expect

from tests.console.browser.conftest import NewVisitor, Visitor
from tests.console.browser.tour import execute
from tests.fixtures.cloud import Cloud
from tests.fixtures.databases import Database

pytestmark = pytest.mark.asyncio(loop_scope="session")

_TABS = 40


async def _tab_to(page: Page, role: str, name: str) -> None:
    """Press the tab key until something has the focus, which has to be seen."""
    wanted = page.get_by_role(role, name=name, exact=True).first  # type: ignore[arg-type]
    for _ in range(_TABS):
        await page.keyboard.press("Tab")
        if await wanted.evaluate("each => each === document.activeElement"):
            style = await wanted.evaluate("each => getComputedStyle(each).outlineStyle")
            assert style != "none"
            return
    raise AssertionError(f"{role} {name} is not reached by the tab key")


async def _with_a_new_row(new_visitor: NewVisitor, database: Database) -> Visitor:
    """A visitor of a database in which a log group waits to be made."""
    execute(
        database,
        "SELECT * FROM iasql_install('aws_cloudwatch')",
        "INSERT INTO log_group (log_group_name) VALUES ('/app')",
    )
    return await new_visitor()


async def test_an_apply_by_keyboard_alone(
    new_visitor: NewVisitor, database: Database, simulator: Cloud
) -> None:
    visitor = await _with_a_new_row(new_visitor, database)
    page = visitor.page
    await visitor.open("/")
    for label, text in (
        ("Database", database.name),
        ("User", database.role),
        ("Password", database.password),
    ):
        await _tab_to(page, "textbox", label)
        await page.keyboard.type(text)
    await page.keyboard.press("Enter")
    await visitor.sees(database.name)
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("link", name="To the content")).to_be_focused()
    await _tab_to(page, "link", "Change")
    await page.keyboard.press("Enter")
    await visitor.sees("Change")
    await _tab_to(page, "button", "Show what would change")
    await page.keyboard.press("Enter")
    await visitor.sees("1 to create")
    await _tab_to(page, "button", "Apply exactly this")
    await page.keyboard.press("Enter")
    await visitor.sees("Done")
    assert simulator.called("CreateLogGroup") == 1


async def _press(visitor: Visitor, role: str, name: str, *, keeps: bool = True) -> None:
    """Press what the tab key leads to; the next page then goes on from what came of it, not from its top."""
    page = visitor.page
    await _tab_to(page, role, name)
    async with page.expect_navigation(timeout=60_000):
        await page.keyboard.press("Enter")
    await page.wait_for_load_state()
    if keeps:
        await _goes_on(page, name)


async def _goes_on(page: Page, name: str) -> None:
    """The focus is at what has come of it."""
    inside = "[...document.querySelectorAll('main, main *')].includes(document.activeElement)"
    try:
        await page.wait_for_function(f"{inside} || location.hash !== ''", timeout=5000)
    except TimeoutError as error:
        raise AssertionError(f"the focus is lost after {name}") from error


async def test_rows_are_written_applied_and_undone_by_keyboard_alone(
    new_visitor: NewVisitor, database: Database, simulator: Cloud
) -> None:
    visitor = await _with_a_new_row(new_visitor, database)
    page = visitor.page
    await visitor.sign_in(database)

    async def to_table() -> None:
        await _press(visitor, "link", "Tables", keeps=False)
        await _press(visitor, "link", "log_group", keeps=False)

    async def apply(expected: str) -> None:
        if not page.url.endswith("/change"):
            await _press(visitor, "link", "What would change?", keeps=False)
        await _press(visitor, "button", "Show what would change")
        await visitor.sees(expected)
        await _press(visitor, "button", "Apply exactly this", keeps=False)
        await visitor.sees("Done")
        await _goes_on(page, "Apply")

    await to_table()
    await _press(visitor, "link", "edit", keeps=False)
    await _tab_to(page, "textbox", "retention_in_days integer")
    await page.keyboard.type("7")
    await _press(visitor, "button", "Show the statement", keeps=False)
    await _press(visitor, "button", "Run it")
    await apply("1 to create")
    await to_table()
    await _press(visitor, "link", "Add a row", keeps=False)
    await _tab_to(page, "textbox", "log_group_name character varying")
    await page.keyboard.type("/more")
    await _press(visitor, "button", "Show the statement", keeps=False)
    await _press(visitor, "button", "Run it")
    await apply("1 to create")
    await _press(visitor, "button", "Undo")
    await apply("1 to delete")
    await to_table()
    await _press(visitor, "link", "edit", keeps=False)
    await _press(visitor, "button", "Show how to delete the row", keeps=False)
    await _press(visitor, "button", "Run it")
    await apply("1 to delete")
    assert simulator.client("logs").describe_log_groups()["logGroups"] == []
    await _press(visitor, "link", "Map", keeps=False)
    await _press(visitor, "link", "History", keeps=False)
    await _press(visitor, "link", "3", keeps=False)
    await visitor.sees("Steps")
    await _press(visitor, "button", "Sign out", keeps=False)
    await page.get_by_label("Database").fill(database.name)
    await page.get_by_label("User").fill(database.role)
    await page.get_by_label("Password").fill("wrong")
    await _press(visitor, "button", "Sign in")
    await expect(page.get_by_label("Password")).to_be_focused()
    await expect(page.get_by_label("Password")).to_have_accessible_description(
        "This database, user and password do not belong together."
    )


async def test_a_button_that_takes_a_while_keeps_the_focus_and_does_it_once(
    new_visitor: NewVisitor, database: Database, simulator: Cloud
) -> None:
    execute(database, "SELECT * FROM iasql_install('aws_cloudwatch')")
    visitor = await new_visitor()
    page = visitor.page
    await visitor.sign_in(database)
    await visitor.follow("Change")
    sent: list[str] = []
    page.on("request", lambda asked: sent.append(asked.url) if asked.method == "POST" else None)
    simulator.plan({"action": "delay", "operation": "DescribeLogGroups", "seconds": 60.0})
    # At once, since Playwright would wait for the next page.
    kept = await page.locator("form[data-busy] button").evaluate("""button => {
      button.focus();
      button.click();
      button.click();
      return document.activeElement === button && !button.disabled && button.textContent;
    }""")
    assert kept == "Reading AWS …"
    simulator.cancel_faults()
    await visitor.sees("Nothing to do in AWS")
    assert len(sent) == 1
