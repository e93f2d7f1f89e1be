"""https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_NetworkAclEntry.html"""

from collections.abc import Mapping
from typing import Any

from modules import canonical, ownership
from modules.spec import (
    Call,
    Derived,
    EnumType,
    List,
    Resource,
    Source,
    Update,
    column,
    fixed,
    ref,
)

#: What AWS makes itself, and nobody changes: the last rules, of IPv4 and of IPv6, deny all the rest.
_LAST = 32767
_ALL = "-1"
_NUMBERS = {"all": _ALL, "icmp": "1", "tcp": "6", "udp": "17", "icmpv6": "58"}
_WITH_PORTS, _WITH_TYPES = ("6", "17"), ("1", "58")


def _protocol(name: Any) -> Any:
    """A protocol as AWS tells it: by its number."""
    return _NUMBERS.get(name.lower(), name) if isinstance(name, str) else name


def _comparable(values: Mapping[str, Any]) -> dict[str, Any]:
    """An entry: only TCP and UDP have ports, and all protocols together have no types."""
    if "protocol" not in values:
        return dict(values)  # the columns of the natural key alone
    protocol = _protocol(values["protocol"])
    result = {**values, "protocol": protocol}
    if protocol not in _WITH_PORTS:
        result |= {"from_port": None, "to_port": None}
    if protocol == _ALL:
        result |= {"icmp_type": None, "icmp_code": None}
    return result


def _ports(protocol: str, first: int | None, last: int | None) -> dict[str, Any] | None:
    some = {name: port for name, port in (("From", first), ("To", last)) if port is not None}
    return (some or None) if _protocol(protocol) in _WITH_PORTS else None


def _types(protocol: str, type: int | None, code: int | None) -> dict[str, Any] | None:
    some = {name: number for name, number in (("Type", type), ("Code", code)) if number is not None}
    return (some or None) if _protocol(protocol) in _WITH_TYPES else None


_WHICH: dict[str, Source] = {
    "NetworkAclId": "network_acl_id",
    "Egress": "is_egress",
    "RuleNumber": "rule_number",
}
_ENTRY: dict[str, Source] = {
    **_WHICH,
    "Protocol": Derived(_protocol, ("protocol",)),
    "RuleAction": "rule_action",
    "CidrBlock": "cidr_block",
    "Ipv6CidrBlock": "ipv6_cidr_block",
    "PortRange": Derived(_ports, ("protocol", "from_port", "to_port")),
    "IcmpTypeCode": Derived(_types, ("protocol", "icmp_type", "icmp_code")),
}

NETWORK_ACL_ENTRY = Resource(
    table="network_acl_entry",
    service="ec2",
    doc="What a network ACL allows or denies: of several rules that fit, the one of the smallest number "
    "counts. What fits none is denied, by a rule of AWS's that is not shown.",
    key=("id",),
    natural_key=("network_acl_id", "is_egress", "rule_number"),
    unique=(("network_acl_id", "is_egress", "rule_number"),),
    checks=(
        ("one_network", "num_nonnulls(cidr_block, ipv6_cidr_block) = 1"),
        ("ports_or_types", "num_nonnulls(from_port, to_port) = 0 OR num_nonnulls(icmp_type, icmp_code) = 0"),
        ("rule_number_of_ours", f"rule_number BETWEEN 1 AND {_LAST - 1}"),
    ),
    canonical=_comparable,
    columns=(
        ref("network_acl_id", "network_acl", "NetworkAclId", not_null=True, cascade=True),
        fixed("is_egress", "boolean", "Egress", not_null=True, doc="Whether it is for what goes out."),
        fixed("rule_number", "integer", "RuleNumber", not_null=True, doc="The smallest that fits counts."),
        column("protocol", "varchar", "Protocol", not_null=True, doc="A number, or tcp, udp, …; -1 is all."),
        column(
            "rule_action",
            EnumType(name="network_acl_entry_rule_action_enum", values=("allow", "deny")),
            "RuleAction",
            not_null=True,
        ),
        column("cidr_block", "varchar", "CidrBlock", canonical=canonical.cidr, doc="An IPv4 network."),
        column("ipv6_cidr_block", "varchar", "Ipv6CidrBlock", canonical=canonical.cidr),
        column("from_port", "integer", "PortRange.From", doc="Of TCP and UDP."),
        column("to_port", "integer", "PortRange.To"),
        column("icmp_type", "integer", "IcmpTypeCode.Type", doc="Of ICMP; -1 is all."),
        column("icmp_code", "integer", "IcmpTypeCode.Code"),
        ownership.managed_by(None, ownership.another_account("OwnerId")),
    ),
    within="network_acl_id",
    # https://docs.aws.amazon.com/ec2/latest/devguide/eventual-consistency.html
    settles=30,
    listing=List(
        operation="describe_network_acls",
        items="NetworkAcls",
        each="Entries",
        outer={"NetworkAclId": "NetworkAclId", "OwnerId": "OwnerId"},
        params={"MaxResults": 1000},
        joins=ownership.ACCOUNT,
    ),
    where=lambda entry: entry.get("RuleNumber", 0) < _LAST,
    create=(Call(operation="create_network_acl_entry", params=_ENTRY),),
    fetch=Call(
        operation="describe_network_acls",
        params={"NetworkAclIds[0]": "network_acl_id"},
        result="NetworkAcls[0].Entries",
        where={"Egress": "is_egress", "RuleNumber": "rule_number"},
        joins={"NetworkAclId": "network_acl_id"},
    ),
    update=(
        Update(
            operation="replace_network_acl_entry",
            when=(
                "protocol",
                "rule_action",
                "cidr_block",
                "ipv6_cidr_block",
                "from_port",
                "to_port",
                "icmp_type",
                "icmp_code",
            ),
            # AWS sets back what it is not given.
            whole=True,
            params=_ENTRY,
        ),
    ),
    delete=(Call(operation="delete_network_acl_entry", params=_WHICH),),
    absent=("InvalidNetworkAclEntry.NotFound", "InvalidNetworkAclID.NotFound"),
    eventual=(("InvalidNetworkAclID.NotFound", ""),),
    hints={
        "MissingParameter": "TCP and UDP need from_port and to_port, ICMP needs icmp_type and icmp_code.",
        "NetworkAclEntryAlreadyExists": "iasql_sync() would show the rule of that number.",
        "NetworkAclEntryLimitExceeded": "AWS allows 20 of a direction unless its owner has asked for more.",
    },
)
