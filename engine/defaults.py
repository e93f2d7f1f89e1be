"""What a missing value stands for when a resource is made and AWS would not choose."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from engine.model import Pending, Values


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


CHOICES: dict[str, Callable[[Values, Iterable[tuple[Values, Any]]], list[Any]]] = {
    "one_subnet_per_zone": one_subnet_per_zone
}
