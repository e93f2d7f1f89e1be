"""https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Region.html"""

from modules import ownership
from modules.spec import List, Resource, assigned

AWS_REGIONS = Resource(
    table="aws_regions",
    service="ec2",
    is_global=True,
    doc="The regions that AWS has, and those of this database. AWS decides; edits are undone.",
    key=("region",),
    identity="region",
    natural_key=("region",),
    columns=(
        assigned("region", "varchar", "RegionName", not_null=True),
        assigned(
            "opt_in_status",
            "varchar",
            "OptInStatus",
            doc="opt-in-not-required, opted-in, or not-opted-in: then the account cannot use it.",
        ),
        assigned(
            "schema",
            "varchar",
            place_of="region",
            doc="The schema that has the region's tables; NULL if it has no place in this database.",
        ),
        ownership.managed_by(None, ownership.always("AWS")),
    ),
    listing=List(operation="describe_regions", items="Regions", params={"AllRegions": True}),
    protected=lambda description: True,
)
