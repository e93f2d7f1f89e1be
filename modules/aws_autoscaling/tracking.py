"""Columns that scaling policies of services and of groups of instances have in common."""

from __future__ import annotations

from modules import canonical
from modules.aws_autoscaling.scaling import TRACKING
from modules.spec import Column, assigned, column, fixed

#: The columns that say how a policy keeps a metric at a value, in the order in which
#: `modules.aws_autoscaling.scaling.tracking` takes them.
NAMES = (
    "target_value",
    "predefined_metric_type",
    "resource_label",
    "customized_metric",
    "disable_scale_in",
)


def policy_type(kinds: str) -> Column:
    """The column of a policy's type.

    Args:
        kinds: those that there are, as the column's documentation.
    """
    return fixed("policy_type", "varchar", "PolicyType", not_null=True, default=f"'{TRACKING}'", doc=kinds)


def metric(config: str, metrics: str) -> tuple[Column, ...]:
    """The columns of which metric is kept at which value.

    Args:
        config: where AWS tells of that.
        metrics: AWS's own but the last, as a sentence lists them.
    """
    predefined = f"{config}.PredefinedMetricSpecification"
    return (
        column(
            "target_value",
            "double precision",
            f"{config}.TargetValue",
            doc="The value that a TargetTrackingScaling keeps its metric at.",
        ),
        column(
            "predefined_metric_type",
            "varchar",
            f"{predefined}.PredefinedMetricType",
            doc=f"{metrics} or ALBRequestCountPerTarget.",
        ),
        column(
            "resource_label",
            "varchar",
            f"{predefined}.ResourceLabel",
            doc="Of ALBRequestCountPerTarget, whose: split_part(load_balancer_arn, 'loadbalancer/', 2) "
            "|| '/' || split_part(target_group_arn, ':', 6).",
        ),
        document(
            "customized_metric",
            f"{config}.CustomizedMetricSpecification",
            "A metric that is none of these, in AWS's words.",
        ),
    )


def disable_scale_in(config: str, what: str) -> Column:
    """The column of whether a policy only adds something; the argument is as for `metric`."""
    return column(
        "disable_scale_in",
        "boolean",
        f"{config}.DisableScaleIn",
        not_null=True,
        default="false",
        read=bool,
        doc=f"Whether it only adds {what}.",
    )


def document(name: str, path: str, doc: str) -> Column:
    """A column with a document in AWS's words."""
    return column(name, "jsonb", path, read=canonical.plain, canonical=canonical.none_if_empty, doc=doc)


def alarms(which: str) -> Column:
    """The column of the alarms that a policy has."""
    return assigned(
        "alarms",
        "varchar[]",
        "Alarms[].AlarmName",
        canonical=canonical.unordered,
        doc=f"The names of the alarms that {which}.",
    )


def one_metric(table: str) -> tuple[str, str]:
    """The check of a table that what keeps a metric at a value has both."""
    return (
        f"{table}_tracks_one_metric",
        f"policy_type <> '{TRACKING}' OR (target_value IS NOT NULL AND "
        "(predefined_metric_type IS NULL) <> (customized_metric IS NULL))",
    )
