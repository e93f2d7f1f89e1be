"""New rows have no number before Postgres gives one, and can be referred to all the same."""

from __future__ import annotations

import itertools

from engine.plan.model import RowChange
from engine.plan.new_keys import NewKey, counted, numbered

_VPC, _SUBNET = NewKey("vpc", 1), NewKey("subnet", 1)
_CHANGES = [
    RowChange(action="create", table="vpc", key=(_VPC,), name="v"),
    RowChange(action="create", table="subnet", key=(_SUBNET,), name="s", values={"vpc_id": _VPC}),
    RowChange(action="create", table="role", key=("admin",), name="admin"),
    RowChange(
        action="update", table="service", key=(7,), name="x", parts={"groups": ({"group_id": _SUBNET},)}
    ),
]


def test_a_table_needs_a_number_for_each_new_key() -> None:
    assert counted(_CHANGES) == {"vpc": 1, "subnet": 1}


def test_keys_references_and_parts_get_the_same_number() -> None:
    numbers = itertools.count(40)
    vpc, subnet, role, service = numbered(_CHANGES, lambda table: next(numbers))
    assert (vpc.key, subnet.key, role.key) == ((40,), (41,), ("admin",))
    assert subnet.values == {"vpc_id": 40}
    assert service.parts == {"groups": ({"group_id": 41},)}
