"""The tutorial on whatever older PostgreSQL servers this machine has, as Debian installs them."""

from __future__ import annotations

from pathlib import Path

import pytest

from deploy import embedded_postgres, tutorial
from deploy.embedded_postgres import EmbeddedPostgres
from tests.drivers.psql.client import rows, succeed
from tests.e2e.account import assert_holds_the_tutorial, assert_is_empty
from tests.fixtures.cloud import Cloud
from tests.fixtures.databases import PostgresServer, free_port
from tests.fixtures.proxies import launch

_INSTALLED = sorted(Path("/usr/lib/postgresql").glob("*/bin"))


@pytest.mark.parametrize("binaries", _INSTALLED, ids=[each.parent.name for each in _INSTALLED])
def test_the_tutorial_on_another_version_of_postgres(
    binaries: Path,
    simulator: Cloud,
    data_dir: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(embedded_postgres, "BINARIES", binaries)
    monkeypatch.setattr(embedded_postgres, "MAJOR_VERSION", binaries.parent.name)
    monkeypatch.setattr(embedded_postgres, "LOCALE", ("--locale=C",))
    settings = {"listen_addresses": "127.0.0.1", "port": str(free_port())}
    with EmbeddedPostgres(data_dir, settings=settings) as server:
        address = PostgresServer(
            host="127.0.0.1",
            port=int(settings["port"]),
            socket_dir=server.socket_dir,
            superuser_password=server.superuser_password,
        )
        iasql = launch(tmp_path / "iasql.log", address, simulator)
        try:
            database = iasql.serves(address.create())
            assert rows(database, "SHOW server_version_num")[0].startswith(binaries.parent.name)
            succeed(database, tutorial.migration(tutorial.V1) + tutorial.migration(tutorial.V2))
            assert_holds_the_tutorial(simulator)
            assert rows(database, "SELECT * FROM iasql_plan_apply()") == []
            assert rows(database, "SELECT * FROM iasql_plan_sync()") == []
            succeed(database, "SELECT delete_all_records(); SELECT * FROM iasql_apply();")
            assert_is_empty(simulator)
        finally:
            iasql.stop()
