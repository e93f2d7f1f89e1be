"""pgjdbc: what its tests exercise, in a program of our own."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Collection
from pathlib import Path

from tests.clients.outcomes import Outcomes
from tests.clients.packages import cache
from tests.clients.programs import run_program
from tests.clients.suite import Suite
from tests.clients.target import DATABASE, HOST, USER, Target
from tests.fixtures.maven import Maven
from tests.fixtures.tools import tool

_SOURCE = Path(__file__).parent / "pgjdbc" / "Suite.java"
_POM = Path(__file__).parents[1] / "drivers" / "pgjdbc" / "pom.xml"


def run(target: Target, folder: Path, wanted: Collection[str]) -> Outcomes:
    """Run all of it."""
    program = Maven(cache("classpaths")).program(_SOURCE, _POM)
    options = ["-Xshare:auto", "-XX:+UseSerialGC", "-Xmx2g", "-cp", program.classpath]
    url = f"jdbc:postgresql://{HOST}:{target.port}/{DATABASE}"
    arguments = [url, USER, target.password, target.sslmode, *([str(target.root)] if target.root else [])]
    outcomes = run_program([tool("java"), *options, _SOURCE, *arguments], folder, {})
    return {
        test: dataclasses.replace(outcome, shown=target.neutral(outcome.shown))
        for test, outcome in outcomes.items()
    }


def _version() -> str:
    found = re.search(r"<version>(\d\S*\.\d\S*)</version>", _POM.read_text())
    assert found is not None
    return found[1]


SUITE = Suite(
    name="pgjdbc",
    version=_version,
    run=run,
    origin="written for this project, since Maven has no tests of its own",
)
