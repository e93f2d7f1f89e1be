"""https://docs.aws.amazon.com/vpc/latest/privatelink/gateway-endpoints.html"""

from modules import canonical, tagging
from modules.aws_vpc import endpoints
from modules.aws_vpc.endpoints import NAMED, TAGS
from modules.spec import (
    Call,
    Carry,
    Const,
    Edited,
    Old,
    Resource,
    Token,
    Update,
    Values,
    assigned,
    column,
    ref,
)


def _newborn(row: Values, found: Values) -> bool:
    tables = all(each in (found["route_table_ids"] or ()) for each in row["route_table_ids"] or ())
    same = tagging.own(row["tags"]) == tagging.own(found["tags"])
    return tables and same and row["vpc_id"] == found["vpc_id"] and row["service"] == found["service"]


ENDPOINT_GATEWAY = Resource(
    table="endpoint_gateway",
    service="ec2",
    doc="Gateway endpoints: S3 and DynamoDB by routes of the VPC, and not by the internet. AWS puts these "
    "routes into the tables that an endpoint names; table route does not show them.",
    key=("id",),
    identity="vpc_endpoint_id",
    natural_key=("vpc_id", "service"),
    called=tagging.name,
    unique_in_aws=False,
    newborn=_newborn,
    unique_if_not_null=("vpc_endpoint_id",),
    columns=(
        endpoints.ID,
        endpoints.service("s3 or dynamodb."),
        endpoints.POLICY_COLUMN,
        assigned("state", "varchar", "State"),
        column(
            "route_table_ids",
            "text[]",
            "RouteTableIds",
            refers="route_table",
            read=canonical.unordered,
            canonical=canonical.unordered,
            doc="Ids of the route tables that lead to it. A table leads to one endpoint of a service.",
        ),
        ref("vpc_id", "vpc", "VpcId", not_null=True),
        TAGS.column,
        endpoints.managed_by(),
    ),
    # https://docs.aws.amazon.com/ec2/latest/devguide/eventual-consistency.html
    settles=30,
    listing=endpoints.LISTING,
    where=endpoints.shown("Gateway"),
    leaving=endpoints.is_leaving,
    create=(
        Call(
            operation="create_vpc_endpoint",
            params={
                "VpcEndpointType": Const("Gateway"),
                "VpcId": "vpc_id",
                "ServiceName": endpoints.SERVICE,
                "PolicyDocument": endpoints.POLICY,
                "RouteTableIds": "route_table_ids",
                "IpAddressType": Old("IpAddressType"),
                "DnsOptions.DnsRecordIpType": Old("DnsOptions.DnsRecordIpType"),
                "ClientToken": Token(),
                **TAGS.create,
            },
            result="VpcEndpoint",
        ),
    ),
    ready=endpoints.AVAILABLE,
    fetch=endpoints.FETCH,
    update=(
        endpoints.set_policy(),
        Update(
            operation="modify_vpc_endpoint",
            when=("route_table_ids",),
            params={
                **NAMED,
                "AddRouteTableIds": Edited("RouteTableIds", endpoints.added, ("route_table_ids",)),
                "RemoveRouteTableIds": Edited("RouteTableIds", endpoints.removed, ("route_table_ids",)),
            },
        ),
        *TAGS.update,
    ),
    carry=Carry(
        not_kept={
            **dict.fromkeys(
                (
                    "AddSecurityGroupIds",
                    "AddSubnetIds",
                    "DnsOptions.PrivateDnsOnlyForInboundResolverEndpoint",
                    "PrivateDnsEnabled",
                    "RemoveSecurityGroupIds",
                    "RemoveSubnetIds",
                    "SecurityGroupIds",
                    "SubnetConfigurations",
                    "SubnetIds",
                ),
                "a gateway endpoint has no network interfaces",
            ),
            **dict.fromkeys(
                ("ResourceConfigurationArn", "ServiceNetworkArn", "ServiceRegion"),
                "a gateway endpoint is for a service of its region",
            ),
            "ResetPolicy": "another way to say PolicyDocument",
        },
    ),
    delete=(endpoints.DELETE,),
    gone=endpoints.GONE,
    absent=endpoints.ABSENT,
    eventual=endpoints.EVENTUAL,
    hints={
        "RouteAlreadyExists": "A route table leads to an endpoint of the service already.",
        "InvalidServiceName": "Gateway endpoints are for s3 and dynamodb.",
        "VpcEndpointLimitExceeded": "AWS allows 20 in a region unless its owner has asked for more.",
    },
)
