"""Every page, for those who see little, have a phone, work in the dark, or have no mouse."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import expect

from tests.console.browser.conftest import NewVisitor
from tests.console.browser.tour import many, tour
from tests.console.browser.walk import walk
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


@pytest.mark.parametrize("options", [DESK, PHONE], ids=["desk", "phone"])
async def test_axe_and_the_tab_key_find_nothing_and_no_page_is_wider_than_its_screen(
    new_visitor: NewVisitor, database: Database, simulator: Cloud, options: dict[str, Any]
) -> None:
    visitor = await new_visitor(**options)
    async for name in tour(visitor, database, simulator):
        await visitor.check_accessible()
        wide = await visitor.page.evaluate("document.documentElement.scrollWidth")
        assert wide <= options["viewport"]["width"], name
        # All that the other scheme changes is colours.
        dark = options["color_scheme"] == "dark"
        await visitor.page.emulate_media(color_scheme="light" if dark else "dark")
        await visitor.check_accessible(rules=["color-contrast", "link-in-text-block"])
        await visitor.page.emulate_media(color_scheme=options["color_scheme"])
        if name != "progress":  # which changes meanwhile
            assert await walk(visitor.page) == [], name


async def test_a_plan_of_302_steps_folds_by_table_and_region(
    new_visitor: NewVisitor, database: Database, simulator: Cloud
) -> None:
    visitor = await new_visitor(**DESK)
    page = visitor.page
    await many(visitor, database)
    await expect(page.locator("svg g")).to_have_count(12)
    await expect(page.locator("svg")).to_contain_text("72 × create security_group_rule")
    await visitor.check_accessible()
    assert await walk(page) == []
    await page.locator("details.kind summary", has_text="eu_west_1.queue").press("Enter")
    await expect(page.get_by_role("region", name="create eu_west_1.queue")).to_be_visible()
    await page.get_by_role("link", name="create eu_west_1.subnet").click()
    await expect(page.locator("svg g")).to_have_count(35)
    await expect(page.locator("svg")).to_contain_text("eu_west_1: 10.3.0.0/16 10.3.8.0/24")
    assert await walk(page) == []
    await page.get_by_role("link", name="one box again").click()
    await expect(page.locator("svg g")).to_have_count(12)
