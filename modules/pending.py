"""What AWS has been asked for and puts off, which RDS and ElastiCache tell beside what is there. Pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from modules.spec import Description

#: Where a description has it, by attribute.
PENDING = "PendingModifiedValues"


def asked(name: str) -> Callable[[Description | None], Any]:
    """Reads an attribute as AWS has been asked to make it, of a whole description."""

    def read(description: Description | None) -> Any:
        if description is None:
            return None
        value = (description.get(PENDING) or {}).get(name)
        return description.get(name) if value is None else value

    return read
