"""https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Volume.html"""

from modules import ownership, tagging
from modules.aws_ec2 import volumes
from modules.spec import (
    Call,
    Carry,
    Derived,
    EnumType,
    List,
    Lost,
    Old,
    Resource,
    Settled,
    Source,
    Token,
    Update,
    Waiter,
    assigned,
    column,
    fixed,
)

_SIZE: dict[str, Source] = {
    "Size": "size",
    "VolumeType": "volume_type",
    "Iops": Derived(volumes.of_gp3, ("iops", "volume_type")),
    "Throughput": Derived(volumes.of_gp3, ("throughput", "volume_type")),
}
_IDS: dict[str, Source] = {"VolumeIds[0]": "volume_id"}
_TAGS = tagging.ec2("volume", "volume_id")

GENERAL_PURPOSE_VOLUME = Resource(
    table="general_purpose_volume",
    service="ec2",
    doc="EBS volumes of the types gp2 and gp3. They only grow, and AWS lets each be changed once in six "
    "hours. A root device comes with its instance and goes with that: a deleted row of one is put back.",
    key=("id",),
    identity="volume_id",
    natural_key=("volume_id",),
    called=volumes.called,
    unique_in_aws=False,
    newborn=volumes.is_new,
    unique_if_not_null=("volume_id",),
    columns=(
        assigned("volume_id", "varchar", "VolumeId", doc="AWS's id of the volume."),
        column(
            "volume_type",
            EnumType(
                name="general_purpose_volume_volume_type_enum",
                values=("gp2", "gp3", "io1", "io2", "sc1", "st1", "standard"),
            ),
            "VolumeType",
            not_null=True,
            doc="gp2 or gp3.",
        ),
        fixed("availability_zone", "text", "AvailabilityZone", not_null=True, doc="Such as us-east-2a."),
        column("size", "integer", "Size", not_null=True, default="8", doc="GiB."),
        assigned(
            "state",
            EnumType(
                name="general_purpose_volume_state_enum",
                values=("available", "creating", "deleted", "deleting", "error", "in-use"),
            ),
            "State",
        ),
        assigned(
            "is_root_device",
            "boolean",
            "Attachments",
            read=volumes.is_root,
            doc="Whether an instance has it as /dev/sda1 or /dev/xvda, as root devices are called.",
        ),
        column(
            "iops",
            "integer",
            "@",
            read=volumes.told_of_gp3("Iops"),
            left_to_aws=True,
            doc="Of a gp3; AWS sets a gp2's by its size.",
        ),
        column(
            "throughput",
            "integer",
            "@",
            read=volumes.told_of_gp3("Throughput"),
            left_to_aws=True,
            doc="MiB a second, of a gp3.",
        ),
        fixed("snapshot_id", "varchar", "SnapshotId", read=lambda text: text or None),
        fixed("encrypted", "boolean", "Encrypted", left_to_aws=True),
        fixed(
            "kms_key_id",
            "varchar",
            "KmsKeyId",
            left_to_aws=True,
            doc="The key's ARN; NULL is what the account has chosen.",
        ),
        _TAGS.column,
        ownership.managed_by(_TAGS, volumes.operator),
    ),
    checks=(
        ("general_purpose_volume_is_general_purpose", "volume_type IN ('gp2', 'gp3')"),
        ("general_purpose_volume_has_a_size", "size > 0"),
        (
            "general_purpose_volume_of_gp3",
            "volume_type = 'gp3' OR iops IS NULL AND throughput IS NULL",
        ),
        ("general_purpose_volume_key_is_an_arn", "kms_key_id LIKE 'arn:%'"),
    ),
    # https://docs.aws.amazon.com/ec2/latest/devguide/eventual-consistency.html
    settles=30,
    reflects=("Attachments",),
    listing=List(operation="describe_volumes", items="Volumes", params={"MaxResults": 1000}),
    where=volumes.is_row,
    stays=lambda volume: volumes.is_root(volume.get("Attachments")),
    create=(
        Call(
            operation="create_volume",
            params={
                "AvailabilityZone": "availability_zone",
                **_SIZE,
                "SnapshotId": "snapshot_id",
                "Encrypted": "encrypted",
                "KmsKeyId": "kms_key_id",
                "OutpostArn": Old("OutpostArn"),
                **_TAGS.create,
                "ClientToken": Token(),
            },
            result="@",
        ),
    ),
    ready=Waiter(name="volume_available", params=_IDS, seconds=300, blocks=True),
    fetch=Call(operation="describe_volumes", params=_IDS, result="Volumes[0]"),
    update=(
        Update(
            operation="modify_volume",
            when=("size", "volume_type", "iops", "throughput"),
            params={"VolumeId": "volume_id", **_SIZE},
        ),
        *_TAGS.update,
    ),
    settled={
        "size": Settled(
            of=lambda volume, values: values["size"] < (volume.get("Size") or 0),
            why="A volume only grows.",
            hint="Make a smaller one, copy what is on this, and delete this.",
        )
    },
    carry=Carry(
        lost=(Lost(of="VolumeId", what="what is on it"),),
        not_kept={
            "AvailabilityZoneId": "another way to say AvailabilityZone",
            "MultiAttachEnabled": "volumes of these types do not have it",
            "VolumeInitializationRate": "it is about the making",
            "Operator": "volumes that AWS runs are not replaced",
        },
    ),
    delete=(Call(operation="delete_volume", params={"VolumeId": "volume_id"}),),
    gone=Waiter(name="volume_deleted", params=_IDS, seconds=300),
    absent=("InvalidVolume.NotFound",),
    eventual=(("InvalidVolume.NotFound", ""),),
    hints={
        "VolumeInUse": "Take it off its instance first: delete its row of instance_block_device_mapping.",
        "VolumeModificationRateExceeded": "AWS changes a volume once in six hours: apply again later.",
        "InvalidParameterValue": "Its iops and throughput have to fit its size.",
    },
)
