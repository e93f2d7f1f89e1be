"""https://docs.aws.amazon.com/Route53/latest/APIReference/API_HealthCheckConfig.html"""

from typing import Any

from modules import canonical, ownership, tagging
from modules.aws_route53 import linked
from modules.spec import (
    Batched,
    Call,
    Derived,
    Edited,
    Item,
    List,
    Resource,
    Settled,
    Source,
    Token,
    Update,
    Values,
    assigned,
    column,
    fixed,
)

_TAGS = tagging.route53("healthcheck", "health_check_id")
_NAMED: dict[str, Source] = {"HealthCheckId": "health_check_id"}
#: Columns that a change sets in place: AWS's name, SQL type, and the rest.
_CHANGED: dict[str, tuple[str, str, dict[str, Any]]] = {
    "ip_address": (
        "IPAddress",
        "varchar",
        {"doc": "What is asked; NULL is what the domain name leads to. Neither becomes the other."},
    ),
    "fully_qualified_domain_name": (
        "FullyQualifiedDomainName",
        "varchar",
        {"canonical": canonical.lower, "doc": "What is asked, or the host that an address is asked for."},
    ),
    "port": ("Port", "integer", {"left_to_aws": True}),
    "resource_path": ("ResourcePath", "varchar", {"doc": "Such as /health?now; NULL is /."}),
    "search_string": ("SearchString", "varchar", {"doc": "What the first 5,120 bytes of an answer have."}),
    "failure_threshold": (
        "FailureThreshold",
        "integer",
        {"left_to_aws": True, "doc": "How many times in a row the answer is another one before it counts."},
    ),
    "inverted": (
        "Inverted",
        "boolean",
        {"not_null": True, "default": "false", "read": bool, "doc": "Healthy is unhealthy."},
    ),
    "disabled": (
        "Disabled",
        "boolean",
        {"not_null": True, "default": "false", "read": bool, "doc": "Nothing is asked, and it is healthy."},
    ),
    "enable_sni": ("EnableSNI", "boolean", {"left_to_aws": True, "doc": "TLS is told of the domain name."}),
    "regions": (
        "Regions",
        "text[]",
        {
            "left_to_aws": True,
            "read": canonical.unordered,
            "canonical": canonical.unordered,
            "doc": "From where it is asked, three at least.",
        },
    ),
    "child_health_checks": (
        "ChildHealthChecks",
        "text[]",
        {
            "read": canonical.unordered,
            "canonical": canonical.unordered,
            "doc": "Of CALCULATED: ids of the health checks that count.",
        },
    ),
    "health_threshold": (
        "HealthThreshold",
        "integer",
        {"doc": "Of CALCULATED: how many of these have to be healthy."},
    ),
    "alarm_name": (
        "AlarmIdentifier.Name",
        "varchar",
        {"doc": "Of CLOUDWATCH_METRIC: the alarm whose metric counts."},
    ),
    "alarm_region": ("AlarmIdentifier.Region", "varchar", {"doc": "Where that is."}),
    "insufficient_data_health_status": (
        "InsufficientDataHealthStatus",
        "varchar",
        {"left_to_aws": True, "doc": "Healthy, Unhealthy or LastKnownStatus, where that has no data."},
    ),
}
#: What AWS takes away if that is asked for; of the rest it keeps what it is not given.
_RESET = ("fully_qualified_domain_name", "resource_path", "regions", "child_health_checks")
_FIXED: tuple[tuple[str, str, str, dict[str, Any]], ...] = (
    (
        "type",
        "Type",
        "varchar",
        {"not_null": True, "doc": "HTTP, HTTPS, HTTP_STR_MATCH, HTTPS_STR_MATCH, TCP, CALCULATED, …"},
    ),
    (
        "request_interval",
        "RequestInterval",
        "integer",
        {"left_to_aws": True, "doc": "Seconds from one time that it is asked to the next: 30 or 10."},
    ),
    (
        "measure_latency",
        "MeasureLatency",
        "boolean",
        {"not_null": True, "default": "false", "read": bool, "doc": "CloudWatch gets how long answers take."},
    ),
    ("routing_control_arn", "RoutingControlArn", "varchar", {"doc": "Of RECOVERY_CONTROL."}),
)
_ALARM = "AlarmIdentifier"
_SENT: dict[str, Source] = {
    **{path: name for name, (path, *_) in _CHANGED.items() if not path.startswith(_ALARM)},
    _ALARM: Derived(
        lambda name, region: {"Name": name, "Region": region} if region else None,
        ("alarm_name", "alarm_region"),
    ),
}
_ASKED = ("type", "ip_address", "fully_qualified_domain_name", "port", "resource_path")


