"""https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_ScalingPolicy.html"""

from modules import canonical, ownership
from modules.aws_autoscaling import group_policies, scaling, tracking
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
    _CONFIG: Edited(_CONFIG, scaling.tracking, ("policy_type", *tracking.NAMES)),
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
        tracking.policy_type("TargetTrackingScaling, StepScaling, SimpleScaling or PredictiveScaling."),
        column("enabled", "boolean", "Enabled", not_null=True, default="true", doc="Whether it is followed."),
        *tracking.metric(_CONFIG, "ASGAverageCPUUtilization, ASGAverageNetworkIn, ASGAverageNetworkOut"),
        tracking.disable_scale_in(_CONFIG, "instances"),
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
        tracking.document(
            "predictive_scaling",
            "PredictiveScalingConfiguration",
            "Of a PredictiveScaling: what it foresees, in AWS's words.",
        ),
        tracking.alarms("invoke it"),
        ownership.managed_by(None, group_policies.capacity_provider),
    ),
    checks=(
        tracking.one_metric("autoscaling_policy"),
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
            when=(*tracking.NAMES, *_OTHERS.values(), "step_adjustments", "predictive_scaling"),
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
