"""All modules, and how to find things in them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache

from modules.aws_account import MODULE as AWS_ACCOUNT
from modules.aws_cloudwatch import MODULE as AWS_CLOUDWATCH
from modules.aws_ecr import MODULE as AWS_ECR
from modules.aws_ecs_fargate import MODULE as AWS_ECS_FARGATE
from modules.aws_elb import MODULE as AWS_ELB
from modules.aws_iam import MODULE as AWS_IAM
from modules.aws_security_group import MODULE as AWS_SECURITY_GROUP
from modules.aws_vpc import MODULE as AWS_VPC
from modules.spec import Module, Resource

#: In the order in which listings show them.
MODULES: tuple[Module, ...] = (
    AWS_ACCOUNT,
    AWS_CLOUDWATCH,
    AWS_IAM,
    AWS_ECR,
    AWS_SECURITY_GROUP,
    AWS_VPC,
    AWS_ELB,
    AWS_ECS_FARGATE,
)
BY_NAME: dict[str, Module] = {module.name: module for module in MODULES}
RESOURCES: dict[str, Resource] = {
    resource.table: resource for module in MODULES for resource in module.resources
}


def with_dependencies(names: Iterable[str]) -> tuple[Module, ...]:
    """The named modules and all that they depend on, in the order of the registry."""
    wanted: set[str] = set()
    pending = list(names)
    while pending:
        name = pending.pop()
        if name not in wanted:
            wanted.add(name)
            pending += BY_NAME[name].dependencies
    return tuple(module for module in MODULES if module.name in wanted)


def dependents(name: str) -> tuple[str, ...]:
    """The modules that depend on one directly."""
    return tuple(module.name for module in MODULES if name in module.dependencies)


@cache
def in_reference_order(tables: tuple[str, ...]) -> tuple[Resource, ...]:
    """The resources of some tables, each after those that it refers to; otherwise as in the registry."""
    chosen = [resource for resource in RESOURCES.values() if resource.table in tables]
    done: list[Resource] = []
    placed: set[str] = set()

    def place(resource: Resource) -> None:
        if resource.table in placed:
            return
        placed.add(resource.table)
        for other in _before(resource):
            if other in tables and other in RESOURCES:
                place(RESOURCES[other])
        done.append(resource)

    for resource in chosen:
        place(resource)
    return tuple(done)


def _before(resource: Resource) -> Sequence[str]:
    references = [each.reference.table for each in resource.references if each.reference]
    arrays = [each.refers for each in resource.columns if each.refers]
    return [*references, *arrays, *(each.table for each in resource.after)]