def _reset(there: Any, *values: Any) -> list[str] | None:
    """What a change takes away of what is there."""
    some = (_CHANGED[name][0] for name, value in zip(_RESET, values, strict=True) if value in (None, []))
    return [name for name in some if there.get(name)] or None


def _newborn(row: Values, found: Values) -> bool:
    return all(row[name] is None or row[name] == found[name] for name in _ASKED)


def _called(values: Values) -> str | None:
    """The tag Name, or what is asked."""
    asked = values.get("fully_qualified_domain_name") or values.get("ip_address") or values.get("alarm_name")
    return tagging.name(values) or " ".join(str(each) for each in (values.get("type"), asked) if each)


HEALTH_CHECK = Resource(
    table="health_check",
    service="route53",
    doc="Health checks: what answers, so that resource_record_set.health_check names only what does.",
    key=("id",),
    identity="health_check_id",
    natural_key=_ASKED,
    called=_called,
    unique_in_aws=False,
    newborn=_newborn,
    unique_if_not_null=("health_check_id",),
    checks=(("health_check_alarm_has_a_region", "(alarm_name IS NULL) = (alarm_region IS NULL)"),),
    columns=(
        assigned("health_check_id", "varchar", "Id", doc="AWS's id of it."),
        *(fixed(name, kind, f"HealthCheckConfig.{path}", **more) for name, path, kind, more in _FIXED),
        *(
            column(name, kind, f"HealthCheckConfig.{path}", **more)
            for name, (path, kind, more) in _CHANGED.items()
        ),
        _TAGS.column,
        ownership.managed_by(_TAGS, linked.service),
    ),
    listing=List(operation="list_health_checks", items="HealthChecks"),
    batched=(
        Batched(
            operation="list_tags_for_resources",
            ids="ResourceIds",
            params={"ResourceType": "healthcheck"},
            of="Id",
            batch=10,
            items="ResourceTagSets",
            by="ResourceId",
            value="Tags",
            into="Tags",
        ),
    ),
    create=(
        Call(
            operation="create_health_check",
            params={
                "CallerReference": Token(),
                **{f"HealthCheckConfig.{path}": name for name, path, *_ in _FIXED},
                **{f"HealthCheckConfig.{path}": source for path, source in _SENT.items()},
            },
            result="HealthCheck",
        ),
    ),
    fetch=Call(operation="get_health_check", params=_NAMED, result="HealthCheck"),
    update=(
        Update(
            operation="update_health_check",
            when=tuple(_CHANGED),
            seen=Call(operation="get_health_check", params=_NAMED, result="HealthCheck"),
            outdated=("HealthCheckVersionMismatch",),
            params={
                **_NAMED,
                "HealthCheckVersion": Item("HealthCheckVersion"),
                **_SENT,
                "ResetElements": Edited("HealthCheckConfig", _reset, _RESET),
            },
        ),
        *_TAGS.update,
    ),
    settled={
        "ip_address": Settled(
            of=lambda check, values: (
                bool(check.get("HealthCheckConfig", {}).get("IPAddress")) != bool(values["ip_address"])
            ),
            why="AWS does not let one that asks an address ask a name instead, or the other way round.",
            hint="Insert another row, and delete this one.",
        )
    },
    delete=(Call(operation="delete_health_check", params=_NAMED),),
    absent=("NoSuchHealthCheck",),
    hints={
        "InvalidInput": "Each type needs what it asks: TCP a port, CALCULATED other health checks, "
        "…_STR_MATCH a search_string, CLOUDWATCH_METRIC an alarm that is there.",
        "TooManyHealthChecks": "AWS allows 200 in an account unless its owner has asked for more.",
    },
)
