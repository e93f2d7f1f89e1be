"""asyncpg's own tests, from its source distribution, with the asyncpg that is installed."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from tests.clients.outcomes import Outcomes
from tests.clients.packages import installed, source_of
from tests.clients.pytests import run_pytest
from tests.clients.suite import Suite
from tests.clients.target import Target

#: Of the source code's layout, and of other interpreters: nothing in them connects.
_LEFT_OUT = ("test__sourcecode.py", "test_subinterpreters.py")


def run(target: Target, folder: Path, wanted: Collection[str]) -> Outcomes:
    """Run them against a server that runs already."""
    root = source_of("asyncpg", ["tests"])
    left_out = [f"--ignore=tests/{name}" for name in _LEFT_OUT]
    options = ["--capture=no", "--assert=plain", "--import-mode=importlib", "-c/dev/null", *left_out]
    return run_pytest(root, target, folder, wanted, [*options, "tests"])


SUITE = Suite(
    name="asyncpg",
    version=lambda: installed("asyncpg"),
    run=run,
    origin="its own, from its source distribution",
)
