"""Thousands of resources: time, the engine's own CPU, and memory.

Each operation runs in a process of its own, since memory that has been used once stays with its process.
"""

from __future__ import annotations

import gc
import json
import subprocess
import sys
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from statistics import median

import uvloop

from bench.engine.account import Account
from bench.engine.cloud import BenchCloud
from bench.engine.world import MODULES, World, world
from tests.fixtures.databases import Database, PostgresServer

#: Of every twenty resources.
_GROUPS, _RULES = 4, 13


@dataclass(frozen=True, kw_only=True)
class Measure:
    """What an operation took.

    Attributes:
        seconds: from call to result.
        cpu: of this process, without what the account in memory used.
        memory: by how many bytes the process grew to its peak.
    """

    operation: str
    size: int
    seconds: float
    cpu: float
    memory: int


def filled(size: int) -> Account:
    """An account with `size` resources: of each twenty most are rules, and one each is a role, a repository
    and a log group."""
    account = Account()
    for number in range(size // 20):
        for group in range(_GROUPS):
            account.create_security_group(f"group-{number}-{group}", "A group", account.vpc)
        ids = list(account.groups)[-_GROUPS:]
        for rule in range(_RULES - _GROUPS):  # each group has one from the start
            address = f"10.{rule}.{number // 250}.{number % 250}/32"
            range_ = {"CidrIp": address, "Description": f"rule {rule} of {number}"}
            permission = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [range_]}
            account.authorize_security_group_ingress(ids[rule % _GROUPS], [permission])
        trust = {"Statement": [{"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}}]}
        account.create_role(f"role-{number}", json.dumps(trust))
        account.attach_role_policy(f"role-{number}", "arn:aws:iam::aws:policy/ReadOnlyAccess")
        account.create_repository(f"repository-{number}", "MUTABLE", {"scanOnPush": False})
        account.create_log_group(f"group-{number}")
    return account


def rows(size: int) -> str:
    """SQL that adds the rows of `size` resources like those of `filled`."""
    return f"""
        INSERT INTO security_group (group_name, description)
        SELECT 'new-' || n, 'A group' FROM generate_series(1, {size // 20 * _GROUPS}) AS n;
        INSERT INTO security_group_rule
            (is_egress, ip_protocol, from_port, to_port, cidr_ipv4, security_group_id)
        SELECT false, 'tcp', r, r, '10.0.0.0/8', id FROM security_group, generate_series(1, 3) AS r
        WHERE group_name LIKE 'new-%';
        INSERT INTO role (role_name, assume_role_policy_document)
        SELECT 'new-' || n, '{{"Statement": []}}' FROM generate_series(1, {size // 20 * 2}) AS n;
        INSERT INTO repository (repository_name)
        SELECT 'new-' || n FROM generate_series(1, {size // 20}) AS n;
        INSERT INTO log_group (log_group_name)
        SELECT 'new-' || n FROM generate_series(1, {size // 20}) AS n;
    """


def medians(server: PostgresServer, size: int, repeats: int) -> list[Measure]:
    """The measures of one size, each the median of some runs."""
    runs = [measure(server, size) for _ in range(repeats)]
    return [
        replace(
            some[0],
            seconds=median(each.seconds for each in some),
            cpu=median(each.cpu for each in some),
            memory=int(median(each.memory for each in some)),
        )
        for some in zip(*runs, strict=True)
    ]


def measure(server: PostgresServer, size: int) -> list[Measure]:
    """Measure the operations at one size."""
    imported, made = server.create(), server.create()
    try:
        measures = [_apart(server, imported, size, each) for each in ("install", *_OF_WHAT_IS_THERE)]
        _apart(server, made, size, "rows")
        return [*measures, _apart(server, made, size, "apply")]
    finally:
        server.drop(imported)
        server.drop(made)


#: Operations on an account of which the tables show everything.
_OF_WHAT_IS_THERE = ("plan_apply", "plan_sync", "sync")


def _apart(server: PostgresServer, database: Database, size: int, operation: str) -> Measure:
    """Measure in a new process."""
    given = {"server": vars(server), "database": vars(database), "size": size, "operation": operation}
    output = subprocess.run(
        [sys.executable, "-m", "bench.engine.scale"],
        input=json.dumps(given, default=str).encode(),
        stdout=subprocess.PIPE,
        check=True,
    ).stdout
    return Measure(**json.loads(output))


async def _measure(server: PostgresServer, database: Database, size: int, operation: str) -> Measure:
    account = Account() if operation in ("rows", "apply") else filled(size)
    cloud = BenchCloud(account, latency=lambda operation: 0.0)
    cloud.recording = False
    async with world(server, cloud, database) as here:
        if operation == "rows":
            await here.session("iasql_install", *MODULES)
            await here.session.execute(rows(size))
        return await _timed(here, size, operation)


async def _timed(here: World, size: int, operation: str) -> Measure:
    gc.collect()
    forget_peak()
    before, cpu, own = memory("VmRSS"), time.process_time(), here.cloud.own_cpu
    start = time.perf_counter()
    if operation != "rows":
        await here.session(f"iasql_{operation}", *(MODULES if operation == "install" else ()))
    seconds = time.perf_counter() - start
    cpu = time.process_time() - cpu - (here.cloud.own_cpu - own)
    return Measure(
        operation=operation,
        size=size,
        seconds=seconds,
        cpu=cpu,
        memory=memory("VmHWM") - before,
    )


def forget_peak() -> None:
    """https://docs.kernel.org/filesystems/proc.html, `clear_refs`"""
    Path("/proc/self/clear_refs").write_text("5")


def memory(what: str) -> int:
    """Bytes of this process: VmRSS for now, VmHWM for the peak."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(what + ":"))


def _main() -> None:
    given = json.load(sys.stdin)
    server = PostgresServer(**given["server"])
    database = Database(**given["database"])
    print(json.dumps(asdict(uvloop.run(_measure(server, database, given["size"], given["operation"])))))


if __name__ == "__main__":
    _main()
