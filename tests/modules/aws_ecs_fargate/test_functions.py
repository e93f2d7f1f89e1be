"""Functions of services."""

from __future__ import annotations

from engine.plan import declared
from modules.aws_ecs_fargate.functions import DEPLOY


def test_a_services_arn_names_its_cluster() -> None:
    arn = "arn:aws:ecs:us-east-1:123456789012:service/shop/web"
    assert declared.document(DEPLOY, {"service_arn": arn}) == {
        "service": arn, "cluster": "shop", "forceNewDeployment": True,
    }  # fmt: skip
    older = "arn:aws:ecs:us-east-1:123456789012:service/web"
    assert "cluster" not in declared.document(DEPLOY, {"service_arn": older})
