"""Rules of security groups: one call for several is performed for all of them or for none."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from moto.ec2.models.security_groups import SecurityGroupRule

from deploy.simulator.call import AwsCall
from deploy.simulator.replies import AwsError
from deploy.simulator.strict.outcome import Outcome, Rule, backend

# moto keeps what is said of a rule that names another group, and does not tell it.
SecurityGroupRule.description = property(  # type: ignore[assignment,method-assign]
    lambda rule: rule.ip_range.get("Description", rule.source_group.get("Description")) or None
)

_Permission = tuple[str, str, str, str]
#: Names of the lists in a permission, and of what tells their elements apart.
_SOURCES = {"IpRanges": "CidrIp", "Ipv6Ranges": "CidrIpv6", "PrefixListIds": "PrefixListId"}


def ports_are_ports(call: AwsCall) -> Outcome:
    """The ports of TCP and UDP end at 65535."""
    for protocol, first, last, _ in _permissions(call.parameters):
        for port in (first, last):
            if protocol in {"tcp", "udp", "6", "17"} and port.isdecimal() and int(port) > 65535:
                return AwsError(
                    "InvalidParameterValue", f"Invalid value '{port}' for port. Must be less than 65536."
                )
    return None


def permissions_are_new(call: AwsCall) -> Outcome:
    """None of the permissions is refused after others have been granted: that one is there is seen before."""
    group = backend(call, "ec2").get_security_group_from_id(call.text("GroupId"))
    if group is None:
        return None
    egress = call.operation.endswith("Egress")
    there = {_known(rule) for rule in (group.egress_rules if egress else group.ingress_rules)}
    asked = list(_permissions(call.parameters))
    if len(set(asked)) == len(asked) and not there & set(asked):
        return None
    return AwsError("InvalidPermission.Duplicate", "the specified rule already exists")


def _known(rule: object) -> _Permission:
    fields = vars(rule)
    source = (
        fields["ip_range"].get("CidrIp") or fields["ip_range"].get("CidrIpv6") or fields["prefix_list_id"]
    )
    return fields["ip_protocol"], _port(fields["from_port"]), _port(fields["to_port"]), str(source)


def _permissions(parameters: Mapping[str, object]) -> Iterator[_Permission]:
    number = 1
    while (protocol := parameters.get(f"IpPermissions.{number}.IpProtocol")) is not None:
        prefix = f"IpPermissions.{number}."
        ports = [_port(parameters.get(prefix + name)) for name in ("FromPort", "ToPort")]
        for name, member in _SOURCES.items():
            place = 1
            while (source := parameters.get(f"{prefix}{name}.{place}.{member}")) is not None:
                yield str(protocol), ports[0], ports[1], str(source)
                place += 1
        number += 1


def _port(value: object) -> str:
    return "-1" if value is None else str(value)


RULES: dict[tuple[str, str], tuple[Rule, ...]] = {
    ("ec2", "AuthorizeSecurityGroupIngress"): (ports_are_ports, permissions_are_new),
    ("ec2", "AuthorizeSecurityGroupEgress"): (ports_are_ports, permissions_are_new),
}
