"""The tutorial in an account with AWS's latencies, rate limits, small pages and slow changes."""

from __future__ import annotations

import pytest

from deploy import tutorial
from deploy.simulator.conditions import STRICT
from tests.drivers.psql.client import rows, succeed
from tests.e2e.account import assert_holds_the_tutorial, assert_is_empty
from tests.fixtures.cloud import Cloud
from tests.fixtures.databases import Database


@pytest.mark.timeout(600)
def test_the_tutorial_is_deployed_and_deleted_where_aws_is_slow_and_narrow(
    database: Database, simulator: Cloud
) -> None:
    simulator.be(STRICT)
    succeed(database, tutorial.migration(tutorial.V1))
    succeed(database, tutorial.migration(tutorial.V2))
    assert_holds_the_tutorial(simulator)
    assert rows(database, "SELECT * FROM iasql_plan_apply()") == []
    assert rows(database, "SELECT * FROM iasql_plan_sync()") == []
    succeed(database, "SELECT delete_all_records(); SELECT * FROM iasql_apply()")
    assert_is_empty(simulator)
    assert rows(database, "SELECT * FROM iasql_plan_sync()") == []
