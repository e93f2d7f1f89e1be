"""`iasql.on_failure = 'undo'`: an apply of which a step fails takes back what it has done."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from engine.errors import OperationError
from tests.engine.direct import Session
from tests.engine.execute.test_failures import failing
from tests.fixtures.cloud import Cloud

_REFUSED = {
    "action": "error", "service": "logs", "operation": "CreateLogGroup", "status": 400, "times": 1,
    "code": "LimitExceededException", "message": "Resource limit exceeded.",
}  # fmt: skip
_FAILS = "INSERT INTO log_group (log_group_name) VALUES ('fails');"
_JOURNAL = (
    "SELECT function, arguments, outcome, steps FROM iasql.iasql_operation "
    "WHERE function IN ('iasql_apply', 'iasql_undo') ORDER BY id"
)


@pytest.fixture
def ecr(simulator: Cloud) -> Any:
    return simulator.client("ecr")


@pytest.fixture
async def one(session: Session, ecr: Any) -> Session:
    """A session that undoes, whose table shows the repositories `one` and `old`."""
    for name in ("one", "old"):
        ecr.create_repository(repositoryName=name, tags=[{"Key": "team", "Value": "a"}])
    await session("iasql_install", "aws_ecr", "aws_cloudwatch", "aws_iam")
    await session.execute("SET iasql.on_failure = undo")
    return session


def repositories(ecr: Any) -> dict[str, tuple[bool, str]]:
    found = ecr.describe_repositories()["repositories"]
    return {
        each["repositoryName"]: (each["imageScanningConfiguration"]["scanOnPush"], each["imageTagMutability"])
        for each in found
    }


async def test_aws_is_as_before_and_the_rows_ask_for_what_they_asked_for(
    one: Session, ecr: Any, simulator: Cloud
) -> None:
    before = repositories(ecr)
    simulator.plan(_REFUSED)
    await one.execute(
        _FAILS + "INSERT INTO repository (repository_name) VALUES ('new');"
        "UPDATE repository SET scan_on_push = true WHERE repository_name = 'one';"
        "DELETE FROM repository WHERE repository_name = 'old'"
    )
    planned = await one("iasql_plan_apply")
    error = await failing(one)
    assert error.message.startswith("could not create log_group fails")
    assert repositories(ecr) == before
    assert [each["Key"] for each in tags(ecr, "old")] == ["team"]
    assert "what the apply had done is taken back: 1 created, 1 updated, 1 deleted" in one.notices
    assert await one.rows("SELECT repository_name, scan_on_push FROM repository ORDER BY 1") == [
        ("new", False),
        ("one", True),
    ]
    assert await one.rows("SELECT repository_arn FROM repository WHERE repository_name = 'new'") == [(None,)]
    assert await one("iasql_plan_apply") == planned
    number = await one.value("SELECT min(id) FROM iasql.iasql_operation WHERE function = 'iasql_apply'")
    assert await one.rows(_JOURNAL) == [
        ("iasql_apply", [], "failed", 4),
        ("iasql_undo", [str(number)], "done", 3),
    ]
    # A mended apply does all of it.
    assert await one.apply() == planned
    assert set(repositories(ecr)) == {"one", "new"}


def tags(ecr: Any, name: str) -> Any:
    [found] = ecr.describe_repositories(repositoryNames=[name])["repositories"]
    return ecr.list_tags_for_resource(resourceArn=found["repositoryArn"])["tags"]


async def test_a_network_goes_as_a_whole_with_what_aws_has_made_along(
    session: Session, simulator: Cloud
) -> None:
    ec2 = simulator.client("ec2")
    await session("iasql_install", "aws_security_group", "aws_cloudwatch")
    await session.execute("SET iasql.on_failure = undo")
    groups = len(ec2.describe_security_groups()["SecurityGroups"])
    await session.execute(
        _FAILS + "INSERT INTO vpc (cidr_block) VALUES ('10.9.0.0/16');"
        "INSERT INTO subnet (vpc_id, cidr_block, availability_zone)"
        "  SELECT id, '10.9.1.0/24', 'us-east-1a' FROM vpc WHERE NOT is_default;"
        "INSERT INTO security_group (group_name, description, vpc_id)"
        "  SELECT 'web', 'd', id FROM vpc WHERE NOT is_default;"
        "INSERT INTO security_group_rule"
        "  (security_group_id, is_egress, ip_protocol, from_port, to_port, cidr_ipv4)"
        "  SELECT id, false, 'tcp', 80, 80, '10.0.0.0/8' FROM security_group WHERE group_name = 'web';"
    )
    planned = await session("iasql_plan_apply")
    simulator.plan(_REFUSED)
    await failing(session)
    assert [each["IsDefault"] for each in ec2.describe_vpcs()["Vpcs"]] == [True]
    assert len(ec2.describe_security_groups()["SecurityGroups"]) == groups
    assert await session("iasql_plan_apply") == planned
    assert await session.apply() == planned


async def test_a_replacement_is_taken_back_by_another(session: Session, simulator: Cloud) -> None:
    await session("iasql_install", "aws_elb", "aws_cloudwatch")
    elb = simulator.client("elbv2")
    await session.execute(
        "INSERT INTO target_group (target_group_name, target_type, protocol, port) "
        "VALUES ('t', 'ip', 'HTTP', 80);"
        "INSERT INTO load_balancer (load_balancer_name, scheme, load_balancer_type, ip_address_type) "
        "VALUES ('l', 'internal', 'application', 'ipv4');"
        "INSERT INTO listener (load_balancer_name, port, protocol, target_group_name) "
        "VALUES ('l', 80, 'HTTP', 't');"
    )
    await session("iasql_apply")
    await session.execute("SET iasql.on_failure = undo")
    await session.execute(_FAILS + "UPDATE load_balancer SET scheme = 'internet-facing'")
    planned = await session("iasql_plan_apply")
    simulator.plan(_REFUSED)
    await failing(session)
    [found] = elb.describe_load_balancers()["LoadBalancers"]
    assert found["Scheme"] == "internal"
    [listener] = elb.describe_listeners(LoadBalancerArn=found["LoadBalancerArn"])["Listeners"]
    assert listener["Port"] == 80
    assert await session.rows("SELECT scheme::text, load_balancer_arn FROM load_balancer") == [
        ("internet-facing", found["LoadBalancerArn"])
    ]
    again = await session("iasql_plan_apply")
    assert [each[:2] for each in again] == [each[:2] for each in planned]
    assert [each[:2] for each in await session.apply()] == [each[:2] for each in planned]


async def test_what_aws_refuses_to_take_back_is_said_and_stands_in_the_journal(
    one: Session, ecr: Any, simulator: Cloud
) -> None:
    simulator.plan(
        _REFUSED,
        {
            "action": "error", "service": "ecr", "operation": "DeleteRepository", "status": 400, "times": 0,
            "code": "AccessDeniedException", "message": "not you",
        },
    )  # fmt: skip
    await one.execute(
        _FAILS + "INSERT INTO repository (repository_name) VALUES ('new');"
        "UPDATE repository SET scan_on_push = true WHERE repository_name = 'one';"
    )
    error = await failing(one)
    assert error.message.startswith("could not create log_group fails")
    assert "not all that the apply had done is taken back" in one.notices
    assert repositories(ecr) == {
        "one": (False, "MUTABLE"),
        "old": (False, "MUTABLE"),
        "new": (False, "MUTABLE"),
    }
    ((outcome, message),) = await one.rows(
        "SELECT outcome, message FROM iasql.iasql_operation WHERE function = 'iasql_undo'"
    )
    assert outcome == "failed"
    assert "could not delete repository new" in message
    # What stands has its row, and is nobody's surprise.
    simulator.cancel_faults()
    assert sorted(each[:2] for each in await one("iasql_plan_apply")) == [
        ("create", "log_group"),
        ("update", "repository"),
    ]


async def test_what_somebody_uses_already_stays(session: Session, simulator: Cloud) -> None:
    ec2 = simulator.client("ec2")
    await session("iasql_install", "aws_security_group", "aws_cloudwatch")
    await session.execute("SET iasql.on_failure = undo")
    await session.execute(_FAILS + "INSERT INTO vpc (cidr_block) VALUES ('10.9.0.0/16')")
    simulator.plan({**_REFUSED, "action": "delay", "seconds": 3}, _REFUSED)
    applying = asyncio.ensure_future(failing(session))
    await simulator.until_called("CreateLogGroup", 1)
    await simulator.until_called("CreateVpc", 1)
    made = await _made(ec2)
    ec2.create_subnet(VpcId=made, CidrBlock="10.9.1.0/24")
    await applying
    assert "not all that the apply had done is taken back" in session.notices
    message = await session.value("SELECT message FROM iasql.iasql_operation WHERE function = 'iasql_undo'")
    assert f"vpc 10.9.0.0/16 ({made}): something uses it that the apply has not made" in message
    assert await _made(ec2) == made
    assert [each["CidrBlock"] for each in ec2.describe_subnets()["Subnets"]].count("10.9.1.0/24") == 1


async def _made(ec2: Any) -> str:
    """The VPC that is not AWS's own, once it is there."""
    async with asyncio.timeout(20):
        while True:
            for each in ec2.describe_vpcs()["Vpcs"]:
                if not each["IsDefault"]:
                    return str(each["VpcId"])
            await asyncio.sleep(0.02)


