"""Which modules are found, and in which order."""

from __future__ import annotations

from dataclasses import replace

from modules.aws_vpc import MODULE as AWS_VPC
from modules.catalogue import Catalogue, find_modules, in_reference_order

CATALOGUE = find_modules()
VPC_TABLES = ("subnet", "security_group", "vpc")


def test_every_folder_with_a_module_is_in_the_catalogue_and_named_like_it() -> None:
    assert CATALOGUE.by_name["aws_vpc"] is AWS_VPC
    assert "spec" not in CATALOGUE.by_name


def test_listings_show_modules_by_their_place() -> None:
    assert list(CATALOGUE.by_name)[:8] == [
        "aws_account",
        "aws_cloudwatch",
        "aws_iam",
        "aws_ecr",
        "aws_security_group",
        "aws_vpc",
        "aws_elb",
        "aws_ecs_fargate",
    ]


def test_dependencies_come_along() -> None:
    found = CATALOGUE.with_dependencies(["aws_elb"])
    assert [each.name for each in found] == [
        "aws_account",
        "aws_security_group",
        "aws_vpc",
        "aws_elb",
        "aws_acm",
    ]
    assert CATALOGUE.dependents("aws_vpc") == ("aws_security_group",)


def test_a_resource_comes_after_those_that_it_refers_to() -> None:
    some = {name: each for name, each in CATALOGUE.resources.items() if name in VPC_TABLES}
    assert [each.table for each in in_reference_order(some)] == [
        "vpc",
        "security_group",
        "subnet",
    ]


def test_what_refers_to_a_table_is_deleted_before_it() -> None:
    order = CATALOGUE.deletion_order
    assert order.index("container_definition") < order.index("task_definition")
    assert order.index("subnet") < order.index("vpc")


def test_a_catalogue_can_hold_other_modules() -> None:
    mine = replace(AWS_VPC, name="mine", dependencies=())
    assert Catalogue((mine,)).with_dependencies(["mine"]) == (mine,)
