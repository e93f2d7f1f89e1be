"""asyncpg's own tests, from its source distribution, with the asyncpg that is installed.

Most are run against a server that runs already. Some want to change its pg_hba.conf:
`asyncpg_plugin/` lets them.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Collection
from pathlib import Path

from tests.clients.outcomes import Outcomes
from tests.clients.packages import installed, source_of
from tests.clients.pytests import run_pytest
from tests.clients.suite import Suite
from tests.clients.target import USER, Target

_OPTIONS = ("--capture=no", "--assert=plain", "--import-mode=importlib", "-c/dev/null")

#: Of the source code's layout, and of other interpreters: nothing in them connects.
_LEFT_OUT = ("test__sourcecode.py", "test_subinterpreters.py")


#: Those that are left out where the server is not theirs.
_MANAGING = (
    "tests/test_connect.py::TestAuthentication",
    "tests/test_pool.py::TestPool::test_pool_auth",
    "tests/test_adversity.py::TestConnectionLoss",
    "tests/test_listeners.py::TestConnectionTerminationListener",
)


def run(target: Target, folder: Path, wanted: Collection[str]) -> Outcomes:
    """Run them against a server that runs already."""
    root = source_of("asyncpg", ["tests"])
    left_out = [f"--ignore=tests/{name}" for name in _LEFT_OUT]
    return run_pytest(root, target, folder, wanted, [*_OPTIONS, *left_out, "tests"])


def run_managing(target: Target, folder: Path, wanted: Collection[str]) -> Outcomes:
    """Run those that change pg_hba.conf, and put it right again."""
    passwords = folder / "passwords"
    passwords.touch(mode=0o600)
    passwords.write_text(f"*:*:*:{USER}:{target.password}\n")
    own: dict[str, str | None] = {
        "PYTHONPATH": str(Path(__file__).parent / "asyncpg_plugin"),
        "PGPASSFILE": str(passwords),
        "PGINSTALLATION": str(target.programs),
        "SERVED_PORT": str(target.port),
        "SERVED_POSTMASTER": str(target.postmaster),
        "SERVED_DATA": str(target.data),
        **dict.fromkeys(("PGHOST", "PGPORT", "PGUSER", "PGPASSWORD")),
    }
    if target.root is not None:
        # Some put something of their own in between, at an address that the certificate does not name.
        own["PGSSLMODE"] = "verify-ca"
    access = target.data / "pg_hba.conf"
    before = access.read_text()
    root = source_of("asyncpg", ["tests"])
    try:
        options = [*_OPTIONS, "-pserved_cluster", *_MANAGING]
        return run_pytest(root, target, folder, wanted, options, env=own)
    finally:
        access.write_text(before)
        os.kill(target.postmaster, signal.SIGHUP)


SUITE = Suite(
    name="asyncpg",
    version=lambda: installed("asyncpg"),
    run=run,
    origin="its own, from its source distribution",
)

MANAGING = Suite(
    name="asyncpg, authentication",
    version=lambda: installed("asyncpg"),
    run=run_managing,
    origin="those of its tests that want to change the server's pg_hba.conf",
)
