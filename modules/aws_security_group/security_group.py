"""https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_SecurityGroup.html"""

import re

from modules import ownership, tagging
from modules.spec import Call, ComesWith, Const, Description, List, Obstacle, Resource, assigned, fixed, ref

_TAGS = tagging.ec2("security-group", "group_id")


def _directory(description: Description) -> str | None:
    """The directory whose controllers or WorkSpaces AWS has made the group for."""
    found = _OF_DIRECTORY.fullmatch(description.get("GroupName") or "")
    return f"Directory Service {found[1]}" if found else None


_OF_DIRECTORY = re.compile(r"(d-[0-9a-f]{10})_(controllers|workspacesMembers)")


SECURITY_GROUP = Resource(
    table="security_group",
    service="ec2",
    doc="Security groups. The group named default of each VPC cannot be changed or deleted.",
    key=("id",),
    identity="group_id",
    natural_key=("group_name", "vpc_id"),
    columns=(
        fixed(
            "description",
            "varchar",
            "Description",
            needed=True,
            doc="AWS requires one, and never lets it be changed.",
        ),
        fixed("group_name", "varchar", "GroupName", needed=True),
        assigned("owner_id", "varchar", "OwnerId"),
        assigned("group_id", "varchar", "GroupId", doc="AWS's id of the group."),
        ref(
            "vpc_id",
            "vpc",
            "VpcId",
            default=lambda vpc: bool(vpc.get("IsDefault")),
            left_to_aws=True,
            doc="NULL is the default VPC.",
        ),
        _TAGS.column,
        ownership.managed_by(_TAGS, ownership.another_account("OwnerId"), _directory),
    ),
    # https://docs.aws.amazon.com/ec2/latest/devguide/eventual-consistency.html
    settles=30,
    listing=List(
        operation="describe_security_groups",
        items="SecurityGroups",
        params={"MaxResults": 1000},
        joins=ownership.ACCOUNT,
    ),
    create=(
        Call(
            operation="create_security_group",
            params={
                "GroupName": "group_name",
                "Description": "description",
                "VpcId": "vpc_id",
                **_TAGS.create,
            },
            result="@",
        ),
    ),
    # AWS gives each new group a rule that lets everything out. The rows say what is to be let out.
    comes_with=(
        ComesWith(
            table="security_group_rule",
            by="security_group_id",
            values={"is_egress": True, "ip_protocol": "-1", "cidr_ipv4": "0.0.0.0/0"},
            find=Call(
                operation="describe_security_group_rules",
                params={
                    "Filters[0].Name": Const("group-id"),
                    "Filters[0].Values[0]": "security_group_id",
                },
                result="SecurityGroupRules",
            ),
            unwanted=Call(
                operation="revoke_security_group_egress",
                params={
                    "GroupId": "group_id",
                    "IpPermissions[0].IpProtocol": Const("-1"),
                    "IpPermissions[0].IpRanges[0].CidrIp": Const("0.0.0.0/0"),
                },
                tolerate=("InvalidPermission.NotFound",),
            ),
        ),
    ),
    fetch=Call(
        operation="describe_security_groups", params={"GroupIds[0]": "group_id"}, result="SecurityGroups[0]"
    ),
    update=_TAGS.update,
    obstacles=(
        Obstacle(
            operation="describe_network_interfaces",
            params={"Filters[0].Name": Const("group-id"), "Filters[0].Values[0]": "group_id"},
            result="NetworkInterfaces[].NetworkInterfaceId",
            what="network interfaces",
            first=True,
            # They let go of them in the same apply.
            unless_used_by=("load_balancer", "service", "lambda_function"),
        ),
    ),
    # Its rules are resources of their own.
    reflects=("IpPermissions", "IpPermissionsEgress"),
    delete=(Call(operation="delete_security_group", params={"GroupId": "group_id"}),),
    absent=("InvalidGroup.NotFound", "InvalidSecurityGroupID.NotFound"),
    busy=("DependencyViolation",),
    eventual=(("InvalidVpcID.NotFound", ""), ("InvalidGroup.NotFound", "")),
    protected=lambda description: description.get("GroupName") == "default",
    hints={
        "DependencyViolation": "Something still uses the security group: a network interface, "
        "or a rule of another group.",
        "InvalidGroup.Duplicate": "The VPC has a group of that name; iasql_sync() would show it as a row.",
    },
)
