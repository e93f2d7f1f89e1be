"""What botocore's models do not say of what EC2 tells of networks."""

from tests.modules.told import ABSENT

EXAMPLES = {
    # In turn, as a pool belongs to subnets that give out addresses of one.
    "subnet": {"Subnets.CustomerOwnedIpv4Pool": ("pool-1", ABSENT)},
}

#: What a new one has anyway; `test_vpc.py` sees that what differs from that is kept.
EXCUSED = {
    "vpc": {
        "EnableDnsSupport": "it is on in a new VPC",
        "EnableDnsHostnames": "it is off in a new VPC",
        "EnableNetworkAddressUsageMetrics": "it is off in a new VPC",
    },
}
