"""The tutorial's stack, once and many times: against the critical path, and one call after another."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median

from bench.engine.account import Account
from bench.engine.cloud import BenchCloud, Call
from bench.engine.critical_path import critical_path, seconds
from bench.engine.throttling import Buckets, unlimited
from bench.engine.world import MODULES, tutorial, world
from bench.figures import Figure
from engine.aws.pace import Paces
from tests.fixtures.databases import PostgresServer


@dataclass(frozen=True, kw_only=True)
class Run:
    """One apply, and a plan after it.

    Attributes:
        apply, plan: seconds.
        path, plan_path: seconds of the critical path of each.
        slowest: seconds of the plan's slowest call.
        changes: lines of the plan.
        calls: of the apply.
    """

    apply: float
    plan: float
    path: float
    plan_path: float
    slowest: float
    changes: int
    calls: Sequence[Call]

    @property
    def mutating(self) -> int:
        return sum(call.mutating for call in self.calls)

    @property
    def repeated_listings(self) -> int:
        """Calls made while reading that had been made before."""
        first_change = min(call.start for call in self.calls if call.mutating)
        seen = Counter(
            repr((call.service, call.operation, call.params))
            for call in self.calls
            if call.start < first_change and not call.previous
        )
        return sum(count - 1 for count in seen.values())


async def run(server: PostgresServer, stacks: int, *, one_at_a_time: bool = False) -> Run:
    """Make some stacks in an account of their own.

    Raises:
        AssertionError: something is left to do afterwards.
    """
    account = Account()
    cloud = BenchCloud(account, one_at_a_time=one_at_a_time)
    cloud.paces = Paces(unlimited)
    async with world(server, cloud) as here:
        await here.session("iasql_install", *MODULES)
        for number in range(stacks):
            await here.session.execute(tutorial(f"stack-{number}"))
        cloud.calls.clear()
        start = time.perf_counter()
        changes = await here.session("iasql_apply")
        apply, calls = time.perf_counter() - start, list(cloud.calls)
        cloud.calls.clear()
        start = time.perf_counter()
        left = await here.session("iasql_plan_apply")
        plan = time.perf_counter() - start
        assert left == []
        return Run(
            apply=apply,
            plan=plan,
            path=seconds(critical_path(calls, account.names)),
            plan_path=seconds(critical_path(cloud.calls, account.names)),
            slowest=max(call.seconds for call in cloud.calls),
            changes=len(changes),
            calls=calls,
        )


async def figures(server: PostgresServer, stacks: int, repeats: int) -> Iterator[Figure]:
    """The figures of some stacks, medians of some runs."""
    runs = [await run(server, stacks) for _ in range(repeats)]
    of = "the tutorial's stack" if stacks == 1 else f"{stacks} stacks"
    first = runs[0]
    return iter(
        (
            Figure(name=f"{of}: apply", value=median(each.apply for each in runs), unit="s"),
            Figure(name=f"{of}: the critical path of its calls", value=first.path, unit="s"),
            Figure(
                name=f"{of}: apply against the critical path",
                value=median(each.apply / each.path for each in runs),
                unit="×",
                aim=1.10,
            ),
            Figure(
                name=f"{of}: mutating calls a change",
                value=first.mutating / first.changes,
                unit="",
                aim=1.0,
            ),
            Figure(name=f"{of}: listings made twice", value=first.repeated_listings, unit="", aim=0),
            Figure(
                name=f"{of}: plan when nothing is to be done",
                value=median(each.plan for each in runs),
                unit="s",
            ),
            Figure(
                name=f"{of}: that plan against the slowest listing with what it needs",
                value=median(each.plan / each.plan_path for each in runs),
                unit="×",
                aim=1.2,
            ),
            Figure(
                name=f"{of}: that plan against the slowest single call",
                value=median(each.plan / each.slowest for each in runs),
                unit="×",
                aim=1.2,
            ),
        )
    )


async def throttled(
    server: PostgresServer, stacks: int, account: str, buckets: Buckets, aim: float | None = 1.3
) -> Iterator[Figure]:
    """The same apply where AWS throttles, and the engine knows what it knows of any account.

    What the limits allow is what the slowest bucket takes, or the critical path where that is longer.

    Args:
        account: what the figures call an account with such buckets.
        aim: for the apply against what the limits allow.
    """
    memory = Account()
    cloud = BenchCloud(memory, buckets=buckets)
    cloud.paces = Paces(buckets.known)
    async with world(server, cloud) as here:
        await here.session("iasql_install", *MODULES)
        for number in range(stacks):
            await here.session.execute(tutorial(f"stack-{number}"))
        cloud.calls.clear()
        start = time.perf_counter()
        await here.session("iasql_apply")
        apply = time.perf_counter() - start
    least = max(buckets.least, seconds(critical_path(cloud.calls, memory.names)))
    refused = buckets.refused.total()
    of = f"{stacks} stacks, {account}"
    return iter(
        (
            Figure(name=f"{of}: apply", value=apply, unit="s"),
            Figure(
                name=f"{of}: apply against what the limits of the rate allow",
                value=apply / least,
                unit="×",
                aim=aim,
            ),
            Figure(
                name=f"{of}: calls that AWS refused, of all",
                value=100 * refused / (refused + buckets.passed),
                unit="%",
                aim=5,
            ),
        )
    )


async def peer(server: PostgresServer, stacks: int, apply: float) -> Iterator[Figure]:
    """The same calls by the same engine, but one after another.

    Args:
        apply: seconds of the same apply as it is.
    """
    one = await run(server, stacks, one_at_a_time=True)
    return iter(
        (
            Figure(name=f"{stacks} stacks: apply, one call after another", value=one.apply, unit="s"),
            Figure(
                name=f"{stacks} stacks: how many times faster the apply is",
                value=one.apply / apply,
                unit="×",
                aim=10,
                at_least=True,
            ),
        )
    )
