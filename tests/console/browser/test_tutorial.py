"""The tutorial in a browser by clicks alone, from connecting the account to the deletion."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import expect
from psycopg.conninfo import conninfo_to_dict

from deploy import tutorial
from tests.accounts.conftest import OWN, Commands
from tests.console.browser.conftest import NewVisitor, written_rows
from tests.e2e.account import assert_holds_the_tutorial, assert_is_empty
from tests.fixtures.cloud import Cloud
from tests.fixtures.databases import running_postgres
from tests.fixtures.proxies import IasqlProcess

pytestmark = pytest.mark.asyncio(loop_scope="session")


OPERATOR = "of-the-operators-0123456789"


@pytest.fixture
def server(simulator: Cloud, tmp_path: Path) -> Iterator[IasqlProcess]:
    """A server on which nothing is connected yet, with a console."""
    (tmp_path / "operators").write_text(OPERATOR)
    with running_postgres(fsync="off", synchronous_commit="off", full_page_writes="off") as postgres:
        commands = Commands(postgres, simulator, tmp_path, [])
        where = ("--console", "127.0.0.1:0", "--operator-password-file", str(tmp_path / "operators"))
        process = commands.start(*where)
        yield process
        process.stop()


async def test_the_tutorial_by_clicks_alone(
    new_visitor: NewVisitor, server: IasqlProcess, simulator: Cloud
) -> None:
    found = re.search(r"Console: (\S+)", server.output)
    assert found is not None
    visitor = await new_visitor(found[1], permissions=["clipboard-read", "clipboard-write"])
    page = visitor.page
    await visitor.connect("tutorial", f"simulated-{OWN}", operator=OPERATOR)
    await visitor.press("Connect")
    await visitor.sees("Connected")
    await expect(page.locator("main")).to_contain_text(f"account {OWN}")
    await page.get_by_role("button", name="Copy", exact=True).click()
    await expect(page.get_by_role("button", name="Copied")).to_be_visible()
    url = conninfo_to_dict(await page.evaluate("navigator.clipboard.readText()"))
    await page.get_by_role("link", name="Sign in").click()
    await page.get_by_label("Password").fill(str(url["password"]))
    await visitor.press("Sign in")
    await visitor.sees(str(url["dbname"]))
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
