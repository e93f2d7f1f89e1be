"""Peering connections: two VPCs have one at most, and none if their networks overlap.

https://docs.aws.amazon.com/vpc/latest/peering/vpc-peering-basics.html
"""

from __future__ import annotations

import ipaddress

from werkzeug.wrappers import Response

from deploy.simulator import markup
from deploy.simulator.call import AwsCall
from deploy.simulator.replies import AwsError
from deploy.simulator.strict.outcome import Completion, Outcome, Rule, backend

_OPEN = ("initiating-request", "pending-acceptance", "provisioning", "active")


def one_of_two_vpcs(call: AwsCall) -> Outcome:
    """Two VPCs have one connection, whichever of them has requested it."""
    wanted = {call.text("VpcId"), call.text("PeerVpcId")}
    for each in backend(call, "ec2").vpc_pcxs.values():
        if each._status.code in _OPEN and {each.vpc.id, each.peer_vpc.id} == wanted:
            return AwsError("VpcPeeringConnectionAlreadyExists", f"{each.id} is between the VPCs already")
    return None


def fail_where_networks_overlap(call: AwsCall, reply: Response) -> None:
    """Let a connection fail between VPCs whose networks overlap; AWS answers as if it were made."""
    ec2 = backend(call, "ec2")
    for name in set(markup.texts(markup.parse(reply), "vpcPeeringConnectionId")):
        made = ec2.vpc_pcxs[name]
        one, other = (ipaddress.IPv4Network(each.cidr_block) for each in (made.vpc, made.peer_vpc))
        if one.overlaps(other):
            made._status.code = "failed"


RULES: dict[tuple[str, str], tuple[Rule, ...]] = {("ec2", "CreateVpcPeeringConnection"): (one_of_two_vpcs,)}
COMPLETIONS: dict[tuple[str, str], Completion] = {
    ("ec2", "CreateVpcPeeringConnection"): fail_where_networks_overlap
}
