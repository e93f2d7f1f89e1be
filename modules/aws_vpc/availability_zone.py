"""https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AvailabilityZone.html"""

from modules import ownership
from modules.spec import List, Resource, assigned

AVAILABILITY_ZONE = Resource(
    table="availability_zone",
    service="ec2",
    doc="The zones of the region that the account can use. AWS decides; edits are undone.",
    key=("name",),
    identity="name",
    natural_key=("name",),
    columns=(
        assigned(
            "name", "varchar", "ZoneName", not_null=True, doc="The account's own name, such as us-east-2a."
        ),
        assigned("zone_id", "varchar", "ZoneId", doc="The name that is the same for all accounts: use2-az1."),
        assigned("zone_type", "varchar", "ZoneType", doc="availability-zone, local-zone or wavelength-zone."),
        assigned("state", "varchar", "State"),
        assigned("group_name", "varchar", "GroupName"),
        assigned("network_border_group", "varchar", "NetworkBorderGroup"),
        assigned("parent_zone_name", "varchar", "ParentZoneName"),
        assigned("opt_in_status", "varchar", "OptInStatus"),
        ownership.managed_by(None, ownership.always("AWS")),
    ),
    listing=List(operation="describe_availability_zones", items="AvailabilityZones"),
    protected=lambda description: True,
)
