"""https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Image.html"""

from dataclasses import replace

from modules import ownership, tagging
from modules.spec import List, OnChange, Resource, assigned

_TAGS = tagging.ec2("image", "image_id")

AMI = Resource(
    table="ami",
    service="ec2",
    doc="The account's own machine images. They are shown; edits are undone.",
    key=("image_id",),
    identity="image_id",
    natural_key=("image_id",),
    columns=(
        assigned("image_id", "varchar", "ImageId", not_null=True),
        assigned("name", "varchar", "Name"),
        assigned("description", "varchar", "Description"),
        assigned("state", "varchar", "State", doc="available, pending, failed, …"),
        assigned("architecture", "varchar", "Architecture"),
        assigned("creation_date", "timestamptz", "CreationDate", read=lambda text: text or None),
        assigned("is_public", "boolean", "Public"),
        assigned("root_device_name", "varchar", "RootDeviceName"),
        assigned("root_device_type", "varchar", "RootDeviceType"),
        replace(_TAGS.column, on_change=OnChange.ASSIGNED),
        ownership.managed_by(_TAGS),
    ),
    # Without an owner AWS lists every public image there is, and does not come to an end of it.
    listing=List(
        operation="describe_images",
        items="Images",
        params={"Owners": ["self"], "IncludeDeprecated": True, "MaxResults": 1000},
    ),
    protected=lambda description: True,
)
