"""pgjdbc: one session that executes prepared statements and says what it got."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.fixtures.databases import Database
from tests.fixtures.maven import JavaProgram, Maven

HERE = Path(__file__).parent


class Jdbc:
    """Runs steps in a pgjdbc session."""

    def __init__(self, program: JavaProgram) -> None:
        self._program = program

    def __call__(self, database: Database, *steps: str, options: str = "") -> list[Any]:
        """Run the steps (see Session.java) and return what each gave: rows, or an error.

        Args:
            options: parameters of the JDBC URL, such as `prepareThreshold=1`.
        """
        url = database.jdbc + (f"?{options}" if options else "")
        result = self._program(url, database.role, database.password, *steps)
        assert result.returncode == 0, result.stderr
        return [json.loads(line) for line in result.stdout.splitlines()]


def jdbc(maven: Maven) -> Jdbc:
    """The client; the test is skipped on a machine that cannot have it."""
    return Jdbc(maven.program(HERE / "Session.java", HERE / "pom.xml"))


def first_error(results: list[Any]) -> dict[str, str]:
    """The first error among the results of a session."""
    errors: list[dict[str, str]] = [result for result in results if isinstance(result, dict)]
    if not errors:
        pytest.fail(f"no step failed: {results}")
    return errors[0]
