"""node-postgres with its pool, cursors and streams: what its tests exercise, since npm does not have them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Collection
from pathlib import Path

from tests.clients.outcomes import Outcomes
from tests.clients.packages import cache
from tests.clients.programs import run_program
from tests.clients.suite import Suite
from tests.clients.target import Target
from tests.fixtures.npm import install
from tests.fixtures.tools import tool

_HERE = Path(__file__).parent / "node_postgres"


def run(target: Target, folder: Path, wanted: Collection[str]) -> Outcomes:
    """Run all of it."""
    root = cache("node-postgres")
    install(_HERE / "package.json", root)
    for file in _HERE.glob("*.mjs"):
        shutil.copy(file, root)
    trusted = {"NODE_EXTRA_CA_CERTS": str(target.root)} if target.root else {}
    return run_program([tool("node"), "suite.mjs"], root, target.environment | trusted)


def _version() -> str:
    versions: dict[str, str] = json.loads((_HERE / "package.json").read_text())["dependencies"]
    return versions["pg"]


SUITE = Suite(
    name="node-postgres",
    version=_version,
    run=run,
    origin="written for this project, since npm has no tests of its own; with pg-cursor, pg-query-stream, "
    "pg-copy-streams and the pool",
)
