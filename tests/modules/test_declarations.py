"""Every declaration against botocore's service models, and that a wrong one would not pass."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest

from modules.aws_ecs_fargate.service import SERVICE
from modules.aws_ecs_fargate.task_definition import TASK_DEFINITION
from modules.aws_elb.listener import LISTENER
from modules.aws_iam.role import ROLE
from modules.aws_security_group.security_group_rule import SECURITY_GROUP_RULE
from modules.aws_vpc.subnet import SUBNET
from modules.aws_vpc.vpc import VPC
from modules.catalogue import find_modules
from modules.spec import Call, Each, EnumType, Resource, Source, Update
from tests.modules.checker import module_problems, problems

CATALOGUE = find_modules()


@pytest.mark.parametrize("table", list(CATALOGUE.resources))
def test_nothing_is_wrong_with_a_resource(table: str) -> None:
    assert problems(CATALOGUE.resources[table], CATALOGUE.resources) == []


@pytest.mark.parametrize("name", list(CATALOGUE.by_name))
def test_nothing_is_wrong_with_a_module(name: str) -> None:
    assert module_problems(CATALOGUE.by_name[name], CATALOGUE.by_name) == []


def test_each_table_is_of_one_module() -> None:
    tables = [table for module in CATALOGUE.modules for table in module.tables]
    assert sorted(tables) == sorted(set(tables))


def create(resource: Resource, params: dict[str, Source] | None = None, **more: str) -> Resource:
    """The resource, its create call changed; a parameter of None is left out."""
    first: Call = resource.create[0]
    sent = {name: each for name, each in {**first.params, **(params or {})}.items() if each is not None}
    return replace(resource, create=(replace(first, params=sent, **more), *resource.create[1:]))  # type: ignore[arg-type]


def column(resource: Resource, name: str, **change: object) -> Resource:
    """The resource, one of its columns changed."""
    changed = [replace(each, **change) if each.name == name else each for each in resource.columns]  # type: ignore[arg-type]
    return replace(resource, columns=tuple(changed))


def updates(resource: Resource, change: Callable[[Update], Update]) -> Resource:
    """The resource, its update calls changed."""
    return replace(
        resource,
        update=tuple(change(each) if isinstance(each, Update) else each for each in resource.update),
    )


def container_with(path: str) -> Resource:
    """The task definition with one more parameter in its containers."""
    containers = TASK_DEFINITION.create[0].params["containerDefinitions"]
    assert isinstance(containers, Each)
    assert isinstance(containers.element, Mapping)
    element = {**containers.element, path: "memory"}
    return create(TASK_DEFINITION, {"containerDefinitions": replace(containers, element=element)})


_RULE = "SecurityGroupRules[0].SecurityGroupRule."
MISTAKES: dict[str, tuple[Resource, str]] = {
    "operation": (create(VPC, operation="create_vcp"), "no operation create_vcp in ec2"),
    "parameter": (
        create(SUBNET, {"CidrBlok": "cidr_block"}),
        "create_subnet has no parameter CidrBlok: CreateSubnetRequest has no member CidrBlok",
    ),
    "parameter inside another": (
        updates(
            SECURITY_GROUP_RULE,
            lambda each: replace(each, params={**each.params, _RULE + "CidrIp": "cidr_ipv4"}),
        ),
        f"modify_security_group_rules has no parameter {_RULE}CidrIp: "
        "SecurityGroupRuleRequest has no member CidrIp",
    ),
    "parameter of a part": (
        container_with("memoryReserved"),
        "register_task_definition containerDefinitions has no parameter memoryReserved: "
        "ContainerDefinition has no member memoryReserved",
    ),
    "parameter of another type": (
        create(SERVICE, {"desiredCount": "arn"}),
        "create_service desiredCount is a integer, but arn is varchar",
    ),
    "missing parameter": (
        create(ROLE, {"AssumeRolePolicyDocument": None}),  # type: ignore[dict-item]
        "create_role needs AssumeRolePolicyDocument in CreateRoleRequest",
    ),
    "parameter's column": (
        create(SERVICE, {"desiredCount": "desired_cuont"}),
        "create_service desiredCount: no column or lookup desired_cuont",
    ),
    "path of an answer": (
        create(VPC, result="Vpcs[0]"),
        "create_vpc answers no Vpcs[0]: CreateVpcResult has no member Vpcs",
    ),
    "path of a column": (
        column(LISTENER, "target_group_name", path="DefaultAction[0].TargetGroupArn"),
        "target_group_name: its description has no DefaultAction[0].TargetGroupArn: "
        "Listener has no member DefaultAction",
    ),
    "path of a detail": (
        column(ROLE, "attached_policies_arns", path="AttachedPolicies[].Arn"),
        "attached_policies_arns: its description has no AttachedPolicies[].Arn: "
        "AttachedPolicy has no member Arn",
    ),
    "type of a column": (
        column(LISTENER, "port", type="varchar"),
        "port is varchar, but its description has a integer",
    ),
    "waiter": (
        replace(SUBNET, ready=replace(SUBNET.ready, name="subnet_availible")),  # type: ignore[type-var]
        "no waiter subnet_availible in ec2",
    ),
    "enum": (
        column(VPC, "state", type=EnumType(name="vpc_state_enum", values=("available",))),
        "state: vpc_state_enum lacks pending",
    ),
    "uncovered change": (
        updates(SERVICE, lambda each: replace(each, when=each.when[1:])),
        "desired_count is changed in place, but no update sends it",
    ),
    "update of nothing": (
        updates(SERVICE, lambda each: replace(each, when=(*each.when, "subnet"))),
        "an update is made for no column or part: subnet",
    ),
    "natural key": (replace(VPC, natural_key=("cidr",)), "natural_key names no column: cidr"),
    "reference": (
        column(SUBNET, "vpc_id", reference=replace(SUBNET.column("vpc_id").reference, table="vcp")),  # type: ignore[type-var]
        "vpc_id refers to no table: vcp",
    ),
    "error code": (
        replace(ROLE, absent=("NoSuchEntityException",)),
        "no error code of iam: NoSuchEntityException",
    ),
}


@pytest.mark.parametrize("mistake", list(MISTAKES))
def test_a_mistake_is_found(mistake: str) -> None:
    resource, problem = MISTAKES[mistake]
    assert f"{resource.table}: {problem}" in problems(resource, CATALOGUE.resources)
