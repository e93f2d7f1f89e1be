"""Figures with their aims: printed, kept in a file, and shown in the documentation."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
DOCUMENT = ROOT / "docs" / "performance.md"


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One measured value.

    Attributes:
        aim: what it should be at most, or at least; None if it is only stated.
        at_least: the aim is a lower limit.
    """

    name: str
    value: float
    unit: str
    aim: float | None = None
    at_least: bool = False

    @property
    def holds(self) -> bool | None:
        if self.aim is None:
            return None
        return self.value >= self.aim if self.at_least else self.value <= self.aim

    @property
    def cells(self) -> tuple[str, str, str, str]:
        """As a line of a table."""
        aim = "" if self.aim is None else f"{'at least' if self.at_least else 'at most'} {self.aim:g}"
        holds = {None: "", True: "yes", False: "**no**"}[self.holds]
        return self.name, f"{self.value:.3g} {self.unit}".rstrip(), aim, holds


def show(figure: Figure) -> None:
    """Print one figure as soon as there is one."""
    name, value, aim, holds = figure.cells
    print(f"{name:<76} {value:>16}   {aim:<14} {holds.strip('*')}", flush=True)


def keep(name: str, figures: Sequence[Figure]) -> None:
    """Write all figures to bench/results/NAME.json, and into the document's table of that name."""
    results = ROOT / "bench" / "results" / f"{name}.json"
    about = {"machine": machine(), "commit": commit()}  # before the files that it counts are written
    records = [asdict(each) | {"holds": each.holds} | about for each in figures]
    results.parent.mkdir(exist_ok=True)
    results.write_text(json.dumps(records, indent=1) + "\n")
    lines = [("what", "measured", "aim", "holds"), ("---", "---:", "---", "---")]
    lines += [each.cells for each in figures]
    tell(name, f"{table(lines)}\nOn {about['machine']}, commit {about['commit']}.")


def tell(name: str, text: str) -> None:
    """Put a text between a bench's marks in the document."""
    begin, end = f"<!-- bench-{name} -->", f"<!-- /bench-{name} -->"
    before, rest = DOCUMENT.read_text().split(begin)
    after = rest.split(end)[1]
    DOCUMENT.write_text(f"{before}{begin}\n{text}\n{end}{after}")


def table(rows: Iterable[Sequence[str]]) -> str:
    """A table of Markdown; the second row is the rule under its head."""
    return "".join(f"| {' | '.join(each)} |\n" for each in rows)


def machine() -> str:
    system = f"{platform.system()} {platform.machine()}"
    return f"{os.cpu_count()} CPUs, {system}, Python {platform.python_version()}"


def commit() -> str:
    command = ["git", "-C", str(ROOT), "describe", "--always", "--dirty", "--exclude=*"]
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False).stdout.strip() or "unknown"
