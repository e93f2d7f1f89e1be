"""The engine is killed at a call of AWS or at a commit; the next apply finishes the work.

A call is lost in two ways: before AWS has seen it, or after AWS has performed it, which only a call that
changes something tells apart. So is a commit. Some points are drawn by lot, always the same;
`make test-kills` takes all.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import pytest

from deploy import tutorial
from tests.drivers.psql.client import psql, rows, succeed
from tests.e2e.account import TUTORIAL, assert_holds, assert_holds_the_tutorial, assert_is_empty
from tests.fixtures.cloud import Cloud
from tests.fixtures.databases import Database, PostgresServer
from tests.fixtures.postgres_commits import CommitRelay, When
from tests.fixtures.proxies import IasqlProcess, launch

APPLY = "SELECT * FROM iasql_apply();"
#: How many points of each kind are tried, if not all; with an undo afterwards, half as many.
DRAWN = 2
_ROWS = tutorial.migration(tutorial.V2).rpartition("SELECT * from iasql_apply()")[0]


@dataclass(frozen=True)
class Work:
    """What the apply that is killed has to do.

    Attributes:
        before: what has been done when it begins.
        check: what AWS holds when it is done.
        undone: what AWS holds when it has been done in part, finished, and both have been undone.
        at_once: whether one apply takes back both: AWS takes no subnet outside its network.
    """

    name: str
    before: str
    check: Callable[[Cloud], None]
    undone: Callable[[Cloud], None]
    at_once: bool = False


def _is_replaced(cloud: Cloud) -> None:
    rules = ["egress -1 -1--1 10.0.0.0/8", "ingress tcp 8088-8088 0.0.0.0/0"]
    assert_holds(cloud, TUTORIAL | {"log_group": ["other"], "security_group_rule": rules})
    _holds_service(cloud, "internal", "1024")


def _is_put_back(cloud: Cloud) -> None:
    assert_holds(cloud, TUTORIAL)
    _holds_service(cloud, "internet-facing", "2048")


def _holds_service(cloud: Cloud, scheme: str, cpu: str) -> None:
    [balancer] = cloud.client("elbv2").describe_load_balancers()["LoadBalancers"]
    assert balancer["Scheme"] == scheme
    ecs = cloud.client("ecs")
    [service] = ecs.describe_services(cluster="quickstart-cluster", services=["quickstart-service"])[
        "services"
    ]
    definition = ecs.describe_task_definition(taskDefinition=service["taskDefinition"])["taskDefinition"]
    assert (definition["cpu"], definition["status"]) == (cpu, "ACTIVE")


def _is_another_network(cloud: Cloud) -> None:
    assert _network(cloud) == ("10.2.0.0/16", "10.2.1.0/24", [(False, "in"), (True, "out")])


def _is_the_first_network(cloud: Cloud) -> None:
    assert _network(cloud) == ("10.1.0.0/16", "10.1.1.0/24", [(False, "in"), (True, None)])


def _network(cloud: Cloud) -> tuple[str, str, list[tuple[bool, str | None]]]:
    """The network, its subnet, and its rules: whether for what goes out, and what they say."""
    ec2 = cloud.client("ec2")
    [vpc] = [each for each in ec2.describe_vpcs()["Vpcs"] if not each["IsDefault"]]
    of_vpc = [{"Name": "vpc-id", "Values": [vpc["VpcId"]]}]
    [subnet] = ec2.describe_subnets(Filters=of_vpc)["Subnets"]
    [group] = ec2.describe_security_groups(Filters=of_vpc)["SecurityGroups"]
    of_group = [{"Name": "group-id", "Values": [group["GroupId"]]}]
    rules = ec2.describe_security_group_rules(Filters=of_group)["SecurityGroupRules"]
    said = [(each["IsEgress"], each.get("Description") or None) for each in rules]
    return vpc["CidrBlock"], subnet["CidrBlock"], sorted(said)


_DEPLOYED = tutorial.migration(tutorial.V1) + _ROWS + APPLY
WORKS = (
    Work(
        "the tutorial",
        tutorial.migration(tutorial.V1) + _ROWS,
        assert_holds_the_tutorial,
        assert_is_empty,
    ),
    Work(
        "replacements",
        _DEPLOYED
        + """
        UPDATE task_definition SET cpu_memory = 'vCPU1-8GB';
        UPDATE load_balancer SET scheme = 'internal';
        UPDATE security_group_rule SET cidr_ipv4 = '10.0.0.0/8' WHERE is_egress
            AND security_group_id = (SELECT id FROM security_group WHERE group_name <> 'default');
        INSERT INTO log_group (log_group_name) VALUES ('other');
        UPDATE container_definition SET log_group_name = 'other';
        DELETE FROM log_group WHERE log_group_name <> 'other';
        """,
        _is_replaced,
        _is_put_back,
    ),
    Work(
        "a network",
        f"""
        SELECT * FROM iasql_install('aws_security_group');
        INSERT INTO vpc (cidr_block) VALUES ('10.1.0.0/16');
        INSERT INTO subnet (vpc_id, cidr_block, availability_zone)
            SELECT max(id), '10.1.1.0/24', 'us-east-1a' FROM vpc;
        {APPLY}
        INSERT INTO security_group_rule
            (security_group_id, is_egress, ip_protocol, from_port, to_port, cidr_ipv4, description)
            SELECT max(id), false, 'tcp', 80, 80, '10.0.0.0/8', 'in' FROM security_group;
        {APPLY}
        UPDATE security_group_rule SET description = 'out'
            WHERE is_egress AND security_group_id = (SELECT max(id) FROM security_group);
        UPDATE vpc SET cidr_block = '10.2.0.0/16' WHERE NOT is_default;
        UPDATE subnet SET cidr_block = '10.2.1.0/24' WHERE cidr_block = '10.1.1.0/24';
        """,
        _is_another_network,
        _is_the_first_network,
        at_once=True,
    ),
    Work(
        "a deletion",
        _DEPLOYED + "SELECT delete_all_records();",
        assert_is_empty,
        partial(assert_holds_the_tutorial, revision=2),
    ),
)


def finish(database: Database, work: Work, cloud: Cloud, _: list[str]) -> None:
    """The next apply does what is left."""
    succeed(database, APPLY)
    work.check(cloud)
    _assert_settled(database)


def undo(database: Database, work: Work, cloud: Cloud, before: list[str]) -> None:
    """The next apply does what is left, and what both have done is undone."""
    succeed(database, APPLY)
    undos = [f"SELECT * FROM iasql_undo({number});" for number in _applies(database) if number not in before]
    succeed(database, (" " if work.at_once else APPLY).join(undos) + APPLY)
    work.undone(cloud)
    _assert_settled(database)


#: What is done in a database after the kill, and checked; with the applies that were before it.
End = Callable[[Database, Work, Cloud, list[str]], None]


def _applies(database: Database) -> list[str]:
    """The numbers of all, the last one first."""
    query = "SELECT id FROM iasql.iasql_operation WHERE function = 'iasql_apply' ORDER BY id DESC"
    return rows(database, query)


def _assert_settled(database: Database) -> None:
    assert rows(database, "SELECT * FROM iasql_plan_apply()") == []
    assert rows(database, "SELECT * FROM iasql_plan_sync()") == []


class Scene:
    """Where an engine is killed and another one finishes."""

    def __init__(
        self,
        server: PostgresServer,
        relay: CommitRelay,
        cloud: Cloud,
        successor: IasqlProcess,
        make_database: Callable[[], Database],
        logs: Path,
    ) -> None:
        self._server = replace(server, port=relay.port)
        self._relay = relay
        self._cloud = cloud
        self._successor = successor
        self._make_database = make_database
        self._log = logs / "iasql.log"

    def points(self, work: Work) -> dict[str, int]:
        """At how many points of each kind an engine could be killed, found by letting one finish."""
        victim, database = self._begin(work)
        before = len(self._cloud.calls())
        self._relay.arm()
        succeed(victim.serves(database), APPLY)
        victim.stop()
        calls = self._cloud.calls()[before:]
        return {kind.name: self._count(kind, calls) for kind in KINDS}

    def _count(self, kind: Kind, calls: list[dict[str, Any]]) -> int:
        if kind.fault is None:
            return self._relay.commits
        return sum(kind.mutating in (None, call["mutating"]) for call in calls)

    def kill(self, work: Work, kind: Kind, nth: int, end: End) -> bool:
        """Kill an engine at a point, let the other one finish or undo it, and check what there is then.

        Returns:
            False if the engine came to its end before that point.
        """
        victim, database = self._begin(work)
        before = _applies(self._successor.serves(database))
        if kind.fault is None:
            self._relay.arm(victim.pid, nth, kind.when)
        else:
            fault = {"action": kind.fault, "mutating": kind.mutating, "nth": nth, "pid": victim.pid}
            self._cloud.plan(fault)
        killed = psql(victim.serves(database), "-c", APPLY).returncode != 0
        self._cloud.cancel_faults()
        self._relay.arm()
        if killed:
            victim.wait_for_death()
        victim.stop()
        end(self._successor.serves(database), work, self._cloud, before)
        return killed

    def _begin(self, work: Work) -> tuple[IasqlProcess, Database]:
        self._cloud.reset()
        database = self._make_database()
        with ThreadPoolExecutor() as pool:
            victim = pool.submit(launch, self._log, self._server, self._cloud)
            succeed(self._successor.serves(database), work.before)
        return victim.result(), database


@dataclass(frozen=True)
class Kind:
    """A kind of point.

    Attributes:
        fault: the simulator's action, or None for a commit.
        mutating: which calls count.
        when: on which side of a commit.
    """

    name: str
    fault: str | None = None
    mutating: bool | None = None
    when: When = "before"


KINDS = (
    Kind("before a call", "kill_before"),
    Kind("after a change", "kill_after", mutating=True),
    Kind("before a commit"),
    Kind("after a commit", when="after"),
)


@pytest.fixture
def scene(
    postgres_server: PostgresServer,
    commit_relay: CommitRelay,
    iasql: IasqlProcess,
    simulator: Cloud,
    make_database: Callable[[], Database],
    tmp_path: Path,
) -> Iterator[Scene]:
    yield Scene(postgres_server, commit_relay, simulator, iasql, make_database, tmp_path)
    simulator.reset()


@pytest.mark.timeout(3600)
@pytest.mark.parametrize(
    ("work", "end"),
    [pytest.param(work, finish, id=work.name) for work in WORKS]
    + [pytest.param(work, undo, id=f"{work.name}, undone") for work in WORKS],
)
def test_an_engine_killed_at_any_point_of_an_apply_is_followed_by_another(
    scene: Scene, work: Work, end: End
) -> None:
    failures = []
    for name, count in scene.points(work).items():
        assert count >= 5, f"fewer points {name} than the work has changes"
        kind = next(each for each in KINDS if each.name == name)
        kills = 0
        for nth in _drawn(f"{work.name}, {name}", count, DRAWN if end is finish else DRAWN // 2):
            try:
                kills += scene.kill(work, kind, nth, end)
            except AssertionError as failure:
                failures.append(f"{name} {nth} of {count}: {failure}")
        print(f"{work.name}, killed {name}: {kills} times, at most {count} possible")
        assert kills or failures
    assert not failures, "\n".join(failures)


def test_what_a_killed_apply_did_is_undone_once_it_is_known(scene: Scene) -> None:
    def undone(database: Database, _: Work, cloud: Cloud, __: list[str]) -> None:
        refused = psql(database, "-c", "SELECT * FROM iasql_undo()")
        [killed] = _applies(database)
        assert f"operation {killed} was cut off, and whether AWS has done all" in refused.stderr
        succeed(database, f"SELECT * FROM iasql_sync(); SELECT * FROM iasql_undo({killed}); {APPLY}")
        assert_is_empty(cloud)
        _assert_settled(database)

    last = scene.points(WORKS[0])["after a change"]
    assert scene.kill(WORKS[0], KINDS[1], last, undone)


def test_what_a_killed_apply_did_is_finished_in_a_transaction(scene: Scene) -> None:
    """What an apply writes of the one before it, it writes in a transaction that waits for the apply."""

    def finished(database: Database, work: Work, cloud: Cloud, __: list[str]) -> None:
        succeed(database, f"BEGIN; {APPLY} {APPLY} COMMIT;")
        _assert_settled(database)

    work = WORKS[0]
    assert scene.kill(work, KINDS[1], scene.points(work)["after a change"] - 1, finished)


def _drawn(seed: str, count: int, some: int) -> list[int]:
    points = list(range(1, count + 1))
    if os.environ.get("IASQL_ALL_KILLS") == "1":
        return points
    # The work may have fewer of them the next time: what is written at once depends on the load.
    return sorted(Random(seed).sample(points[: max(some, count * 2 // 3)], some))
