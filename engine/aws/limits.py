"""Which of AWS's token buckets a call takes tokens from, and how large AWS says that they are by default.

A hint and no truth: an account's limits may have been raised, and others take tokens as well.
`engine.aws.bucket` begins with these sizes and finds out the real ones. What is not documented begins with a
guess.

- EC2: each operation has a bucket of its own, of the size of its category.
  https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html
- ECS: the operations of a category share a bucket.
  https://docs.aws.amazon.com/AmazonECS/latest/APIReference/request-throttling.html
- ELB: the same, and all operations share another one besides.
  https://docs.aws.amazon.com/elasticloadbalancing/latest/userguide/elb-api-throttling.html
- Route 53: all operations of an account share one.
  https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DNSLimitations.html
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from engine.aws.bucket import Limit

#: A bucket's name within its service, and its size.
Named = tuple[str, Limit]

_READS = ("describe_", "list_", "get_", "batch_get_", "search_")


@cache
def reads(operation: str) -> bool:
    """Whether an operation, by botocore's name, changes nothing."""
    return operation.startswith(_READS)


def buckets(service: str, operation: str) -> tuple[Named, ...]:
    """The buckets that a call takes a token from, the one that fewest other operations share first.

    Args:
        service, operation: botocore's names.
    """
    reading = reads(operation)
    match service:
        case "ec2":
            return ((operation, _EC2.get(operation, _EC2_READS if reading else _EC2_CHANGES)),)
        case "ecs" if operation in _ECS:
            return (_ECS[operation],)
        case "elbv2":
            return _ELB.get(operation, _ELB_READS if reading else _ELB_CHANGES), _ELB_ALL
        case "route53":
            return (_ROUTE_53,)
        case _:
            return guess(operation)


def guess(operation: str) -> tuple[Named, ...]:
    """The same of a service that documents nothing: it may count operations apart or together, or both."""
    return (operation, _OPERATION), _READING if reads(operation) else _CHANGING


#: The smallest of the sizes that AWS documents of most categories.
_OPERATION = Limit(16, 5, sure=False)
_READING, _CHANGING = ("reading", Limit(40, 10, sure=False)), ("changing", Limit(20, 5, sure=False))

#: Calls that ask for pages, as the engine's do; others of some operations have half of that.
_EC2_READS, _EC2_CHANGES = Limit(100, 20), Limit(50, 5)
_EC2: Mapping[str, Limit] = dict.fromkeys(("create_nat_gateway", "delete_nat_gateway"), Limit(10, 1))


def _shared(**categories: tuple[Limit, str]) -> Mapping[str, Named]:
    """The bucket of each operation, from those of each category."""
    return {
        operation: (category, limit)
        for category, (limit, operations) in categories.items()
        for operation in operations.split()
    }


_ECS = _shared(
    cluster_modify=(Limit(20, 1), "create_cluster delete_cluster update_cluster"),
    cluster_read=(Limit(50, 20), "describe_clusters list_clusters"),
    task_definition_modify=(Limit(20, 1), "register_task_definition deregister_task_definition"),
    task_definition_read=(
        Limit(50, 20),
        "describe_task_definition list_task_definitions list_task_definition_families",
    ),
    service_modify=(Limit(50, 5), "create_service update_service delete_service"),
    service_read=(Limit(100, 20), "describe_services list_services"),
)

_ELB = _shared(
    resource_intensive=(Limit(10, 0.2), "create_load_balancer set_subnets"),
    registration=(Limit(20, 4), "register_targets deregister_targets"),
)
_ELB_READS = "non_mutating", Limit(40, 10)
_ELB_CHANGES = "mutating", Limit(20, 3)
_ELB_ALL = "all", Limit(40, 10)

_ROUTE_53 = "all", Limit(5, 5)
