"""Sets of DHCP options: a region has one of AWS's, which new VPCs get, and one that is in use stays.

https://docs.aws.amazon.com/vpc/latest/userguide/VPC_DHCP_Options.html
"""

from __future__ import annotations

from typing import Any

from moto.ec2.models.dhcp_options import DHCPOptionsSet
from moto.ec2.models.vpcs import VPCBackend
from werkzeug.wrappers import Response

from deploy.simulator import markup
from deploy.simulator.call import AwsCall
from deploy.simulator.replies import AwsError
from deploy.simulator.strict.outcome import Completion, Outcome, Rule, as_at_first, backend

_LEASE = "ipv6-address-preferred-lease-time"
_KNOWN = {
    "domain-name",
    "domain-name-servers",
    "ntp-servers",
    "netbios-name-servers",
    "netbios-node-type",
    _LEASE,
}

# moto does not tell whose a set is.
DHCPOptionsSet.owner_id = property(lambda options: options.ec2_backend.account_id)  # type: ignore[attr-defined]

_delete_vpc = VPCBackend.delete_vpc


def _keep_options(ec2: Any, vpc_id: str) -> Any:
    """Delete a VPC, and not its set of options with it, which other VPCs may have."""
    vpc = ec2.vpcs.get(vpc_id)
    options = vpc.dhcp_options if vpc is not None else None
    gone = _delete_vpc(ec2, vpc_id)
    if options is not None:
        ec2.dhcp_options_sets[options.id] = options
    return gone


VPCBackend.delete_vpc = _keep_options  # type: ignore[method-assign,assignment]


def vpcs_have_options(call: AwsCall) -> Outcome:
    """A VPC has AWS's set until somebody gives it another one, or none."""
    ec2 = backend(call, "ec2")
    for vpc in ec2.vpcs.values():
        if vpc.dhcp_options is None and not hasattr(vpc, "without_options"):
            vpc.dhcp_options = _of_aws(call, ec2)
    return None


def _of_aws(call: AwsCall, ec2: Any) -> Any:
    for options in ec2.dhcp_options_sets.values():
        if hasattr(options, "of_aws"):
            return options
    domain = "ec2.internal" if call.region == "us-east-1" else f"{call.region}.compute.internal"
    with as_at_first(f"options {ec2.account_id} {call.region}"):
        options = ec2.create_dhcp_options(domain_name_servers=["AmazonProvidedDNS"], domain_name=[domain])
    options.of_aws = True
    return options


def none_is_remembered(call: AwsCall) -> Outcome:
    """Remember which VPCs have been given no set."""
    vpc = backend(call, "ec2").vpcs.get(call.text("VpcId"))
    if vpc is not None and call.text("DhcpOptionsId") == "default":
        vpc.without_options = True
    return None


def options_are_known(call: AwsCall) -> Outcome:
    """AWS has the options that it documents, each with a value."""
    for name in call.members("DhcpConfiguration", "Key"):
        if name not in _KNOWN:
            return AwsError("InvalidParameterValue", f"Value ({name}) for parameter key is invalid")
    return None


def options_in_use_stay(call: AwsCall) -> Outcome:
    """A set goes once no VPC has it; moto remembers only the last one that had."""
    ec2, name = backend(call, "ec2"), call.text("DhcpOptionsId")
    if any(vpc.dhcp_options is not None and vpc.dhcp_options.id == name for vpc in ec2.vpcs.values()):
        message = f"The dhcpOptions '{name}' has dependencies and cannot be deleted."
        return AwsError("DependencyViolation", message)
    if name in ec2.dhcp_options_sets:
        ec2.dhcp_options_sets[name].vpc = None
    return None


def complete(call: AwsCall, reply: Response) -> None:
    """Give a new set its tags, and what moto does not know of its options."""
    ec2 = backend(call, "ec2")
    for name in markup.texts(markup.parse(reply), "dhcpOptionsId"):
        options = ec2.dhcp_options_sets[name]
        keys = call.members("TagSpecification.1.Tag", "Key")
        options.add_tags(dict(zip(keys, call.members("TagSpecification.1.Tag", "Value"), strict=True)))
        for number, key in enumerate(call.members("DhcpConfiguration", "Key"), 1):
            if key == _LEASE:
                options._options[key] = call.members(f"DhcpConfiguration.{number}.Value")


RULES: dict[tuple[str, str], tuple[Rule, ...]] = {
    ("ec2", "AssociateDhcpOptions"): (vpcs_have_options, none_is_remembered),
    ("ec2", "CreateDhcpOptions"): (options_are_known,),
    ("ec2", "DeleteDhcpOptions"): (vpcs_have_options, options_in_use_stay),
    ("ec2", "DescribeDhcpOptions"): (vpcs_have_options,),
    ("ec2", "DescribeVpcs"): (vpcs_have_options,),
}
COMPLETIONS: dict[tuple[str, str], Completion] = {("ec2", "CreateDhcpOptions"): complete}
