"""How long AWS takes for each operation: round figures of the order of its own."""

from __future__ import annotations

from deploy.simulator.call import AwsCall

READ = 0.15
CHANGE = 0.35

#: Where an operation takes longer or shorter than others of its kind, in seconds.
LATENCIES = {
    "GetCallerIdentity": 0.1,
    "ListRoles": 0.25,
    "DescribeLoadBalancers": 0.25,
    "CreateLoadBalancer": 1.2,
    "CreateListener": 0.4,
    "CreateService": 0.8,
    "RegisterTaskDefinition": 0.4,
    "CreateNatGateway": 0.8,
}


def seconds(call: AwsCall) -> float:
    """How long a call takes."""
    return LATENCIES.get(call.operation, CHANGE if call.mutating else READ)
