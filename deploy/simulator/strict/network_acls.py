"""Network ACLs: their last rules are AWS's, an entry is whole, and one that is in use stays.

https://docs.aws.amazon.com/vpc/latest/userguide/vpc-network-acls.html
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from werkzeug.wrappers import Response

from deploy.simulator.call import AwsCall
from deploy.simulator.replies import AwsError
from deploy.simulator.strict.outcome import Completion, Outcome, Rule, backend

_LAST = 32767
#: Entries of one direction, unless its owner has asked AWS for more.
_MOST = 20


def rule_is_ours(call: AwsCall) -> Outcome:
    """Rules have the numbers from 1 to 32766; the one after these is AWS's."""
    if 0 < int(call.text("RuleNumber") or 0) < _LAST:
        return None
    return AwsError(
        "InvalidParameterValue", f"Value ({call.text('RuleNumber')}) for parameter ruleNumber is invalid."
    )


def entry_is_whole(call: AwsCall) -> Outcome:
    """TCP and UDP need ports, ICMP needs types, and each entry one network."""
    wanted = {"6": "PortRange.From", "17": "PortRange.From", "1": "Icmp.Type", "58": "Icmp.Type"}
    needed = wanted.get(call.text("Protocol"))
    if needed is not None and needed not in call.parameters:
        return AwsError("MissingParameter", f"The request must contain the parameter {needed}")
    if bool(call.text("CidrBlock")) is bool(call.text("Ipv6CidrBlock")):
        return AwsError("InvalidParameterCombination", "Exactly one of cidrBlock and ipv6CidrBlock is needed")
    return None


def entry_is_there(call: AwsCall) -> Outcome:
    """Only an entry that is there is replaced or deleted."""
    acl = _acl(call)
    if acl is None or any(_is_of(call, each) for each in acl.network_acl_entries):
        return None
    return AwsError(
        "InvalidNetworkAclEntry.NotFound",
        f"The network ACL entry identified by {call.text('RuleNumber')} does not exist.",
    )


def there_is_room(call: AwsCall) -> Outcome:
    """An ACL has 20 entries of a direction."""
    acl, egress = _acl(call), call.text("Egress") == "true"
    entries = acl.network_acl_entries if acl is not None else []
    if sum(_egress(each) is egress and int(each.rule_number) < _LAST for each in entries) < _MOST:
        return None
    return AwsError("NetworkAclEntryLimitExceeded", "The maximum number of network ACL entries is reached.")


def default_acl_stays(call: AwsCall) -> Outcome:
    """The default ACL goes with its VPC."""
    acl = _acl(call)
    if acl is None or not acl.default:
        return None
    return AwsError("InvalidParameterValue", f"Cannot delete default network ACL {acl.id}")


def acl_is_of_the_vpc(call: AwsCall) -> Outcome:
    """A subnet has an ACL of its VPC."""
    ec2, acl = backend(call, "ec2"), _acl(call)
    name = call.text("AssociationId")
    theirs = [each for each in ec2.network_acls.values() if name in each._associations]
    if not theirs:
        return AwsError("InvalidAssociationID.NotFound", f"The association ID '{name}' does not exist")
    if acl is not None and acl.vpc_id != theirs[0].vpc_id:
        return AwsError("InvalidParameterValue", f"{acl.id} and the subnet belong to different networks")
    return None


def forget(call: AwsCall) -> None:
    """Take the associations of a subnet that is gone off its ACL, which moto does not."""
    for acl in backend(call, "ec2").network_acls.values():
        for name, association in list(acl._associations.items()):
            if association.subnet_id == call.text("SubnetId"):
                del acl._associations[name]


def in_vpc(ec2: Any, vpc_id: str) -> Iterator[bool]:
    """Whether ACLs keep a VPC from being deleted."""
    for acl in ec2.network_acls.values():
        yield acl.vpc_id == vpc_id and not acl.default


def keep_types(call: AwsCall, reply: Response) -> None:
    """Give an entry its ICMP type, which moto does not."""
    acl = _acl(call)
    for entry in acl.network_acl_entries if acl is not None and "Icmp.Type" in call.parameters else ():
        if _is_of(call, entry):
            entry.icmp_type = int(call.text("Icmp.Type"))
            entry.icmp_code = int(call.parameters.get("Icmp.Code", -1))


def take_along(call: AwsCall, reply: Response) -> None:
    """Let the default ACL of a VPC go with it, which moto does not."""
    ec2 = backend(call, "ec2")
    for name in [name for name, each in ec2.network_acls.items() if each.vpc_id == call.text("VpcId")]:
        del ec2.network_acls[name]


def _acl(call: AwsCall) -> Any:
    return backend(call, "ec2").network_acls.get(call.text("NetworkAclId"))


def _is_of(call: AwsCall, entry: Any) -> bool:
    same = str(entry.rule_number) == call.text("RuleNumber")
    return same and _egress(entry) is (call.text("Egress") == "true")


def _egress(entry: Any) -> bool:
    return str(entry.egress).lower() == "true"


RULES: dict[tuple[str, str], tuple[Rule, ...]] = {
    ("ec2", "CreateNetworkAclEntry"): (rule_is_ours, entry_is_whole, there_is_room),
    ("ec2", "DeleteNetworkAcl"): (default_acl_stays,),
    ("ec2", "DeleteNetworkAclEntry"): (rule_is_ours, entry_is_there),
    ("ec2", "ReplaceNetworkAclAssociation"): (acl_is_of_the_vpc,),
    ("ec2", "ReplaceNetworkAclEntry"): (rule_is_ours, entry_is_whole, entry_is_there),
}
COMPLETIONS: dict[tuple[str, str], Completion] = {
    ("ec2", "CreateNetworkAclEntry"): keep_types,
    ("ec2", "DeleteVpc"): take_along,
    ("ec2", "ReplaceNetworkAclEntry"): keep_types,
}
