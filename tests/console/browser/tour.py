"""A tour of all pages, with something to see on each."""

from __future__ import annotations

from collections.abc import AsyncIterator

import psycopg

from deploy import tutorial
from tests.console.browser.conftest import OPERATORS, Visitor, written_rows
from tests.fixtures.cloud import Cloud
from tests.fixtures.databases import Database

#: Something is updated, something deleted, and something that is lost replaced.
_CHANGES = (
    "UPDATE service SET desired_count = 2",
    "UPDATE log_group SET log_group_name = '/shop' WHERE log_group_name = '/checkout'",
    "DELETE FROM security_group_rule WHERE is_egress AND security_group_id = "
    "(SELECT id FROM security_group WHERE group_name = 'quickstart-security-group')",
)


def execute(database: Database, *statements: str) -> None:
    """Run statements as the database's owner, through the proxy."""
    with psycopg.connect(database.url, autocommit=True) as connection:
        for each in statements:
            connection.execute(each.encode())


async def tour(visitor: Visitor, database: Database, simulator: Cloud) -> AsyncIterator[str]:
    """Lead somebody from page to page; tells the name of each when it is to be seen."""
    await visitor.open("/")
    yield "sign-in"
    await visitor.connect("shop", "AKIAIOSFODNN7EXAMPLE", operator=OPERATORS, database="shop", login="ada")
    yield "connect"
    await visitor.press("Connect")
    yield "connected"
    await visitor.sign_in(database)
    yield "empty"
    make_logs(simulator)
    execute(database, tutorial.migration(tutorial.V1), *written_rows())
    await visitor.follow("SQL")
    await visitor.page.locator("#statement").fill("SELECT id, cidr_block, is_default FROM vpc")
    await visitor.press("Run")
    yield "sql"
    await visitor.page.locator("#statement").fill("")
    await visitor.page.keyboard.type("SELECT v.cidr_block\nFROM vpc AS v JOIN subnet AS s ON s.")
    await visitor.page.get_by_role("option").first.wait_for()
    yield "suggestions"
    await visitor.plan("12 to create")
    yield "change"
    simulator.plan({"action": "delay", "operation": "CreateService", "seconds": 60.0})
    await visitor.press("Apply exactly this")
    await visitor.page.locator("#heard li").nth(10).wait_for()
    yield "progress"
    simulator.cancel_faults()
    await visitor.sees("Done")
    yield "done"
    simulator.client("logs").put_retention_policy(logGroupName="/checkout", retentionInDays=30)
    execute(database, "SELECT * FROM iasql_sync()", *_CHANGES)
    await visitor.follow("Overview")
    yield "overview"
    await visitor.follow("Map")
    yield "map"
    await visitor.follow("Tables")
    yield "tables"
    await visitor.open("/tables/public/subnet")
    yield "table"
    await visitor.open("/tables/public/service")
    await visitor.page.get_by_role("link", name="edit").click()
    yield "row"
    await visitor.page.get_by_label("desired_count").fill("3")
    await visitor.press("Show the statement")
    yield "statement"
    await visitor.open("/past/log_group?column=log_group_name&is=/checkout")
    yield "past"
    await visitor.open("/tables/iasql_history/log_group?at=now")
    yield "as-of"
    await visitor.plan("1 to update, 1 to replace, 1 to delete")
    yield "losses"
    await visitor.press("Apply exactly this")
    await visitor.sees("Failed")
    yield "failed"
    simulator.client("logs").put_retention_policy(logGroupName="/checkout", retentionInDays=14)
    execute(
        database,
        "UPDATE log_group SET log_group_name = '/checkout', retention_in_days = 5 "
        "WHERE log_group_name = '/shop'",
    )
    await visitor.plan("1 to update, 1 to delete, 1 in conflict")
    yield "conflict"
    await visitor.follow("History")
    yield "history"
    await visitor.open("/history/2")
    yield "operation"
    await visitor.follow("SQL")
    await visitor.page.locator("#statement").fill("SELECT nothing FROM vpc")
    await visitor.press("Run")
    yield "refused"
    await visitor.open("/nowhere")
    yield "wrong"


def make_logs(simulator: Cloud) -> None:
    """Somebody has a log group already, with something in it."""
    logs = simulator.client("logs")
    logs.create_log_group(logGroupName="/checkout")
    logs.create_log_stream(logGroupName="/checkout", logStreamName="web")
    event = {"timestamp": 1_790_000_000_000, "message": "paid"}
    logs.put_log_events(logGroupName="/checkout", logStreamName="web", logEvents=[event])


async def many(visitor: Visitor, database: Database) -> None:
    """Lead somebody to a plan of 302 steps in two regions."""
    execute(database, *MANY)
    await visitor.sign_in(database)
    await visitor.plan("302 to create")


_MODULES = ("aws_security_group", "aws_cloudwatch", "aws_sqs")
#: Three networks, with what is in them.
_ROWS = """
    INSERT INTO vpc (cidr_block) SELECT format('10.%s.0.0/16', n) FROM generate_series(1, 3) AS n;
    INSERT INTO subnet (availability_zone, cidr_block, vpc_id)
        SELECT (SELECT min(name) FROM availability_zone), format('10.%s.%s.0/24', n, m), v.id
        FROM generate_series(1, 3) AS n JOIN vpc AS v ON v.cidr_block = format('10.%s.0.0/16', n),
        generate_series(1, 8) AS m;
    INSERT INTO security_group (group_name, description, vpc_id)
        SELECT format('team-%s', n), 'A team', (SELECT id FROM vpc WHERE cidr_block = '10.1.0.0/16')
        FROM generate_series(1, 24) AS n;
    INSERT INTO security_group_rule (is_egress, ip_protocol, from_port, to_port, cidr_ipv4, security_group_id)
        SELECT false, 'tcp', port, port, '10.0.0.0/8', id FROM security_group,
        unnest(ARRAY[80, 443, 5432]) AS port WHERE group_name LIKE 'team-%';
    INSERT INTO log_group (log_group_name) SELECT format('/app/%s', n) FROM generate_series(1, 20) AS n;
    INSERT INTO queue (name) SELECT format('jobs-%s', n) FROM generate_series(1, 8) AS n;
"""
#: Makes a plan of 302 steps in two regions.
MANY = (
    "SELECT * FROM iasql_add_region('eu-west-1')",
    f"SELECT * FROM iasql_install(ARRAY{[*_MODULES]}, region => '*')",
    *(f"SET search_path = {schema}, public; {_ROWS}" for schema in ("public", "eu_west_1")),
)
