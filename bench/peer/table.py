"""What came of both: printed, kept in a file, and shown in the documentation."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from bench.figures import ROOT, table, tell
from bench.peer.race import Line
from bench.peer.trouble import Seen

RESULTS = ROOT / "bench" / "results" / "peer.json"
_RACE = ("stacks", "operation", "tool", "wall", "CPU", "Postgres' CPU", "calls", "memory", "simulator's CPU")
_TROUBLES = ("trouble", "tool", "what was seen")


def cells(line: Line) -> tuple[str, ...]:
    """A line of the race, as a table has it."""
    it = line.measure
    return (
        str(line.stacks),
        line.operation,
        line.tool,
        f"{it.seconds:.1f} s",
        f"{it.cpu:.1f} s",
        f"{it.postgres:.1f} s" if it.postgres else "",
        f"{it.calls:,.0f}",
        f"{it.memory / (1 << 20):,.0f} MB",
        f"{it.aws:.1f} s",
    )


def told(seen: Seen) -> tuple[str, ...]:
    """What came of a trouble, as a table has it."""
    steps = "; ".join(seen.steps).replace("|", "\\|")
    return f"{seen.kind}: {seen.trouble}", seen.tool, steps


def show(row: Sequence[str]) -> None:
    """Print one row as soon as there is one."""
    print(" | ".join(row), flush=True)


def keep(lines: Sequence[Line], seen: Sequence[Seen], about: Mapping[str, str]) -> None:
    """Write what was measured to the results and into the document; what was not stays as it was kept last.

    Args:
        about: machine, commit and versions.
    """
    rows = [cells(line) for line in lines]
    troubles = [told(each) for each in seen]
    if RESULTS.exists():
        old = json.loads(RESULTS.read_text())
        again = {row[0] for row in rows}
        rows = sorted(
            [*(row for row in old["race"] if row[0] not in again), *rows], key=lambda row: int(row[0])
        )
        troubles = troubles or old["troubles"]
    RESULTS.write_text(json.dumps({**about, "race": rows, "troubles": troubles}, indent=1) + "\n")
    tables = (
        table((_RACE, ("---:", "---", "---", *["---:"] * 6), *rows)),
        table((_TROUBLES, ("---",) * 3, *troubles)),
    )
    said = f"{about['versions']}. On {about['machine']}, commit {about['commit']}."
    tell("peer", "\n".join((*tables, said)))
