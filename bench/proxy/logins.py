"""`python -m bench.proxy.logins`: what it is worth that compiled code lets clients in.

Clients connect, ask for 1, and go. Each way to log in is measured directly, through a proxy that does what it
can in compiled code, and through one whose Python sees to every login, since it has to count clients.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import click
import psycopg

from bench.proxy.contestants import DATABASE, USER, Contestant, postgres, proxy
from bench.proxy.pgbench import connections
from bench.proxy.rounds import Rounds, in_turn
from tests.fixtures.certificates import Authority

_ROLE, _PASSWORD = "secretive", "geheim"
_ACCESS = f"host all {_ROLE} 127.0.0.1/32 scram-sha-256\n"

_DIRECT, _COMPILED, _PYTHON = "direct", "compiled", "Python"
_REUSING, _REUSING_PYTHON = "compiled, reused", "Python, reused"

#: What keeps compiled code from letting clients in: more than there will be, but they have to be counted.
_COUNTED = "--max-connections=1000"
_REUSE = "--reuse-server-connections=60"


@dataclass(frozen=True)
class Way:
    """A way to log in.

    Attributes:
        through: names of the contestants that it is measured through, all compared with the first one.
    """

    name: str
    through: Sequence[str]
    user: str = USER
    tls: bool = False


_WAYS = (
    Way("plain", (_DIRECT, _COMPILED, _PYTHON)),
    Way("TLS", (_COMPILED, _PYTHON), tls=True),
    Way("SCRAM", (_DIRECT, _COMPILED, _PYTHON), user=_ROLE),
    Way("plain, reused", (_REUSING, _REUSING_PYTHON)),
    Way("TLS, reused", (_REUSING, _REUSING_PYTHON), tls=True),
    Way("SCRAM, reused", (_REUSING, _REUSING_PYTHON), user=_ROLE),
)


@click.command()
@click.option("--rounds", default=5, show_default=True, help="Rounds of which the median counts.")
@click.option("--seconds", default=2, show_default=True, help="Of each run of pgbench.")
def main(rounds: int, seconds: int) -> None:
    """Measure logins, and print a table of them."""
    click.echo(
        "| login | through | a second | of the first | CPU in between |\n| --- | --- | ---: | ---: | ---: |"
    )
    with _contestants() as (folder, everyone):
        for way in _WAYS:
            through = [each for name in way.through for each in everyone if each.name == name]
            rates, cpu = Rounds(), Rounds()
            for each in in_turn(through, rounds):
                rate, used = connections(
                    each, folder, seconds, user=way.user, password=_PASSWORD, tls=way.tls
                )
                rates.add(each, rate)
                cpu.add(each, used)
            for name in way.through:
                between = "" if name == _DIRECT else f"{cpu.median(name):.2f} ms"
                ratio = f"{rates.ratio(name, way.through[0]):.2f} ×"
                click.echo(f"| {way.name} | {name} | {rates.median(name):.0f} | {ratio} | {between} |")


@contextmanager
def _contestants() -> Iterator[tuple[Path, Sequence[Contestant]]]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="iasql-bench-")))
        folder.chmod(0o755)
        server = stack.enter_context(postgres(folder, _ACCESS))
        with psycopg.connect(f"postgresql://{USER}@127.0.0.1:{server}/{DATABASE}") as made:
            made.execute(f"CREATE ROLE {_ROLE} LOGIN PASSWORD '{_PASSWORD}'")
        certificate = Authority(folder).issue("listener")
        everyone = [Contestant(_DIRECT, server)]
        for name, options in {
            _COMPILED: [],
            _PYTHON: [_COUNTED],
            _REUSING: [_REUSE],
            _REUSING_PYTHON: [_REUSE, _COUNTED],
        }.items():
            everyone.append(stack.enter_context(proxy(name, folder, server, certificate, *options)))
        yield folder, everyone


if __name__ == "__main__":
    main()
