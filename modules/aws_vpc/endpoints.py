"""What gateway endpoints and interface endpoints have in common, and what their services are called."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from modules import canonical, ownership, tagging
from modules.spec import (
    SET,
    Call,
    Column,
    Context,
    Derived,
    Description,
    List,
    Source,
    Update,
    Waiter,
    assigned,
    column,
    fixed,
)

TAGS = tagging.ec2("vpc-endpoint", "vpc_endpoint_id")
NAMED: dict[str, Source] = {"VpcEndpointId": "vpc_endpoint_id"}
_IDS: dict[str, Source] = {"VpcEndpointIds[0]": "vpc_endpoint_id"}

#: One listing for both tables.
LISTING = List(
    operation="describe_vpc_endpoints",
    items="VpcEndpoints",
    params={"MaxResults": 1000},
    joins={**ownership.ACCOUNT, "Here": Context("region")},
)
FETCH = Call(operation="describe_vpc_endpoints", params=_IDS, result="VpcEndpoints[0]")
ABSENT = ("InvalidVpcEndpoint.NotFound", "InvalidVpcEndpointId.NotFound")
_LOOK: dict[str, Any] = {
    "name": "describe_vpc_endpoints",
    "params": _IDS,
    "state": "VpcEndpoints[].State",
    "seconds": 900,
}
#: Who offers a service may want to accept an endpoint first, and take days for that.
AVAILABLE = Waiter(**_LOOK, done=("available", "pendingacceptance"), failed=("failed", "rejected", "expired"))
DELETE = Call(operation="delete_vpc_endpoints", params=_IDS, refused="Unsuccessful[].Error")
#: Its network interfaces are in subnets and security groups until it is gone.
GONE = Waiter(**_LOOK, done=("deleted",), failed=("failed",), gone=ABSENT)
EVENTUAL = tuple(
    (code, "")
    for code in (
        "InvalidVpcEndpointId.NotFound",
        "InvalidVpcID.NotFound",
        "InvalidRouteTableID.NotFound",
        "InvalidRouteTableId.NotFound",
        "InvalidSubnetID.NotFound",
        "InvalidSubnetId.NotFound",
        "InvalidGroup.NotFound",
        "InvalidSecurityGroupID.NotFound",
    )
)


def shown(kind: str) -> Callable[[Description], bool]:
    """Which endpoints a table has: those of one kind that are there."""
    return lambda endpoint: endpoint.get("VpcEndpointType") == kind and state(endpoint) != "deleted"


def is_leaving(endpoint: Description) -> bool:
    """Whether AWS is deleting it."""
    return state(endpoint) == "deleting"


def state(endpoint: Description) -> str:
    """In small letters, as AWS tells it, and botocore's model does not."""
    return str(endpoint.get("State")).lower()


def managed_by() -> Column:
    """`managed_by`: services of AWS make endpoints for themselves in their customers' VPCs."""
    return ownership.managed_by(TAGS, _service, ownership.another_account("OwnerId"))


def _service(endpoint: Description) -> str | None:
    return "a service of AWS" if endpoint.get("RequesterManaged") else None


_PREFIX = re.compile(r"com\.amazonaws\.(?:[a-z]+(?:-[a-z]+)+-\d\.)?(?!vpce\.)")
#: Services whose names say no region.
_NOWHERE = ("s3-global.accesspoint",)


def short(name: Any) -> Any:
    """A service's name without what is the same for all of a region's; any other name as it is."""
    return _PREFIX.sub("", name, count=1) if isinstance(name, str) else name


def whole(name: str, *regions: str | None) -> str:
    """The name by which AWS knows a service.

    Args:
        regions: the first that is none of None is the service's.
    """
    name = short(name)
    if name.startswith(("com.", "cn.", "aws.")):
        return name
    region = next(each for each in regions if each)
    return f"com.amazonaws.{name}" if name in _NOWHERE else f"com.amazonaws.{region}.{name}"


SERVICE = Derived(whole, ("service",), ("region",))
POLICY = Derived(canonical.json_text, ("policy",))
ID = assigned("vpc_endpoint_id", "varchar", "VpcEndpointId", doc="AWS's id of the endpoint.")
POLICY_COLUMN = column(
    "policy",
    "jsonb",
    "PolicyDocument",
    read=canonical.document,
    canonical=canonical.policy,
    left_to_aws=True,
    doc="Who may do what by the endpoint; NULL is AWS's policy, by which everybody may do all.",
)


def service(doc: str) -> Column:
    """`service`, by the name that is short."""
    return fixed("service", "varchar", "ServiceName", not_null=True, read=short, canonical=short, doc=doc)


def set_policy(then: Waiter | None = None) -> Update:
    """Set the policy.

    Args:
        then: what is waited for afterwards.
    """
    return Update(
        operation="modify_vpc_endpoint",
        when=("policy",),
        given=("policy", SET),
        params={**NAMED, "PolicyDocument": POLICY},
        then=then,
    )


def added(there: Iterable[str] | None, wanted: Iterable[str] | None) -> list[str] | None:
    """Which of some ids an endpoint has not, None if there are none."""
    return sorted({*(wanted or ())} - {*(there or ())}) or None


def removed(there: Iterable[str] | None, wanted: Iterable[str] | None) -> list[str] | None:
    """Which ids an endpoint has and is not to have."""
    return added(wanted, there)
