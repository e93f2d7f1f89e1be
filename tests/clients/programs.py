"""Suites that are programs in other languages: each prints a JSON line a test."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.clients.outcomes import Outcome, Outcomes

#: A program that hangs is ended, and what it has not reached counts as failed.
SECONDS = 900.0


def run_program(command: Sequence[str | Path], cwd: Path, env: Mapping[str, str]) -> Outcomes:
    """Run it to its end, and read what it prints: `{"test", "status", "shown", "detail"}`.

    Raises:
        AssertionError: it failed as a whole.
    """
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    result = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=inherited | dict(env),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert result.returncode == 0, result.stderr[-4000:]
    return read_lines(result.stdout)


def read_lines(printed: str) -> Outcomes:
    """Outcomes by the tests' names."""
    lines = (json.loads(line) for line in printed.splitlines() if line.startswith("{"))
    return {
        line["test"]: Outcome(line["status"], line.get("shown", ""), line.get("detail", "")) for line in lines
    }
