"""How slow and narrow the simulated AWS is, measured: latency, pages, delays, repeated creates."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from deploy.simulator.conditions import STRICT, Conditions
from deploy.simulator.process import SimulatorProcess
from tests.deploy.simulator.test_strict import TRUST, code_of
from tests.fixtures.cloud import REGION, Cloud

Boto = Callable[[str], Any]
_CONTAINERS = [{"name": "main", "image": "nginx", "essential": True}]


@pytest.fixture
def once(simulator: Cloud) -> Boto:
    """boto3 clients that try once only."""

    @cache
    def client(service: str) -> Any:
        return boto3.client(
            service,
            region_name=REGION,
            endpoint_url=simulator.endpoint,
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=Config(retries={"total_max_attempts": 1}),
        )

    return client


def register(ecs: Any, role: str) -> Any:
    return ecs.register_task_definition(
        family="f", networkMode="awsvpc", requiresCompatibilities=["FARGATE"], cpu="256", memory="512",
        executionRoleArn=role, containerDefinitions=_CONTAINERS,
    )  # fmt: skip


@pytest.fixture
def network(boto: Boto) -> dict[str, list[str]]:
    """A group, and two subnets of the default VPC."""
    ec2 = boto("ec2")
    subnets = [each["SubnetId"] for each in ec2.describe_subnets()["Subnets"]][:2]
    vpc = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    group = ec2.create_security_group(GroupName="web", Description="web", VpcId=vpc)["GroupId"]
    return {"securityGroups": [group], "subnets": subnets}


@pytest.fixture
def service(boto: Boto, network: dict[str, list[str]]) -> dict[str, Any]:
    """What makes a service whose cluster and task definition are there."""
    ecs = boto("ecs")
    role = boto("iam").create_role(RoleName="r", AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
    ecs.create_cluster(clusterName="c")
    register(ecs, role)
    return {
        "cluster": "c",
        "serviceName": "s",
        "taskDefinition": "f",
        "desiredCount": 0,
        "launchType": "FARGATE",
        "networkConfiguration": {"awsvpcConfiguration": network},
    }


@pytest.mark.parametrize(("operation", "least"), [("describe_vpcs", 0.15), ("describe_load_balancers", 0.25)])
def test_a_call_takes_the_latency_of_its_operation(simulator: Cloud, operation: str, least: float) -> None:
    client = simulator.client("elbv2" if "balancer" in operation else "ec2")
    getattr(client, operation)()
    simulator.be(Conditions(latency=1))
    start = time.monotonic()
    getattr(client, operation)()
    assert least <= time.monotonic() - start < least + 3


def test_throttled_calls_get_the_error_of_their_service_until_the_bucket_has_refilled(
    simulator: Cloud, once: Boto
) -> None:
    clients = once("ecs"), once("ec2")
    simulator.be(Conditions(throttled=True))

    def create(times: int) -> None:
        for _ in range(times):
            clients[0].create_cluster(clusterName="c")

    with pytest.raises(ClientError, match="ThrottlingException") as refused:
        create(40)
    assert refused.value.response["Error"]["Message"] == "Rate exceeded"
    statuses = [call["status"] for call in simulator.calls(mutating=True)]
    assert 20 <= statuses.count(200) <= 23  # and what has been refilled meanwhile
    clients[0].list_clusters()
    clients[1].describe_vpcs()
    simulator.advance(2)
    create(1)


@pytest.mark.parametrize(
    ("service", "operation", "items", "make"),
    [
        ("ec2", "describe_subnets", "Subnets", None),
        ("ec2", "describe_security_groups", "SecurityGroups", "group"),
        ("ec2", "describe_security_group_rules", "SecurityGroupRules", "group"),
        ("ecs", "list_clusters", "clusterArns", "cluster"),
        ("ecr", "describe_repositories", "repositories", "repository"),
        ("ecr-public", "describe_repositories", "repositories", "repository"),
        ("iam", "list_roles", "Roles", "role"),
        ("elbv2", "describe_target_groups", "TargetGroups", "target"),
        ("logs", "describe_log_groups", "logGroups", "log"),
    ],
)
def test_no_page_is_larger_than_the_limit_and_together_they_are_all(
    simulator: Cloud, service: str, operation: str, items: str, make: str | None
) -> None:
    client = simulator.client(service)
    makers: dict[str | None, Callable[[str], Any]] = {
        "group": lambda name: client.create_security_group(GroupName=name, Description="d"),
        "cluster": lambda name: client.create_cluster(clusterName=name),
        "repository": lambda name: client.create_repository(repositoryName=name),
        "role": lambda name: client.create_role(RoleName=name, AssumeRolePolicyDocument=TRUST),
        "target": lambda name: client.create_target_group(Name=name, TargetType="lambda"),
        "log": lambda name: client.create_log_group(logGroupName=name),
    }
    for number in range(7):
        makers.get(make, str)(f"x{number}")
    everything = getattr(client, operation)()[items]
    simulator.be(Conditions(page_size=2))
    pages = [page[items] for page in client.get_paginator(operation).paginate()]
    assert len(everything) >= 3
    assert [len(page) for page in pages[:-1]] == [2] * (len(pages) - 1)
    assert [each for page in pages for each in page] == everything


def test_pages_of_a_listing_that_moto_pages_itself_are_cut_smaller(simulator: Cloud) -> None:
    logs = simulator.client("logs")
    for number in range(60):
        logs.create_log_group(logGroupName=f"g{number:02}")
    simulator.be(Conditions(page_size=7))
    pages = [page["logGroups"] for page in logs.get_paginator("describe_log_groups").paginate()]
    assert max(map(len, pages)) == 7
    assert [each["logGroupName"] for page in pages for each in page] == [f"g{n:02}" for n in range(60)]


@pytest.mark.parametrize("gone", [["a"], ["b"], ["a", "b"]])
def test_what_goes_between_two_pages_makes_nothing_else_be_left_out(
    simulator: Cloud, boto: Boto, gone: list[str]
) -> None:
    for name in "abcd":
        boto("ecr").create_repository(repositoryName=f"x{name}")
    simulator.be(Conditions(page_size=2))
    pages = iter(boto("ecr").get_paginator("describe_repositories").paginate())
    first = next(pages)["repositories"]
    for name in gone:
        boto("ecr").delete_repository(repositoryName=f"x{name}")
    rest = [each for page in pages for each in page["repositories"]]
    assert [each["repositoryName"] for each in [*first, *rest]] == ["xa", "xb", "xc", "xd"]


def test_a_clients_smaller_page_size_counts(simulator: Cloud, boto: Boto) -> None:
    for name in "abc":
        boto("ecs").create_cluster(clusterName=name)
    simulator.be(Conditions(page_size=2))
    assert len(boto("ecs").list_clusters(maxResults=1)["clusterArns"]) == 1
    assert len(boto("ecs").list_clusters(maxResults=3)["clusterArns"]) == 2


def test_ecs_does_not_see_a_role_for_some_seconds(simulator: Cloud, boto: Boto, once: Boto) -> None:
    simulator.be(Conditions(unseen=10))
    role = boto("iam").create_role(RoleName="r", AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
    simulator.advance(9)
    with pytest.raises(ClientError, match="Role is not valid"):
        register(once("ecs"), role)
    simulator.advance(1.1)
    register(once("ecs"), role)


def test_ecs_never_sees_a_role_that_is_not_there(once: Boto) -> None:
    with pytest.raises(ClientError, match="Role is not valid"):
        register(once("ecs"), "arn:aws:iam::123456789012:role/nobody")


def test_load_balancing_does_not_see_a_security_group_for_some_seconds(
    simulator: Cloud, boto: Boto, network: dict[str, list[str]]
) -> None:
    simulator.be(Conditions(unseen=10))
    wanted = {"Name": "web", "Subnets": network["subnets"], "SecurityGroups": network["securityGroups"]}
    assert code_of(boto("elbv2").create_load_balancer, **wanted) == "InvalidSecurityGroup"
    simulator.advance(10.1)
    boto("elbv2").create_load_balancer(**wanted)


def test_a_load_balancer_is_provisioned_for_some_seconds(
    simulator: Cloud, boto: Boto, network: dict[str, list[str]]
) -> None:
    def state() -> str:
        found: str = boto("elbv2").describe_load_balancers()["LoadBalancers"][0]["State"]["Code"]
        return found

    simulator.be(Conditions(provisioning=60))
    made = boto("elbv2").create_load_balancer(Name="web", Subnets=network["subnets"])
    assert made["LoadBalancers"][0]["State"]["Code"] == "provisioning"
    simulator.advance(58)
    assert state() == "provisioning"
    simulator.advance(3)
    assert state() == "active"


def test_a_nat_gateway_is_pending_and_later_being_deleted_for_some_seconds(
    simulator: Cloud, boto: Boto, network: dict[str, list[str]]
) -> None:
    ec2 = boto("ec2")

    def states() -> list[str]:
        return [each["State"] for each in ec2.describe_nat_gateways()["NatGateways"]]

    simulator.be(Conditions(pending=60))
    address = ec2.allocate_address()["AllocationId"]
    made = ec2.create_nat_gateway(SubnetId=network["subnets"][0], AllocationId=address)["NatGateway"]
    assert made["State"] == "pending"
    simulator.advance(58)
    assert states() == ["pending"]
    simulator.advance(3)
    assert states() == ["available"]
    ec2.delete_nat_gateway(NatGatewayId=made["NatGatewayId"])
    assert states() in (["deleting"], [])


def test_a_deleted_service_drains_unlisted_then_is_inactive(
    simulator: Cloud, boto: Boto, service: dict[str, Any]
) -> None:
    ecs = boto("ecs")

    def status() -> str:
        found: str = ecs.describe_services(cluster="c", services=["s"])["services"][0]["status"]
        return found

    simulator.be(Conditions(draining=30))
    ecs.create_service(**service)
    assert status() == "ACTIVE"
    assert ecs.delete_service(cluster="c", service="s", force=True)["service"]["status"] == "DRAINING"
    assert ecs.list_services(cluster="c")["serviceArns"] == []
    simulator.advance(29)
    assert status() == "DRAINING"
    with pytest.raises(ClientError, match="still Draining"):
        ecs.create_service(**service)
    assert code_of(ecs.delete_cluster, cluster="c") == "ClusterContainsTasksException"
    simulator.advance(1.1)
    assert status() == "INACTIVE"
    ecs.delete_cluster(cluster="c")


def test_the_interfaces_of_what_was_deleted_keep_its_security_group_for_some_seconds(
    simulator: Cloud, boto: Boto, network: dict[str, list[str]]
) -> None:
    [group] = network["securityGroups"]
    balancer = boto("elbv2").create_load_balancer(
        Name="web", Subnets=network["subnets"], SecurityGroups=[group]
    )
    simulator.be(Conditions(lingering=20))
    boto("elbv2").delete_load_balancer(LoadBalancerArn=balancer["LoadBalancers"][0]["LoadBalancerArn"])
    simulator.advance(19)
    assert code_of(boto("ec2").delete_security_group, GroupId=group) == "DependencyViolation"
    simulator.advance(1.1)
    boto("ec2").delete_security_group(GroupId=group)


def test_a_create_with_the_same_client_token_is_performed_once(
    simulator: Cloud, boto: Boto, service: dict[str, Any]
) -> None:
    ecs = boto("ecs")
    first = ecs.create_service(**service, clientToken="t")["service"]
    assert ecs.create_service(**service, clientToken="t")["service"] == first
    assert len(ecs.list_services(cluster="c")["serviceArns"]) == 1
    other = service | {"desiredCount": 2}
    with pytest.raises(ClientError, match="not idempotent"):
        ecs.create_service(**other, clientToken="t")


def test_a_client_token_with_other_parameters_is_a_mismatch(
    boto: Boto, network: dict[str, list[str]]
) -> None:
    ec2 = boto("ec2")
    made = [
        ec2.create_nat_gateway(SubnetId=network["subnets"][0], ConnectivityType="private", ClientToken="t")
        for _ in range(2)
    ]
    assert made[0]["NatGateway"]["NatGatewayId"] == made[1]["NatGateway"]["NatGatewayId"]
    assert (
        code_of(
            ec2.create_nat_gateway,
            SubnetId=network["subnets"][1],
            ConnectivityType="private",
            ClientToken="t",
        )
        == "IdempotentParameterMismatch"
    )


@pytest.fixture(scope="module")
def strict_process() -> Iterator[Cloud]:
    """A simulator of its own that was started strict."""
    with SimulatorProcess(conditions="strict") as process:
        yield Cloud(process.endpoint)


def test_a_simulator_that_was_started_strict_is_strict_also_after_a_reset(strict_process: Cloud) -> None:
    strict_process.reset()
    start = time.monotonic()
    role = strict_process.client("iam").create_role(RoleName="r", AssumeRolePolicyDocument=TRUST)
    assert time.monotonic() - start >= 0.35 * STRICT.latency
    assert json.loads(TRUST) == role["Role"]["AssumeRolePolicyDocument"]
    with pytest.raises(ClientError, match="Role is not valid"):
        register(strict_process.client("ecs"), role["Role"]["Arn"])
