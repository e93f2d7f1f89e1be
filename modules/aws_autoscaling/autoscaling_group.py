"""https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_AutoScalingGroup.html"""

from collections.abc import Callable

from modules import canonical, ownership, tagging
from modules.aws_autoscaling import groups
from modules.spec import (
    After,
    Call,
    Carry,
    Const,
    Derived,
    Each,
    Edited,
    Item,
    Kept,
    List,
    Look,
    Lost,
    Old,
    OnChange,
    Part,
    Resource,
    Source,
    Update,
    Waiter,
    assigned,
    column,
    fixed,
    ref,
)

AUTOSCALING_GROUP_TARGET_GROUPS = Part(
    table="autoscaling_group_target_groups",
    doc="Which target groups have the instances of which group.",
    parent=ref("autoscaling_group_id", "autoscaling_group", None, cascade=True, not_null=True),
    path="TargetGroupARNs",
    columns=(ref("target_group_name", "target_group", "@", type="varchar", cascade=True, not_null=True),),
    key=("autoscaling_group_id", "target_group_name"),
    natural_key=("target_group_name",),
    on_change=OnChange.UPDATE,
)

_NAME: dict[str, Source] = {"AutoScalingGroupName": "name"}
_NAMES: dict[str, Source] = {"AutoScalingGroupNames[0]": "name"}
_LAUNCH = ("launch_template_id", "launch_template_version")
_SENT: dict[str, Source] = {
    **_NAME,
    "LaunchTemplate": Edited("MixedInstancesPolicy", groups.plain, _LAUNCH),
    "MixedInstancesPolicy": Edited("MixedInstancesPolicy", groups.mixed, _LAUNCH),
    "MinSize": "min_size",
    "MaxSize": "max_size",
    "DesiredCapacity": Derived(groups.between, groups.SIZES),
    "VPCZoneIdentifier": Derived(",".join, ("subnets",)),
    "HealthCheckType": "health_check_type",
    "HealthCheckGracePeriod": "health_check_grace_period",
    "DefaultCooldown": "default_cooldown",
    "TerminationPolicies": "termination_policies",
    "NewInstancesProtectedFromScaleIn": "protected_from_scale_in",
}
#: What has no column, and a new group gets from the one that it replaces.
_KEPT = (
    "PlacementGroup",
    "ServiceLinkedRoleARN",
    "CapacityRebalance",
    "Context",
    "DesiredCapacityType",
    "DefaultInstanceWarmup",
    "InstanceMaintenancePolicy",
    "AvailabilityZoneDistribution",
    "AvailabilityZoneImpairmentPolicy",
    "CapacityReservationSpecification",
)
_SIZES: dict[str, Source] = {
    "MinSize": "min_size",
    "MaxSize": "max_size",
    "DesiredCapacity": "desired_capacity",
}
_TAGS = tagging.autoscaling_group(_NAMES, groups.tags_of_new, groups.set_tags, groups.removed_tags)


def _each(operation: str, of: str, *names: str) -> Kept:
    """Gives a new group what a look has found, one a call."""
    return Kept(
        operation=operation, of=of, each=True, params={**_NAME, **{name: Item(name) for name in names}}
    )


def _target_groups(operation: str, which: Callable[..., list[str] | None]) -> Update:
    """Attaches or detaches those that rows and AWS do not have both."""
    part = "autoscaling_group_target_groups"
    return Update(
        operation=operation,
        when=(part,),
        params={**_NAME, "TargetGroupARNs": Edited("TargetGroupARNs", which, (part,))},
        needs="TargetGroupARNs",
    )


