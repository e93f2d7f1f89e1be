"""`iasql up` over a Postgres, and psql, as their user runs them."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg

from bench.engine.world import MODULES, tutorial
from bench.peer.commands import Ended, ran, started
from bench.processes import Stat
from tests.fixtures.cloud import Cloud
from tests.fixtures.databases import PSQL, PostgresServer
from tests.fixtures.proxies import IasqlProcess, launch

_MESSAGE = re.compile(r"^psql:\S+ (?:NOTICE|WARNING|ERROR):  (.*)", re.MULTILINE)
_APPLY = "SELECT * FROM iasql_apply();\n"


def in_short(said: str) -> str:
    """The messages of a plan, without where they come from."""
    return ". ".join(_MESSAGE.findall(said))


class Iasql:
    """A database behind a server of its own, and files for psql."""

    def __init__(
        self, server: PostgresServer, cloud: Cloud, stacks: int, *, settings: Mapping[str, str] | None = None
    ) -> None:
        """
        Args:
            settings: of the session, such as iasql.apply_mode.
        """
        options = " ".join(f"-c {name}={value}" for name, value in (settings or {}).items())
        self._env = {"PGOPTIONS": options}
        self._server = server
        self._cloud = cloud
        self._folder = TemporaryDirectory(prefix="iasql-bench-")
        self._path = Path(self._folder.name)
        self._database = server.create()
        self._proxy = self._launch()
        names = ", ".join(f"'{name}'" for name in MODULES)
        scripts = {
            "prepare": f"SELECT * FROM iasql_install({names});\n",
            "rows": "".join(tutorial(f"stack-{number}") for number in range(stacks)),
            "create": _APPLY,
            "plan": "SELECT * FROM iasql_plan_apply();\n",
            "change": f"UPDATE service SET desired_count = 2;\n{_APPLY}",
            "destroy": f"SELECT delete_all_records();\n{_APPLY}",
        }
        for name, script in scripts.items():
            (self._path / f"{name}.sql").write_text(script)
        self._rows = False

    @property
    def servers(self) -> Sequence[int]:
        return (self._proxy.pid,)

    @property
    def postgres(self) -> int | None:
        with psycopg.connect(self._server.url) as connection:
            return Stat.of(connection.info.backend_pid).parent

    def prepare(self) -> Ended:
        return self.run("prepare")

    def run(self, operation: str) -> Ended:
        return ran(self._command(operation), cwd=self._path, env=self._env, servers=self.servers)

    def start(self, operation: str) -> subprocess.Popen[str]:
        return started(self._command(operation), cwd=self._path, env=self._env)

    def killed(self, process: subprocess.Popen[str]) -> int:
        return self._proxy.pid  # psql only waits

    def recover(self, process: subprocess.Popen[str]) -> None:
        self._proxy.wait_for_death()
        self._proxy.stop()
        self._proxy = self._launch()

    def finds_nothing(self, plan: Ended) -> bool:
        if plan.status:
            raise AssertionError(plan.said)
        return "(0 rows)" in plan.said

    def tells(self, plan: Ended) -> str:
        return in_short(plan.said)

    def stop(self) -> None:
        self._proxy.stop()
        self._server.drop(self._database)
        self._folder.cleanup()

    def _launch(self) -> IasqlProcess:
        return launch(self._path / "iasql.log", self._server, self._cloud)

    def _command(self, operation: str) -> list[str | Path]:
        files = [f"{operation}.sql"]
        if operation == "create" and not self._rows:
            files, self._rows = ["rows.sql", *files], True
        url = self._proxy.serves(self._database).url
        options = [option for name in files for option in ("-f", name)]
        return [PSQL, "-X", "-q", "-P", "pager=off", "-v", "ON_ERROR_STOP=1", url, *options]
