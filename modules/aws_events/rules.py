"""Rules by their ARNs, and whose they are. Pure functions only."""

from __future__ import annotations

from typing import Any

from modules.spec import Description

DEFAULT = "default"
#: What PostgreSQL checks of a rule with a schedule.
SCHEDULED = (
    f"schedule_expression IS NULL OR event_bus_name = '{DEFAULT}' "
    f"OR event_bus_name LIKE '%:event-bus/{DEFAULT}'"
)


def bus_name(value: Any) -> Any:
    """An event bus by its name, which AWS takes an ARN for."""
    return value.partition(":event-bus/")[2] or value if isinstance(value, str) else value


def name(arn: str) -> str:
    """A rule's name."""
    return arn.rpartition("/")[2]


def bus(arn: str) -> str:
    """The event bus of a rule; the ARN of one of the default bus does not name that."""
    return arn.partition(":rule/")[2].rpartition("/")[0] or DEFAULT


def service(rule: Description) -> str | None:
    """The service of AWS that made a rule for itself."""
    found = rule.get("ManagedBy")
    return f"AWS service {found}" if found else None
