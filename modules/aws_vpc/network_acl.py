"""https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_NetworkAcl.html"""

from modules import ownership, tagging
from modules.spec import Call, ComesWith, Const, List, Resource, Token, Values, assigned, ref

_TAGS = tagging.ec2("network-acl", "network_acl_id")


def _newborn(row: Values, found: Values) -> bool:
    """Whether an ACL is what a row asks AWS for, or the one that AWS makes with each VPC."""
    same = tagging.own(row["tags"]) == tagging.own(found["tags"]) or bool(found["is_default"])
    return same and (row["vpc_id"], bool(row["is_default"])) == (found["vpc_id"], bool(found["is_default"]))


def _all_is_let(egress: bool) -> ComesWith:
    """The entry of a new default ACL that lets everything in, or out."""
    return ComesWith(
        table="network_acl_entry",
        by="network_acl_id",
        given=("is_default", True),
        values={"is_egress": egress, "rule_number": 100},
        find=Call(
            operation="describe_network_acls",
            params={"NetworkAclIds[0]": "network_acl_id"},
            result="NetworkAcls[].Entries[]",
            joins={"NetworkAclId": "network_acl_id"},
        ),
        unwanted=Call(
            operation="delete_network_acl_entry",
            params={"NetworkAclId": "network_acl_id", "Egress": Const(egress), "RuleNumber": Const(100)},
            given=("is_default", True),
            tolerate=("InvalidNetworkAclEntry.NotFound",),
        ),
    )


NETWORK_ACL = Resource(
    table="network_acl",
    service="ec2",
    doc="Network ACLs, the firewalls around subnets. What they let through is in network_acl_entry; "
    "subnet.network_acl_id says which subnet has which.",
    key=("id",),
    identity="network_acl_id",
    natural_key=("vpc_id", "is_default"),
    called=tagging.name,
    unique_in_aws=False,
    newborn=_newborn,
    columns=(
        assigned("network_acl_id", "varchar", "NetworkAclId", doc="AWS's id of the ACL."),
        ref("vpc_id", "vpc", "VpcId", not_null=True, cascade=True),
        assigned(
            "is_default",
            "boolean",
            "IsDefault",
            read=bool,
            not_null=True,
            default="false",
            doc="Whether AWS has made it with the VPC, for all subnets that are given no other. It goes with "
            "the VPC, and not before.",
        ),
        assigned("owner_id", "varchar", "OwnerId"),
        _TAGS.column,
        ownership.managed_by(_TAGS, ownership.another_account("OwnerId")),
    ),
    # https://docs.aws.amazon.com/ec2/latest/devguide/eventual-consistency.html
    settles=30,
    listing=List(
        operation="describe_network_acls",
        items="NetworkAcls",
        params={"MaxResults": 1000},
        joins=ownership.ACCOUNT,
    ),
    create=(
        Call(
            operation="create_network_acl",
            params={"VpcId": "vpc_id", "ClientToken": Token(), **_TAGS.create},
            result="NetworkAcl",
        ),
    ),
    # A new ACL lets nothing through, but the default one of a VPC does. The rows say what that lets through.
    comes_with=(_all_is_let(False), _all_is_let(True)),
    fetch=Call(
        operation="describe_network_acls",
        params={"NetworkAclIds[0]": "network_acl_id"},
        result="NetworkAcls[0]",
    ),
    update=_TAGS.update,
    # Its entries are resources of their own, and whom it is for is the subnets' to say.
    reflects=("Entries", "Associations"),
    delete=(Call(operation="delete_network_acl", params={"NetworkAclId": "network_acl_id"}),),
    stays=lambda description: bool(description.get("IsDefault")),
    absent=("InvalidNetworkAclID.NotFound",),
    busy=("DependencyViolation",),
    eventual=(("InvalidVpcID.NotFound", ""), ("InvalidNetworkAclID.NotFound", "")),
    hints={
        "DependencyViolation": "Subnets still have the ACL: point subnet.network_acl_id to another one.",
        "NetworkAclLimitExceeded": "AWS allows 200 in a VPC unless its owner has asked for more.",
    },
)
