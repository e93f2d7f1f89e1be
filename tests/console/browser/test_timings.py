"""How long large pages take: on the server, and until somebody can use them in Chromium (`make timings`)."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path

import pytest
from aiohttp import ClientSession, CookieJar

from tests.console.browser.conftest import NewVisitor, Visitor
from tests.console.browser.tour import execute
from tests.fixtures.cloud import Cloud
from tests.fixtures.databases import Database

pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.skipif("IASQL_TIMINGS" not in os.environ, reason="`make timings` measures them"),
]

#: Seconds of the server, and until a page can be used.
_SERVER, _USABLE = 0.2, 1.0
_ROUNDS = 7
_DOCS = Path(__file__).parents[3] / "docs" / "console.md"
_TABLE = re.compile(r"(?<=<!-- timings -->\n).*?(?=<!-- /timings -->)", re.DOTALL)

#: When a page has been laid out and painted, and lets itself be used.
_READY = """() => new Promise(done => {
  const shown = () => requestAnimationFrame(() => setTimeout(() => done(performance.now()), 0));
  document.readyState === 'complete' ? shown() : addEventListener('load', shown);
})"""

#: Milliseconds from a letter to the suggestions.
_SUGGESTED = """() => new Promise(done => {
  const began = performance.now();
  const list = document.getElementById('suggestions');
  const seen = new MutationObserver(() => list.hidden || requestAnimationFrame(() => setTimeout(() => {
    seen.disconnect();
    done(performance.now() - began);
  }, 0)));
  seen.observe(list, { attributes: true, attributeFilter: ['hidden'] });
  const field = document.getElementById('statement');
  field.focus();
  field.value = 'SELECT * FROM many_499';
  document.execCommand('insertText', false, '9');
})"""

_ROWS = (
    "SELECT * FROM iasql_install('aws_cloudwatch', 'aws_security_group')",
    "INSERT INTO log_group (log_group_name, retention_in_days, tags) "
    """SELECT format('/app/service-%s', n), 30, '{"team": "shop"}' FROM generate_series(1, 10000) AS n""",
)
_TABLES = """DO $$ BEGIN FOR n IN 1..50 LOOP
  EXECUTE format('CREATE SCHEMA region_%s', n);
  FOR m IN 1..100 LOOP
    EXECUTE format('CREATE TABLE region_%s.many_%s (id integer, name text, tags jsonb)', n, n * 100 + m);
  END LOOP;
END LOOP; END $$"""
_STEPS = (
    "DELETE FROM log_group",
    "INSERT INTO log_group (log_group_name) SELECT format('/app/%s', n) FROM generate_series(1, 500) AS n",
    "INSERT INTO security_group (group_name, description) "
    "SELECT format('team-%s', n), 'A team' FROM generate_series(1, 100) AS n",
    "INSERT INTO security_group_rule "
    "(is_egress, ip_protocol, from_port, to_port, cidr_ipv4, security_group_id) "
    "SELECT false, 'tcp', port, port, '10.0.0.0/8', id FROM security_group, "
    "generate_series(8001, 8004) AS port WHERE group_name LIKE 'team-%'",
)


async def _measured(visitor: Visitor, path: str) -> tuple[float, float, int]:
    """Seconds of the server, and until the page can be used, each the least of some; and its bytes.

    The server's are those of the proxy, PostgreSQL and the console, from the request to the last byte.
    """
    cookies = {each["name"]: each["value"] for each in await visitor.page.context.cookies()}
    url = visitor.url.rstrip("/") + path
    server, usable, size = [], [], 0
    async with ClientSession(cookies=cookies, cookie_jar=CookieJar(unsafe=True)) as http:
        for _ in range(_ROUNDS):
            began = time.perf_counter()
            async with http.get(url) as response:
                size = len(await response.read())
            server.append(time.perf_counter() - began)
            await visitor.page.goto(url, wait_until="commit")
            usable.append(await visitor.page.evaluate(_READY) / 1000)
    return min(server), min(usable), size


async def _measured_names(visitor: Visitor) -> tuple[float, float, int]:
    """Seconds of the server, and from the first letter until suggestions are seen."""
    server, _, size = await _measured(visitor, "/sql/names")
    usable = []
    for _ in range(_ROUNDS):
        await visitor.open("/sql")
        usable.append(await visitor.page.evaluate(_SUGGESTED) / 1000)
    return server, min(usable), size


async def test_large_pages_are_made_and_can_be_used_in_time(
    new_visitor: NewVisitor, database: Database, simulator: Cloud
) -> None:
    execute(database, *_ROWS)
    visitor = await new_visitor()
    await visitor.sign_in(database)
    found = {"a table of 10,000 rows": await _measured(visitor, "/tables/public/log_group?rows=10000")}
    found["a table of 10,000 rows, the first 100"] = await _measured(visitor, "/tables/public/log_group")
    execute(database, *_STEPS)
    await visitor.plan("1000 to create")
    found["a plan of 1,000 steps"] = await _measured(visitor, "/change")
    await visitor.apply()
    found["an apply of 1,000 steps that is done"] = await _measured(visitor, "/change/progress")
    found["its steps"] = await _measured(visitor, "/history/2")
    execute(database, _TABLES)
    found["the names of 5,000 tables, which SQL suggests"] = await _measured_names(visitor)
    lines = [
        f"| {what} | {server * 1000:.0f} ms | {usable * 1000:.0f} ms | {size / 1024:,.0f} KiB |"
        for what, (server, usable, size) in found.items()
    ]
    head = ["| page | server | usable | size |", "|---|---:|---:|---:|"]
    print("", *head, *lines, sep="\n")
    text = _DOCS.read_text()
    _DOCS.write_text(_TABLE.sub("\n".join([*head, *lines]) + "\n", text))
    assert max(server for server, _, _ in found.values()) < _SERVER
    assert max(usable for _, usable, _ in found.values()) < _USABLE
