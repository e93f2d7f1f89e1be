"""What AWS tells of volumes and their attachments as columns have it. Pure functions only."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from modules import tagging
from modules.aws_ec2.instances import operator as run_by
from modules.spec import Description, Values
from modules.tagging import own

#: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/device_naming.html
_ROOTS = ("/dev/sda1", "/dev/xvda")
_ATTACHED = ("attaching", "attached", "busy")
#: https://github.com/kubernetes-sigs/aws-ebs-csi-driver/blob/master/docs/tagging.md
_DRIVER = "ebs.csi.aws.com/cluster"


def is_row(description: Description) -> bool:
    """Whether a volume is of the types that are rows, and stays."""
    return description.get("VolumeType") in ("gp2", "gp3") and description.get("State") not in (
        "deleting",
        "deleted",
    )


def is_root(attachments: Sequence[Mapping[str, Any]] | None) -> bool:
    """Whether an instance has a volume as its root device."""
    return any(each.get("Device") in _ROOTS and each.get("State") in _ATTACHED for each in attachments or ())


def is_attached(mapping: Description) -> bool:
    """Whether a device of an instance is a volume that somebody has attached, and stays."""
    volume = mapping.get("Ebs") or {}
    other = mapping.get("DeviceName") != mapping.get("RootDeviceName")
    return other and bool(volume.get("VolumeId")) and volume.get("Status") in _ATTACHED


def told_of_gp3(name: str) -> Callable[[Description | None], int | None]:
    """Reads what is a gp3's to have, of a whole description."""
    return lambda description: of_gp3((description or {}).get(name), (description or {}).get("VolumeType"))


def of_gp3(value: int | None, kind: str | None) -> int | None:
    """A number, if the volume is a gp3."""
    return value if kind == "gp3" else None


def is_new(row: Values, found: Values) -> bool:
    """Whether a volume is one as CreateVolume makes for a row."""
    same = all(row[name] == found[name] for name in ("volume_type", "availability_zone", "size"))
    return same and own(row["tags"]) == own(found["tags"])


def called(values: Values) -> str | None:
    """The tag Name, or what kind of volume it is."""
    kind = f"{values.get('size')} GiB {values.get('volume_type')} {values.get('availability_zone')}"
    return tagging.name(values) or kind


def operator(description: Description) -> str | None:
    """The AWS service that runs a volume for its customers, or Kubernetes' driver, which has made it."""
    tags = {each.get("Key") for each in description.get("Tags") or () if isinstance(each, Mapping)}
    return "Kubernetes' EBS driver" if _DRIVER in tags else run_by(description)
