"""Transactions and connections a second, by pgbench; CPU that the process in between uses for one."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

from bench.figures import Figure
from bench.proxy.contestants import DIRECT, PGBOUNCER, PROXY, REUSING, USER, Contestant
from bench.proxy.rounds import Rounds, in_turn, measured

PROTOCOLS = ("simple", "extended", "prepared")
CLIENTS = (1, 8, 32)

#: Of pgbouncer's transactions a second, by the number of clients.
_LEAST = {1: 0.95, 8: 0.85, 32: 0.85}
#: Rounds for each that were asked for. What one client reaches depends most on where its three processes run.
_ROUNDS = {1: 3, 8: 1, 32: 1}
_MOST_CPU = 1.25
_LEAST_TLS, _MOST_CPU_TLS = 0.8, 1.3
_CONNECTING = 8

_TRANSACTIONS = re.compile(r"number of transactions actually processed: (\d+)")
_RATE = re.compile(r"^tps = ([0-9.]+)", re.MULTILINE)


def fill(server: Contestant) -> None:
    """Create pgbench's tables."""
    _pgbench(server, "--initialize", "--quiet")


def figures(
    contestants: Sequence[Contestant], rounds: int, seconds: int, *, tls: bool = False
) -> Iterator[Figure]:
    """Read-only transactions in each protocol, with different numbers of clients."""
    for protocol in PROTOCOLS:
        for clients in CLIENTS:
            rates, cpu = Rounds(), Rounds()
            for each in in_turn(contestants, rounds * _ROUNDS[clients]):
                rate, used = _transactions(each, "--select-only", protocol, clients, seconds, tls=tls)
                rates.add(each, rate)
                cpu.add(each, used)
            yield from _compared(f"{protocol}, {clients} clients" + ", TLS" * tls, rates, cpu, clients, tls)


def long_statements(
    contestants: Sequence[Contestant], folder: Path, rounds: int, seconds: int
) -> Iterator[Figure]:
    """Statements of 10 KB, in which calls are looked for from end to end."""
    script = folder / "long.sql"
    names = " ".join(f"some_column_name_{number}" for number in range(400))
    script.write_text(f"SELECT 1 /* {names} */;\n")
    cpu = Rounds()
    for each in in_turn(contestants, rounds):
        cpu.add(each, _transactions(each, f"--file={script}", "simple", _CONNECTING, seconds, tls=False)[1])
    peer = f"{cpu.median(PGBOUNCER):.1f} µs"
    yield Figure(
        name=f"statements of 10 KB, 8 clients: CPU a transaction, of pgbouncer's ({peer})",
        value=cpu.ratio(PROXY, PGBOUNCER),
        unit="×",
        aim=_MOST_CPU,
    )


def _compared(name: str, rates: Rounds, cpu: Rounds, clients: int, tls: bool) -> Iterator[Figure]:
    least = _LEAST_TLS if tls else _LEAST[clients]
    yield Figure(
        name=f"{name}: transactions a second, of pgbouncer's",
        value=rates.ratio(PROXY, PGBOUNCER),
        unit="×",
        aim=least,
        at_least=True,
    )
    if not tls:
        yield Figure(name=f"{name}: of a direct connection's", value=rates.ratio(PROXY, DIRECT), unit="×")
    if clients > 1:
        yield Figure(
            name=f"{name}: CPU a transaction, of pgbouncer's ({cpu.median(PGBOUNCER):.1f} µs)",
            value=cpu.ratio(PROXY, PGBOUNCER),
            unit="×",
            aim=_MOST_CPU_TLS if tls else _MOST_CPU,
        )


def connecting(
    contestants: Sequence[Contestant], folder: Path, rounds: int, seconds: int
) -> Iterator[Figure]:
    """Clients that connect, ask for 1, and go, again and again."""

    def rate(contestant: Contestant) -> float:
        return connections(contestant, folder, seconds)[0]

    found = measured(contestants, rounds, rate)
    name = f"connections a second, {_CONNECTING} clients"
    yield Figure(
        name=f"{name}: of direct ones ({found.median(DIRECT):.0f})",
        value=found.ratio(PROXY, DIRECT),
        unit="×",
        aim=0.95,
        at_least=True,
    )
    yield Figure(
        name=f"{name}: with server connections reused, of pgbouncer's ({found.median(PGBOUNCER):.0f})",
        value=found.ratio(REUSING, PGBOUNCER),
        unit="×",
        aim=0.9,
        at_least=True,
    )


def connections(
    contestant: Contestant,
    folder: Path,
    seconds: int,
    *,
    user: str = USER,
    password: str = "",
    tls: bool = False,
) -> tuple[float, float]:
    """Connections a second, on each of which 1 is asked for, and ms of CPU in between for one."""
    script = folder / "one.sql"
    script.write_text("SELECT 1;\n")
    options = ["--connect", f"--file={script}", f"--client={_CONNECTING}", f"--time={seconds}"]
    before = contestant.cpu
    output = _pgbench(contestant, "--no-vacuum", *options, user=user, password=password, tls=tls)
    used = contestant.cpu - before
    return float(_found(_RATE, output)), used / int(_found(_TRANSACTIONS, output)) * 1e3


def _transactions(
    contestant: Contestant, what: str, protocol: str, clients: int, seconds: int, *, tls: bool
) -> tuple[float, float]:
    """Transactions a second, and µs of CPU for one."""
    before = contestant.cpu
    options = [f"--protocol={protocol}", f"--client={clients}", f"--time={seconds}"]
    output = _pgbench(contestant, what, "--no-vacuum", *options, tls=tls)
    used = contestant.cpu - before
    return float(_found(_RATE, output)), used / int(_found(_TRANSACTIONS, output)) * 1e6


def _pgbench(
    contestant: Contestant, *options: str, user: str = USER, password: str = "", tls: bool = False
) -> str:
    done = subprocess.run(
        ["pgbench", *options, *contestant.address_of(user)],
        env=os.environ | {"PGSSLMODE": "require" if tls else "disable", "PGPASSWORD": password},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def _found(pattern: re.Pattern[str], output: str) -> str:
    match = pattern.search(output)
    assert match is not None, output
    return match[1]
