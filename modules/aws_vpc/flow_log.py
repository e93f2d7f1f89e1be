"""https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_FlowLog.html"""

from modules import canonical, ownership, tagging
from modules.aws_vpc import flow_logs
from modules.aws_vpc.flow_logs import OF
from modules.spec import (
    Call,
    Derived,
    Edited,
    EnumType,
    List,
    Resource,
    Token,
    assigned,
    fixed,
    ref,
)

_TAGS = tagging.ec2("vpc-flow-log", "flow_log_id")
_REFUSED = "Unsuccessful[].Error"


def _options(name: str) -> Derived:
    """An option of files; AWS takes options for S3 only."""
    return Derived(lambda kind, value: value if kind == "s3" else None, ("log_destination_type", name))


FLOW_LOG = Resource(
    table="flow_log",
    service="ec2",
    doc="Flow logs: who has talked to whom in a VPC, a subnet, or by a network interface. AWS changes none: "
    "one goes before another takes its place, and nothing is recorded in between.",
    key=("id",),
    identity="flow_log_id",
    natural_key=(*OF, "log_group_name", "log_destination"),
    called=tagging.name,
    unique_in_aws=False,
    newborn=flow_logs.newborn,
    # AWS refuses a second one of the same configuration.
    holds=("log_group_name", "log_destination"),
    unique_if_not_null=("flow_log_id",),
    checks=(
        ("flow_log_of_one", f"num_nonnulls({', '.join(OF)}) = 1"),
        ("flow_log_has_one_destination", "num_nonnulls(log_group_name, log_destination) = 1"),
        (
            "flow_log_options_of_files",
            "log_destination_type = 's3' OR (file_format IS NULL AND NOT hive_compatible_partitions "
            "AND NOT per_hour_partition)",
        ),
    ),
    columns=(
        assigned("flow_log_id", "varchar", "FlowLogId", doc="AWS's id of the flow log."),
        ref("vpc_id", "vpc", "ResourceId", read=flow_logs.only("vpc-")),
        ref("subnet_id", "subnet", "ResourceId", read=flow_logs.only("subnet-")),
        fixed(
            "resource_id",
            "varchar",
            "ResourceId",
            unless=("vpc_id", "subnet_id"),
            doc="Of a network interface, a transit gateway or an attachment of one.",
        ),
        fixed(
            "traffic_type",
            EnumType(name="flow_log_traffic_type_enum", values=("ACCEPT", "REJECT", "ALL")),
            "TrafficType",
            left_to_aws=True,
            doc="What security groups and network ACLs accept, reject, or both; NULL for transit gateways.",
        ),
        fixed(
            "log_destination_type",
            "varchar",
            "LogDestinationType",
            not_null=True,
            default="'cloud-watch-logs'",
            doc="cloud-watch-logs, s3 or kinesis-data-firehose.",
        ),
        fixed(
            "log_group_name",
            "varchar",
            read=flow_logs.group,
            doc="The log group of the account; AWS makes it where there is none.",
        ),
        fixed(
            "log_destination",
            "varchar",
            read=flow_logs.destination,
            doc="ARN of a bucket, perhaps with a folder, a delivery stream, or another account's log group.",
        ),
        fixed(
            "deliver_logs_permission_arn",
            "varchar",
            "DeliverLogsPermissionArn",
            doc="ARN of the role by which AWS writes to CloudWatch Logs.",
        ),
        fixed(
            "deliver_cross_account_role",
            "varchar",
            "DeliverCrossAccountRole",
            doc="ARN of the role by which AWS writes to another account's.",
        ),
        fixed(
            "log_format",
            "varchar",
            "LogFormat",
            left_to_aws=True,
            doc="Fields such as ${srcaddr} ${dstaddr}; NULL is AWS's list.",
        ),
        fixed(
            "max_aggregation_interval",
            "integer",
            "MaxAggregationInterval",
            not_null=True,
            default="600",
            doc="Seconds that a record is of at most: 60 or 600.",
        ),
        fixed(
            "file_format",
            "varchar",
            "DestinationOptions.FileFormat",
            left_to_aws=True,
            doc="plain-text or parquet, in S3.",
        ),
        *(
            fixed(
                name,
                "boolean",
                f"DestinationOptions.{key}",
                not_null=True,
                default="false",
                read=bool,
                doc=doc,
            )
            for name, key, doc in (
                (
                    "hive_compatible_partitions",
                    "HiveCompatiblePartitions",
                    "Folders in S3 are as Hive names them.",
                ),
                ("per_hour_partition", "PerHourPartition", "Folders in S3 are of an hour, and not of a day."),
            )
        ),
        assigned("flow_log_status", "varchar", "FlowLogStatus"),
        assigned("deliver_logs_status", "varchar", "DeliverLogsStatus", doc="SUCCESS or FAILED."),
        assigned(
            "deliver_logs_error_message", "varchar", "DeliverLogsErrorMessage", doc="Why AWS cannot deliver."
        ),
        assigned(
            "created_at",
            "timestamptz",
            "CreationTime",
            read=canonical.timestamp,
            canonical=canonical.instant,
        ),
        _TAGS.column,
        ownership.managed_by(_TAGS),
    ),
    # https://docs.aws.amazon.com/ec2/latest/devguide/eventual-consistency.html
    settles=30,
    listing=List(
        operation="describe_flow_logs",
        items="FlowLogs",
        params={"MaxResults": 1000},
        joins=ownership.ACCOUNT,
    ),
    create=(
        Call(
            operation="create_flow_logs",
            params={
                "ResourceIds[0]": Edited("ResourceId", flow_logs.of_one, OF),
                "ResourceType": Edited("ResourceId", flow_logs.kind, OF),
                "TrafficType": "traffic_type",
                "LogDestinationType": "log_destination_type",
                "LogGroupName": "log_group_name",
                "LogDestination": "log_destination",
                "DeliverLogsPermissionArn": "deliver_logs_permission_arn",
                "DeliverCrossAccountRole": "deliver_cross_account_role",
                "LogFormat": "log_format",
                "MaxAggregationInterval": "max_aggregation_interval",
                "DestinationOptions.FileFormat": "file_format",
                "DestinationOptions.HiveCompatiblePartitions": _options("hive_compatible_partitions"),
                "DestinationOptions.PerHourPartition": _options("per_hour_partition"),
                "ClientToken": Token(),
                **_TAGS.create,
            },
            result="{FlowLogId: FlowLogIds[0]}",
            refused=_REFUSED,
        ),
    ),
    fetch=Call(
        operation="describe_flow_logs",
        params={"FlowLogIds[0]": "flow_log_id"},
        result="FlowLogs[0]",
        joins=ownership.ACCOUNT,
    ),
    update=_TAGS.update,
    delete=(Call(operation="delete_flow_logs", params={"FlowLogIds[0]": "flow_log_id"}, refused=_REFUSED),),
    absent=("InvalidFlowLogId.NotFound",),
    eventual=(
        ("InvalidVpcID.NotFound", ""),
        ("InvalidSubnetID.NotFound", ""),
        # A role of now.
        ("InvalidParameter", "Unable to assume given IAM role"),
    ),
    hints={
        "FlowLogAlreadyExists": "There is one of the same configuration and destination already.",
        "FlowLogsLimitExceeded": "AWS allows two for one of what they are of.",
        "InvalidParameter": "A log group needs a role by which AWS writes to it, and a bucket needs none.",
    },
)
