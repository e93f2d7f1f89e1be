"""A network in which endpoints are, and what of these there is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

POLICY = (
    '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", '
    '"Action": ["s3:GetObject"], "Resource": "*"}]}'
)


@dataclass(frozen=True)
class Network:
    """A VPC that resolves names.

    Attributes:
        subnets: two of one zone, and one of another.
        tables: its main route table, and another one.
    """

    vpc: str
    subnets: tuple[str, ...]
    tables: tuple[str, ...]


def network(ec2: Any) -> Network:
    vpc = ec2.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
    subnets = tuple(
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.1.{number}.0/24", AvailabilityZone=f"us-east-1{zone}")[
            "Subnet"
        ]["SubnetId"]
        for number, zone in enumerate("aab")
    )
    of_vpc = [{"Name": "vpc-id", "Values": [vpc]}]
    [main] = [each["RouteTableId"] for each in ec2.describe_route_tables(Filters=of_vpc)["RouteTables"]]
    return Network(vpc, subnets, (main, ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]))


def there(ec2: Any) -> list[dict[str, Any]]:
    """The endpoints that there are."""
    return [each for each in ec2.describe_vpc_endpoints()["VpcEndpoints"] if each["State"] != "deleted"]
