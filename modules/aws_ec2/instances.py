"""What AWS tells of instances as columns have it, and the calls for their attributes. Pure functions only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from modules import tagging
from modules.spec import SET, UNSET, Call, Const, Description, Edited, Item, Source, Update, Values
from modules.tagging import own, pairs

_ON = ("pending", "running")
_OFF = ("stopping", "stopped")
#: The states of what has not been terminated: AWS goes on telling of such ones for an hour.
THERE = (*_ON, *_OFF)


def state(there: Mapping[str, Any] | None) -> str | None:
    """Running or stopped, or on its way there."""
    name = (there or {}).get("Name")
    return "running" if name in _ON else "stopped" if name in _OFF else None


def hibernating(value: Any) -> Any:
    """An instance that hibernates is stopped to AWS."""
    return "stopped" if value == "hibernate" else value


def goes_on(description: Description, values: Values) -> bool:
    """Whether an instance is running, and its row lets it."""
    return state(description.get("State")) == "running" == values.get("state")


def is_new(row: Values, found: Values) -> bool:
    """Whether an instance is one as RunInstances makes for a row."""
    same = all(row[name] == found[name] for name in ("ami", "instance_type", "key_pair_name"))
    return same and own(row["tags"]) == own(found["tags"])


def called(values: Values) -> str | None:
    """The tag Name, or what kind of instance it is."""
    return tagging.name(values) or f"{values.get('instance_type')} {values.get('ami')}"


def is_monitored(name: str | None) -> bool:
    return name in ("enabled", "pending")


def is_checked(value: bool | None) -> bool:
    """AWS leaves it out of an instance with several interfaces."""
    return value is not False


def protection(description: Description) -> str | None:
    """Why AWS would not terminate an instance."""
    protected = (description.get("DisableApiTermination") or {}).get("Value")
    return "termination protection" if protected else None


def operator(description: Description) -> str | None:
    """The AWS service that runs an instance for its customers."""
    there = description.get("Operator") or {}
    return f"AWS service {there.get('Principal')}" if there.get("Managed") else None


def spot(description: Description) -> str | None:
    """The request that an instance was made for, and that may make another one in its place."""
    request = description.get("SpotInstanceRequestId")
    return f"Spot request {request}" if request else None


def tags_of_new(tags: Any) -> list[dict[str, Any]] | None:
    """An instance's tags for it, and for the volumes and the interface that AWS makes with it."""
    some = pairs(tags)
    kinds = ("instance", "volume", "network-interface")
    return [{"ResourceType": kind, "Tags": some} for kind in kinds] if some else None


def reservation(there: Mapping[str, Any]) -> dict[str, Any] | None:
    """The capacity to use: AWS takes one way to say that."""
    target = there.get("CapacityReservationTarget")
    kind = there.get("CapacityReservationPreference")
    if target:
        return {"CapacityReservationTarget": dict(target)}
    return {"CapacityReservationPreference": kind} if kind else None


# Calls -------------------------------------------------------------------------------------------------


def attribute(parameter: str, column: str, value: Source | None = None, given: Any = None) -> Update:
    """AWS changes one attribute a call."""
    return Update(
        operation="modify_instance_attribute",
        when=(column,),
        given=None if given is None else (column, given),
        params={"InstanceId": "instance_id", parameter: column if value is None else value},
    )


def switch(operation: str, column: str, given: Any, **more: Any) -> Update:
    """A call for one value of a column."""
    params: dict[str, Source] = {"InstanceIds[0]": "instance_id", **more.pop("params", {})}
    return Update(operation=operation, when=(column,), given=(column, given), params=params, **more)


def profile_updates(column: str) -> tuple[Update, ...]:
    """The calls that give an instance a first instance profile, another one, or none."""
    associations = Call(
        operation="describe_iam_instance_profile_associations",
        params={"Filters[0].Name": Const("instance-id"), "Filters[0].Values[0]": "instance_id"},
        result="IamInstanceProfileAssociations[?State=='associated' || State=='associating'].AssociationId",
    )
    old: dict[str, Source] = {"AssociationId": Item("[0]")}
    first = Edited("IamInstanceProfile", lambda there, arn: None if there else arn, (column,))
    return (
        Update(
            operation="associate_iam_instance_profile",
            when=(column,),
            given=(column, SET),
            params={"InstanceId": "instance_id", "IamInstanceProfile.Arn": first},
            needs="IamInstanceProfile",
        ),
        Update(
            operation="replace_iam_instance_profile_association",
            when=(column,),
            given=(column, SET),
            params={
                **old,
                "IamInstanceProfile.Arn": Edited(
                    "IamInstanceProfile", lambda there, arn: arn if there else None, (column,)
                ),
            },
            needs="IamInstanceProfile",
            seen=associations,
        ),
        Update(
            operation="disassociate_iam_instance_profile",
            when=(column,),
            given=(column, UNSET),
            params=old,
            needs="AssociationId",
            seen=associations,
        ),
    )


# What a replacement does not take over -----------------------------------------------------------------

_SAID_OTHERWISE = "another way to say what is said"
_LOST = "it is lost"
_IMAGES = "it is the image's, or the type's"
_IN_PLACE = "an instance that is changed keeps it, and a new one gets it when it is made"
NOT_KEPT: Mapping[str, str] = {
    **dict.fromkeys(
        (
            "SecurityGroups",
            "IamInstanceProfile.Name",
            "Placement.AvailabilityZone",
            "Placement.AvailabilityZoneId",
            "Placement.GroupId",
            "Attribute",
            "Value",
        ),
        _SAID_OTHERWISE,
    ),
    **dict.fromkeys(
        (
            "BlockDeviceMappings",
            "NetworkInterfaces",
            "PrivateIpAddress",
            "Ipv6AddressCount",
            "Ipv6Addresses",
            "EnablePrimaryIpv6",
            "CpuOptions",
            "CreditSpecification",
        ),
        _LOST,
    ),
    **dict.fromkeys(("KernelId", "RamdiskId", "Kernel", "Ramdisk", "SriovNetSupport", "EnaSupport"), _IMAGES),
    **dict.fromkeys(("ElasticGpuSpecification", "ElasticInferenceAccelerators"), "AWS has ended them"),
    "AdditionalInfo": "AWS reserves it",
    "LaunchTemplate": "what it said has been made",
    "InstanceMarketOptions": "Spot instances are not replaced",
    "Operator": "instances that AWS runs are not replaced",
    **dict.fromkeys(
        ("SkipOsShutdown", "Force", "Hibernate"), "an instance is stopped as its system wants it"
    ),
    **dict.fromkeys(
        (
            "modify_instance_attribute.BlockDeviceMappings",
            "modify_instance_attribute.DisableApiStop",
            "modify_instance_attribute.InstanceInitiatedShutdownBehavior",
            "modify_instance_metadata_options.HttpProtocolIpv6",
        ),
        _IN_PLACE,
    ),
}


def is_no_target(target: Description) -> bool:
    """Whether a target is none that stays, or no instance: others have addresses and ARNs."""
    state = (target.get("TargetHealth") or {}).get("State")
    return state == "draining" or not str((target.get("Target") or {}).get("Id")).startswith("i-")


def is_registered(target: Description) -> bool:
    """Whether a target is an instance that is there, and not an Auto Scaling group's to register."""
    told = target.get("Instance") or {}
    groups = (each for each in told.get("Tags") or () if each.get("Key") == "aws:autoscaling:groupName")
    return told.get("State") in THERE and not any(groups)
