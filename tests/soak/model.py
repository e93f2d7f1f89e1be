"""What the rows are, as a user would name it. Pure."""

from __future__ import annotations

from typing import Any

from tests.soak.kinds import KINDS, Attributes

Key = tuple[Any, ...]
#: Of each table the resources by what names them, with what a user decides of them.
State = dict[str, dict[Key, Attributes]]

TABLES = (
    *("log_group", "repository", "role", "vpc", "subnet", "security_group", "security_group_rule"),
    *("target_group", "load_balancer", "listener", "cluster", "task_definition", "service"),
    *(each.table for each in KINDS),
)


def empty() -> State:
    """No resources at all."""
    return {table: {} for table in TABLES}
