"""An account of somebody else: it is shown as it is, one row changes one thing, nothing is left behind."""

from __future__ import annotations

import pytest

from tests.drivers.psql.client import rows, succeed
from tests.e2e import foreign
from tests.fixtures.cloud import Cloud
from tests.fixtures.databases import Database


@pytest.mark.timeout(900)
def test_an_account_of_somebody_else_is_left_as_it_is(database: Database, simulator: Cloud) -> None:
    foreign.make(simulator)
    before = len(simulator.calls(mutating=True))
    names = rows(database, "SELECT quote_literal(module_name) FROM iasql_modules_list()")
    installed = rows(database, f"SELECT * FROM iasql_install({', '.join(names)})")
    counts = [int(each.rpartition("|")[2]) for each in installed]
    assert sum(counts) >= 2000
    assert sum(count > 0 for count in counts) >= 50
    assert rows(database, "SELECT * FROM iasql_plan_apply()") == []
    change = "UPDATE queue SET visibility_timeout = 77 WHERE name = 'Queue_7'"
    succeed(database, f"{change}; SELECT * FROM iasql_apply();")
    changed = [each["operation"] for each in simulator.calls(mutating=True)[before:]]
    assert changed == ["SetQueueAttributes"]
    assert rows(database, "SELECT * FROM iasql_plan_apply()") == []
    succeed(database, f"SELECT * FROM iasql_uninstall({', '.join(names)})")
    assert len(simulator.calls(mutating=True)) == before + 1
