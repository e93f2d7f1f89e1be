"""https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Vpc.html"""

from modules import canonical
from modules.spec import Call, ComesWith, Const, EnumType, List, Resource, Waiter, assigned, fixed

VPC = Resource(
    table="vpc",
    service="ec2",
    doc="Virtual private clouds. The default VPC cannot be changed or deleted.",
    key=("id",),
    identity="vpc_id",
    natural_key=("cidr_block",),
    unique_in_aws=False,
    unique_if_not_null=("vpc_id",),
    columns=(
        assigned("vpc_id", "varchar", "VpcId", doc="AWS's id of the VPC."),
        fixed(
            "cidr_block",
            "varchar",
            "CidrBlock",
            not_null=True,
            canonical=canonical.cidr,
            doc="The primary IPv4 network, such as 10.0.0.0/16.",
        ),
        assigned("state", EnumType(name="vpc_state_enum", values=("available", "pending")), "State"),
        assigned("is_default", "boolean", "IsDefault", not_null=True, default="false"),
    ),
    listing=List(operation="describe_vpcs", items="Vpcs", params={"MaxResults": 1000}),
    create=(Call(operation="create_vpc", params={"CidrBlock": "cidr_block"}, result="Vpc"),),
    ready=Waiter(name="vpc_available", params={"VpcIds[0]": "vpc_id"}, seconds=120, blocks=True),
    fetch=Call(operation="describe_vpcs", params={"VpcIds[0]": "vpc_id"}, result="Vpcs[0]"),
    delete=(Call(operation="delete_vpc", params={"VpcId": "vpc_id"}),),
    absent=("InvalidVpcID.NotFound",),
    busy=("DependencyViolation",),
    protected=lambda description: bool(description.get("IsDefault")),
    comes_with=(
        ComesWith(
            table="security_group",
            by="vpc_id",
            values={"group_name": "default", "description": "default VPC security group"},
            find=Call(
                operation="describe_security_groups",
                params={"Filters[0].Name": Const("vpc-id"), "Filters[0].Values[0]": "vpc_id"},
                result="SecurityGroups",
            ),
        ),
    ),
    hints={
        "DependencyViolation": "Delete what is still inside the VPC first; it may not be in these tables."
    },
)
