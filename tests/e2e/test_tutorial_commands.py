"""The tutorial by `iasql` commands alone, in two regions of two accounts; psql writes the rows."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Any

import pytest

from deploy import tutorial
from tests.accounts.conftest import ONE, OTHER, OWN, Commands
from tests.e2e.account import TUTORIAL, assert_holds, assert_is_empty
from tests.fixtures.cloud import REGION, Cloud
from tests.fixtures.databases import PSQL, running_postgres
from tests.fixtures.proxies import IasqlProcess
from tests.fixtures.tools import run

IRELAND, TOKYO = "eu-west-1", "ap-northeast-1"
SCHEMAS = {REGION: "public", IRELAND: "eu_west_1"}
MODULES = ("iam", "cloudwatch", "ecr", "ecs_fargate", "elb", "security_group", "vpc")
GROUP = "quickstart-log-group"
#: What AWS has once for an account is seen from every region.
GLOBAL = ("role", "public_repository")
DONE, DIFFERS = 0, 2


@pytest.fixture
def commands(simulator: Cloud, tmp_path: Path) -> Iterator[Commands]:
    """A Postgres on which nothing is connected yet."""
    with running_postgres(fsync="off", synchronous_commit="off", full_page_writes="off") as server:
        started: list[IasqlProcess] = []
        yield Commands(server, simulator, tmp_path, started)
        for process in started:
            process.stop()


@dataclass(frozen=True)
class Region:
    """A region of a connected account, and the commands for it.

    Attributes:
        url: what `iasql connect` has printed.
    """

    name: str
    url: str
    cloud: Cloud

    def iasql(self, *arguments: str, ends: int = DONE) -> str:
        """What a command prints, errors as well; how it ends is checked."""
        return _iasql(*arguments, "--region", self.name, ends=ends, env={"DATABASE_URL": self.url})

    def of_database(self, *arguments: str) -> str:
        """The same, of a command that knows no regions."""
        return _iasql(*arguments, env={"DATABASE_URL": self.url})

    def write(self, statements: str) -> None:
        """Write rows."""
        path = f"SET search_path = {SCHEMAS[self.name]}, public;\n"
        done = run([PSQL, "--no-psqlrc", "--set=ON_ERROR_STOP=1", self.url], script=path + statements)
        assert done.returncode == 0, done.stderr

    @property
    def group(self) -> dict[str, Any]:
        """The log group in AWS."""
        (found,) = self.cloud.client("logs").describe_log_groups()["logGroups"]
        return dict(found)


def _iasql(*arguments: str, ends: int = DONE, stdin: str = "", env: dict[str, str]) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "deploy.command_line", *arguments],
        env=os.environ | {"NO_COLOR": "1", "COLUMNS": "200"} | env,
        input=stdin,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == ends, f"iasql {' '.join(arguments)}: {done.stdout}\n{done.stderr}"
    return done.stdout if arguments[0] == "connect" else done.stdout + done.stderr


def connect(commands: Commands, server: IasqlProcess, name: str, account: str) -> str:
    """The connection string of a new database for two regions of an account."""
    regions = [each for region in SCHEMAS for each in ("--region", region)]
    key = ["--access-key-id", f"simulated-{account}", "--secret-from", "-"]
    where = ["--postgres", commands.server.url, "--listen", f"{server.host}:{server.port}"]
    return _iasql(
        "connect", name, *regions, *key, *where, stdin="a secret\n", env=commands.environment
    ).strip()


def rows_of(region: str) -> str:
    """The tutorial's rows without its apply; the name of the role, which is global, has the region in it."""
    text = tutorial.migration(tutorial.V2)
    text = text.replace(tutorial.placeholders()["region"], region)
    rows, apply, _ = text.partition("SELECT * from iasql_apply();")
    assert apply
    return rows


def use(regions: Sequence[Region]) -> None:
    """All but the deletion, in the regions of an account."""
    for region in regions:
        make(region)
        drift(region)
        undo(region)


def make(region: Region) -> None:
    """Install, look, apply."""
    assert "log_group" in region.iasql("install", *(f"aws_{each}" for each in MODULES))
    region.write(rows_of(region.name))
    assert "12 to create" in region.iasql("plan", ends=DIFFERS)
    assert f"log_group_name\t\t\t{GROUP}" in region.iasql("diff", ends=DIFFERS)
    assert "[12/12]" in region.iasql("apply", "--yes")
    assert "nothing to do" in region.iasql("plan")
    assert "iasql_apply" in region.of_database("history")


def drift(region: Region) -> None:
    """Somebody else changes AWS, and rows follow."""
    region.cloud.client("logs").put_retention_policy(logGroupName=GROUP, retentionInDays=7)
    assert "retention_in_days" in region.iasql("drift", ends=DIFFERS)
    assert f"log_group\t\t{GROUP}" in region.iasql("sync", "--yes")
    assert region.iasql("drift") == "nothing has been changed in AWS\n"


def undo(region: Region) -> None:
    """A change is applied and undone."""
    region.write("UPDATE log_group SET retention_in_days = 30;")
    assert "7 → 30" in region.iasql("apply", "--yes")
    assert region.group["retentionInDays"] == 30
    assert "log_group" in region.of_database("undo")
    assert "30 → 7" in region.iasql("apply", "--yes")
    assert region.group["retentionInDays"] == 7


def delete(regions: Sequence[Region]) -> None:
    """All rows of an account go, and with them what they are of; the first region has the global ones."""
    for region in reversed(regions):
        region.write("SELECT delete_all_records();")
    everywhere = replace(regions[0], name="*")
    assert "24 to delete" in everywhere.iasql("apply", "--yes")
    assert "nothing to do" in everywhere.iasql("plan")


def test_the_tutorial_by_commands_alone_in_two_regions_of_two_accounts(
    commands: Commands, simulator: Cloud
) -> None:
    server = commands.up()
    accounts = {
        account: [
            Region(region, url, simulator.at(region, account=account))
            for url in [connect(commands, server, name, account)]
            for region in SCHEMAS
        ]
        for name, account in (("prod", ONE), ("dev", OTHER))
    }

    def nothing_elsewhere() -> None:
        for region in SCHEMAS:
            assert_is_empty(simulator.at(region, account=OWN))
        for account in accounts:
            tokyo = simulator.at(TOKYO, account=account)
            assert_holds(tokyo, {table: [] for table in TUTORIAL if table not in GLOBAL})

    with ThreadPoolExecutor(len(accounts)) as pool:
        list(pool.map(use, accounts.values()))
        roles = [f"ecsTaskExecRole{region}" for region in sorted(SCHEMAS)]
        for region in chain(*accounts.values()):
            assert_holds(region.cloud, TUTORIAL | {"role": roles})
        nothing_elsewhere()
        list(pool.map(delete, accounts.values()))
    for region in chain(*accounts.values()):
        assert_is_empty(region.cloud)
    nothing_elsewhere()
