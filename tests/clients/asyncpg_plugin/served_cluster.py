"""A plugin for pytest, with which asyncpg's tests take a running server for one of theirs.

They then change its pg_hba.conf, as they do with the servers that they start themselves.
"""

from __future__ import annotations

import os
import signal
import time
from typing import Any

import pytest
from asyncpg import _testbase as testbase
from asyncpg import cluster


class ServedCluster(cluster.Cluster):  # type: ignore[misc]
    """The server, reached as the suite says: directly, or through the proxy."""

    def get_status(self) -> str:
        return "running"

    def get_connection_spec(self) -> dict[str, Any]:
        return {"host": "localhost", "port": int(os.environ["SERVED_PORT"]), "user": "postgres"}

    def reset_hba(self) -> None:
        """Whoever else needs the server, such as the proxy, still comes in with a password."""
        super().reset_hba()
        for kind in ("host", "hostssl"):
            self.add_hba_entry(
                type=kind,
                database="all",
                user="postgres",
                address="127.0.0.1/32",
                auth_method="scram-sha-256",
            )

    def reload(self) -> None:
        os.kill(int(os.environ["SERVED_POSTMASTER"]), signal.SIGHUP)
        time.sleep(0.2)  # pg_ctl does not wait either, but takes its time


@pytest.fixture(scope="session", autouse=True)
def served() -> None:
    """Let the tests find it where they keep their own."""
    server = ServedCluster(os.environ["SERVED_DATA"])
    server._init_env()
    server.trust_local_connections()
    testbase._default_cluster = server
