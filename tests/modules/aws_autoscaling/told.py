"""What botocore's models do not say of what Application Auto Scaling and EC2 Auto Scaling tell."""

from tests.modules.told import ABSENT

_OF_ECS = {"ServiceNamespace": "ecs", "ScalableDimension": "ecs:service:DesiredCount"}

_SPECIFICATION = {"LaunchTemplateId": "lt-1", "LaunchTemplateName": "web", "Version": "3"}

EXAMPLES = {
    "autoscaling_group": {
        # It is one of three.
        "AutoScalingGroups.LaunchTemplate": (_SPECIFICATION, ABSENT),
        "AutoScalingGroups.LaunchConfigurationName": ABSENT,
        "AutoScalingGroups.MixedInstancesPolicy": (
            ABSENT,
            {
                "LaunchTemplate": {
                    "LaunchTemplateSpecification": {**_SPECIFICATION, "LaunchTemplateId": "lt-2"},
                    "Overrides": [{"InstanceType": "t3.nano", "LaunchTemplateSpecification": _SPECIFICATION}],
                },
                "InstancesDistribution": {"OnDemandBaseCapacity": 1},
            },
        ),
        "AutoScalingGroups.MinSize": 1,
        "AutoScalingGroups.MaxSize": (9, 8),
        "AutoScalingGroups.VPCZoneIdentifier": ("subnet-1,subnet-2", "subnet-3"),
        "AutoScalingGroups.MaxInstanceLifetime": 86400,
        "AutoScalingGroups.Status": ABSENT,
        "TrafficSources.Type": "vpc-lattice",
    },
    "autoscaling_policy": {"PolicyType": "TargetTrackingScaling"},
    "scalable_target": {
        **_OF_ECS,
        "ResourceId": ("service/c/s", "service/c/t"),
        "RoleARN": "arn:aws:iam::111111111111:role/scaling",
    },
    "scaling_policy": {
        **_OF_ECS,
        "ResourceId": ("service/c/s", "service/c/t"),
        "PolicyType": "TargetTrackingScaling",
    },
}

EXCUSED = {
    "autoscaling_group": {
        "AvailabilityZones": "the subnets say it",
        **{
            f"{place}LaunchTemplateName": "the id says it"
            for place in (
                "LaunchTemplate.",
                "MixedInstancesPolicy.LaunchTemplate.LaunchTemplateSpecification.",
                "MixedInstancesPolicy.LaunchTemplate.Overrides.LaunchTemplateSpecification.",
            )
        },
    },
    "autoscaling_policy": {"MinAdjustmentStep": "MinAdjustmentMagnitude says it"},
    "scalable_target": {
        "ResourceId": "it is what the service is called, which service_name says",
        "RoleARN": "RegisterScalableTarget leaves an omitted one as it is",
    },
}