async def test_a_step_of_which_nobody_knows_is_named(one: Session, ecr: Any, simulator: Cloud) -> None:
    simulator.plan({"action": "drop_after", "operation": "CreateRepository", "times": 0})
    simulator.plan({"action": "drop_after", "operation": "PutImageScanningConfiguration", "times": 0})
    await one.execute("UPDATE repository SET scan_on_push = true WHERE repository_name = 'one'")
    await failing(one)
    assert "not all that the apply had done is taken back" in one.notices
    message = await one.value("SELECT message FROM iasql.iasql_operation WHERE function = 'iasql_undo'")
    assert "update repository one: AWS may have done it" in message


async def test_what_aws_does_not_show_yet_is_waited_for(one: Session, ecr: Any, simulator: Cloud) -> None:
    before = repositories(ecr)
    await one.execute(_FAILS + "UPDATE repository SET scan_on_push = true WHERE repository_name = 'one'")
    # The first look, and the one after the change; public repositories have a call of the same name.
    stale = {
        "action": "stale",
        "service": "ecr",
        "operation": "DescribeRepositories",
        "times": 2,
        "seconds": 60,
    }
    simulator.plan(_REFUSED, stale)
    await failing(one)
    told = [each["fault"] for each in simulator.calls() if each["operation"] == "DescribeRepositories"]
    assert "stale" in told
    assert told[-1] is None  # it was asked again
    assert repositories(ecr) == before
    assert not any(each.startswith("not all") for each in one.notices)


