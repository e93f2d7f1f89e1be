"""https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_ScalingPolicy.html"""

from modules import canonical, ownership
from modules.aws_autoscaling import group_policies, scaling
from modules.spec import (
    Call,
    Carry,
    Derived,
    Edited,
    List,
    Resource,
    Source,
    Update,
    assigned,
    column,
    fixed,
    ref,
)

_CONFIG = "TargetTrackingConfiguration"
_TRACKING = (
    "target_value",
    "predefined_metric_type",
    "resource_label",
    "customized_metric",
    "disable_scale_in",
)
_OTHERS = {
    "AdjustmentType": "adjustment_type",
    "ScalingAdjustment": "scaling_adjustment",
    "MinAdjustmentMagnitude": "min_adjustment_magnitude",
    "Cooldown": "cooldown",
    "MetricAggregationType": "metric_aggregation_type",
    "EstimatedInstanceWarmup": "estimated_instance_warmup",
    "Enabled": "enabled",
}
_NAME: dict[str, Source] = {"AutoScalingGroupName": "autoscaling_group_id", "PolicyName": "policy_name"}
_SENT: dict[str, Source] = {
    **_NAME,
    **_OTHERS,
    "PolicyType": "policy_type",
    _CONFIG: Edited(_CONFIG, group_policies.tracking, ("policy_type", *_TRACKING)),
    "StepAdjustments": Derived(lambda steps: steps or None, ("step_adjustments",)),
    "PredictiveScalingConfiguration": Derived(lambda document: document, ("predictive_scaling",)),
}

