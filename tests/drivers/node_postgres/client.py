"""node-postgres: one session that executes statements and says what it got."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.fixtures.databases import Database
from tests.fixtures.npm import install
from tests.fixtures.tools import run, tool

HERE = Path(__file__).parent

Step = tuple[str, list[str]] | tuple[str, list[str], str]


class Node:
    """Runs statements in a node-postgres session."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __call__(self, database: Database, *steps: Step) -> list[Any]:
        """Run statements, each with its parameters and perhaps a name to prepare it under."""
        script = json.dumps([database.url, steps])
        result = run([tool("node"), "session.mjs"], cwd=self._folder, script=script)
        assert result.returncode == 0, result.stderr
        return [json.loads(line) for line in result.stdout.splitlines()]


@pytest.fixture(scope="session")
def node(request: pytest.FixtureRequest) -> Node:
    """The client; the test is skipped on a machine that cannot have it."""
    folder = Path(request.config.cache.mkdir("node-postgres"))
    shutil.copy(HERE / "session.mjs", folder)
    install(HERE / "package.json", folder)
    return Node(folder)
