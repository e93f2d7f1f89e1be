"""Every page, for those who see little, have a phone, work in the dark, or have no mouse."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import Page, expect

from tests.console.browser.conftest import NewVisitor
from tests.console.browser.tour import execute, many, tour
from tests.fixtures.cloud import Cloud
from tests.fixtures.databases import Database

pytestmark = pytest.mark.asyncio(loop_scope="session")

DESK = {"viewport": {"width": 1000, "height": 640}, "color_scheme": "light"}
PHONE = {
    "viewport": {"width": 360, "height": 740},
    "color_scheme": "dark",
    "is_mobile": True,
    "has_touch": True,
}
_TABS = 40


@pytest.mark.parametrize("options", [DESK, PHONE], ids=["desk and light", "phone and dark"])
async def test_axe_finds_nothing_serious_and_no_page_is_wider_than_its_screen(
    new_visitor: NewVisitor, database: Database, simulator: Cloud, options: dict[str, Any]
) -> None:
    visitor = await new_visitor(**options)
    async for name in tour(visitor, database, simulator):
        await visitor.check_accessible()
        wide = await visitor.page.evaluate("document.documentElement.scrollWidth")
        assert wide <= options["viewport"]["width"], name


async def test_a_plan_of_302_steps_folds_by_table_and_region(
    new_visitor: NewVisitor, database: Database, simulator: Cloud
) -> None:
    visitor = await new_visitor(**DESK)
    page = visitor.page
    await many(visitor, database)
    await expect(page.locator("svg g")).to_have_count(12)
    await expect(page.locator("svg")).to_contain_text("72 × create security_group_rule")
    await visitor.check_accessible()
    await page.locator("details.kind summary", has_text="eu_west_1.queue").press("Enter")
    await expect(page.get_by_role("region", name="create eu_west_1.queue")).to_be_visible()
    await page.get_by_role("link", name="create eu_west_1.subnet").click()
    await expect(page.locator("svg g")).to_have_count(35)
    await expect(page.locator("svg")).to_contain_text("eu_west_1: 10.3.0.0/16 10.3.8.0/24")
    await page.get_by_role("link", name="one box again").click()
    await expect(page.locator("svg g")).to_have_count(12)


async def _tab_to(page: Page, role: str, name: str) -> None:
    """Press the tab key until something has the focus, which has to be seen."""
    wanted = page.get_by_role(role, name=name, exact=True)  # type: ignore[arg-type]
    for _ in range(_TABS):
        await page.keyboard.press("Tab")
        if await wanted.evaluate("each => each === document.activeElement"):
            style = await wanted.evaluate("each => getComputedStyle(each).outlineStyle")
            assert style != "none"
            return
    raise AssertionError(f"{role} {name} is not reached by the tab key")


async def test_an_apply_by_keyboard_alone(
    new_visitor: NewVisitor, database: Database, simulator: Cloud
) -> None:
    execute(
        database,
        "SELECT * FROM iasql_install('aws_cloudwatch')",
        "INSERT INTO log_group (log_group_name) VALUES ('/app')",
    )
    visitor = await new_visitor()
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
