"""The outcome of trials: printed, kept in a file, and shown in the documentation."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from bench.figures import ROOT, commit, machine

RESULTS = ROOT / "bench" / "results" / "faults.json"
DOCUMENT = ROOT / "docs" / "reliability.md"
_BEGIN, _END = "<!-- bench-faults -->", "<!-- /bench-faults -->"


@dataclass(frozen=True, kw_only=True)
class Line:
    """All trials of one fault at one rate.

    Attributes:
        tries: how often the AWS client tries a call.
        applies: how many times something was to be applied.
        struck: how many calls were struck.
        at_once: how many were done by the first apply.
        most: the most applies that one took.
        seconds: the median of a trial's duration.
        wrong: what was not as it must be.
    """

    fault: str
    rate: float
    tries: int
    applies: int
    struck: int
    at_once: int
    most: int
    seconds: float
    wrong: tuple[str, ...]

    @property
    def cells(self) -> tuple[str, ...]:
        return (
            self.fault,
            f"{self.rate:.0%}",
            "all" if self.tries > 1 else "changes",
            str(self.tries),
            str(self.struck),
            f"{self.at_once} of {self.applies}",
            str(self.most),
            f"{self.seconds:.1f} s",
            str(len(self.wrong) or "none"),
        )


_HEAD = ("fault", "rate", "of calls", "tries", "struck", "done by the first", "most applies", "time", "wrong")


def show(line: Line) -> None:
    """Print one line as soon as there is one."""
    print(" | ".join(line.cells), *line.wrong, sep="\n    ", flush=True)


def keep(lines: Sequence[Line], runs: int, seed: int) -> None:
    """Write all lines to the results and into the document's table."""
    about = {"machine": machine(), "commit": commit(), "runs": runs, "seed": seed}
    RESULTS.write_text(json.dumps([asdict(each) | about for each in lines], indent=1) + "\n")
    before, rest = DOCUMENT.read_text().split(_BEGIN)
    after = rest.split(_END)[1]
    table = [_HEAD, ("---", "---:", "---", "---:", "---:", "---:", "---:", "---:", "---:")]
    rows = "".join(f"| {' | '.join(each)} |\n" for each in [*table, *(line.cells for line in lines)])
    said = f"{runs} trials a line, seeds {seed} to {seed + runs - 1}. On {machine()}, commit {commit()}."
    DOCUMENT.write_text(f"{before}{_BEGIN}\n{rows}\n{said}\n{_END}{after}")
