"""Tables that stand alone, each told once: how their rows are edited, and how AWS tells them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tests.fixtures.cloud import Cloud

Attributes = dict[str, Any]

#: A condition of an alarm.
_ALARM = {
    "namespace": "'Soak'",
    "metric_name": "'m'",
    "statistic": "'Sum'",
    "period": "60",
    "evaluation_periods": "1",
    "comparison_operator": "'GreaterThanThreshold'",
}
_SUBNETS = (
    "(SELECT array_agg(subnet_id ORDER BY subnet_id) FROM subnet JOIN vpc ON vpc.id = subnet.vpc_id "
    "WHERE vpc.is_default)"
)


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One table.

    Attributes:
        module: the module that has it.
        name: the column of the name.
        called: what a name looks like, with {} for what chance decides.
        values: the columns that are edited, with what they may be.
        new: other columns that a new row needs, as SQL.
        told: how AWS tells each resource: its name, and the values of the columns.
        set: how somebody else changes a column of one in AWS, by its name; None: nobody does.
    """

    table: str
    module: str
    name: str = "name"
    called: str = "soak-{}"
    values: Mapping[str, tuple[Any, ...]]
    new: Mapping[str, str]
    told: Callable[[Cloud], Iterator[tuple[str, Attributes]]]
    set: Callable[[Cloud, str, str, Any], None] | None = None

    @property
    def rows(self) -> str:
        """The query of the rows that a soak has made."""
        columns = ", ".join(
            (self.name, *(f"{each}::{_type(some)} AS {each}" for each, some in self.values.items()))
        )
        return f"SELECT {columns} FROM {self.table} WHERE {self.name} LIKE '{self.called.format('%')}'"

    def seen(self, cloud: Cloud) -> Iterator[tuple[tuple[str], Attributes]]:
        """The resources of AWS that a soak has made."""
        begin = self.called.partition("{")[0]
        yield from (((name,), values) for name, values in self.told(cloud) if name.startswith(begin))


def _type(some: tuple[Any, ...]) -> str:
    """Enums are compared as texts."""
    known = {bool: "boolean", int: "integer", float: "float8"}
    return known.get(type(some[0]), "text")


def _queues(cloud: Cloud) -> Iterator[tuple[str, Attributes]]:
    sqs = cloud.client("sqs")
    for url in _all(sqs, "list_queues", "QueueUrls"):
        told = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        name = url.rpartition("/")[2]
        yield (
            name,
            {
                "visibility_timeout": int(told["VisibilityTimeout"]),
                "message_retention_period": int(told["MessageRetentionPeriod"]),
            },
        )


def _topics(cloud: Cloud) -> Iterator[tuple[str, Attributes]]:
    sns = cloud.client("sns")
    for topic in _all(sns, "list_topics", "Topics"):
        told = sns.get_topic_attributes(TopicArn=topic["TopicArn"])["Attributes"]
        yield topic["TopicArn"].rpartition(":")[2], {"display_name": told.get("DisplayName") or None}


def _parameters(cloud: Cloud) -> Iterator[tuple[str, Attributes]]:
    ssm = cloud.client("ssm")
    for each in _all(ssm, "describe_parameters", "Parameters"):
        value = ssm.get_parameter(Name=each["Name"])["Parameter"]["Value"]
        yield each["Name"], {"value": value, "description": each.get("Description") or None}


def _buckets(cloud: Cloud) -> Iterator[tuple[str, Attributes]]:
    s3 = cloud.client("s3")
    for each in s3.list_buckets()["Buckets"]:
        status = s3.get_bucket_versioning(Bucket=each["Name"]).get("Status")
        yield each["Name"], {"versioning": status}


def _tables(cloud: Cloud) -> Iterator[tuple[str, Attributes]]:
    dynamo = cloud.client("dynamodb")
    for name in _all(dynamo, "list_tables", "TableNames"):
        table = dynamo.describe_table(TableName=name)["Table"]
        yield name, {"table_class": table.get("TableClassSummary", {}).get("TableClass", "STANDARD")}


def _rules(cloud: Cloud) -> Iterator[tuple[str, Attributes]]:
    for each in _all(cloud.client("events"), "list_rules", "Rules"):
        yield (
            each["Name"],
            {
                "schedule_expression": each["ScheduleExpression"],
                "state": each["State"],
                "description": each.get("Description") or None,
            },
        )


def _alarms(cloud: Cloud) -> Iterator[tuple[str, Attributes]]:
    for each in _all(cloud.client("cloudwatch"), "describe_alarms", "MetricAlarms"):
        yield each["AlarmName"], {"threshold": each["Threshold"], "actions_enabled": each["ActionsEnabled"]}


def _users(cloud: Cloud) -> Iterator[tuple[str, Attributes]]:
    for each in _all(cloud.client("iam"), "list_users", "Users"):
        yield each["UserName"], {"path": each["Path"]}


def _groups(cloud: Cloud) -> Iterator[tuple[str, Attributes]]:
    for each in _all(cloud.client("iam"), "list_groups", "Groups"):
        yield each["GroupName"], {"path": each["Path"]}


