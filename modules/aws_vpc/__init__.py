"""Networks, their subnets, and the ways in and out of them."""

from modules.aws_vpc.availability_zone import AVAILABILITY_ZONE
from modules.aws_vpc.dhcp_options import DHCP_OPTIONS
from modules.aws_vpc.egress_only_internet_gateway import EGRESS_ONLY_INTERNET_GATEWAY
from modules.aws_vpc.elastic_ip import ELASTIC_IP
from modules.aws_vpc.endpoint_gateway import ENDPOINT_GATEWAY
from modules.aws_vpc.endpoint_interface import ENDPOINT_INTERFACE
from modules.aws_vpc.flow_log import FLOW_LOG
from modules.aws_vpc.internet_gateway import INTERNET_GATEWAY
from modules.aws_vpc.nat_gateway import NAT_GATEWAY
from modules.aws_vpc.network_acl import NETWORK_ACL
from modules.aws_vpc.network_acl_entry import NETWORK_ACL_ENTRY
from modules.aws_vpc.peering_connection import PEERING_CONNECTION
from modules.aws_vpc.route import ROUTE
from modules.aws_vpc.route_table import ROUTE_TABLE
from modules.aws_vpc.route_table_association import ROUTE_TABLE_ASSOCIATION
from modules.aws_vpc.subnet import SUBNET
from modules.aws_vpc.vpc import VPC
from modules.spec import Module

MODULE = Module(
    name="aws_vpc",
    dependencies=("aws_account",),
    resources=(
        DHCP_OPTIONS,
        VPC,
        NETWORK_ACL,
        NETWORK_ACL_ENTRY,
        SUBNET,
        AVAILABILITY_ZONE,
        INTERNET_GATEWAY,
        EGRESS_ONLY_INTERNET_GATEWAY,
        ELASTIC_IP,
        NAT_GATEWAY,
        PEERING_CONNECTION,
        ROUTE_TABLE,
        ROUTE,
        ROUTE_TABLE_ASSOCIATION,
        ENDPOINT_GATEWAY,
        ENDPOINT_INTERFACE,
        FLOW_LOG,
    ),
    tables=(
        "dhcp_options",
        "vpc",
        "network_acl",
        "network_acl_entry",
        "subnet",
        "availability_zone",
        "internet_gateway",
        "egress_only_internet_gateway",
        "elastic_ip",
        "nat_gateway",
        "peering_connection",
        "route_table",
        "route",
        "route_table_association",
        "endpoint_gateway",
        "endpoint_interface",
        "endpoint_interface_subnets",
        "flow_log",
    ),
    place=60,
)
