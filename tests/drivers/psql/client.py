"""psql, the one of the Postgres wheel."""

from __future__ import annotations

import subprocess

from tests.fixtures.databases import PSQL, Database
from tests.fixtures.tools import run


def psql(
    database: Database, *arguments: str, script: str | None = None, seconds: float = 120.0
) -> subprocess.CompletedProcess[str]:
    """Run psql with some arguments, or with a script on its standard input."""
    options = ["--no-psqlrc", "--set=ON_ERROR_STOP=1", "--pset=pager=off"]
    return run([PSQL, *options, database.url, *arguments], script=script, seconds=seconds)


def rows(database: Database, statement: str) -> list[str]:
    """The lines that `psql -At -c` prints for a statement that must succeed."""
    result = psql(database, "-At", "-c", statement)
    assert result.returncode == 0, result.stderr
    return result.stdout.splitlines()


def succeed(database: Database, script: str) -> str:
    """What psql prints for a script that must succeed, notices included."""
    result = psql(database, script=script)
    assert result.returncode == 0, f"{result.stdout}\n{result.stderr}"
    return result.stdout + result.stderr


def fail(database: Database, statement: str) -> str:
    """What psql prints, errors in full, for a statement that must fail."""
    result = psql(database, "--set=VERBOSITY=verbose", script=statement)
    assert result.returncode != 0, f"{statement} did not fail:\n{result.stdout}"
    return result.stderr
