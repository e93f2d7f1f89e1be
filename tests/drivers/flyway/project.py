"""A Flyway project in a folder: a flyway.conf, its migrations, and the command that runs them."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from deploy import tutorial
from tests.fixtures.databases import Database
from tests.fixtures.maven import JavaProgram, Maven

HERE = Path(__file__).parent

#: The newest line that runs on Java 17, and the tutorial's own.
LINES = ("9", "11")


class FlywayProject:
    """What `flyway COMMAND` does in a folder.

    Args:
        configuration: lines that replace those of the tutorial's flyway.conf with the same
            name, or come after them.
    """

    def __init__(
        self,
        folder: Path,
        program: JavaProgram,
        database: Database,
        configuration: Mapping[str, str] | None = None,
    ) -> None:
        self.folder = folder
        self.migrations = folder / "migrations"
        self._program = program
        self.migrations.mkdir(parents=True)
        connection = {
            "flyway.url": database.jdbc,
            "flyway.user": database.role,
            "flyway.password": database.password,
        }
        (folder / "flyway.conf").write_text(_configured(connection | dict(configuration or {})))

    def add(self, name: str, script: str) -> None:
        """Add (or change) a migration."""
        (self.migrations / name).write_text(script)

    def add_tutorial(self) -> None:
        """Add the tutorial's two migrations, as printed."""
        for migration in (tutorial.V1, tutorial.V2):
            shutil.copy(migration, self.migrations)

    def __call__(self, command: str) -> subprocess.CompletedProcess[str]:
        """Run a command and give back what it printed, whether it failed or not."""
        return self._program(command, cwd=self.folder)

    def succeed(self, command: str) -> str:
        """Run a command that must succeed, and return all that it printed."""
        result = self(command)
        assert result.returncode == 0, f"flyway {command}:\n{result.stdout}\n{result.stderr}"
        return result.stdout + result.stderr

    def fail(self, command: str) -> str:
        """Run a command that must fail, and return all that it printed."""
        result = self(command)
        assert result.returncode == 1, f"flyway {command} did not fail:\n{result.stdout}\n{result.stderr}"
        return result.stdout + result.stderr


def flyway(maven: Maven, line: str) -> JavaProgram:
    """The program of a Flyway line; the test is skipped on a machine that cannot have it."""
    return maven.program(HERE / "Run.java", HERE / f"pom-{line}.xml")


def _configured(changes: Mapping[str, str]) -> str:
    """The tutorial's flyway.conf with some of its values changed."""
    lines = []
    left = dict(changes)
    for line in tutorial.CONFIGURATION.read_text().splitlines():
        name = line.partition("=")[0]
        lines.append(f"{name}={left.pop(name)}" if name in left else line)
    lines += [f"{name}={value}" for name, value in left.items()]
    return "\n".join(lines) + "\n"
