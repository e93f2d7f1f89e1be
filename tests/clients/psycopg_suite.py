"""psycopg 3: what its tests exercise, in cases of our own, since no package index has them."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from psycopg import pq

from tests.clients.outcomes import Outcomes
from tests.clients.packages import installed
from tests.clients.pytests import run_pytest
from tests.clients.suite import Suite
from tests.clients.target import Target

_ROOT = Path(__file__).parents[2]
_CASES = "tests/clients/psycopg_cases"


def run(target: Target, folder: Path, wanted: Collection[str]) -> Outcomes:
    """Run the cases, each of which connects by libpq's variables."""
    options = [f"--confcutdir={_CASES}", "--override-ini=python_files=check_*.py"]
    return run_pytest(_ROOT, target, folder, wanted, [*options, _CASES])


SUITE = Suite(
    name="psycopg 3",
    version=lambda: f"{installed('psycopg')}, libpq {pq.version_pretty(pq.version())}",
    run=run,
    origin="written for this project, since no package index has its own; with libpq's traces of messages",
    servers=("packaged", "embedded"),
)
