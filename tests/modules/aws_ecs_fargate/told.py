"""What botocore's models do not say of what ECS tells."""

from tests.modules.told import ABSENT

EXAMPLES = {
    "task_definition": {
        "taskDefinition.cpu": ("256", "512"),
        "taskDefinition.memory": ("512", "1024"),
        "taskDefinition.status": "ACTIVE",
        "requiresCompatibilities": ["FARGATE"],
        "containerDefinitions.image": "image-",
    },
    "service": {
        "services.status": "ACTIVE",
        # A service has one of them.
        "services.launchType": (ABSENT, "FARGATE"),
        "services.capacityProviderStrategy": ([{"capacityProvider": "FARGATE", "weight": 1}], ABSENT),
    },
}
