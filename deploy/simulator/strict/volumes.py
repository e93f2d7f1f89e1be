"""EBS volumes: they grow, rest after a change, and are attached to one instance of their zone.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyVolume.html
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AttachVolume.html
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from moto.core.utils import utcnow

from deploy.simulator.call import AwsCall
from deploy.simulator.replies import AwsError
from deploy.simulator.strict.outcome import Outcome, Rule, backend

#: How long AWS does not let a volume be changed again.
_REST = timedelta(hours=6)


def volume_grows(call: AwsCall) -> Outcome:
    """A volume is not made smaller, nor changed again within six hours."""
    volume = _volume(call)
    if volume is None:
        return None
    if call.text("Size") and int(call.text("Size")) < volume.size:
        return AwsError("InvalidParameterValue", "New size cannot be smaller than existing size")
    if any(utcnow() - each.start_time < _REST for each in volume.modifications):
        return AwsError(
            "VolumeModificationRateExceeded",
            "You've reached the maximum modification rate per volume limit. Wait at least 6 hours between "
            "modifications per EBS volume.",
        )
    return None


def fits_its_type(call: AwsCall) -> Outcome:
    """Only a gp3 has a throughput, and a gp2 has no operations of its own."""
    volume = _volume(call)
    kind = call.text("VolumeType") or (volume.volume_type if volume is not None else "gp2")
    if kind == "gp2" and (call.text("Iops") or call.text("Throughput")):
        return AwsError("InvalidParameterCombination", "The parameter iops is not supported for gp2 volumes.")
    return None


def volume_fits(call: AwsCall) -> Outcome:
    """A volume is attached to one instance, of its zone, under a name that is free."""
    volume, instance = _volume(call), _instance(call)
    if volume is None or instance is None:
        return None
    if volume.attachment is not None:
        return AwsError("VolumeInUse", f"{volume.id} is already attached to an instance")
    if getattr(volume.zone, "name", volume.zone) != instance.placement.zone:
        return AwsError(
            "InvalidVolume.ZoneMismatch",
            f"The volume '{volume.id}' is not in the same availability zone as instance '{instance.id}'",
        )
    if instance.state not in ("running", "stopped"):
        return AwsError("IncorrectState", f"Instance '{instance.id}' is not 'running'.")
    if call.text("Device") in instance.block_device_mapping:
        return AwsError("InvalidParameterValue", f"Attachment point {call.text('Device')} is already in use")
    return None


def root_stays(call: AwsCall) -> Outcome:
    """The root device of an instance that is running stays."""
    volume = _volume(call)
    attachment = volume.attachment if volume is not None else None
    if attachment is None or attachment.instance.state == "stopped":
        return None
    if attachment.device != attachment.instance.root_device_name:
        return None
    return AwsError("OperationNotPermitted", f"Unable to detach root volume '{volume.id}'")


def _instance(call: AwsCall) -> Any:
    return backend(call, "ec2").get_instance_by_id(call.text("InstanceId"))


def _volume(call: AwsCall) -> Any:
    return backend(call, "ec2").volumes.get(call.text("VolumeId"))


RULES: dict[tuple[str, str], tuple[Rule, ...]] = {
    ("ec2", "AttachVolume"): (volume_fits,),
    ("ec2", "CreateVolume"): (fits_its_type,),
    ("ec2", "DetachVolume"): (root_stays,),
    ("ec2", "ModifyVolume"): (volume_grows, fits_its_type),
}
