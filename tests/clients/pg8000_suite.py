"""pg8000's own tests, from its source distribution, with the pg8000 that is installed."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import psycopg

from tests.clients.outcomes import Outcomes
from tests.clients.packages import installed, source_of
from tests.clients.pytests import run_pytest
from tests.clients.suite import Suite
from tests.clients.target import Target

#: Measurements; methods of authentication that each want a pg_hba.conf of their own.
_LEFT_OUT = ("*/test_benchmarks.py", "*/auth")


def run(target: Target, folder: Path, wanted: Collection[str]) -> Outcomes:
    """Run them; they do not ask for TLS."""
    root = source_of("pg8000", ["test"])
    with psycopg.connect(target.url()) as connection:
        connection.execute("CREATE EXTENSION hstore")
    left_out = [f"--ignore-glob=test/{name}" for name in _LEFT_OUT]
    # It connects to port 5432, whatever is said.
    left_out.append("--ignore=test/test_readme.py")
    return run_pytest(root, target, folder, wanted, ["-c/dev/null", *left_out, "test"])


SUITE = Suite(
    name="pg8000",
    version=lambda: installed("pg8000"),
    run=run,
    origin="its own, from its source distribution",
    tls=False,
    quick=False,
)