AUTOSCALING_GROUP = Resource(
    table="autoscaling_group",
    service="autoscaling",
    doc="Keeps a number of instances running, in several subnets. AWS makes them after the apply, and they "
    "are the group's: no row changes them. Another launch template, or a new default version of it, is for "
    "instances that AWS makes from then on. Deleting a row sets the group to none, waits until its "
    "instances are gone, and deletes it then; a group that would not become empty is not begun with.",
    key=("id",),
    identity="arn",
    natural_key=("name",),
    unique=(("name",),),
    checks=(("autoscaling_group_min_is_not_over_max", "min_size <= max_size"),),
    canonical=groups.within,
    columns=(
        assigned("arn", "varchar", "AutoScalingGroupARN"),
        fixed("name", "varchar", "AutoScalingGroupName", not_null=True),
        ref(
            "launch_template_id",
            "launch_template",
            "[LaunchTemplate, MixedInstancesPolicy]",
            read=groups.template,
            on_change=OnChange.UPDATE,
            left_to_aws=True,
            needed=True,
            doc="What instances are made with. Of a group with a mixed instances policy, what that begins "
            "with; the rest of it is kept.",
        ),
        column(
            "launch_template_version",
            "varchar",
            "[LaunchTemplate, MixedInstancesPolicy]",
            read=groups.version,
            left_to_aws=True,
            doc="A number, $Latest, or $Default, which NULL is for a new group.",
        ),
        column("min_size", "integer", "MinSize", not_null=True, doc="Of instances."),
        column("max_size", "integer", "MaxSize", not_null=True, doc="Of instances."),
        column(
            "desired_capacity",
            "integer",
            "DesiredCapacity",
            left_to_aws=True,
            doc="Of instances; under min_size and over max_size it means these. AWS moves it where the group "
            "is scaled, and the row follows. NULL is min_size for a new group.",
        ),
        column(
            "subnets",
            "text[]",
            "VPCZoneIdentifier",
            refers="subnet",
            needed=True,
            read=lambda told: groups.subnets(told) or None,
            canonical=canonical.unordered,
            doc="Ids of the subnets that instances run in.",
        ),
        assigned("availability_zones", "varchar[]", "AvailabilityZones", canonical=canonical.unordered),
        column(
            "health_check_type",
            "varchar",
            "HealthCheckType",
            not_null=True,
            default="'EC2'",
            doc="EC2, and with a comma ELB, EBS, VPC_LATTICE.",
        ),
        column(
            "health_check_grace_period",
            "integer",
            "HealthCheckGracePeriod",
            left_to_aws=True,
            doc="Seconds in which a new instance need not be healthy.",
        ),
        column(
            "default_cooldown",
            "integer",
            "DefaultCooldown",
            left_to_aws=True,
            doc="Seconds between two scalings by simple policies.",
        ),
        column(
            "termination_policies",
            "varchar[]",
            "TerminationPolicies",
            left_to_aws=True,
            doc="By what AWS picks the instance that goes, such as OldestInstance; the first counts most.",
        ),
        column(
            "protected_from_scale_in",
            "boolean",
            "NewInstancesProtectedFromScaleIn",
            not_null=True,
            default="false",
            read=bool,
            doc="Of instances that are made from then on.",
        ),
        assigned(
            "created_at",
            "timestamptz",
            "CreatedTime",
            read=canonical.timestamp,
            canonical=canonical.instant,
        ),
        _TAGS.column,
        ownership.managed_by(_TAGS),
    ),
    parts=(AUTOSCALING_GROUP_TARGET_GROUPS,),
    leaving=lambda description: bool(description.get("Status")),
    # Its instances say for themselves where they are.
    reflects=("Instances",),
    brings=("instance", "general_purpose_volume", "instance_block_device_mapping"),
    listing=List(
        operation="describe_auto_scaling_groups", items="AutoScalingGroups", params={"MaxRecords": 100}
    ),
    create=(
        Call(
            operation="create_auto_scaling_group",
            params={
                **_SENT,
                "LaunchConfigurationName": Edited(
                    "LaunchConfigurationName",
                    lambda there, template: None if template else there,
                    ("launch_template_id",),
                ),
                "AvailabilityZones": Edited(
                    "AvailabilityZones", lambda there, subnets: None if subnets else there, ("subnets",)
                ),
                "TargetGroupARNs": Each("autoscaling_group_target_groups", "target_group_name", some=True),
                "LoadBalancerNames": Old("LoadBalancerNames", read=canonical.none_if_empty),
                "TrafficSources": Old("TrafficSources[?Type=='vpc-lattice']", read=canonical.none_if_empty),
                "MaxInstanceLifetime": Old("MaxInstanceLifetime", read=lambda seconds: seconds or None),
                **{name: Old(name) for name in _KEPT},
                **_TAGS.create,
            },
        ),
    ),
    fetch=Call(operation="describe_auto_scaling_groups", params=_NAMES, result="AutoScalingGroups[0]"),
    update=(
        Update(
            operation="update_auto_scaling_group",
            when=(
                *_LAUNCH,
                "min_size",
                "max_size",
                "desired_capacity",
                "subnets",
                "health_check_type",
                "health_check_grace_period",
                "default_cooldown",
                "termination_policies",
                "protected_from_scale_in",
            ),
            params=_SENT,
        ),
        _target_groups("attach_load_balancer_target_groups", groups.new_ones),
        _target_groups("detach_load_balancer_target_groups", groups.old_ones),
        *_TAGS.update,
    ),
    after=(
        After(
            table="launch_template",
            shares="launch_template_id",
            why="instances are made with what it says then",
        ),
    ),
    undeletable=groups.obstacle,
    carry=Carry(
        looks=(
            Look(
                operation="describe_lifecycle_hooks",
                params=_NAME,
                result="LifecycleHooks",
                into="LifecycleHooks",
            ),
            Look(
                operation="describe_scheduled_actions",
                params=_NAME,
                result="ScheduledUpdateGroupActions",
                into="ScheduledActions",
            ),
            Look(
                operation="describe_policies",
                params=_NAME,
                result="ScalingPolicies[].PolicyName",
                into="Policies",
                unless_used_by=("autoscaling_policy",),
            ),
            Look(
                operation="describe_notification_configurations",
                params=_NAMES,
                result="NotificationConfigurations[].TopicARN",
                into="Topics",
            ),
        ),
        calls=(
            _each(
                "put_lifecycle_hook",
                "LifecycleHooks",
                "LifecycleHookName",
                "LifecycleTransition",
                "RoleARN",
                "NotificationTargetARN",
                "NotificationMetadata",
                "HeartbeatTimeout",
                "DefaultResult",
            ),
            _each(
                "put_scheduled_update_group_action",
                "ScheduledActions",
                "ScheduledActionName",
                "StartTime",
                "EndTime",
                "Recurrence",
                "TimeZone",
                "MinSize",
                "MaxSize",
                "DesiredCapacity",
            ),
            Kept(
                operation="enable_metrics_collection",
                of="EnabledMetrics",
                params={
                    **_NAME,
                    "Metrics": Old("EnabledMetrics[].Metric"),
                    "Granularity": Const("1Minute"),
                },
            ),
            Kept(
                operation="suspend_processes",
                of="SuspendedProcesses",
                params={**_NAME, "ScalingProcesses": Old("SuspendedProcesses[].ProcessName")},
            ),
        ),
        lost=(
            Lost(of="Instances[].InstanceId", what="its instances, in whose place new ones are made"),
            Lost(of="Policies", what="its scaling policies"),
            Lost(of="Topics", what="its notifications"),
            Lost(of="WarmPoolConfiguration", what="its warm pool"),
        ),
        not_kept={
            "InstanceId": "the launch template says it",
            "LifecycleHookSpecificationList": "a call of their own keeps them",
            "SkipZonalShiftValidation": "it is about the call",
            "Time": "AWS has StartTime for it",
            **{
                f"update_auto_scaling_group.{name}": "a group that is changed keeps it"
                for name in (*_KEPT, "LaunchConfigurationName", "AvailabilityZones", "MaxInstanceLifetime")
            },
        },
    ),
    delete=(
        Call(
            operation="update_auto_scaling_group",
            params={**_NAME, **dict.fromkeys(_SIZES, Const(0))},
            taken_back=Call(operation="update_auto_scaling_group", params={**_NAME, **_SIZES}),
            then=Waiter(
                name="describe_auto_scaling_groups",
                params=_NAMES,
                state="AutoScalingGroups[].Instances[].LifecycleState",
                gone=("ValidationError",),
                seconds=1800,
            ),
        ),
        Call(operation="delete_auto_scaling_group", params=_NAME),
    ),
    gone=Waiter(
        name="describe_auto_scaling_groups",
        params=_NAMES,
        state="AutoScalingGroups[].AutoScalingGroupName",
        gone=("ValidationError",),
        seconds=900,
    ),
    busy=("ResourceContention", "ResourceInUse", "ScalingActivityInProgress"),
    eventual=(
        ("ResourceContention", ""),
        ("ScalingActivityInProgress", ""),
        # What the same apply makes, and AWS does not see yet.
        ("ValidationError", "Invalid IAM Instance Profile"),
        ("ValidationError", "The specified launch template, with template ID"),
    ),
    hints={
        "AlreadyExists": "AWS has a group of that name; iasql_sync() would show it as a row.",
        "ValidationError": "A group needs a launch template with an image and a type, and subnets of a VPC.",
    },
)
