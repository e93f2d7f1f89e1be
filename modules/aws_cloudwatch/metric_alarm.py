"""https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html"""

from modules import canonical, ownership, tagging
from modules.aws_cloudwatch import alarms
from modules.spec import Call, Const, Derived, EnumType, List, Resource, Source, Update, column


def _pairs(dimensions: dict[str, str] | None) -> list[dict[str, str]] | None:
    return [{"Name": name, "Value": value} for name, value in sorted((dimensions or {}).items())] or None


_COLUMNS = (
    *alarms.COLUMNS,
    column(
        "comparison_operator",
        EnumType(
            name="metric_alarm_comparison_operator_enum",
            values=(
                "GreaterThanOrEqualToThreshold",
                "GreaterThanThreshold",
                "GreaterThanUpperThreshold",
                "LessThanLowerOrGreaterThanUpperThreshold",
                "LessThanLowerThreshold",
                "LessThanOrEqualToThreshold",
                "LessThanThreshold",
            ),
        ),
        "ComparisonOperator",
        not_null=True,
    ),
    column("evaluation_periods", "integer", "EvaluationPeriods", not_null=True),
    column("datapoints_to_alarm", "integer", "DatapointsToAlarm"),
    column("threshold", "double precision", "Threshold"),
    column("metric_name", "varchar", "MetricName"),
    column("namespace", "varchar", "Namespace"),
    column(
        "dimensions",
        "jsonb",
        "Dimensions",
        read=lambda told: {each["Name"]: each["Value"] for each in told or ()} or None,
        canonical=canonical.none_if_empty,
        doc='An object of names and values, such as {"QueueName": "orders"}.',
    ),
    column(
        "statistic",
        EnumType(
            name="metric_alarm_statistic_enum",
            values=("Average", "Maximum", "Minimum", "SampleCount", "Sum"),
        ),
        "Statistic",
    ),
    column("extended_statistic", "varchar", "ExtendedStatistic", doc="A percentile, such as p99."),
    column("period", "integer", "Period", doc="Seconds."),
    column("unit", "varchar", "Unit"),
    column(
        "metrics",
        "jsonb",
        "Metrics",
        read=lambda told: told or None,
        doc="Instead of one metric, a list of metrics and expressions of them, as PutMetricAlarm takes it.",
    ),
    column("threshold_metric_id", "varchar", "ThresholdMetricId"),
    column("treat_missing_data", "varchar", "TreatMissingData", canonical=alarms.none_if("missing")),
    column(
        "evaluate_low_sample_count_percentile",
        "varchar",
        "EvaluateLowSampleCountPercentile",
        canonical=alarms.none_if("evaluate"),
    ),
)
_PARAMS: dict[str, Source] = {
    **alarms.PARAMS,
    "ComparisonOperator": "comparison_operator",
    "EvaluationPeriods": "evaluation_periods",
    "DatapointsToAlarm": "datapoints_to_alarm",
    "Threshold": "threshold",
    "MetricName": "metric_name",
    "Namespace": "namespace",
    "Dimensions": Derived(_pairs, ("dimensions",)),
    "Statistic": "statistic",
    "ExtendedStatistic": "extended_statistic",
    "Period": "period",
    "Unit": "unit",
    "Metrics": Derived(lambda metrics: metrics or None, ("metrics",)),
    "ThresholdMetricId": "threshold_metric_id",
    "TreatMissingData": "treat_missing_data",
    "EvaluateLowSampleCountPercentile": "evaluate_low_sample_count_percentile",
}

METRIC_ALARM = Resource(
    table="metric_alarm",
    service="cloudwatch",
    doc="CloudWatch alarms of a metric, or of an expression of several.",
    key=("id",),
    identity="alarm_arn",
    natural_key=("alarm_name",),
    unique=(("alarm_name",), ("alarm_arn",)),
    columns=(*_COLUMNS, alarms.TAGS.column, ownership.managed_by(alarms.TAGS, alarms.of_scaling)),
    canonical=lambda values: {**values, "metrics": values.get("metrics") or None},
    listing=List(
        operation="describe_alarms",
        items="MetricAlarms",
        params={"AlarmTypes": ["MetricAlarm"], "MaxRecords": 100},
    ),
    batched=(tagging.of_many("AlarmArn"),),
    create=(Call(operation="put_metric_alarm", params={**_PARAMS, **alarms.TAGS.create}),),
    fetch=Call(
        operation="describe_alarms",
        params={"AlarmNames[0]": "alarm_name", "AlarmTypes[0]": Const("MetricAlarm")},
        result="MetricAlarms[0]",
    ),
    update=(
        Update(operation="put_metric_alarm", when=alarms.names(_COLUMNS), whole=True, params=_PARAMS),
        *alarms.TAGS.update,
    ),
    delete=(Call(operation="delete_alarms", params={"AlarmNames[0]": "alarm_name"}),),
    absent=("ResourceNotFound",),
    # A composite alarm that uses it may be on its way out.
    busy=("ValidationError",),
    hints={
        "ValidationError": "An alarm has either metric_name, namespace, period and a statistic, or metrics. "
        "One that a composite alarm uses is not deleted.",
        "InvalidParameterCombination": "An alarm has either metric_name or metrics, and one statistic.",
    },
)
