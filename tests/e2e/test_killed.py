"""The engine is killed at each AWS call of the tutorial's apply; another one then finishes the work.

A call is lost in two ways: before AWS has seen it, or after AWS has performed it, which only a
call that changes something tells apart.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from deploy import tutorial
from tests.drivers.psql.client import psql, rows, succeed
from tests.e2e.account import assert_holds_the_tutorial
from tests.fixtures.cloud import Cloud
from tests.fixtures.databases import Database
from tests.fixtures.proxies import IasqlProcess, StartIasql

APPLY = "SELECT * FROM iasql_apply();"
_MANY = 200


class Case:
    """One apply in a fresh account and database, with a fault planned, and what came of it."""

    def __init__(self, start: StartIasql, cloud: Cloud, database: Database) -> None:
        cloud.reset()
        with ThreadPoolExecutor() as pool:
            starts = [pool.submit(start) for _ in range(2)]
        self._victim, self._successor = (started.result() for started in starts)
        self._cloud = cloud
        self._database = database
        changes = tutorial.migration(tutorial.V2).rpartition("SELECT * from iasql_apply()")[0]
        succeed(self._at(self._victim), tutorial.migration(tutorial.V1) + changes)

    def killed(self, fault: dict[str, Any]) -> bool:
        """Apply until the fault kills the engine; False if the apply ended before that."""
        self._cloud.plan(fault | {"pid": self._victim.pid})
        if psql(self._at(self._victim), "-c", APPLY).returncode == 0:
            return False
        self._victim.wait_for_death()
        return True

    def check_that_it_converges(self) -> None:
        """The next engine finishes the work: everything once, and nothing left to do."""
        database = self._at(self._successor)
        succeed(database, APPLY)
        assert_holds_the_tutorial(self._cloud)
        assert rows(database, "SELECT * FROM iasql_plan_apply()") == []
        assert rows(database, "SELECT * FROM iasql_plan_sync()") == []

    def close(self) -> None:
        """End both engines, and let no fault strike later."""
        self._cloud.reset()
        for process in (self._victim, self._successor):
            process.stop()

    def _at(self, process: IasqlProcess) -> Database:
        return process.serves(self._database)


@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    ("fault", "at_least"),
    [
        ({"action": "kill_before"}, 25),
        ({"action": "kill_after", "mutating": True}, 12),
    ],
    ids=["before any call", "after any change"],
)
def test_an_engine_killed_at_any_call_of_the_apply_converges_with_the_next_one(
    start_iasql: StartIasql,
    simulator: Cloud,
    make_database: Callable[[], Database],
    fault: dict[str, Any],
    at_least: int,
) -> None:
    failures = []
    for nth in range(1, _MANY):
        case = Case(start_iasql, simulator, make_database())
        try:
            if not case.killed(fault | {"nth": nth}):
                break
            case.check_that_it_converges()
        except AssertionError as failure:
            failures.append(f"call {nth}: {failure}")
        finally:
            case.close()
    assert not failures, "\n".join(failures)
    assert nth > at_least, "the apply made fewer calls than the tutorial needs"
