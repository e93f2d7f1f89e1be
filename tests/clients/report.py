"""The table of docs/compatibility.md. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tests.clients.outcomes import Outcomes, passed
from tests.clients.runner import ROUNDS, Comparison

_HEAD = """# Compatibility

Suites of real clients, run against Postgres itself and through the proxy in front of the same Postgres.
{verdict}

| suite | version | Postgres | TLS | tests | passed directly | passed through the proxy | differ |
|---|---|---|---|---:|---:|---:|---|
"""

_NOTES = """
Made by `{command}` at commit {commit}, in {minutes} minutes.

- *TLS*: verified by the client, and by the proxy towards Postgres. Without it, both connections are plain.
- *tests* are all that ran. What passes on neither side was skipped, or cannot be had here (a second server,
  Kerberos, Windows). What counts is that both sides are the same: passed, failed or skipped, and for
  programs that print something, what they printed, byte for byte but for the port.
- A test whose outcome differs is run again on both sides, up to {rounds} times in all. It *differs* if it
  did so each time; what did not is named below as unsteady.
- Before each run the server is emptied: one database, no roles, slots or other databases of earlier runs.
"""


@dataclass(frozen=True, kw_only=True)
class Made:
    """How a report came about."""

    command: str
    commit: str
    seconds: float


def render(comparisons: Sequence[Comparison], absent: Sequence[tuple[str, str]], made: Made) -> str:
    """The document.

    Args:
        absent: suites that could not be run here, with the reason.
    """
    parts = [
        _HEAD.format(verdict=_verdict(comparisons)),
        *(f"{_row(comparison)}\n" for comparison in comparisons),
        _NOTES.format(
            command=made.command, commit=made.commit, minutes=round(made.seconds / 60), rounds=ROUNDS
        ),
        _section("Differences", _differences(comparisons)),
        _section("Unsteady", _unsteady(comparisons)),
        _section("Not run", (f"{name}: {reason}" for name, reason in absent)),
        _section("Whose tests these are", _origins(comparisons)),
    ]
    return "".join(parts)


def _verdict(comparisons: Sequence[Comparison]) -> str:
    tests = sum(len(comparison.direct) for comparison in comparisons)
    differ = sum(len(comparison.differences) for comparison in comparisons)
    return f"Of {tests:,} tests {differ or 'none'} {'differ' if differ > 1 else 'differs'}."


def _row(comparison: Comparison) -> str:
    suite = comparison.suite
    names = [f"`{difference.test}`" for difference in comparison.differences]
    cells = (
        suite.name,
        suite.version(),
        comparison.server,
        "yes" if comparison.tls else "",
        _ran(comparison.direct),
        str(passed(comparison.direct)),
        str(passed(comparison.proxied)),
        ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "") or "none",
    )
    return f"| {' | '.join(cells)} |"


def _ran(outcomes: Outcomes) -> str:
    return str(len(outcomes))


def _differences(comparisons: Iterable[Comparison]) -> Iterable[str]:
    for comparison in comparisons:
        for each in comparison.differences:
            states = f"{each.direct.status} directly, {each.proxied.status} through the proxy"
            yield f"{_title(comparison)}: `{each.test}`: {states}"


def _unsteady(comparisons: Iterable[Comparison]) -> Iterable[str]:
    for comparison in comparisons:
        for each in comparison.unsteady:
            yield f"{_title(comparison)}: `{each.test}`"


def _origins(comparisons: Iterable[Comparison]) -> Iterable[str]:
    suites = {comparison.suite.name: comparison.suite for comparison in comparisons}
    return (f"{suite.name}: {suite.origin}." for suite in suites.values())


def _title(comparison: Comparison) -> str:
    return comparison.suite.name + (" with TLS" if comparison.tls else "")


def _section(title: str, lines: Iterable[str]) -> str:
    listed = "".join(f"- {line}\n" for line in lines)
    return f"\n## {title}\n\n{listed}" if listed else ""
