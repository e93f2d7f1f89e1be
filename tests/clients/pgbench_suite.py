"""pgbench in all of its protocols, and with a pipeline."""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import Path

from tests.clients.commands import Commands
from tests.clients.outcomes import Outcome, Outcomes, of_output
from tests.clients.suite import Suite
from tests.clients.target import Target

_PIPELINE = """\
\\set id random(1, 100000)
\\startpipeline
SELECT abalance FROM pgbench_accounts WHERE aid = :id;
UPDATE pgbench_accounts SET abalance = abalance + 1 WHERE aid = :id;
SELECT abalance FROM pgbench_accounts WHERE aid = :id;
\\endpipeline
"""

#: Lines that say how long it took.
_TIMED = re.compile(r".*(latency|tps|elapsed|connection time|statement latencies|seconds|\d s \(|ms\)).*\n?")

_SUM = "SELECT sum(abalance), count(*), (SELECT count(*) FROM pgbench_history) FROM pgbench_accounts"


def run(target: Target, folder: Path, wanted: Collection[str]) -> Outcomes:
    """Run all of it: what it did must be the same, not how long it took."""
    (folder / "pipeline.sql").write_text(_PIPELINE)
    commands = Commands(target, folder)
    outcomes = {"initialising": _outcome(commands, "--initialize", "--scale=1", "--foreign-keys")}
    for protocol in ("simple", "extended", "prepared"):
        common = (f"--protocol={protocol}", "--no-vacuum", "--random-seed=7")
        outcomes |= {
            f"{protocol}: as TPC-B": _outcome(commands, *common, "--transactions=300"),
            f"{protocol}: selecting": _outcome(commands, *common, "--transactions=300", "--select-only"),
            f"{protocol}: eight clients": _outcome(commands, *common, "--client=8", "--transactions=100"),
            f"{protocol}: connecting each time": _outcome(
                commands, *common, "--client=2", "--connect", "--transactions=25"
            ),
        }
    pipeline = ("--file=pipeline.sql", "--no-vacuum", "--random-seed=7", "--transactions=300")
    for protocol in ("extended", "prepared"):
        outcomes[f"{protocol}: pipeline"] = _outcome(commands, *pipeline, f"--protocol={protocol}")
    outcomes["what it left"] = of_output(commands("psql", "-At", "-c", _SUM).text)
    return outcomes


def _outcome(commands: Commands, *arguments: str) -> Outcome:
    printed = commands("pgbench", *arguments)
    return of_output(_TIMED.sub("", printed.text), printed.text, failed=printed.status != 0)


SUITE = Suite(name="pgbench", version=lambda: "of the server", run=run, origin="pgbench itself")
