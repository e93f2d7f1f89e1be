"""The tutorial in a browser by clicks alone, from signing in to the deletion."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from deploy import tutorial
from tests.console.browser.conftest import NewVisitor, written_rows
from tests.e2e.account import assert_holds_the_tutorial, assert_is_empty
from tests.fixtures.cloud import Cloud
from tests.fixtures.databases import Database

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_the_tutorial_by_clicks_alone(
    new_visitor: NewVisitor, database: Database, simulator: Cloud
) -> None:
    visitor = await new_visitor()
    page = visitor.page
    await visitor.sign_in(database)
    await visitor.run(tutorial.migration(tutorial.V1))
    await visitor.follow("Overview")
    await expect(page.get_by_role("link", name="security_group_rule")).to_be_visible()
    await visitor.run(*written_rows())
    await visitor.plan("12 to create")
    await expect(page.locator("svg")).to_contain_text("quickstart-load-balancer")
    assert simulator.calls(mutating=True) == []

    simulator.plan({"action": "delay", "operation": "CreateService", "seconds": 60.0})
    await visitor.press("Apply exactly this")
    await visitor.sees("Applying …")
    await expect(page.locator("#heard li").first).to_contain_text("of 12: create")
    simulator.cancel_faults()
    await visitor.sees("Done")
    await expect(page.locator("#heard li", has_text="of 12: create")).to_have_count(12)
    assert_holds_the_tutorial(simulator)

    await visitor.follow("History")
    await page.get_by_role("row", name="iasql_apply(").get_by_role("link").click()
    await visitor.sees("Steps")
    await expect(page.get_by_role("row", name="quickstart-td")).to_be_visible()

    await visitor.run("UPDATE log_group SET retention_in_days = 7")
    await visitor.plan("1 to update")
    await visitor.apply()
    logs = simulator.client("logs")
    assert logs.describe_log_groups()["logGroups"][0]["retentionInDays"] == 7
    await visitor.press("Undo")
    await visitor.sees("Change")
    await expect(page.get_by_role("status")).to_contain_text("Rows put back: 1.")
    await visitor.plan("1 to update")
    await visitor.apply()
    assert "retentionInDays" not in logs.describe_log_groups()["logGroups"][0]

    await visitor.run("SELECT delete_all_records()")
    await visitor.plan("12 to delete")
    await visitor.apply()
    assert_is_empty(simulator)
    await visitor.plan("Nothing to do in AWS")
    await visitor.press("Sign out")
    await visitor.sees("Sign in")
