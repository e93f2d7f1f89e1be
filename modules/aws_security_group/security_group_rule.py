"""https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_SecurityGroupRule.html"""

from modules import canonical, ownership, tagging
from modules.aws_security_group.permissions import comparable, permissions, port
from modules.spec import (
    Batch,
    Call,
    Carry,
    Derived,
    Edited,
    List,
    Resource,
    Update,
    assigned,
    column,
    fixed,
    ref,
)

_SOURCE = "ReferencedGroupInfo"
_PERMISSIONS = Edited(
    _SOURCE,
    permissions,
    (
        "ip_protocol",
        "from_port",
        "to_port",
        "cidr_ipv4",
        "cidr_ipv6",
        "prefix_list_id",
        "source_security_group",
        "description",
    ),
)
#: A group has 60 rules of a direction unless its owner has asked AWS for more.
#: https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html#vpc-limits-security-groups
_MADE = Batch(parameter="IpPermissions", limit=100, results="SecurityGroupRules")
_CHANGED = Batch(parameter="SecurityGroupRules", limit=100)
_REMOVED = Batch(parameter="SecurityGroupRuleIds", limit=100)
_RULE = "SecurityGroupRules[0].SecurityGroupRule."

_TAGS = tagging.ec2("security-group-rule", "security_group_rule_id")

SECURITY_GROUP_RULE = Resource(
    table="security_group_rule",
    service="ec2",
    doc="What a security group lets in and out, one source or destination a row.",
    key=("id",),
    identity="security_group_rule_id",
    natural_key=(
        "security_group_id",
        "is_egress",
        "ip_protocol",
        "from_port",
        "to_port",
        "cidr_ipv4",
        "cidr_ipv6",
        "prefix_list_id",
        "source_security_group",
    ),
    unique=(("is_egress", "ip_protocol", "from_port", "to_port", "cidr_ipv4", "security_group_id"),),
    canonical=comparable,
    columns=(
        assigned("security_group_rule_id", "varchar", "SecurityGroupRuleId", doc="AWS's id of the rule."),
        fixed("is_egress", "boolean", "IsEgress", not_null=True, doc="Whether it lets out, not in."),
        column("ip_protocol", "varchar", "IpProtocol", not_null=True, doc="tcp, udp, icmp, …; -1 is all."),
        column("from_port", "integer", "FromPort"),
        column("to_port", "integer", "ToPort"),
        fixed("cidr_ipv4", "cidr", "CidrIpv4", canonical=canonical.cidr),
        fixed("cidr_ipv6", "cidr", "CidrIpv6", canonical=canonical.cidr),
        fixed("prefix_list_id", "varchar", "PrefixListId"),
        column("description", "varchar", "Description", canonical=canonical.none_if_empty),
        ref("security_group_id", "security_group", "GroupId", needed=True),
        ref(
            "source_security_group",
            "security_group",
            _SOURCE + ".GroupId",
            doc="The group whose members it lets in, or lets out to.",
        ),
        _TAGS.column,
        ownership.managed_by(_TAGS, ownership.another_account("GroupOwnerId")),
    ),
    within="security_group_id",
    # https://docs.aws.amazon.com/ec2/latest/devguide/eventual-consistency.html
    settles=30,
    listing=List(
        operation="describe_security_group_rules",
        items="SecurityGroupRules",
        params={"MaxResults": 1000},
        joins=ownership.ACCOUNT,
    ),
    create=(
        Call(
            operation="authorize_security_group_ingress",
            params={"GroupId": "security_group_id", "IpPermissions": _PERMISSIONS, **_TAGS.create},
            result="SecurityGroupRules[0]",
            whole=True,
            given=("is_egress", False),
            batch=_MADE,
        ),
        Call(
            operation="authorize_security_group_egress",
            params={"GroupId": "security_group_id", "IpPermissions": _PERMISSIONS, **_TAGS.create},
            result="SecurityGroupRules[0]",
            whole=True,
            given=("is_egress", True),
            batch=_MADE,
        ),
    ),
    update=(
        Update(
            operation="modify_security_group_rules",
            when=("ip_protocol", "from_port", "to_port", "description"),
            batch=_CHANGED,
            params={
                "GroupId": "security_group_id",
                "SecurityGroupRules[0].SecurityGroupRuleId": "security_group_rule_id",
                _RULE + "IpProtocol": "ip_protocol",
                _RULE + "FromPort": Derived(port, ("ip_protocol", "from_port")),
                _RULE + "ToPort": Derived(port, ("ip_protocol", "to_port")),
                _RULE + "CidrIpv4": "cidr_ipv4",
                _RULE + "CidrIpv6": "cidr_ipv6",
                _RULE + "PrefixListId": "prefix_list_id",
                # A group of another account's is in no table, and stays.
                _RULE + "ReferencedGroupId": Edited(
                    _SOURCE + ".GroupId", lambda there, group: group or there, ("source_security_group",)
                ),
                # An omitted description may be left as it is; an empty one removes it.
                _RULE + "Description": Derived(lambda rule, text: text or "", ("ip_protocol", "description")),
            },
        ),
        *_TAGS.update,
    ),
    carry=Carry(
        not_kept=dict.fromkeys(
            (
                "CidrIp",
                "FromPort",
                "ToPort",
                "IpProtocol",
                "GroupName",
                "SourceSecurityGroupName",
                "SourceSecurityGroupOwnerId",
            ),
            "another way to say what GroupId and IpPermissions say",
        )
    ),
    delete=(
        Call(
            operation="revoke_security_group_ingress",
            params={"GroupId": "security_group_id", "SecurityGroupRuleIds[0]": "security_group_rule_id"},
            given=("is_egress", False),
            batch=_REMOVED,
        ),
        Call(
            operation="revoke_security_group_egress",
            params={"GroupId": "security_group_id", "SecurityGroupRuleIds[0]": "security_group_rule_id"},
            given=("is_egress", True),
            batch=_REMOVED,
        ),
    ),
    fetch=Call(
        operation="describe_security_group_rules",
        params={"SecurityGroupRuleIds[0]": "security_group_rule_id"},
        result="SecurityGroupRules[0]",
    ),
    absent=("InvalidSecurityGroupRuleId.NotFound", "InvalidPermission.NotFound", "InvalidGroup.NotFound"),
    eventual=(("InvalidGroup.NotFound", ""),),
)
