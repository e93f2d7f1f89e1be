"""The tutorial on whatever older PostgreSQL servers this machine has."""

from __future__ import annotations

from pathlib import Path

import pytest

from deploy import tutorial
from tests.drivers.psql.client import rows, succeed
from tests.e2e.account import assert_holds_the_tutorial, assert_is_empty
from tests.fixtures import versions
from tests.fixtures.cloud import Cloud
from tests.fixtures.proxies import launch

_FOUND = versions.found()


@pytest.mark.parametrize("version", _FOUND)
def test_the_tutorial_on_another_version_of_postgres(version: str, simulator: Cloud, tmp_path: Path) -> None:
    with versions.running_version(_FOUND[version]) as address:
        iasql = launch(tmp_path / "iasql.log", address, simulator)
        try:
            database = iasql.serves(address.create())
            assert rows(database, "SHOW server_version_num")[0].startswith(version)
            succeed(database, tutorial.migration(tutorial.V1) + tutorial.migration(tutorial.V2))
            assert_holds_the_tutorial(simulator)
            assert rows(database, "SELECT * FROM iasql_plan_apply()") == []
            assert rows(database, "SELECT * FROM iasql_plan_sync()") == []
            succeed(database, "SELECT delete_all_records(); SELECT * FROM iasql_apply();")
            assert_is_empty(simulator)
        finally:
            iasql.stop()
