"""Auto Scaling groups as columns have them, and the parameters of their calls. Pure functions only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from modules.spec import Description
from modules.tagging import own

_KIND = "auto-scaling-group"
#: What members of a group have, in `[LaunchTemplate, MixedInstancesPolicy]`.
Launch = Sequence[Mapping[str, Any] | None]


def _specification(launch: Launch | None) -> Mapping[str, Any]:
    """Which launch template a group has, of its own or as what a mixed instances policy begins with."""
    plain, mixed = launch or (None, None)
    return plain or ((mixed or {}).get("LaunchTemplate") or {}).get("LaunchTemplateSpecification") or {}


def template(launch: Launch | None) -> str | None:
    return _specification(launch).get("LaunchTemplateId")


def version(launch: Launch | None) -> str | None:
    return _specification(launch).get("Version")


def plain(policy: Any, name: str | None, number: str | None) -> dict[str, Any] | None:
    """A group's launch template, if it has no mixed instances policy that says it."""
    if policy or name is None:
        return None
    return {"LaunchTemplateId": name, **({"Version": number} if number else {})}


def mixed(policy: Mapping[str, Any] | None, name: str | None, number: str | None) -> dict[str, Any] | None:
    """A group's mixed instances policy with another launch template to begin with."""
    if not policy:
        return None
    there = policy.get("LaunchTemplate") or {}
    said = plain(None, name, number) or _by_id(there.get("LaunchTemplateSpecification") or {})
    overrides = [
        {**each, "LaunchTemplateSpecification": _by_id(each["LaunchTemplateSpecification"])}
        if each.get("LaunchTemplateSpecification")
        else dict(each)
        for each in there.get("Overrides") or ()
    ]
    more = {"Overrides": overrides} if overrides else {}
    return {**policy, "LaunchTemplate": {**there, "LaunchTemplateSpecification": said, **more}}


def _by_id(specification: Mapping[str, Any]) -> dict[str, Any]:
    """AWS tells a template's id and name, and takes one of them."""
    both = "LaunchTemplateId" in specification
    return {key: value for key, value in specification.items() if not (both and key == "LaunchTemplateName")}


def within(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values with as many instances as the bounds allow, as AWS has it."""
    if not {"desired_capacity", "min_size", "max_size"} <= values.keys():
        return dict(values)
    return {**values, "desired_capacity": between(*(values[name] for name in SIZES))}


#: The arguments of `between`.
SIZES = ("desired_capacity", "min_size", "max_size")


def between(desired: Any, least: Any, most: Any) -> Any:
    """How many instances AWS keeps where a row asks for so many."""
    if all(isinstance(each, int) for each in (desired, least, most)):
        return max(least, min(desired, most))
    return desired


def subnets(identifier: str | None) -> list[str]:
    return [each for each in (identifier or "").replace(" ", "").split(",") if each]


def new_ones(there: Sequence[str] | None, rows: Sequence[Mapping[str, Any]]) -> list[str] | None:
    """The target groups of the rows that a group has not yet."""
    return [name for name in _named(rows) if name not in (there or ())] or None


def old_ones(there: Sequence[str] | None, rows: Sequence[Mapping[str, Any]]) -> list[str] | None:
    """The target groups that a group has, and no row."""
    return [name for name in there or () if name not in _named(rows)] or None


def _named(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    return [str(each["target_group_name"]) for each in rows]


def obstacle(description: Description) -> str | None:
    """Why a group would not become empty, so that AWS does not delete it."""
    if any(each.get("ProtectedFromScaleIn") for each in description.get("Instances") or ()):
        return "scale-in protection of instances"
    if any(each.get("ProcessName") == "Terminate" for each in description.get("SuspendedProcesses") or ()):
        return "suspension of the process Terminate"
    return "warm pool" if description.get("WarmPoolConfiguration") else None


# Tags --------------------------------------------------------------------------------------------------


def tags_of_new(there: Any, name: str, tags: Any) -> list[dict[str, Any]] | None:
    """The tags of a new group; which of them instances get as well is as it was in one that it replaces."""
    return _sent(name, there, own(tags)) or None


def set_tags(seen: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Tags that are set, as they are propagated in the group that has been seen."""
    group = seen["seen"]
    return _sent(group["AutoScalingGroupName"], group.get("Tags"), own(seen["item"]))


def removed_tags(seen: Mapping[str, Any]) -> list[dict[str, Any]]:
    name = seen["seen"]["AutoScalingGroupName"]
    return [{"ResourceId": name, "ResourceType": _KIND, "Key": key} for key in seen["item"]]


def _sent(name: str, there: Any, tags: Mapping[str, str]) -> list[dict[str, Any]]:
    propagated = {each["Key"]: each.get("PropagateAtLaunch", False) for each in there or ()}
    return [
        {
            "ResourceId": name,
            "ResourceType": _KIND,
            "Key": key,
            "Value": value,
            "PropagateAtLaunch": propagated.get(key, True),
        }
        for key, value in tags.items()
    ]
