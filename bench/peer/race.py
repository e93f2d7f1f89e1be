"""Both with the same stacks, in turn: what each operation takes of time, CPU, calls and memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from bench import processes
from bench.peer.commands import Ended
from bench.peer.contestant import OPERATIONS, Contestant, Starting, begun
from deploy.simulator.conditions import PLAIN, Conditions
from tests.e2e.account import inventory
from tests.fixtures.cloud import Cloud

#: Tables of the account of which a stack has more than one.
_PER_STACK = {"security_group_rule": 2, "public_repository": 0}


@dataclass(frozen=True, kw_only=True)
class Measure:
    """What one operation has taken.

    Attributes:
        seconds: from the command's start to its end.
        cpu: seconds of the processor of the tool, with its children and its server.
        postgres: those of Postgres.
        aws: those of the simulated AWS, which are nobody's.
        calls: of AWS.
        memory: the most bytes that the tool, its children and its server had at once.
    """

    seconds: float
    cpu: float
    postgres: float
    aws: float
    calls: float
    memory: float


@dataclass(frozen=True, kw_only=True)
class Line:
    """An operation of a tool on some stacks: the median of some runs."""

    stacks: int
    operation: str
    tool: str
    runs: int
    measure: Measure


def middle(measures: Sequence[Measure]) -> Measure:
    """The median of each value."""
    names = vars(measures[0])
    return Measure(**{name: median(getattr(each, name) for each in measures) for name in names})


def race(tools: Mapping[str, Starting], stacks: int, runs: int, conditions: Conditions) -> Iterator[Line]:
    """Let each tool make, plan, change and destroy some stacks, in turn, each time in a new account.

    Raises:
        AssertionError: an operation failed, or has not done what it is for.
    """
    found: dict[tuple[str, str], list[Measure]] = {}
    for _ in range(runs):
        for name, start in tools.items():
            for operation, measure in _once(start, stacks, conditions):
                found.setdefault((operation, name), []).append(measure)
    for operation, name in sorted(found, key=lambda each: (*OPERATIONS,).index(each[0])):
        measures = found[operation, name]
        yield Line(
            stacks=stacks, operation=operation, tool=name, runs=len(measures), measure=middle(measures)
        )


def _once(start: Starting, stacks: int, conditions: Conditions) -> Iterator[tuple[str, Measure]]:
    with begun(start, stacks) as (tool, cloud, simulator):
        for operation in OPERATIONS:
            cloud.be(conditions)
            measure, ended = _measured(tool, operation, cloud, simulator.pid)
            cloud.be(PLAIN)
            _is_done(tool, operation, ended, cloud, stacks)
            yield operation, measure


def _measured(tool: Contestant, operation: str, cloud: Cloud, simulator: int) -> tuple[Measure, Ended]:
    servers, postgres = tool.servers, [tool.postgres] if tool.postgres else []
    groups = (servers, postgres, [simulator])
    calls = len(cloud.calls())
    before = [sum(map(processes.cpu, group)) for group in groups]
    ended = tool.run(operation)
    after = [sum(map(processes.cpu, group)) for group in groups]
    used = [end - begin for begin, end in zip(before, after, strict=True)]
    measure = Measure(
        seconds=ended.seconds,
        cpu=ended.cpu + used[0],
        postgres=used[1],
        aws=used[2],
        calls=len(cloud.calls()) - calls,
        memory=ended.memory,
    )
    return measure, ended


def _is_done(tool: Contestant, operation: str, ended: Ended, cloud: Cloud, stacks: int) -> None:
    if operation == "plan":
        assert tool.finds_nothing(ended), ended.said
        return
    assert ended.status == 0, ended.said
    there = 0 if operation == "destroy" else stacks
    for table, names in inventory(cloud).items():
        assert len(names) == there * _PER_STACK.get(table, 1), f"after {operation}: {table} {names}"
    if operation == "change":
        ecs = cloud.client("ecs")
        for cluster in ecs.list_clusters()["clusterArns"]:
            arns = ecs.list_services(cluster=cluster)["serviceArns"]
            services = ecs.describe_services(cluster=cluster, services=arns)["services"]
            assert [each["desiredCount"] for each in services] == [2], services
