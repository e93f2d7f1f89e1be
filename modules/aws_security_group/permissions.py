"""Rules of security groups as two of them are compared, and as AWS takes them. Pure functions only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_PROTOCOLS = {"all": "-1", "6": "tcp", "17": "udp", "1": "icmp", "58": "icmpv6"}


def comparable(values: Mapping[str, Any]) -> dict[str, Any]:
    """A rule: a protocol's name and number are the same, and ports of "all protocols" mean nothing."""
    protocol = str(values["ip_protocol"]).lower()
    protocol = _PROTOCOLS.get(protocol, protocol)
    result = {**values, "ip_protocol": protocol}
    if protocol == "-1":
        result |= {"from_port": None, "to_port": None}
    return result


def permissions(
    there: Mapping[str, Any] | None,
    ip_protocol: str,
    from_port: int | None,
    to_port: int | None,
    cidr_ipv4: str | None,
    cidr_ipv6: str | None,
    prefix_list_id: str | None,
    source_group: str | None,
    description: str | None,
) -> list[dict[str, object]]:
    """One IpPermission: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_IpPermission.html

    Args:
        there: the group that the rule which is replaced refers to; one of another account's is in no table.
    """
    ports = {"FromPort": from_port, "ToPort": to_port}
    about = {} if description is None else {"Description": description}
    ranges = {
        "IpRanges": ("CidrIp", cidr_ipv4),
        "Ipv6Ranges": ("CidrIpv6", cidr_ipv6),
        "PrefixListIds": ("PrefixListId", prefix_list_id),
    }
    permission: dict[str, object] = {"IpProtocol": ip_protocol}
    permission |= {name: number for name, number in ports.items() if number is not None}
    permission |= {
        name: [{member: value, **about}] for name, (member, value) in ranges.items() if value is not None
    }
    source = {"GroupId": source_group} if source_group else _foreign(there)
    if source and not permission.keys() & ranges.keys():
        permission["UserIdGroupPairs"] = [{**source, **about}]
    return [permission]


def _foreign(group: Mapping[str, Any] | None) -> dict[str, Any]:
    """A referred group as AWS takes it, from how AWS tells it."""
    names = ("GroupId", "UserId", "VpcId", "VpcPeeringConnectionId")
    return {name: group[name] for name in names if group.get(name)} if group else {}


def port(ip_protocol: str, number: int | None) -> int:
    """A port as `ModifySecurityGroupRules` wants it, -1 for none."""
    return -1 if number is None else number