AUTOSCALING_POLICY = Resource(
    table="autoscaling_policy",
    service="autoscaling",
    doc="When an Auto Scaling group gets more or fewer instances. AWS makes alarms for a policy that keeps a "
    "metric at a value, and deletes them with it: metric_alarm shows them as the policy's. Other policies "
    "are invoked by alarms of yours, which name policy_arn: once the policy goes, AWS takes it off these.",
    key=("id",),
    identity="policy_arn",
    natural_key=("autoscaling_group_id", "policy_name"),
    unique=(("autoscaling_group_id", "policy_name"),),
    columns=(
        fixed("policy_name", "varchar", "PolicyName", not_null=True),
        assigned("policy_arn", "varchar", "PolicyARN"),
        ref(
            "autoscaling_group_id",
            "autoscaling_group",
            "AutoScalingGroupName",
            by="name",
            not_null=True,
            cascade=True,
        ),
        fixed(
            "policy_type",
            "varchar",
            "PolicyType",
            not_null=True,
            default=f"'{scaling.TRACKING}'",
            doc="TargetTrackingScaling, StepScaling, SimpleScaling or PredictiveScaling.",
        ),
        column("enabled", "boolean", "Enabled", not_null=True, default="true", doc="Whether it is followed."),
        column(
            "target_value",
            "double precision",
            f"{_CONFIG}.TargetValue",
            doc="The value that a TargetTrackingScaling keeps its metric at.",
        ),
        column(
            "predefined_metric_type",
            "varchar",
            f"{_CONFIG}.PredefinedMetricSpecification.PredefinedMetricType",
            doc="ASGAverageCPUUtilization, ASGAverageNetworkIn, ASGAverageNetworkOut or "
            "ALBRequestCountPerTarget.",
        ),
        column(
            "resource_label",
            "varchar",
            f"{_CONFIG}.PredefinedMetricSpecification.ResourceLabel",
            doc="Of ALBRequestCountPerTarget, whose: split_part(load_balancer_arn, 'loadbalancer/', 2) "
            "|| '/' || split_part(target_group_arn, ':', 6).",
        ),
        column(
            "customized_metric",
            "jsonb",
            f"{_CONFIG}.CustomizedMetricSpecification",
            read=canonical.plain,
            canonical=canonical.none_if_empty,
            doc="A metric that is none of these, in AWS's words.",
        ),
        column(
            "disable_scale_in",
            "boolean",
            f"{_CONFIG}.DisableScaleIn",
            not_null=True,
            default="false",
            read=bool,
            doc="Whether it only adds instances.",
        ),
        column(
            "adjustment_type",
            "varchar",
            "AdjustmentType",
            doc="Of a StepScaling or SimpleScaling: ChangeInCapacity, ExactCapacity or "
            "PercentChangeInCapacity.",
        ),
        column(
            "scaling_adjustment",
            "integer",
            "ScalingAdjustment",
            doc="Of a SimpleScaling: by how much, or to how many.",
        ),
        column(
            "step_adjustments",
            "jsonb",
            "StepAdjustments",
            read=canonical.plain,
            doc='Of a StepScaling: a list of steps in AWS\'s words, such as [{"MetricIntervalLowerBound": 0, '
            '"ScalingAdjustment": 1}].',
        ),
        column(
            "min_adjustment_magnitude",
            "integer",
            "MinAdjustmentMagnitude",
            left_to_aws=True,
            doc="Of a PercentChangeInCapacity: at least so many instances.",
        ),
        column(
            "cooldown",
            "integer",
            "Cooldown",
            left_to_aws=True,
            doc="Of a SimpleScaling: seconds until the next one; default_cooldown of the group otherwise.",
        ),
        column(
            "metric_aggregation_type",
            "varchar",
            "MetricAggregationType",
            left_to_aws=True,
            doc="Of a StepScaling: Minimum, Maximum or Average.",
        ),
        column(
            "estimated_instance_warmup",
            "integer",
            "EstimatedInstanceWarmup",
            left_to_aws=True,
            doc="Seconds until a new instance counts.",
        ),
        column(
            "predictive_scaling",
            "jsonb",
            "PredictiveScalingConfiguration",
            read=canonical.plain,
            canonical=canonical.none_if_empty,
            doc="Of a PredictiveScaling: what it foresees, in AWS's words.",
        ),
        assigned(
            "alarms",
            "varchar[]",
            "Alarms[].AlarmName",
            canonical=canonical.unordered,
            doc="The names of the alarms that invoke it.",
        ),
        ownership.managed_by(None, group_policies.capacity_provider),
    ),
    checks=(
        (
            "autoscaling_policy_tracks_one_metric",
            f"policy_type <> '{scaling.TRACKING}' OR (target_value IS NOT NULL AND "
            "(predefined_metric_type IS NULL) <> (customized_metric IS NULL))",
        ),
        (
            "autoscaling_policy_has_steps",
            "policy_type <> 'StepScaling' OR (adjustment_type IS NOT NULL AND step_adjustments IS NOT NULL)",
        ),
        (
            "autoscaling_policy_has_an_adjustment",
            "policy_type <> 'SimpleScaling' OR "
            "(adjustment_type IS NOT NULL AND scaling_adjustment IS NOT NULL)",
        ),
    ),
    canonical=group_policies.in_order,
    # Alarms of others begin and end to invoke it.
    reflects=("Alarms",),
    brings=("metric_alarm",),
    listing=List(operation="describe_policies", items="ScalingPolicies", params={"MaxRecords": 100}),
    create=(Call(operation="put_scaling_policy", params=_SENT),),
    fetch=Call(
        operation="describe_policies",
        params={"AutoScalingGroupName": "autoscaling_group_id", "PolicyNames[0]": "policy_name"},
        result="ScalingPolicies[0]",
    ),
    update=(
        Update(
            operation="put_scaling_policy",
            when=(*_TRACKING, *_OTHERS.values(), "step_adjustments", "predictive_scaling"),
            whole=True,
            params=_SENT,
        ),
    ),
    # Alarms that invoke a policy name it, which a plan tells of a replacement.
    carry=Carry(not_kept={"MinAdjustmentStep": "AWS has MinAdjustmentMagnitude for it"}),
    # With its group AWS would delete alarms that invoke nothing then: it goes before that.
    delete=(Call(operation="delete_policy", params=_NAME),),
    busy=("ResourceContention", "ScalingActivityInProgress"),
    eventual=(("ResourceContention", ""), ("ServiceLinkedRoleFailure", "")),
    hints={
        "ValidationError": "AWS says which columns do not go together.",
        "LimitExceeded": "AWS allows so many policies of a group unless its owner asks for more.",
    },
)
