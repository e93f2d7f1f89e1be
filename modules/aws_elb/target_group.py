"""https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_TargetGroup.html"""

from modules import ownership, tagging
from modules.aws_elb.enums import PROTOCOLS
from modules.spec import (
    Batched,
    Call,
    Carry,
    Derived,
    EnumType,
    Kept,
    List,
    Look,
    Old,
    Resource,
    Update,
    assigned,
    column,
    fixed,
    ref,
)

_HEALTH_CHECK = {
    "HealthCheckProtocol": "health_check_protocol",
    "HealthCheckPort": "health_check_port",
    "HealthCheckEnabled": "health_check_enabled",
    "HealthCheckIntervalSeconds": "health_check_interval_seconds",
    "HealthCheckTimeoutSeconds": "health_check_timeout_seconds",
    "HealthyThresholdCount": "healthy_threshold_count",
    "UnhealthyThresholdCount": "unhealthy_threshold_count",
    "HealthCheckPath": "health_check_path",
}

_TAGS = tagging.elbv2("target_group_arn")

TARGET_GROUP = Resource(
    table="target_group",
    service="elbv2",
    doc="Where load balancers send requests, and how they find out whether a target is healthy.",
    key=("target_group_name",),
    identity="target_group_arn",
    natural_key=("target_group_name",),
    columns=(
        fixed("target_group_name", "varchar", "TargetGroupName", not_null=True),
        fixed(
            "target_type",
            EnumType(name="target_group_target_type_enum", values=("alb", "instance", "ip", "lambda")),
            "TargetType",
            not_null=True,
        ),
        assigned("target_group_arn", "varchar", "TargetGroupArn"),
        fixed(
            "ip_address_type",
            EnumType(name="target_group_ip_address_type_enum", values=("ipv4", "ipv6")),
            "IpAddressType",
            left_to_aws=True,
        ),
        fixed("protocol", EnumType(name="target_group_protocol_enum", values=PROTOCOLS), "Protocol"),
        fixed("port", "integer", "Port"),
        column(
            "health_check_protocol",
            EnumType(name="target_group_health_check_protocol_enum", values=PROTOCOLS),
            "HealthCheckProtocol",
            left_to_aws=True,
        ),
        column("health_check_port", "varchar", "HealthCheckPort", left_to_aws=True),
        column("health_check_enabled", "boolean", "HealthCheckEnabled", left_to_aws=True),
        column("health_check_interval_seconds", "integer", "HealthCheckIntervalSeconds", left_to_aws=True),
        column("health_check_timeout_seconds", "integer", "HealthCheckTimeoutSeconds", left_to_aws=True),
        column("healthy_threshold_count", "integer", "HealthyThresholdCount", left_to_aws=True),
        column("unhealthy_threshold_count", "integer", "UnhealthyThresholdCount", left_to_aws=True),
        column("health_check_path", "varchar", "HealthCheckPath", left_to_aws=True),
        fixed(
            "protocol_version",
            EnumType(name="target_group_protocol_version_enum", values=("GRPC", "HTTP1", "HTTP2")),
            "ProtocolVersion",
            left_to_aws=True,
        ),
        ref(
            "vpc",
            "vpc",
            "VpcId",
            default=lambda vpc: bool(vpc.get("IsDefault")),
            left_to_aws=True,
            doc="NULL is the default VPC.",
        ),
        _TAGS.column,
        ownership.managed_by(_TAGS),
    ),
    listing=List(operation="describe_target_groups", items="TargetGroups"),
    batched=(
        Batched(
            operation="describe_tags",
            ids="ResourceArns",
            of="TargetGroupArn",
            batch=20,
            items="TagDescriptions",
            by="ResourceArn",
            value="Tags",
            into="Tags",
        ),
    ),
    create=(
        Call(
            operation="create_target_group",
            params={
                "Name": "target_group_name",
                "TargetType": "target_type",
                "IpAddressType": "ip_address_type",
                "Protocol": "protocol",
                "Port": "port",
                "ProtocolVersion": "protocol_version",
                # A Lambda function is in no VPC.
                "VpcId": Derived(lambda kind, vpc: None if kind == "lambda" else vpc, ("target_type", "vpc")),
                **_HEALTH_CHECK,
                "Matcher": Old("Matcher"),
                **_TAGS.create,
            },
            result="TargetGroups[0]",
        ),
    ),
    update=(
        Update(
            operation="modify_target_group",
            when=tuple(_HEALTH_CHECK.values()),
            params={"TargetGroupArn": "target_group_arn", **_HEALTH_CHECK},
        ),
        *_TAGS.update,
    ),
    reflects=("LoadBalancerArns",),
    carry=Carry(
        looks=(
            Look(
                operation="describe_target_group_attributes",
                params={"TargetGroupArn": "target_group_arn"},
                result="Attributes",
                into="Attributes",
            ),
            Look(
                operation="describe_target_health",
                params={"TargetGroupArn": "target_group_arn"},
                result="TargetHealthDescriptions[].Target",
                into="Targets",
                # ECS registers a service's tasks itself.
                unless_used_by=("service",),
            ),
        ),
        calls=(
            Kept(
                operation="modify_target_group_attributes",
                of="Attributes",
                unless="Attributes",
                params={"TargetGroupArn": "target_group_arn", "Attributes": Old("Attributes")},
            ),
            Kept(
                operation="register_targets",
                of="Targets",
                params={"TargetGroupArn": "target_group_arn", "Targets": Old("Targets")},
            ),
        ),
    ),
    delete=(Call(operation="delete_target_group", params={"TargetGroupArn": "target_group_arn"}),),
    absent=("TargetGroupNotFound",),
    busy=("ResourceInUse",),
    hints={"ResourceInUse": "A listener or a rule of one still sends requests to the target group."},
)
