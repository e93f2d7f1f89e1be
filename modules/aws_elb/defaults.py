"""What a missing value of a load balancer stands for where AWS would not choose."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from modules.spec import Values


def one_subnet_per_zone(values: Values, subnets: Iterable[tuple[Values, Any]]) -> list[Any]:
    """One subnet of each zone of the row's VPC, the first that is offered.

    Args:
        values: the row's, with its VPC in `vpc`.
        subnets: values and AWS's name of each subnet.
    """
    zones: dict[str, Any] = {}
    for subnet, name in subnets:
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
