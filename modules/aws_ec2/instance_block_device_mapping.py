"""https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_InstanceBlockDeviceMapping.html"""

from modules import ownership
from modules.aws_ec2 import instances, volumes
from modules.spec import Call, Carry, List, Resource, Source, Update, Waiter, column, fixed, ref

_IDS: dict[str, Source] = {"VolumeIds[0]": "volume_id"}
#: Whether a volume goes with its instance.
_GOES: dict[str, Source] = {
    "InstanceId": "instance_id",
    "BlockDeviceMappings[0].DeviceName": "device_name",
    "BlockDeviceMappings[0].Ebs.DeleteOnTermination": "delete_on_termination",
}

INSTANCE_BLOCK_DEVICE_MAPPING = Resource(
    table="instance_block_device_mapping",
    service="ec2",
    doc="Which volume is attached to which instance. Root devices, which come and go with their instances, "
    "are no rows.",
    key=("id",),
    natural_key=("volume_id",),
    holds=("volume_id",),
    unique=(("volume_id",),),
    columns=(
        fixed("device_name", "varchar", "DeviceName", not_null=True, doc="Such as /dev/sdf."),
        ref("instance_id", "instance", "InstanceId", cascade=True, not_null=True),
        ref("volume_id", "general_purpose_volume", "Ebs.VolumeId", not_null=True),
        column(
            "delete_on_termination",
            "boolean",
            "Ebs.DeleteOnTermination",
            not_null=True,
            default="false",
            read=bool,
            doc="Whether the volume goes with the instance, and all that is on it.",
        ),
        ownership.managed_by(),
    ),
    within="instance_id",
    # https://docs.aws.amazon.com/ec2/latest/devguide/eventual-consistency.html
    settles=30,
    listing=List(
        operation="describe_instances",
        items="Reservations[].Instances[]",
        each="BlockDeviceMappings",
        outer={"InstanceId": "InstanceId", "RootDeviceName": "RootDeviceName"},
        params={
            "Filters": [{"Name": "instance-state-name", "Values": list(instances.THERE)}],
            "MaxResults": 1000,
        },
    ),
    where=volumes.is_attached,
    create=(
        Call(
            operation="attach_volume",
            params={"VolumeId": "volume_id", "InstanceId": "instance_id", "Device": "device_name"},
            then=Waiter(name="volume_in_use", params=_IDS, seconds=300),
        ),
        # AWS attaches volumes that stay.
        Call(
            operation="modify_instance_attribute",
            given=("delete_on_termination", True),
            params=_GOES,
        ),
    ),
    fetch=Call(
        operation="describe_instances",
        params={"InstanceIds[0]": "instance_id"},
        result="Reservations[0].Instances[0].BlockDeviceMappings",
        where={"DeviceName": "device_name"},
        joins={"InstanceId": "instance_id"},
    ),
    update=(Update(operation="modify_instance_attribute", when=("delete_on_termination",), params=_GOES),),
    carry=Carry(
        not_kept=dict.fromkeys(
            (
                "Attribute",
                "DisableApiStop",
                "DisableApiTermination",
                "EbsOptimized",
                "EnaSupport",
                "Groups",
                "InstanceInitiatedShutdownBehavior",
                "InstanceType",
                "Kernel",
                "Ramdisk",
                "SourceDestCheck",
                "SriovNetSupport",
                "UserData",
                "Value",
            ),
            "it is the instance's, or AWS's to choose",
        )
    ),
    delete=(
        Call(
            operation="detach_volume",
            params={"VolumeId": "volume_id", "InstanceId": "instance_id"},
        ),
    ),
    gone=Waiter(name="volume_available", params=_IDS, seconds=600),
    absent=("InvalidVolume.NotFound", "InvalidAttachment.NotFound", "InvalidInstanceID.NotFound"),
    eventual=(
        ("InvalidInstanceID.NotFound", ""),
        ("InvalidVolume.NotFound", ""),
        # The instance is being started, or the volume let go of.
        ("IncorrectState", ""),
    ),
    hints={
        "OperationNotPermitted": "AWS takes some devices off a stopped instance only.",
        "InvalidVolume.ZoneMismatch": "Volume and instance have to be in one availability zone.",
        "VolumeInUse": "Something has the volume already.",
        "InvalidParameterValue": "The instance has another volume of that device_name.",
    },
)
