"""https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Subnet.html"""

from modules import canonical
from modules.spec import Call, EnumType, List, Resource, Waiter, assigned, fixed, ref

SUBNET = Resource(
    table="subnet",
    service="ec2",
    doc="Subnets of the VPCs. Those of the default VPC cannot be changed or deleted.",
    key=("id",),
    identity="subnet_id",
    natural_key=("vpc_id", "cidr_block"),
    columns=(
        fixed("availability_zone", "text", "AvailabilityZone", not_null=True, doc="Such as us-east-2a."),
        assigned(
            "state",
            EnumType(
                name="subnet_state_enum",
                values=("available", "pending", "unavailable", "failed", "failed-insufficient-capacity"),
            ),
            "State",
        ),
        assigned("available_ip_address_count", "integer", "AvailableIpAddressCount"),
        fixed("cidr_block", "varchar", "CidrBlock", canonical=canonical.cidr, doc="The IPv4 network."),
        assigned("subnet_id", "varchar", "SubnetId", doc="AWS's id of the subnet."),
        assigned("owner_id", "varchar", "OwnerId"),
        assigned("subnet_arn", "varchar", "SubnetArn"),
        ref("vpc_id", "vpc", "VpcId", not_null=True),
    ),
    listing=List(operation="describe_subnets", items="Subnets", params={"MaxResults": 1000}),
    create=(
        Call(
            operation="create_subnet",
            params={"VpcId": "vpc_id", "AvailabilityZone": "availability_zone", "CidrBlock": "cidr_block"},
            result="Subnet",
        ),
    ),
    ready=Waiter(name="subnet_available", params={"SubnetIds[0]": "subnet_id"}, seconds=120, blocks=True),
    fetch=Call(operation="describe_subnets", params={"SubnetIds[0]": "subnet_id"}, result="Subnets[0]"),
    delete=(Call(operation="delete_subnet", params={"SubnetId": "subnet_id"}),),
    absent=("InvalidSubnetID.NotFound",),
    busy=("DependencyViolation",),
    eventual=(("InvalidVpcID.NotFound", ""),),
    protected=lambda description: bool(description.get("DefaultForAz")),
    hints={"DependencyViolation": "Something still has a network interface in the subnet."},
)
