"""Suites that pytest runs, in a process and with an environment of their own."""

from __future__ import annotations

import os
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from tests.clients.outcomes import Outcome, Outcomes, Status
from tests.clients.target import Target

#: A suite that hangs is ended, and what it has not reached counts as failed.
SECONDS = 1200.0

#: Of one test.
TEST_SECONDS = 60

_STATUSES: Mapping[str, Status] = {"failure": "failed", "error": "failed", "skipped": "skipped"}


def run_pytest(
    root: Path,
    target: Target,
    folder: Path,
    wanted: Collection[str],
    arguments: Sequence[str],
    *,
    env: Mapping[str, str | None] | None = None,
) -> Outcomes:
    """Run the tests of a folder, or those of them that are wanted, and read what they came to.

    Args:
        root: the folder that they expect to be run from.
        folder: where pytest's report is put.
        arguments: options, and what to run if nothing in particular is wanted.
        env: added to the target's variables, or with None taken from them.

    Raises:
        AssertionError: pytest itself failed.
    """
    report = folder / "outcomes.xml"
    report.unlink(missing_ok=True)
    options = [argument for argument in arguments if argument.startswith("-")]
    chosen = sorted(wanted) or [argument for argument in arguments if not argument.startswith("-")]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--rootdir={root}"]
    command += [f"--timeout={TEST_SECONDS}", f"--junitxml={report}", "-o", "junit_family=xunit1"]
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    variables = inherited | target.environment | dict(env or {})
    with (folder / "output.txt").open("w+b") as output:
        process = subprocess.Popen(
            [*command, *options, *chosen],
            cwd=root,
            env={name: value for name, value in variables.items() if value is not None},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
        try:
            process.wait(SECONDS)
        finally:
            process.kill()
            process.wait()
        output.seek(0)
        assert report.exists(), output.read().decode(errors="replace")[-4000:]
    return read_junit(report.read_text())


def read_junit(document: str) -> Outcomes:
    """What pytest's report says, by the names that pytest takes."""
    cases = ET.fromstring(document).iter("testcase")
    return {_name(case): _outcome(case) for case in cases}


def _name(case: ET.Element) -> str:
    file = case.get("file", "")
    module = file.removesuffix(".py").replace("/", ".")
    classes = case.get("classname", "").removeprefix(module).strip(".")
    return "::".join(filter(None, (file, *classes.split("."), case.get("name"))))


def _outcome(case: ET.Element) -> Outcome:
    for tag, status in _STATUSES.items():
        if (found := case.find(tag)) is not None:
            return Outcome(status, detail=f"{found.get('message')}\n{found.text}")
    return Outcome("passed", _shown(case))


def _shown(case: ET.Element) -> str:
    """What the test recorded as having to be the same."""
    found = (each.get("value", "") for each in case.iter("property") if each.get("name") == "shown")
    return "\n".join(found)
