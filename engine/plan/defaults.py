"""What a missing value stands for when a resource is made and AWS would not choose."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from engine.plan.model import Pending, Values


def one_subnet_per_zone(values: Values, subnets: Iterable[tuple[Values, Any]]) -> list[Any]:
    """One subnet of each zone of the row's VPC, those that exist before those that the plan makes.

    Args:
        values: the row's, with its VPC in `vpc`.
        subnets: values and AWS's name of each subnet.
    """
    zones: dict[str, Any] = {}
    for subnet, name in sorted(subnets, key=lambda each: (isinstance(each[1], Pending), str(each[1]))):
        if subnet["vpc_id"] == values["vpc"]:
            zones.setdefault(subnet["availability_zone"], name)
    return [zones[zone] for zone in sorted(zones)]


def default_security_group(values: Values, groups: Iterable[tuple[Values, Any]]) -> list[Values]:
    """The default group of an application load balancer's VPC; other kinds can be without a group.

    Args:
        values: the load balancer's, as AWS has them.
        groups: values and AWS's name of each security group.
    """
    if values["load_balancer_type"] != "application":
        return []
    return [
        {"security_group_id": name}
        for group, name in groups
        if group["group_name"] == "default" and group["vpc_id"] == values["vpc"]
    ]


Choice = Callable[[Values, Iterable[tuple[Values, Any]]], list[Any]]

#: The rules by name, each with the table that it chooses from.
CHOICES: dict[str, tuple[Choice, str]] = {
    "one_subnet_per_zone": (one_subnet_per_zone, "subnet"),
    "default_security_group": (default_security_group, "security_group"),
}
