"""https://docs.aws.amazon.com/autoscaling/application/APIReference/API_ScalingPolicy.html"""

from modules import ownership
from modules.aws_autoscaling import scaling, tracking
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
_TRACKING = (*tracking.NAMES, "scale_in_cooldown", "scale_out_cooldown")
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
        tracking.policy_type("TargetTrackingScaling, StepScaling or PredictiveScaling."),
        *tracking.metric(_CONFIG, "ECSServiceAverageCPUUtilization, ECSServiceAverageMemoryUtilization"),
        _cooldown("scale_in_cooldown", "ScaleInCooldown", "tasks were taken away"),
        _cooldown("scale_out_cooldown", "ScaleOutCooldown", "tasks were added"),
        tracking.disable_scale_in(_CONFIG, "tasks"),
        tracking.document(
            "step_scaling",
            "StepScalingPolicyConfiguration",
            "Of a StepScaling, which an alarm of yours invokes by policy_arn: what it does, in AWS's words.",
        ),
        tracking.document(
            "predictive_scaling",
            "PredictiveScalingPolicyConfiguration",
            "Of a PredictiveScaling: what it foresees, in AWS's words.",
        ),
        tracking.alarms("AWS has made for it"),
        ownership.managed_by(),
    ),
    checks=(tracking.one_metric("scaling_policy"),),
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
