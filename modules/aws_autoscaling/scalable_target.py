"""https://docs.aws.amazon.com/autoscaling/application/APIReference/API_ScalableTarget.html"""

from modules import ownership, tagging
from modules.aws_autoscaling import scaling
from modules.spec import (
    Call,
    Carry,
    Column,
    Const,
    Context,
    Derived,
    Detail,
    Item,
    Kept,
    List,
    Look,
    Old,
    Resource,
    Source,
    Update,
    assigned,
    column,
    ref,
)

_RESOURCE = Derived(scaling.resource_id, ("service_name",))
_SENT: dict[str, Source] = {
    **scaling.ECS,
    "ResourceId": _RESOURCE,
    "MinCapacity": "min_capacity",
    "MaxCapacity": "max_capacity",
    "SuspendedState.DynamicScalingInSuspended": "dynamic_scaling_in_suspended",
    "SuspendedState.DynamicScalingOutSuspended": "dynamic_scaling_out_suspended",
    "SuspendedState.ScheduledScalingSuspended": "scheduled_scaling_suspended",
}
_TAGS = tagging.scalable_target("arn")


def _suspended(name: str, path: str, doc: str) -> Column:
    return column(
        name, "boolean", f"SuspendedState.{path}", not_null=True, default="false", read=bool, doc=doc
    )


SCALABLE_TARGET = Resource(
    table="scalable_target",
    service="application-autoscaling",
    doc="Lets scaling_policy move the number of an ECS service's tasks. While a service has a row here, "
    "service.desired_count neither follows AWS nor is sent.",
    key=("id",),
    identity="resource_id",
    natural_key=("service_name",),
    unique=(("service_name",),),
    checks=(("scalable_target_min_is_not_over_max", "min_capacity <= max_capacity"),),
    columns=(
        assigned("resource_id", "varchar", "ResourceId", doc="service/<cluster>/<service>."),
        assigned("arn", "varchar", "ScalableTargetARN"),
        ref(
            "service_name",
            "service",
            "[ResourceId, RoleARN, Region]",
            type="varchar",
            read=scaling.service_arn,
            not_null=True,
            cascade=True,
            sets=("desired_count",),
            doc="The service that is scaled.",
        ),
        column("min_capacity", "integer", "MinCapacity", not_null=True, doc="Of tasks."),
        column("max_capacity", "integer", "MaxCapacity", not_null=True, doc="Of tasks."),
        _suspended(
            "dynamic_scaling_in_suspended",
            "DynamicScalingInSuspended",
            "Whether no policy takes tasks away for the time being.",
        ),
        _suspended(
            "dynamic_scaling_out_suspended",
            "DynamicScalingOutSuspended",
            "Whether no policy adds tasks for the time being.",
        ),
        _suspended(
            "scheduled_scaling_suspended",
            "ScheduledScalingSuspended",
            "Whether scheduled actions do nothing for the time being.",
        ),
        _TAGS.column,
        ownership.managed_by(_TAGS),
    ),
    listing=List(
        operation="describe_scalable_targets",
        items="ScalableTargets",
        params={"ServiceNamespace": "ecs"},
        joins={"Region": Context("region")},
    ),
    details=(
        Detail(
            operation="list_tags_for_resource",
            items="Tags",
            into="Tags",
            params={"ResourceARN": "ScalableTargetARN"},
            absent=("ResourceNotFoundException",),
        ),
    ),
    create=(
        Call(
            operation="register_scalable_target",
            params={**_SENT, "RoleARN": Old("RoleARN"), **_TAGS.create},
            result="@",
            joins={"ResourceId": _RESOURCE},
        ),
    ),
    fetch=Call(
        operation="describe_scalable_targets",
        params={"ServiceNamespace": Const("ecs"), "ResourceIds[0]": "resource_id"},
        result="ScalableTargets[0]",
        joins={"Region": Context("region")},
    ),
    update=(
        Update(
            operation="register_scalable_target",
            when=(
                "min_capacity",
                "max_capacity",
                "dynamic_scaling_in_suspended",
                "dynamic_scaling_out_suspended",
                "scheduled_scaling_suspended",
            ),
            whole=True,
            params=_SENT,
        ),
        *_TAGS.update,
    ),
    carry=Carry(
        looks=(
            Look(
                operation="describe_scheduled_actions",
                params={**scaling.ECS, "ResourceId": "resource_id"},
                result="ScheduledActions",
                into="ScheduledActions",
            ),
        ),
        calls=(
            Kept(
                operation="put_scheduled_action",
                of="ScheduledActions",
                each=True,
                params={
                    **scaling.ECS,
                    "ResourceId": _RESOURCE,
                    **{
                        name: Item(name)
                        for name in (
                            "ScheduledActionName",
                            "Schedule",
                            "Timezone",
                            "StartTime",
                            "EndTime",
                            "ScalableTargetAction",
                        )
                    },
                },
            ),
        ),
    ),
    # AWS deletes its policies and scheduled actions with it.
    delete=(
        Call(operation="deregister_scalable_target", params={**scaling.ECS, "ResourceId": "resource_id"}),
    ),
    absent=("ObjectNotFoundException",),
    busy=("ConcurrentUpdateException",),
    eventual=(("ConcurrentUpdateException", ""), ("ValidationException", "ECS service doesn't exist")),
    hints={"LimitExceededException": "AWS allows so many scalable targets unless its owner asks for more."},
)
