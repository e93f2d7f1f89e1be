"""https://docs.aws.amazon.com/autoscaling/application/APIReference/API_ScalingPolicy.html"""

from modules import canonical, ownership
from modules.aws_autoscaling import scaling
from modules.spec import (
    Call,
    Column,
    Const,
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

_CONFIG = "TargetTrackingScalingPolicyConfiguration"
_TRACKING = (
    "target_value",
    "predefined_metric_type",
    "resource_label",
    "customized_metric",
    "scale_in_cooldown",
    "scale_out_cooldown",
    "disable_scale_in",
)
_OTHERS = {
    "StepScalingPolicyConfiguration": "step_scaling",
    "PredictiveScalingPolicyConfiguration": "predictive_scaling",
}
_NAME: dict[str, Source] = {**scaling.ECS, "PolicyName": "policy_name", "ResourceId": "scalable_target_id"}
_SENT: dict[str, Source] = {
    **_NAME,
    "PolicyType": "policy_type",
    _CONFIG: Edited(_CONFIG, scaling.tracking, ("policy_type", *_TRACKING)),
    **{path: Derived(lambda document: document, (name,)) for path, name in _OTHERS.items()},
}


def _cooldown(name: str, path: str, after: str) -> Column:
    return column(
        name,
        "integer",
        f"{_CONFIG}.{path}",
        doc=f"Seconds to wait after {after}; NULL is AWS's, which are 300.",
    )


def _document(name: str, path: str, doc: str) -> Column:
    return column(name, "jsonb", path, read=canonical.plain, canonical=canonical.none_if_empty, doc=doc)


SCALING_POLICY = Resource(
    table="scaling_policy",
    service="application-autoscaling",
    doc="When a service gets more or fewer tasks. AWS makes alarms for a policy that keeps a metric at a "
    "value, and deletes them with it: metric_alarm shows them as the policy's.",
    key=("id",),
    identity="policy_arn",
    natural_key=("scalable_target_id", "policy_name"),
    unique=(("scalable_target_id", "policy_name"),),
    columns=(
        fixed("policy_name", "varchar", "PolicyName", not_null=True),
        assigned("policy_arn", "varchar", "PolicyARN"),
        ref("scalable_target_id", "scalable_target", "ResourceId", not_null=True, cascade=True),
        fixed(
            "policy_type",
            "varchar",
            "PolicyType",
            not_null=True,
            default=f"'{scaling.TRACKING}'",
            doc="TargetTrackingScaling, StepScaling or PredictiveScaling.",
        ),
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
            doc="ECSServiceAverageCPUUtilization, ECSServiceAverageMemoryUtilization or "
            "ALBRequestCountPerTarget.",
        ),
        column(
            "resource_label",
            "varchar",
            f"{_CONFIG}.PredefinedMetricSpecification.ResourceLabel",
            doc="Of ALBRequestCountPerTarget, whose: split_part(load_balancer_arn, 'loadbalancer/', 2) "
            "|| '/' || split_part(target_group_arn, ':', 6).",
        ),
        _document(
            "customized_metric",
            f"{_CONFIG}.CustomizedMetricSpecification",
            "A metric that is none of these, in AWS's words.",
        ),
        _cooldown("scale_in_cooldown", "ScaleInCooldown", "tasks were taken away"),
        _cooldown("scale_out_cooldown", "ScaleOutCooldown", "tasks were added"),
        column(
            "disable_scale_in",
            "boolean",
            f"{_CONFIG}.DisableScaleIn",
            not_null=True,
            default="false",
            read=bool,
            doc="Whether it only adds tasks.",
        ),
        _document(
            "step_scaling",
            "StepScalingPolicyConfiguration",
            "Of a StepScaling, which an alarm of yours invokes by policy_arn: what it does, in AWS's words.",
        ),
        _document(
            "predictive_scaling",
            "PredictiveScalingPolicyConfiguration",
            "Of a PredictiveScaling: what it foresees, in AWS's words.",
        ),
        assigned(
            "alarms",
            "varchar[]",
            "Alarms[].AlarmName",
            canonical=canonical.unordered,
            doc="The names of the alarms that AWS has made for it.",
        ),
        ownership.managed_by(),
    ),
    checks=(
        (
            "scaling_policy_tracks_one_metric",
            f"policy_type <> '{scaling.TRACKING}' OR (target_value IS NOT NULL AND "
            "(predefined_metric_type IS NULL) <> (customized_metric IS NULL))",
        ),
    ),
    within="scalable_target_id",
    brings=("metric_alarm",),
    listing=List(
        operation="describe_scaling_policies", items="ScalingPolicies", params={"ServiceNamespace": "ecs"}
    ),
    create=(Call(operation="put_scaling_policy", params=_SENT, result="@"),),
    fetch=Call(
        operation="describe_scaling_policies",
        params={
            "ServiceNamespace": Const("ecs"),
            "ResourceId": "scalable_target_id",
            "PolicyNames[0]": "policy_name",
        },
        result="ScalingPolicies",
        where={"PolicyName": "policy_name"},
    ),
    update=(
        # AWS sets back what it is not given.
        Update(
            operation="put_scaling_policy", when=(*_TRACKING, *_OTHERS.values()), whole=True, params=_SENT
        ),
    ),
    delete=(Call(operation="delete_scaling_policy", params=_NAME),),
    absent=("ObjectNotFoundException",),
    busy=("ConcurrentUpdateException",),
    eventual=(("ConcurrentUpdateException", ""), ("ObjectNotFoundException", "")),
    hints={
        "FailedResourceAccessException": "AWS has to be allowed to see the metric, and the service.",
        "LimitExceededException": "AWS allows so many policies of a target unless its owner asks for more.",
    },
)
