"""What versions of launch templates say, and what a new one says. Pure functions only."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any

#: Columns and parts, and where a version has them. What is in a structure has the rest of it around it.
PLACES: Mapping[str, str] = {
    "ami": "ImageId",
    "instance_type": "InstanceType",
    "key_pair_name": "KeyName",
    "block_device_mappings": "BlockDeviceMappings",
    "http_tokens": "MetadataOptions.HttpTokens",
    "http_put_response_hop_limit": "MetadataOptions.HttpPutResponseHopLimit",
    "http_endpoint": "MetadataOptions.HttpEndpoint",
    "instance_metadata_tags": "MetadataOptions.InstanceMetadataTags",
}
_BESIDE = (
    "instance_profile_name",
    "iam_instance_profile",
    "user_data",
    "launch_template_security_groups",
)
#: All that a version is made of.
SAID = (*PLACES, *_BESIDE)


def data(there: Mapping[str, Any] | None, *values: Any) -> dict[str, Any]:
    """What a version says that takes the place of another, or is the first.

    Args:
        there: what the other says, which stays but for what columns say.
        values: those of `SAID`.
    """
    row = dict(zip(SAID, values, strict=True))
    made = _sendable(there or {})
    for name, path in PLACES.items():
        first, _, rest = path.partition(".")
        if not rest:
            made[first] = row[name]
        elif row[name] is not None:  # NULL leaves it to AWS
            made[first] = {**made.get(first, {}), rest: row[name]}
    made["IamInstanceProfile"] = _profile(made.get("IamInstanceProfile"), row)
    made["SecurityGroupIds"] = _groups(made.get("SecurityGroupIds") or [], row[_BESIDE[-1]])
    if row["user_data"] is not None:
        made["UserData"] = base64.b64encode(row["user_data"].encode()).decode()
    return {name: value for name, value in made.items() if value not in (None, "", [], {})}


def _sendable(there: Mapping[str, Any]) -> dict[str, Any]:
    """What a version says without what only AWS tells."""
    made = {name: value for name, value in there.items() if name != "Operator"}
    if options := made.get("MetadataOptions"):
        made["MetadataOptions"] = {name: value for name, value in options.items() if name != "State"}
    if interfaces := made.get("NetworkInterfaces"):
        made["NetworkInterfaces"] = [_interface(each) for each in interfaces]
    return made


def _interface(there: Mapping[str, Any]) -> dict[str, Any]:
    addresses = there.get("Ipv6Addresses")
    some = (
        {"Ipv6Addresses": [{"Ipv6Address": each["Ipv6Address"]} for each in addresses]} if addresses else {}
    )
    return {**there, **some}


def _profile(there: Mapping[str, Any] | None, row: Mapping[str, Any]) -> Mapping[str, Any] | None:
    name = row["instance_profile_name"] or row["iam_instance_profile"]
    if name is None or name == profile(there):
        return there if name else None
    return {"Name": name}


def _groups(there: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """The groups of the rows, those first that are there."""
    wanted = [each["security_group_id"] for each in rows]
    return [each for each in there if each in wanted] + [each for each in wanted if each not in there]


def profile(there: Mapping[str, Any] | None) -> str | None:
    """The name of an instance profile, which versions name by that or by its ARN."""
    name = (there or {}).get("Name") or ((there or {}).get("Arn") or "").rpartition("/")[2]
    return name or None


def comparable(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values with the disks in an order that means nothing."""
    disks = values.get("block_device_mappings")
    if isinstance(disks, list):
        disks = sorted(disks, key=lambda each: str(each.get("DeviceName"))) or None
    return {**values, "block_device_mappings": disks} if "block_device_mappings" in values else dict(values)
