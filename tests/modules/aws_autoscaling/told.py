"""What botocore's models do not say of what Application Auto Scaling tells of ECS services."""

_OF_ECS = {"ServiceNamespace": "ecs", "ScalableDimension": "ecs:service:DesiredCount"}

EXAMPLES = {
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
    "scalable_target": {
        "ResourceId": "it is what the service is called, which service_name says",
        "RoleARN": "RegisterScalableTarget leaves an omitted one as it is",
    },
}