def _db_subnet_groups(cloud: Cloud) -> Iterator[tuple[str, Attributes]]:
    for each in _all(cloud.client("rds"), "describe_db_subnet_groups", "DBSubnetGroups"):
        yield each["DBSubnetGroupName"], {"description": each["DBSubnetGroupDescription"]}


def _cache_subnet_groups(cloud: Cloud) -> Iterator[tuple[str, Attributes]]:
    for each in _all(cloud.client("elasticache"), "describe_cache_subnet_groups", "CacheSubnetGroups"):
        if each["CacheSubnetGroupName"] != "default":
            yield each["CacheSubnetGroupName"], {"description": each["CacheSubnetGroupDescription"]}


def _schedule_groups(cloud: Cloud) -> Iterator[tuple[str, Attributes]]:
    for each in _all(cloud.client("scheduler"), "list_schedule_groups", "ScheduleGroups"):
        if each["Name"] != "default":
            yield each["Name"], {}


def _zones(cloud: Cloud) -> Iterator[tuple[str, Attributes]]:
    for each in _all(cloud.client("route53"), "list_hosted_zones", "HostedZones"):
        yield each["Name"].rstrip("."), {}


def _all(client: Any, operation: str, items: str) -> Iterator[Any]:
    for page in client.get_paginator(operation).paginate():
        yield from page.get(items) or ()


def _set_queue(cloud: Cloud, name: str, column: str, value: Any) -> None:
    sqs = cloud.client("sqs")
    attribute = column.title().replace("_", "")
    url = sqs.get_queue_url(QueueName=name)["QueueUrl"]
    sqs.set_queue_attributes(QueueUrl=url, Attributes={attribute: str(value)})


def _set_topic(cloud: Cloud, name: str, column: str, value: Any) -> None:
    arn = f"arn:aws:sns:us-east-1:123456789012:{name}"
    cloud.client("sns").set_topic_attributes(TopicArn=arn, AttributeName="DisplayName", AttributeValue=value)


def _set_parameter(cloud: Cloud, name: str, column: str, value: Any) -> None:
    ssm = cloud.client("ssm")
    value_so_far = ssm.get_parameter(Name=name)["Parameter"]["Value"]
    ssm.put_parameter(Name=name, Overwrite=True, **{"Value": value_so_far, column.title(): value})


def _set_user(cloud: Cloud, name: str, column: str, value: Any) -> None:
    cloud.client("iam").update_user(UserName=name, NewPath=value)


KINDS = (
    Kind(
        table="queue",
        module="aws_sqs",
        values={"visibility_timeout": (30, 60, 90), "message_retention_period": (3600, 7200)},
        new={},
        told=_queues,
        set=_set_queue,
    ),
    Kind(
        table="topic",
        module="aws_sns",
        values={"display_name": ("one", "two")},
        new={},
        told=_topics,
        set=_set_topic,
    ),
    Kind(
        table="parameter",
        module="aws_ssm",
        called="/soak/{}",
        values={"value": ("one", "two"), "description": ("one", "two")},
        new={},
        told=_parameters,
        set=_set_parameter,
    ),
    Kind(
        table="bucket",
        module="aws_s3",
        values={"versioning": ("Enabled", "Suspended")},
        new={},
        told=_buckets,
    ),
    Kind(
        table="dynamo_table",
        module="aws_dynamo",
        name="table_name",
        values={"table_class": ("STANDARD", "STANDARD_INFREQUENT_ACCESS")},
        new={"primary_key": '\'{"id": "S"}\''},
        told=_tables,
    ),
    Kind(
        table="event_rule",
        module="aws_events",
        values={
            "schedule_expression": ("rate(5 minutes)", "rate(1 hour)"),
            "state": ("ENABLED", "DISABLED"),
            "description": ("one", "two"),
        },
        new={},
        told=_rules,
    ),
    Kind(
        table="metric_alarm",
        module="aws_cloudwatch",
        name="alarm_name",
        values={"threshold": (1.0, 2.0), "actions_enabled": (True, False)},
        new=_ALARM,
        told=_alarms,
    ),
    Kind(
        table="iam_user",
        module="aws_iam",
        name="user_name",
        values={"path": ("/", "/soak/")},
        new={},
        told=_users,
        set=_set_user,
    ),
    Kind(
        table="iam_group",
        module="aws_iam",
        name="group_name",
        values={"path": ("/", "/soak/")},
        new={},
        told=_groups,
    ),
    Kind(
        table="db_subnet_group",
        module="aws_rds",
        values={"description": ("one", "two")},
        new={"subnets": _SUBNETS},
        told=_db_subnet_groups,
    ),
    Kind(
        table="cache_subnet_group",
        module="aws_elasticache",
        values={"description": ("one", "two")},
        new={"subnets": _SUBNETS},
        told=_cache_subnet_groups,
    ),
    Kind(table="schedule_group", module="aws_events", values={}, new={}, told=_schedule_groups),
    Kind(
        table="hosted_zone",
        module="aws_route53",
        name="domain_name",
        called="soak-{}.example.com",
        values={},
        new={},
        told=_zones,
    ),
)
