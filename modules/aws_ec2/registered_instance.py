"""https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_TargetDescription.html"""

from modules import ownership
from modules.aws_ec2 import instances
from modules.spec import Batch, Batched, Call, List, Old, Per, Resource, Source, fixed, ref

_GROUP: dict[str, Source] = {"TargetGroupArn": "target_group_name"}
_TARGET: dict[str, Source] = {**_GROUP, "Targets[0].Id": "instance", "Targets[0].Port": "port"}
_SHARED = Batch(parameter="Targets", limit=100)


REGISTERED_INSTANCE = Resource(
    table="registered_instance",
    service="elbv2",
    doc="Which instances a target group sends requests to, and at which ports. Those of Auto Scaling "
    "groups, which register their instances themselves, are no rows.",
    key=("id",),
    natural_key=("target_group_name", "instance", "port"),
    unique=(("target_group_name", "instance", "port"),),
    columns=(
        ref(
            "target_group_name",
            "target_group",
            "TargetGroupArn",
            type="varchar",
            not_null=True,
            cascade=True,
            doc="One of the type instance.",
        ),
        ref("instance", "instance", "Target.Id", not_null=True, cascade=True),
        fixed("port", "integer", "Target.Port", not_null=True, doc="Often that of the target group."),
        ownership.managed_by(),
    ),
    where=instances.is_registered,
    listing=List(
        operation="describe_target_health",
        items="TargetHealthDescriptions",
        per=Per(
            table="target_group",
            params={"TargetGroupArn": "target_group_arn"},
            joins={"TargetGroupArn": "target_group_arn"},
        ),
        absent=("TargetGroupNotFound",),
    ),
    batched=(
        Batched(
            service="ec2",
            operation="describe_instances",
            ids="InstanceIds",
            of="Target.Id",
            batch=100,
            unless=instances.is_no_target,
            items="Reservations[].Instances[]",
            by="InstanceId",
            value="{State: State.Name, Tags: Tags}",
            into="Instance",
        ),
    ),
    create=(
        Call(
            operation="register_targets",
            params={**_TARGET, "Targets[0].AvailabilityZone": Old("Target.AvailabilityZone")},
            batch=_SHARED,
        ),
    ),
    fetch=Call(
        operation="describe_target_health",
        params=_TARGET,
        result="TargetHealthDescriptions[0]",
        joins={"TargetGroupArn": "target_group_name"},
    ),
    delete=(Call(operation="deregister_targets", params=_TARGET, batch=_SHARED),),
    absent=("TargetGroupNotFound", "InvalidInstanceID.NotFound"),
    eventual=(
        # It is being started.
        ("InvalidTarget", "not in a running state"),
    ),
    hints={
        "InvalidTarget": "The instance has to run, in the VPC of the target group, which is of the type "
        "instance.",
    },
)
