"""An application of three tiers on the simulated AWS, against the critical path of its calls:
`python -m bench.engine.three_tiers`.

The migration is the one that the tests run (`tests/e2e/three_tiers`), with its three applies. The simulated
AWS has its latencies, and whatever is made is ready at once.
"""

from __future__ import annotations

import re
import time
from base64 import b64encode
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from statistics import median
from typing import Any
from zipfile import ZipFile

import click
import uvloop

from bench.engine.cloud import Call
from bench.engine.critical_path import critical_path, seconds
from bench.engine.strict import cloud_of
from bench.engine.world import session_of
from bench.figures import Figure, show
from deploy.simulator.conditions import Conditions
from deploy.simulator.process import SimulatorProcess
from engine.aws.session import Cloud
from tests.engine.direct import Session
from tests.fixtures.cloud import REGION
from tests.fixtures.cloud import Cloud as Simulated
from tests.fixtures.databases import PostgresServer, running_postgres

_MIGRATIONS = Path("tests/e2e/three_tiers")
_APPLY = re.compile(r"SELECT \* FROM iasql_apply\(\);", re.IGNORECASE)
#: What AWS gives as a name of its own making, and what it wants back with the next page.
_OWN = re.compile(r"arn:.+|https?://.+|[a-z]+-[0-9a-f]{8,}")
_TOKENS = ("NextToken", "nextToken", "NextMarker", "Marker", "IsTruncated")
#: Where a call that makes something has the name that somebody has chosen.
_CHOSEN = re.compile(r".*(Name|Identifier|Id)|name|Bucket")


class RecordingCloud(Cloud):
    """The engine's cloud, which keeps each call with its answer and the time that it took."""

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self.calls: list[Call] = []

    async def client(self, service: str, region: str | None = None) -> Any:
        return _Client(self, service, await super().client(service, region))


class _Client:
    def __init__(self, cloud: RecordingCloud, service: str, client: Any) -> None:
        self._cloud, self._service, self._client = cloud, service, client
        self.meta = client.meta

    def __getattr__(self, operation: str) -> Callable[..., Awaitable[dict[str, Any]]]:
        method = getattr(self._client, operation)

        async def call(**params: Any) -> dict[str, Any]:
            start = time.monotonic()
            answer: dict[str, Any] = await method(**params)
            end = time.monotonic()
            kept = {name: value for name, value in answer.items() if name != "ResponseMetadata"}
            self._cloud.calls.append(
                Call(
                    service=self._service,
                    operation=operation,
                    params=params,
                    answer=kept,
                    seconds=end - start,
                    start=start,
                    end=end,
                )
            )
            return answer

        return call


@dataclass(frozen=True, kw_only=True)
class Apply:
    """One of the migration's applies.

    Attributes:
        changes: lines of its plan.
        apply: seconds that it took.
        chain: its critical path.
    """

    changes: int
    apply: float
    chain: Sequence[Call]

    @property
    def path(self) -> float:
        """Seconds of the critical path."""
        return seconds(self.chain)


async def run(server: PostgresServer, latency: float) -> list[Apply]:
    """Run the migration in a new account.

    Args:
        latency: how many times as slow as AWS the simulated one is.

    Raises:
        AssertionError: something is left to do afterwards.
    """
    with SimulatorProcess() as simulator:
        Simulated(simulator.endpoint).be(Conditions(latency=latency))
        cloud = cloud_of(simulator, RecordingCloud)
        async with session_of(server, cloud) as session:
            await session("iasql_install", *re.findall(r"'(aws_\w+)'", _text("V1__install.sql")))
            applies = []
            for statements in _APPLY.split(_text("V2__three_tiers.sql"))[:-1]:
                await session.execute(statements)
                applies.append(await _apply(session, cloud))
            assert await session("iasql_plan_apply") == []
            return applies


async def _apply(session: Session, cloud: RecordingCloud) -> Apply:
    cloud.calls.clear()
    start = time.perf_counter()
    changes = await session("iasql_apply")
    apply = time.perf_counter() - start
    return Apply(changes=len(changes), apply=apply, chain=critical_path(cloud.calls, _names(cloud.calls)))


def _text(name: str) -> str:
    packed = BytesIO()
    with ZipFile(packed, "w") as archive:
        archive.writestr("app.py", "def handle(event, context): pass\n")
    code = b64encode(packed.getvalue()).decode()
    return (_MIGRATIONS / name).read_text().replace("${region}", REGION).replace("${code}", code)


def _names(calls: Sequence[Call]) -> set[str]:
    """What names a resource, or a page: a name that several kinds of resources have says nothing."""
    found = {leaf for call in calls for _, leaf in _leaves(call.answer) if _OWN.fullmatch(leaf)}
    found |= {leaf for call in calls for key, leaf in _leaves(call.answer) if key in _TOKENS}
    chosen = Counter(
        leaf
        for call in calls
        if call.mutating and call.operation.startswith("create_")
        for leaf in {leaf for key, leaf in _leaves(call.params) if _CHOSEN.fullmatch(key)}
    )
    return found | {leaf for leaf, count in chosen.items() if count == 1}


def _leaves(value: Any, key: str = "") -> Iterator[tuple[str, str]]:
    match value:
        case str():
            yield key, value
        case Mapping():
            for name, each in value.items():
                yield from _leaves(each, name)
        case list():
            for each in value:
                yield from _leaves(each, key)


def figures(
    server: PostgresServer, repeats: int, *, latency: float = 1, wide: bool = False
) -> Iterator[Figure]:
    """The figures of the migration, medians of some runs.

    Args:
        latency: how many times as slow as AWS the simulated one is.
        wide: print each call of the first run's critical paths.
    """
    runs = [uvloop.run(run(server, latency)) for _ in range(repeats)]
    for each in runs[0] if wide else ():
        print(f"{each.changes} changes in {each.apply:.2f} s, critical path {each.path:.2f} s")
        for call in each.chain:
            at = call.start - each.chain[0].start
            print(f"  {at:6.2f} {call.seconds:5.2f} {call.service} {call.operation}")
    of = "three tiers on the simulated AWS"
    applies = [sum(each.apply for each in some) for some in runs]
    yield Figure(name=f"{of}: changes", value=sum(each.changes for each in runs[0]), unit="")
    yield Figure(name=f"{of}: its three applies", value=median(applies), unit="s")
    yield Figure(
        name=f"{of}: applies against the critical path of their calls",
        value=median(
            apply / sum(each.path for each in some) for apply, some in zip(applies, runs, strict=True)
        ),
        unit="×",
        aim=1.10,
    )


@click.command()
@click.option("--repeats", default=3, show_default=True, help="Runs of which the median counts.")
@click.option(
    "--latency",
    default=1.0,
    show_default=True,
    help="How many times as slow as AWS the simulated one is. The more, the less this machine counts.",
)
def main(repeats: int, latency: float) -> None:
    """Run the migration some times, and print the figures."""
    with running_postgres() as server:
        for each in figures(server, repeats, latency=latency, wide=True):
            show(each)


if __name__ == "__main__":
    main()
