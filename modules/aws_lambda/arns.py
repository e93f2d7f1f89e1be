"""A function's ARN, and those of its versions and aliases, which have a name more. Pure functions only."""

from __future__ import annotations

from modules.spec import Description

_PARTS = 7


def unqualified(arn: str | None) -> str | None:
    """The ARN of the function, whether that or a version or alias of it is named."""
    return None if arn is None else ":".join(arn.split(":")[:_PARTS])


def qualifier(arn: str | None) -> str | None:
    """The version or alias that is named, if it is not the function itself."""
    return ":".join((arn or "").split(":")[_PARTS:]) or None


def qualified(arn: str, name: str | None) -> str:
    """The ARN of a function's version or alias; without a name that of the function."""
    return f"{arn}:{name}" if name else arn


def replica_of(description: Description) -> str | None:
    """The function at the edge that a function is a copy of: AWS makes and deletes those by itself."""
    master = unqualified(description.get("MasterArn"))
    return f"Lambda@Edge function {master}" if master not in (None, description.get("FunctionArn")) else None
