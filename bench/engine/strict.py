"""The tutorial's stacks on the simulated AWS with its times and limits: `python -m bench.engine.strict`.

Everything is real but AWS: the client, HTTP, and the account that refuses what comes too fast. The simulated
AWS takes one call after the other, so that this is for ten stacks, and not for a thousand.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeVar
from urllib.request import urlopen

import click
import uvloop

from bench.engine.throttling import least
from bench.engine.world import MODULES, session_of, tutorial
from bench.figures import Figure, show
from deploy.simulator.call import AwsCall
from deploy.simulator.process import SimulatorProcess, credentials
from deploy.simulator.throttling import Limit, limits
from engine.aws.session import Cloud
from engine.observer import CloudCall, StepEnd, observed_by
from tests.fixtures.cloud import REGION
from tests.fixtures.databases import PostgresServer, running_postgres

C = TypeVar("C", bound=Cloud)


@dataclass
class Refusals:
    """Hears of calls.

    Attributes:
        sent: requests, by service and operation.
        refused: those of them that came too fast.
    """

    sent: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)

    def called(self, call: CloudCall) -> None:
        self.sent[call.operation] += call.attempts
        self.refused[call.operation] += call.throttles

    def stepped(self, step: StepEnd) -> None:
        pass


@dataclass(frozen=True, kw_only=True)
class Run:
    """One apply of some stacks.

    Attributes:
        apply: seconds.
        least: seconds that the buckets take to let its calls through.
    """

    stacks: int
    apply: float
    least: float
    sent: Counter[str]
    refused: Counter[str]

    def figures(self, critical: float) -> Iterator[Figure]:
        """Its figures.

        Args:
            critical: seconds that one stack takes.
        """
        of = (
            f"{self.stacks} stacks on the simulated AWS"
            if self.stacks > 1
            else "one stack on the simulated AWS"
        )
        allowed = max(self.least, critical)
        yield Figure(name=f"{of}: apply", value=self.apply, unit="s")
        yield Figure(name=f"{of}: what the buckets allow", value=self.least, unit="s")
        if self.stacks > 1:
            yield Figure(
                name=f"{of}: apply against the buckets, or against one",
                value=self.apply / allowed,
                unit="×",
                aim=1.3,
            )
        yield Figure(
            name=f"{of}: calls that AWS refused, of all",
            value=100 * self.refused.total() / self.sent.total(),
            unit="%",
            aim=5,
        )


async def run(server: PostgresServer, stacks: int) -> Run:
    """Make some stacks in a new account."""
    heard = Refusals()
    with SimulatorProcess(conditions="strict") as simulator:
        async with session_of(server, cloud_of(simulator, Cloud)) as session:
            await session("iasql_install", *MODULES)
            for number in range(stacks):
                await session.execute(tutorial(f"stack-{number}"))
            before = len(_calls(simulator.endpoint))
            start = time.perf_counter()
            with observed_by(heard):
                await session("iasql_apply")
            apply = time.perf_counter() - start
            made = _calls(simulator.endpoint)[before:]
    return Run(
        stacks=stacks, apply=apply, least=_least(made, heard.refused), sent=heard.sent, refused=heard.refused
    )


def cloud_of(simulator: SimulatorProcess, kind: type[C]) -> C:
    """An account of the simulated AWS, as the engine has it."""
    key = credentials("123456789012")
    return kind(
        region=REGION,
        endpoint_url=simulator.endpoint,
        access_key=key["AWS_ACCESS_KEY_ID"],
        secret_key=key["AWS_SECRET_ACCESS_KEY"],
    )


def _calls(endpoint: str) -> list[AwsCall]:
    with urlopen(f"{endpoint}/simulator/calls") as reply:
        return [
            AwsCall(
                service=each["service"],
                operation=each["operation"],
                region=each["region"],
                account=each["account"],
                parameters={"MaxResults": "1"},  # the engine asks for pages
            )
            for each in json.load(reply)
        ]


def _least(made: list[AwsCall], refused: Counter[str]) -> float:
    """Seconds that the buckets take to let calls through, without those that they refused."""
    left, taken = refused.copy(), Counter[tuple[str, str, Limit]]()
    for call in made:
        if left[call.operation]:
            left[call.operation] -= 1
        else:
            taken.update((call.service, name, limit) for name, limit in limits(call))
    return least({limit: count for (_, _, limit), count in taken.items()}.items())


def figures(server: PostgresServer, stacks: int, *, wide: bool = False) -> Iterator[Figure]:
    """The figures of one stack, and of some at once.

    Args:
        wide: print of each operation how often it was refused.
    """
    one = uvloop.run(run(server, 1))
    for found in (one, uvloop.run(run(server, stacks))):
        yield from found.figures(one.apply)
        for operation, count in found.refused.most_common() if wide else ():
            if count:
                print(f"  {operation}: {count} refused of {found.sent[operation]}")


@click.command()
@click.option("--stacks", default=10, show_default=True, help="How many at once.")
def main(stacks: int) -> None:
    """Apply one stack, and some at once, and print the figures."""
    with running_postgres() as server:
        for each in figures(server, stacks, wide=True):
            show(each)


if __name__ == "__main__":
    main()
