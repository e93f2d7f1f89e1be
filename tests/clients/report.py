"""The table of docs/compatibility.md, and the results that it is made of. Pure."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass

from tests.clients.outcomes import passed
from tests.clients.runner import ROUNDS, Comparison

_HEAD = """# Compatibility

Suites of real clients, run against Postgres itself and through the proxy in front of the same Postgres.
{verdict}

| suite | version | Postgres | TLS | tests | passed directly | passed through the proxy | differ | commit |
|---|---|---|---|---:|---:|---:|---|---|
"""

_NOTES = """
Made by `make test-clients`, in {minutes} minutes; one suite again, with `ARGS="--suite NAME"`. The commit is
that of the proxy.

- *TLS*: verified by the client, and by the proxy towards Postgres. Without it, both connections are plain.
- *tests* are all that ran. What passes on neither side was skipped, or cannot be had here (a second server,
  Kerberos, Windows). What counts is that both sides are the same: passed, failed or skipped, and for
  programs that print something, what they printed, byte for byte but for the port.
- A test whose outcome differs is run again on both sides, up to {rounds} times in all. It *differs* if it
  did so each time; what did not is named below as unsteady.
- Before each run the server is emptied: one database, no roles, slots or other databases of earlier runs.
- asyncpg's `test_executemany_server_failure_during_writes` wants the server's error to be seen before 4 MB
  are written. Any relay, of bytes alone too, may take them faster than the server does: it is unsteady.
- Encryption by GSSAPI is declined by the proxy, and not compared.
"""


@dataclass(frozen=True, kw_only=True)
class Row:
    """What a suite came to, on both sides.

    Attributes:
        differences: of each test that differs, its name and what it came to.
        unsteady: names of tests that differed in one round and not in another.
        seconds: how long all rounds took.
    """

    suite: str
    version: str
    postgres: str
    tls: bool
    tests: int
    direct: int
    proxied: int
    differences: Mapping[str, str]
    unsteady: Sequence[str]
    commit: str
    seconds: float

    @property
    def title(self) -> str:
        """The suite, and how it was run."""
        return f"{self.suite}, PostgreSQL {self.postgres}{' with TLS' if self.tls else ''}"


def row(comparison: Comparison, *, commit: str, seconds: float) -> Row:
    """What is kept of a comparison."""
    return Row(
        suite=comparison.suite.name,
        version=comparison.suite.version(),
        postgres=comparison.server.split()[0],
        tls=comparison.tls,
        tests=len(comparison.direct),
        direct=passed(comparison.direct),
        proxied=passed(comparison.proxied),
        differences={
            each.test: f"{each.direct.status} directly, {each.proxied.status} through the proxy"
            for each in comparison.differences
        },
        unsteady=[each.test for each in comparison.unsteady],
        commit=commit,
        seconds=round(seconds, 1),
    )


def merged(before: Iterable[Row], made: Collection[Row], suites: Sequence[str]) -> list[Row]:
    """All rows: the new ones instead of those of the same suites, in the order of the suites."""
    again = {each.suite for each in made}
    kept = [each for each in before if each.suite not in again and each.suite in suites]
    return sorted([*kept, *made], key=lambda each: (suites.index(each.suite), each.postgres, each.tls))


def written(rows: Iterable[Row]) -> str:
    """The rows as a file."""
    return json.dumps([asdict(each) for each in rows], indent=1, ensure_ascii=False) + "\n"


def read(document: str) -> list[Row]:
    """The rows of such a file."""
    return [Row(**each) for each in json.loads(document)]


def render(rows: Sequence[Row], origins: Mapping[str, str]) -> str:
    """The document.

    Args:
        origins: whose tests each suite's are.
    """
    notes = _NOTES.format(minutes=round(sum(each.seconds for each in rows) / 60), rounds=ROUNDS)
    different = (
        f"{each.title}: `{test}`: {states}" for each in rows for test, states in each.differences.items()
    )
    unsteady = (f"{each.title}: `{test}`" for each in rows for test in each.unsteady)
    run = {each.suite for each in rows}
    whose = (f"{name}: {origin}." for name, origin in origins.items() if name in run)
    parts = [
        _HEAD.format(verdict=_verdict(rows)),
        *(f"{_line(each)}\n" for each in rows),
        notes,
        _section("Differences", different),
        _section("Unsteady", unsteady),
        _section("Whose tests these are", whose),
    ]
    return "".join(parts)


def _verdict(rows: Iterable[Row]) -> str:
    rows = list(rows)
    differ = sum(len(each.differences) for each in rows)
    tests = f"Of {sum(each.tests for each in rows):,} tests"
    return f"{tests} {differ or 'none'} {'differ' if differ > 1 else 'differs'}."


def _line(each: Row) -> str:
    names = [f"`{test}`" for test in each.differences]
    cells = (
        each.suite,
        each.version,
        each.postgres,
        "yes" if each.tls else "",
        str(each.tests),
        str(each.direct),
        str(each.proxied),
        ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "") or "none",
        each.commit,
    )
    return f"| {' | '.join(cells)} |"


def _section(title: str, lines: Iterable[str]) -> str:
    listed = "".join(f"- {line}\n" for line in lines)
    return f"\n## {title}\n\n{listed}" if listed else ""