async def test_an_apply_in_a_transaction_is_taken_back_as_well(
    one: Session, ecr: Any, simulator: Cloud
) -> None:
    before = repositories(ecr)
    simulator.plan(_REFUSED)
    await one.execute("BEGIN")
    one.caller.in_transaction = True
    await one.caller.query("INSERT INTO log_group (log_group_name) VALUES ('fails')")
    await one.caller.query("INSERT INTO repository (repository_name) VALUES ('new')")
    with pytest.raises(OperationError):
        await one("iasql_apply")
    await one.caller.connection.execute("ROLLBACK")
    one.caller.in_transaction = False
    assert repositories(ecr) == before
    assert await one("iasql_plan_apply") == []


async def test_it_stays_if_nobody_says_otherwise(one: Session, ecr: Any, simulator: Cloud) -> None:
    await one.execute("SET iasql.on_failure = keep")
    simulator.plan(_REFUSED)
    await one.execute(_FAILS + "INSERT INTO repository (repository_name) VALUES ('new')")
    await failing(one)
    assert "new" in repositories(ecr)


async def test_a_guard_says_it_for_all(one: Session, ecr: Any, simulator: Cloud) -> None:
    await one.execute(
        "RESET iasql.on_failure; INSERT INTO iasql.guard (setting, value) VALUES ('on_failure', 'undo')"
    )
    for setting in ("RESET iasql.on_failure", "SET iasql.on_failure = keep"):
        await one.execute(setting)
        assert ("on_failure", "undo", "PUBLIC") in await one.rows("SELECT * FROM iasql_guards()")
        simulator.plan(_REFUSED)
        await one.execute(
            "DELETE FROM log_group; DELETE FROM repository WHERE repository_name = 'new';"
            + _FAILS
            + "INSERT INTO repository (repository_name) VALUES ('new')"
        )
        await failing(one)
        assert "new" not in repositories(ecr)


async def test_what_it_cannot_be_is_refused_before_anything_is_done(one: Session, simulator: Cloud) -> None:
    await one.execute("SET iasql.on_failure = maybe")
    await one.execute("INSERT INTO repository (repository_name) VALUES ('new')")
    before = simulator.calls(mutating=True)
    error = await failing(one)
    assert (error.sqlstate, error.message) == ("22023", 'iasql.on_failure is "maybe", which it cannot be')
    assert simulator.calls(mutating=True) == before
